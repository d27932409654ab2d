"""Measures the symmetry of hidden units (4.7.3): permuted, kept by training, broken by chance."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from goodfit.inspection import describe_net, subject_of
from goodfit.inspection.passes import run_passes
from goodfit.inspection.symmetry import relative_distances
from goodfit.studies.common.deep_nets import SGD, digits, doublings, initial_nets
from goodfit.studies.declaring import Columns, Measured, Tell
from goodfit.studies.estimates import Estimate, exactly, mean_gap, mean_of, ratio_of, share_of, unmeasured
from goodfit.studies.parameters import Given
from goodfit.studies.populations import after_epochs, train
from goodfit.studies.symmetry.study import APART, ONE_SIZE, STILL_EQUAL
from goodfit.studies.tabulating import QUANTILES, columns
from goodfit.training import Recipe
from goodfit.training.population import NetArrays

ROWS, PASSED = 1000, 64  # that train; that are passed through to compare
KEPT = ("constant", "momentum", "adam", "longer", "faster", "decay")  # trainings that keep units equal
NAMES = {
    "random": "random",
    "constant": "constant",
    "momentum": "constant, momentum 0.9",
    "adam": "constant, Adam",
    "longer": "constant, 4 x epochs",
    "faster": "constant, 5 x rate",
    "decay": "constant, L2 penalty",
    "zeros": "zero",
    "noise": "constant and noise",
    "dropout": "constant, dropout",
}


def measure(given: Given, tell: Tell) -> Measured:
    """Permute units, train from equal units in many ways, and see how noise takes them apart."""
    tell("Hidden units permuted")
    permuted = np.array([_permuted(given, seed) for seed in given.all_seeds])
    same = np.array([_same(given, seed) for seed in given.all_seeds])
    tell(f"Trainings that start from equal units, {given.seeds} nets each")
    found = _trainings(given)
    tell("Noise in the initial weights")
    curves = _noise_curves(given)
    apart = {name: np.array([_distance(net) for net in nets]) for name, (nets, _) in found.items()}
    score = {name: score for name, (_, score) in found.items()}
    return Measured(
        tables={
            "trainings": _table(apart, score),
            "permuted": columns(
                ("what", "largest"),
                zip(("outputs", "loss", "gradients"), permuted.max(0).tolist(), strict=True),
            ),
            "widths": _widths(given),
            "noise": _noise_table(curves),
        },
        claims=_claims(given, permuted, same, found, apart, score, curves),
    )


def _recipe(given: Given, start: str = "random", width: int | None = None, **changes: Any) -> Recipe:
    starts = {"random": ("he-normal", None), "constant": ("constant", given.value), "zeros": ("zeros", None)}
    init, scale = starts[start]
    how: dict[str, Any] = {"learning_rate": given.learning_rate, "epochs": given.epochs, "init_scale": scale, **changes}
    return SGD.replace(hidden=(given.width if width is None else width,), activation="relu", init=init, **how)


def _permuted(given: Given, seed: int) -> tuple[float, float, float]:
    """Largest relative differences after units change places: of outputs, loss and gradients."""
    net, subject = _subject(given, seed, "random")
    order = np.random.default_rng([seed, 0x9E12]).permutation(given.width)
    moved = _net((net.weights[0][order], net.weights[1][:, order]), (net.biases[0][order], net.biases[1]))
    one, other = run_passes(subject), run_passes(subject.with_net(moved))
    pairs = (
        (one.weight_gradients[0][order], other.weight_gradients[0]),
        (one.weight_gradients[1][:, order], other.weight_gradients[1]),
        (one.bias_gradients[0][order], other.bias_gradients[0]),
        (one.bias_gradients[1], other.bias_gradients[1]),
    )
    return (
        _difference(one.z[-1], other.z[-1]),
        abs(one.loss - other.loss) / one.loss,
        max(_difference(a, b) for a, b in pairs),
    )


def _same(given: Given, seed: int) -> tuple[float, float]:
    """How far equal units are from one another in the passes: activations, gradients; relative to the largest."""
    passes = run_passes(_subject(given, seed, "constant")[1])
    gradient = passes.weight_gradients[0]
    return (
        float(np.ptp(passes.a[0], axis=0).max() / max(np.abs(passes.a[0]).max(), 1e-300)),
        float(np.ptp(gradient, axis=0).max() / max(np.abs(gradient).max(), 1e-300)),
    )


def _difference(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one - other).max() / max(np.abs(one).max(), 1e-300))


def _net(weights: Any, biases: Any) -> Any:
    return describe_net(weights, biases, "relu")


def _subject(given: Given, seed: int, start: str) -> tuple[Any, Any]:
    """A net before training, and itself with rows drawn by the seed."""
    examples = digits([seed], PASSED)
    (net,) = initial_nets(_recipe(given, start), examples, [seed])
    x = examples.x[:PASSED].astype(np.float64) / 16  # grey levels from 0 to 1
    return net, subject_of(_net(net.weights, net.biases), x, examples.y[:PASSED])


def _trainings(given: Given) -> dict[str, tuple[list[Any], np.ndarray]]:
    """Name -> nets and test accuracies, a seed each. "one" has a single unit, and weights sqrt(width) times as large.

    With ReLU, H equal units with weights w, v do what one unit does with sqrt(H) w and sqrt(H) v, and their gradients
    are its gradients by sqrt(H): so they are in every step of a training.
    """
    rate, epochs, examples = given.learning_rate, given.epochs, digits(given.all_seeds, ROWS)
    recipes = {
        "random": _recipe(given),
        "constant": _recipe(given, "constant"),
        "one": _recipe(given, "constant", 1, init_scale=given.value * math.sqrt(given.width)),
        "momentum": _recipe(given, "constant", momentum=0.9, learning_rate=rate / 5),
        "adam": _recipe(given, "constant", optimizer="adam", learning_rate=0.01),
        "longer": _recipe(given, "constant", epochs=4 * epochs),
        "faster": _recipe(given, "constant", learning_rate=5 * rate),
        "decay": _recipe(given, "constant", l2=1e-3),
        "zeros": _recipe(given, "zeros"),
        "dropout": _recipe(given, "constant", dropout=given.dropout),
    }
    trained = train(list(recipes.values()), examples, given.all_seeds, score_every=4 * epochs)
    scores = np.nan_to_num(trained.last("test_score"))
    found = {name: (list(trained.nets[at]), scores[at]) for at, name in enumerate(recipes)}
    noisy = train(
        [_recipe(given, "constant")],
        examples,
        given.all_seeds,
        score_every=epochs,
        initial=lambda _, recipe: _noisy(given, recipe.seed, given.noise[0]),
    )
    found["noise"] = list(noisy.nets[0]), np.nan_to_num(noisy.last("test_score")[0])
    return found


def _noisy(given: Given, seed: int, size: float) -> Any:
    """Constant weights, each times 1 + size N(0, 1)."""
    rng = np.random.default_rng([seed, 0x0153])
    shapes = ((given.width, 64), (10, given.width))
    weights = tuple((given.value * (1 + size * rng.standard_normal(shape))).astype(np.float32) for shape in shapes)
    return NetArrays(weights, (np.zeros(given.width, np.float32), np.zeros(10, np.float32)), (None,))


def _distance(net: Any) -> float:
    """The largest relative distance of two units: of their weights in and out, and bias."""
    rows = np.concatenate([net.weights[0], net.biases[0][:, None], net.weights[1].T], axis=1).astype(float)
    return float(relative_distances(rows).max()) if np.isfinite(rows).all() else math.nan


def _noise_curves(given: Given) -> dict[float, np.ndarray]:
    """Size of the noise -> distance of the units after every epoch, [S, E], from the initial ones on."""
    found = after_epochs(
        [_recipe(given, "constant")] * len(given.noise),
        digits(given.all_seeds, ROWS),
        given.all_seeds,
        _distance,
        initial=lambda at, recipe: _noisy(given, recipe.seed, given.noise[at]),
    )
    return dict(zip(given.noise, found, strict=True))


def _noise_table(curves: dict[float, np.ndarray]) -> Columns:
    rows = [
        (size, epoch, *np.quantile(values, QUANTILES).tolist())
        for size, curve in curves.items()
        for epoch, values in enumerate(curve.T)
    ]
    return columns(("noise", "epoch", "low", "median", "high"), rows)


def epochs_until_apart(curve: np.ndarray) -> np.ndarray:
    """Epochs until the distance reaches APART, [S]; inf where it does not. curve: [S, E], from epoch 0 on."""
    there = curve >= APART
    return np.where(there.any(1), there.argmax(1).astype(float), np.inf)


def _widths(given: Given) -> Columns:
    """Test accuracy by the number of units, from random and from equal weights."""
    widths = doublings(1, given.width)
    places = [(start, width) for start in ("random", "constant") for width in widths]
    recipes = [_recipe(given, *place) for place in places]
    examples = digits(given.all_seeds, ROWS)
    scores = np.nan_to_num(train(recipes, examples, given.all_seeds, score_every=given.epochs).last("test_score"))
    rows = [(*place, *np.quantile(score, QUANTILES).tolist()) for place, score in zip(places, scores, strict=True)]
    return columns(("start", "width", "low", "median", "high"), rows)


def _table(apart: dict[str, np.ndarray], score: dict[str, np.ndarray]) -> Columns:
    rows = [
        (
            words,
            float(np.mean(apart[name] == 0)),
            float(np.median(apart[name])),
            *np.quantile(score[name], QUANTILES).tolist(),
        )
        for name, words in NAMES.items()
    ]
    return columns(("training", "equal", "distance", "low", "median", "high"), rows)


def _claims(
    given: Given,
    permuted: np.ndarray,
    same: np.ndarray,
    found: dict[str, tuple[list[Any], np.ndarray]],
    apart: dict[str, np.ndarray],
    score: dict[str, np.ndarray],
    curves: dict[float, np.ndarray],
) -> dict[str, Estimate]:
    many, one = (found[name][0] for name in ("constant", "one"))
    scaled = [
        _difference(math.sqrt(given.width) * a.weights[0][0], b.weights[0][0]) for a, b in zip(many, one, strict=True)
    ]
    waits = [epochs_until_apart(curves[size]) for size in (max(curves), min(curves))]
    if len(curves) == 1:
        waiting = unmeasured(ONE_SIZE)
    elif np.isfinite(waits).all():
        waiting = ratio_of(np.maximum(waits[1], 1.0), np.maximum(waits[0], 1.0))
    else:
        waiting = unmeasured(STILL_EQUAL)
    return {
        "permuted": exactly(permuted.max()),
        "forward": exactly(same[:, 0].max()),
        "backward": exactly(same[:, 1].max()),
        "kept": exactly(apart["constant"].max()),
        "limits": mean_gap(score["constant"] - score["random"]),
        "dropout": share_of(apart["dropout"] >= APART),
        "dropout-score": mean_of((score["dropout"] - score["constant"]) / (score["random"] - score["constant"])),
        "others": exactly(max(apart[name].max() for name in KEPT)),
        "one-unit": exactly(max(scaled)),
        "noise": share_of(np.isfinite(waits[0])),
        "waiting": waiting,
    }
