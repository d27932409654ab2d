"""Trains with and without a penalty (4.4): both versions of the notes, paths over its strength, L1's selection."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.data import Dataset, load
from goodfit.data.streams import generator
from goodfit.studies.declaring import Columns, Measured, Tell
from goodfit.studies.estimates import Estimate, exactly, mean_of, mean_share, ratio_of, unmeasured
from goodfit.studies.parameters import Given
from goodfit.studies.populations import TrainedRecipes, train
from goodfit.studies.tabulating import QUANTILES, band, by_epoch, table_of
from goodfit.studies.weight_decay.study import NO_PENALTY, NORMS
from goodfit.training import Examples, Recipe
from goodfit.training.initialise import initial_layers
from goodfit.training.population import NetArrays

Numbers = NDArray[np.float64]

ROWS, TESTED, BATCH, EPOCHS = 20, 100, 5, 100  # the notes'
STEPS = EPOCHS * ROWS // BATCH
PATH_SEEDS = 50  # at most, of the paths over strengths
L2_PATH = (0.0, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
L1_PATH = (0.001, 0.003, 0.01, 0.03, 0.06, 0.1)
RELEVANT, SPARSE_ROWS = 8, 60  # inputs that count, and rows, of the data that L1 selects from
SPARSE = {"L1": (0.01, 0.03, 0.1, 0.2, 0.3, 0.5), "L2": (0.001, 0.01, 0.1, 1.0, 10.0)}
SCORED = 5  # epochs from one scoring of the test rows to the next, as in the notes


def measure(given: Given, tell: Tell) -> Measured:
    """Both versions of the notes, with and without the penalty; the paths over its strength; L1's selection."""
    parts = {"train": np.arange(ROWS), "test": np.arange(ROWS, ROWS + TESTED)}
    sets = [load("linear", seed=seed, n_train=ROWS, n_test=TESTED, n_inputs=given.inputs) for seed in given.all_seeds]
    nets = _versions(given)
    tell(f"{len(nets) * given.seeds} nets: both versions, with and without the penalty")
    drawn = [name.startswith("step") for name in nets]

    def initial(place: int, recipe: Recipe) -> NetArrays | None:
        return _with_drawn_bias(recipe, given.inputs) if drawn[place] else None

    found = train([*nets.values()], Examples.stacked(sets, parts), given.all_seeds, score_every=SCORED, initial=initial)
    few = given.all_seeds[:PATH_SEEDS]
    tell(f"paths over the strength of the penalty, {len(few)} seeds")
    path = _path(given, Examples.stacked(sets[: len(few)], parts), few)
    tell(f"selection of inputs by L1, {len(few)} seeds")
    chosen = selection([sparse(seed, given.inputs) for seed in few], few)
    norms = {name: np.linalg.norm(found.weights(at)[:, 0], axis=1) for at, name in enumerate(nets)}
    return Measured(
        tables={"versions": _table(nets, found, norms), "curves": _curves(nets, found), "path": path, **chosen[0]},
        claims=_claims(given, nets, found, norms, _constant(sets, parts)) | _claims_of_paths(chosen[1]),
        printed={name: mean_of(norms[name]) for name in NORMS},
    )


def _base(learning_rate: float, **changes: Any) -> Recipe:
    fields: dict[str, Any] = {"init": "normal", "init_scale": 1.0, "batch_size": BATCH, "epochs": EPOCHS, **changes}
    return Recipe(hidden=(), optimizer="sgd", learning_rate=learning_rate, schedule="constant", valid=0, **fields)


def _versions(given: Given) -> dict[str, Recipe]:
    """The notes' four trainings in goodfit's terms, and one whose bias is penalised too.

    The version in the optimiser has the whole square as its loss: its gradient is 2g + λw, where goodfit's is g + l2 w.
    So its rate is doubled and its λ halved.
    """
    base, twice = _base(given.learning_rate), _base(2 * given.learning_rate)
    return {
        "loss-0": base,
        "loss": base.replace(l2=given.l2),
        "step-0": twice,
        "step": twice.replace(l2=given.l2 / 2),
        "bias": base.replace(l2=given.l2, penalize_biases=True),
    }


def _with_drawn_bias(recipe: Recipe, inputs: int) -> NetArrays:
    """The recipe's weights, and a bias from N(0, 1), as the notes' version in the optimiser draws it."""
    ((weights, _),) = initial_layers(recipe, inputs, 1)
    return NetArrays((weights,), (generator(recipe.seed, "weight-decay/bias").normal(size=1),), (None,))


def _constant(sets: Sequence[Dataset], parts: Mapping[str, NDArray[np.int64]]) -> Numbers:
    """The test loss of always saying the training rows' mean, [S]."""
    off = [each.y[parts["test"], 0] - each.y[parts["train"], 0].mean(dtype=float) for each in sets]
    return np.array([float((each**2).mean() / 2) for each in off])


def _path(given: Given, examples: Any, seeds_: Sequence[int]) -> Columns:
    """Losses, norm and zeros along both penalties: from the notes' initial weights, and from small ones."""
    kinds = ("L2, weights start as N(0, 1)", 1.0, L2_PATH), ("L2", 0.01, L2_PATH), ("L1", 0.01, L1_PATH)
    rows: list[dict[str, Any]] = []
    for kind, scale, strengths in kinds:
        recipes = [_base(given.learning_rate, init_scale=scale, **{kind[:2].lower(): each}) for each in strengths]
        found = train(recipes, examples, seeds_, score_every=EPOCHS)
        for at, strength in enumerate(strengths):
            weights = found.weights(at)[:, 0]
            sizes = {"norm": float(np.median(np.linalg.norm(weights, axis=1))), "zeros": float((weights == 0).mean())}
            rows.append({"penalty": kind, "strength": strength, **_losses(found, at), **sizes})
    return table_of(rows)


def _losses(found: TrainedRecipes, at: int) -> dict[str, float]:
    """Quantiles of the last losses of one net over seeds."""
    return {**band("train", found.last("train_loss")[at]), **band("test", found.last("test_loss")[at])}


def sparse(seed: int, inputs: int) -> Dataset:
    """y = the sum of the first RELEVANT inputs + N(0, 0.1²): the others are there to be left out."""
    rng = generator(seed, "weight-decay/sparse")
    x = rng.normal(size=(SPARSE_ROWS + TESTED, inputs))
    y = x[:, :RELEVANT].sum(axis=1) + 0.1 * rng.normal(size=len(x))
    return Dataset(name="sparse", x=x, y=y, task="regression", scaling="none")


def selection(sets: Sequence[Dataset], seeds_: Sequence[int]) -> tuple[dict[str, Columns], dict[str, Any]]:
    """The tables of the selection, and of each penalty at its best strength: zeros, test losses, what was selected."""
    parts = {"train": np.arange(SPARSE_ROWS), "test": np.arange(SPARSE_ROWS, SPARSE_ROWS + TESTED)}
    examples = Examples.stacked(sets, parts)
    rows, best = [], {}
    weights: dict[str, Numbers] = {}
    for kind, strengths in SPARSE.items():
        steps: dict[str, Any] = {"init_scale": 0.01, "batch_size": SPARSE_ROWS, "epochs": 400}
        recipes = [_base(0.05, **steps, **{kind.lower(): each}) for each in strengths]
        found = train(recipes, examples, seeds_, score_every=400)
        for at, strength in enumerate(strengths):
            chosen = found.weights(at)[:, 0] != 0
            share = {
                "zeros": float((~chosen).mean()),
                "found": float(chosen[:, :RELEVANT].mean()),
                "right": float(chosen[:, :RELEVANT].sum() / max(int(chosen.sum()), 1)),
            }
            rows.append({"penalty": kind, "strength": strength, **share, **_losses(found, at)})
        losses = found.last("test_loss")
        at = int(np.exp(np.log(losses).mean(axis=1)).argmin())
        best[kind] = {"weights": found.weights(at)[:, 0], "test": losses[at]}
        weights[kind] = best[kind]["weights"][0]
    drawn = {"input": [*range(1, len(weights["L1"]) + 1)], "l1": weights["L1"].tolist(), "l2": weights["L2"].tolist()}
    return {"selection": table_of(rows), "weights": drawn}, best


def _table(nets: Mapping[str, Recipe], found: TrainedRecipes, norms: Mapping[str, Numbers]) -> Columns:
    rows = []
    for at, name in enumerate(nets):
        low, median, high = np.quantile(norms[name], QUANTILES)
        norm = {"norm_median": float(median), "norm_low": float(low), "norm_high": float(high)}
        bias = float(np.median([abs(net.biases[0][0]) for net in found.nets[at]]))
        losses = {key: value for key, value in _losses(found, at).items() if key.endswith("median")}
        rows.append({"net": name, **norm, **losses, "bias": bias})
    return table_of(rows)


def _curves(nets: Mapping[str, Recipe], found: TrainedRecipes) -> Columns:
    """Losses by epoch, of the epochs in which the test rows were scored."""
    epochs = np.arange(SCORED - 1, EPOCHS, SCORED)
    rows = []
    for at, name in enumerate(nets):
        train, test = (found[f"{part}_loss"][at][:, epochs] for part in ("train", "test"))
        rows += by_epoch(epochs + 1, {"net": name}, train=train, test=test)
    return table_of(rows)


def _claims(
    given: Given, nets: Mapping[str, Recipe], found: TrainedRecipes, norms: Mapping[str, Numbers], constant: Numbers
) -> dict[str, Estimate]:
    place = {name: at for at, name in enumerate(nets)}
    train, test = ({name: found.last(f"{part}_loss")[at] for name, at in place.items()} for part in ("train", "test"))
    start = np.array([_first_loss(found[f"{part}_loss"][place["loss-0"]]) for part in ("train", "test")])
    left = math.sqrt(max(given.inputs - ROWS, 1)) * abs(1 - given.learning_rate * given.l2) ** STEPS
    off = unmeasured(NO_PENALTY)
    with_penalty: dict[str, Estimate] = {
        "norm-falls": ratio_of(norms["loss"], norms["loss-0"]),
        "test-falls": ratio_of(test["loss"], test["loss-0"]),
        "versions-differ": ratio_of(train["loss"], train["step"]),
        "norm-is-initial": ratio_of(norms["loss"], left) if left > 1e-30 else off,
        "beats-constant": ratio_of(test["loss"], constant),
        "bias": ratio_of(test["bias"], test["loss"]),
    }
    if given.l2 == 0:
        with_penalty = dict.fromkeys(with_penalty, off)
    return {
        "train-falls": ratio_of(train["loss-0"], start[0]),
        "test-stays": ratio_of(test["loss-0"], start[1]),
        **with_penalty,
    }


def _first_loss(losses: Numbers) -> Numbers:
    """The loss at the first epoch that was scored, [S]."""
    return losses[:, int(np.flatnonzero(np.isfinite(losses).all(0))[0])]


def _claims_of_paths(best: Mapping[str, Any]) -> dict[str, Estimate]:
    chosen = best["L1"]["weights"] != 0
    right = chosen[:, :RELEVANT].sum(1) / np.maximum(chosen.sum(1), 1)
    return {
        "l1-zeros": mean_share((~chosen).mean(1)),
        "l2-zeros": exactly(float((best["L2"]["weights"] == 0).mean())),
        "l1-selects": mean_share(right),
        "l1-better": ratio_of(best["L1"]["test"], best["L2"]["test"]),
    }
