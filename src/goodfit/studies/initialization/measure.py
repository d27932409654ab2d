"""Measures what initialisers do to signals and gradients (4.8), and trains 50-layer nets from each."""

from typing import Any

import numpy as np

from goodfit.data import load
from goodfit.intervals import NOT_NEGATIVE
from goodfit.studies.common.subsets import subsets
from goodfit.studies.declaring import Columns, Measured, Tell
from goodfit.studies.estimates import exactly, mean_of, ratio_of
from goodfit.studies.initialization.signal_flow import Numbers, flow, growth, predicted_flow
from goodfit.studies.initialization.study import LEARNS, SLIM, WIDE
from goodfit.studies.parameters import Given
from goodfit.studies.populations import train
from goodfit.studies.tabulating import QUANTILES, band, cells, columns, table_of
from goodfit.training import Recipe
from goodfit.training.initialise import initial_layers

FLOWS = {"identity": "no activation", "tanh": "tanh", "relu": "ReLU"}
TRAINED = ("tanh", "relu")
INITS: dict[str, dict[str, Any]] = {
    "default": {"init": "torch", "init_bias": "torch"},
    "normal 0.01": {"init": "normal", "init_scale": 0.01},
    "xavier-normal": {"init": "xavier-normal"},
    "xavier-uniform": {"init": "xavier-uniform"},
    "he-normal": {"init": "he-normal"},
}
BASE = Recipe(dropout=0.0, optimizer="sgd", schedule="constant", batch_size=25, valid=0)
ROWS = 1000  # of the digits that train


def measure(given: Given, tell: Tell) -> Measured:
    """Measure signals and gradients of untrained nets, then train them."""
    tell(f"signals and gradients of {given.layers} layers")
    base = Recipe(hidden=(given.width,) * given.layers, activation="identity")
    sides = given.width, given.width
    found: dict[tuple[str, str], Any] = {}
    for activation in FLOWS:
        for init, fields in INITS.items():
            recipe = base.replace(activation=activation, **fields)
            each = [flow(recipe.replace(seed=seed), *sides) for seed in given.all_seeds]
            found[activation, init] = np.stack(each, 1), predicted_flow(recipe, *sides)  # [2, S, L + 1], [2][L + 1]
    oblong = Recipe(hidden=(), init="xavier-normal")
    slim = np.array([flow(oblong.replace(seed=seed), WIDE, SLIM)[0][0] for seed in given.all_seeds])
    losses = _train(given, tell)
    best = {key: int(np.argmin(np.median(each[..., -1], 1))) for key, each in losses.items()}
    return Measured(
        tables={
            "growth": _growth(found),
            "training": _training(given, losses),
            "layers": _layers(found),
            "losses": _losses(losses, best),
        },
        claims=_claims(given, found, slim, {key: each[best[key], :, -1] for key, each in losses.items()}),
    )


def _train(given: Given, tell: Tell) -> dict[tuple[str, str], Numbers]:
    """(activation, initialiser) -> training losses, [R, S, E]; those that are not finite are infinite."""
    data, some = load("digits"), given.all_seeds[: given.trained]
    orders = [np.random.default_rng([seed, ROWS]).permutation(len(data))[:ROWS] for seed in some]
    examples = subsets(data, orders, {"train": np.arange(ROWS, dtype=np.int32)}, "standard")
    rates = sorted(given.rates)
    losses: dict[tuple[str, str], Numbers] = {}
    for activation in TRAINED:
        tell(f"{len(INITS) * len(rates) * len(some)} nets of {given.layers} layers with {activation}")
        base = BASE.replace(hidden=(given.width,) * given.layers, epochs=given.epochs, activation=activation)
        recipes = [base.replace(**fields, learning_rate=rate) for fields in INITS.values() for rate in rates]
        curves = train(recipes, examples, some, score_every=given.epochs)["train_loss"]
        curves = np.where(np.isfinite(curves), curves, np.inf).reshape(len(INITS), len(rates), len(some), -1)
        losses |= {(activation, init): each for init, each in zip(INITS, curves, strict=True)}
    return losses


def _growth(found: dict[tuple[str, str], Any]) -> Columns:
    rows = []
    for (activation, init), (each, expected) in found.items():
        row: dict[str, Any] = {"activation": FLOWS[activation], "init": init}
        for way, turn, squares, theory in zip(("forward", "backward"), (1, -1), each, expected, strict=True):
            row |= cells(way, ratio_of(growth(squares[:, ::turn])))
            row[f"{way}_predicted"] = float(growth(theory[::turn]))
        rows.append(row)
    return table_of(rows)


def _layers(found: dict[tuple[str, str], Any]) -> Columns:
    rows = []
    for (activation, init), (each, expected) in found.items():
        for layer in range(each.shape[-1]):
            row: dict[str, Any] = {"activation": activation, "init": init, "layer": layer + 1}
            for way, squares, theory in zip(("forward", "backward"), each, expected, strict=True):
                row |= {**band(way, squares[:, layer]), f"{way}_predicted": float(theory[layer])}
            rows.append(row)
    return table_of(rows)


def _training(given: Given, losses: dict[tuple[str, str], Numbers]) -> Columns:
    rows = [
        (FLOWS[activation], init, rate, found.value, found.low, found.high, float((last < LEARNS).mean()))
        for (activation, init), each in losses.items()
        for rate, last in zip(sorted(given.rates), each[..., -1], strict=True)
        for found in [mean_of(last, NOT_NEGATIVE)]
    ]
    return columns(("activation", "init", "rate", "loss", "low", "high", "learned"), rows)


def _losses(losses: dict[tuple[str, str], Numbers], best: dict[tuple[str, str], int]) -> Columns:
    rows = [
        (*key, epoch, *values)
        for key, each in losses.items()
        for epoch, values in enumerate(
            np.quantile(each[best[key]], QUANTILES, axis=0, method="nearest").T.tolist(), start=1
        )
    ]
    return columns(("activation", "init", "epoch", "low", "median", "high"), rows)


def _claims(
    given: Given, found: dict[tuple[str, str], Any], slim: Numbers, last: dict[tuple[str, str], Numbers]
) -> dict[str, Any]:
    linear = [found["identity", init] for init in INITS]
    first = [each[0][:, 0] / expected[0][0] for each, expected in linear]  # of one layer whose inputs have variance 1
    uniform = Recipe(hidden=(), init="xavier-uniform")
    weights = [initial_layers(uniform.replace(seed=seed), WIDE, SLIM)[0][0] for seed in given.all_seeds]
    variance, half_width = 2 / (WIDE + SLIM), np.sqrt(6 / (WIDE + SLIM))
    fading = {init: found["tanh", init][0][1][:, 0] for init in ("default", "xavier-normal")}
    return {
        "derivation": mean_of(np.mean(first, axis=0)),
        "xavier-keeps": ratio_of(growth(found["identity", "xavier-normal"][0][0])),
        "xavier-unequal": mean_of(slim),
        "uniform-variance": mean_of([float((w.astype(float) ** 2).mean()) / variance for w in weights]),
        "uniform-bound": exactly(max(float(np.abs(w).max() / half_width) for w in weights)),
        "eases": ratio_of(fading["xavier-normal"], np.maximum(fading["default"], 1e-300)),
        "xavier-trains": mean_of(last["tanh", "xavier-normal"], NOT_NEGATIVE),
        "default-trains": mean_of(np.minimum(last["tanh", "default"], last["relu", "default"]), NOT_NEGATIVE),
        "relu-half": ratio_of(growth(found["relu", "xavier-normal"][0][0])),
        "he-keeps": ratio_of(growth(found["relu", "he-normal"][0][0])),
        "xavier-relu": mean_of(last["relu", "xavier-normal"], NOT_NEGATIVE),
        "he-trains": mean_of(last["relu", "he-normal"], NOT_NEGATIVE),
    }
