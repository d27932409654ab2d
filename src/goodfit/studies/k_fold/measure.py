"""Measures K-fold cross-validation (4.3.2): its estimates against the truth, over many data sets."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from goodfit.data import Dataset
from goodfit.data.folds import make_folds
from goodfit.data.streams import generator
from goodfit.selection.comparing import interval
from goodfit.studies.common.trained import squared_errors
from goodfit.studies.declaring import Columns, Measured, Tell
from goodfit.studies.estimates import Estimate, correlation_of, exactly, mean_of, ratio_of, share_of
from goodfit.studies.parameters import Given
from goodfit.studies.populations import train
from goodfit.studies.tabulating import band, cells, columns, table_of
from goodfit.training import Examples, Recipe

INPUTS = 4
FRESH = 10_000  # rows that tell the true error of a net
NET = Recipe(activation="tanh", init="xavier-normal", dropout=0, l2=0.01, valid=0)
ADAM = {"optimizer": "adam", "learning_rate": 0.02, "schedule": "constant"}
SHOWN_FOLDS = 5  # of the picture of which rows validate


@dataclass(frozen=True)
class Validated:
    """S data sets by K folds. errors: [S, K] mean squared error of each fold's net on the rows it did not learn from;
    held: [S, K] how many rows those are; validates, trains: [S, K, N] which rows do in which fold.
    """

    errors: np.ndarray
    held: np.ndarray
    validates: np.ndarray
    trains: np.ndarray

    @property
    def estimate(self) -> np.ndarray:
        """The mean over all rows, [S]."""
        return np.asarray((self.errors * self.held).sum(1) / self.held.sum(1))


def rows_of(seed: int, rows: int, noise: float, purpose: str = "rows") -> tuple[np.ndarray, np.ndarray]:
    """Rows x [N, 4] from N(0, 1) with targets [N] of a curved surface and N(0, noise²)."""
    rng = generator(seed, f"k-fold/{purpose}")
    x = rng.normal(size=(rows, INPUTS))
    y = np.sin(2 * x[:, 0]) + x[:, 1] + 0.5 * x[:, 2] * x[:, 0] + noise * rng.normal(size=rows)
    return x.astype(np.float32), y.astype(np.float32)


def measure(given: Given, tell: Tell) -> Measured:
    """Train on all rows, and fold by fold, for every data set."""
    recipe = _recipe(given)
    tell(f"{given.seeds} nets that learn from all {given.rows} rows")
    sets = [_data(*rows_of(seed, given.rows, given.noise)) for seed in given.all_seeds]
    whole = [(place, np.arange(given.rows), np.arange(0)) for place in range(given.seeds)]
    nets = _fit(recipe, given, sets, whole)[0]
    truth = squared_errors(recipe, nets, *rows_of(given.seed, FRESH, given.noise, "fresh"))
    found = {}
    for folds in sorted({2, *given.folds, given.rows}):
        tell(f"{folds} folds of {given.seeds} data sets: {folds * given.seeds} nets")
        found[folds] = validate(recipe, given, sets, folds)
    estimates = _estimates(found)
    methods = [_method(given, name, folds, values, truth) for (name, folds), values in estimates.items()]
    pairs = [
        (name, *pair)
        for (name, _), values in estimates.items()
        for pair in zip(given.all_seeds, values.tolist(), truth.tolist(), strict=True)
    ]
    return Measured(
        tables={
            "methods": table_of(methods),
            "estimates": columns(("method", "seed", "estimate", "truth"), pairs),
            "folds": _picture(given),
        },
        claims=_claims(given, found, estimates, truth),
    )


def _recipe(given: Given) -> Recipe:
    return NET.replace(**ADAM, hidden=(given.hidden,), batch_size=given.rows, epochs=given.epochs)


def _data(x: np.ndarray, y: np.ndarray) -> Any:
    return Dataset("k-fold", x, y, "regression", scaling="none")


Fold = tuple[int, np.ndarray, np.ndarray]  # number of the data set, rows that train, rows that validate


def _fit(recipe: Any, given: Given, sets: Sequence[Any], folds: Sequence[Fold]) -> tuple[list[Any], np.ndarray]:
    """A net for each fold, all of one size; and its error on the rows it did not learn from, nan where there are none.

    Every fold is a data set of its own, stacked; nets of one data set start from the same weights.
    """
    stacked, seeds = [], []
    for number, trains, validates in folds:
        order, data = np.concatenate([trains, validates]), sets[number]
        stacked.append(_data(data.x[order], data.y[order]))
        seeds.append(given.seed + number)
    rows, held = len(folds[0][1]), len(folds[0][2])
    parts = {"train": np.arange(rows), "held": np.arange(rows, rows + held)}
    if not held:
        del parts["held"]
    found = train([recipe], Examples.stacked(stacked, parts), seeds, score_every=10**6)
    errors = 2 * found.last("held_loss")[0] if held else np.full(len(folds), np.nan)  # the loss is half of it
    return list(found.nets[0]), errors


def validate(recipe: Any, given: Given, sets: Sequence[Any], folds: int) -> Validated:
    """All folds of all data sets; folds of one size share a program."""
    made: list[tuple[int, int, Fold]] = []
    for number, data in enumerate(sets):
        rows = np.arange(given.rows, dtype=np.int32)
        each = make_folds(data, rows, folds=folds, seed=given.seed + number).all
        made += [(number, at, (number, fold.train, fold.valid)) for at, fold in enumerate(each)]
    shape = len(sets), folds
    errors, held = np.full(shape, np.nan), np.zeros(shape, int)
    validates, trains = np.zeros((*shape, given.rows), bool), np.zeros((*shape, given.rows), bool)
    for size in {len(fold[2]) for *_, fold in made}:
        same = [entry for entry in made if len(entry[2][2]) == size]
        for (number, at, fold), error in zip(same, _fit(recipe, given, sets, [e[2] for e in same])[1], strict=True):
            errors[number, at], held[number, at] = error, size
            trains[number, at, fold[1]] = validates[number, at, fold[2]] = True
    return Validated(errors, held, validates, trains)


def _estimates(found: dict[int, Validated]) -> dict[tuple[str, int], np.ndarray]:
    """(method, how many nets it trains) -> [S]. The hold-outs are the first folds of those that have them."""
    most = max(found)
    estimates = {}
    for folds, values in found.items():
        if folds in (2, 5):
            estimates[f"hold-out {100 // folds} %", 1] = values.errors[:, 0]
    for folds, values in found.items():
        estimates["leave-one-out" if folds == most else f"{folds} folds", folds] = values.estimate
    return estimates


def _method(given: Given, name: str, folds: int, values: np.ndarray, truth: np.ndarray) -> dict[str, Any]:
    off = values - truth
    share = {"hold-out 50 %": 0.5, "hold-out 20 %": 0.8}.get(name, 1 - 1 / folds)
    return {
        "method": name,
        "nets": folds,
        "rows": round(share * given.rows, 1),
        "passes": folds * share,
        **cells("bias", mean_of(off)),
        **band("off", off),
        "deviation": float(values.std(ddof=1)),
        "distance": float(np.sqrt(np.square(off).mean())),
        "correlation": correlation_of(values, truth).value,
    }


def _picture(given: Given) -> Columns:
    """Which rows validate in each of five folds of the first data set, rows of a fold beside one another."""
    data = _data(*rows_of(given.seed, given.rows, given.noise))
    made = make_folds(data, np.arange(given.rows, dtype=np.int32), folds=SHOWN_FOLDS, seed=given.seed).all
    order = np.concatenate([fold.valid for fold in made])
    rows = [(at + 1, int(row), bool(np.isin(row, fold.valid))) for at, fold in enumerate(made) for row in order]
    return columns(("fold", "row", "validates"), rows)


def _claims(
    given: Given, found: dict[int, Validated], estimates: dict[tuple[str, int], np.ndarray], truth: np.ndarray
) -> dict[str, Estimate]:
    folds = sorted(found)
    few, most = folds[0], folds[-1]
    ten = folds[-2]  # the most folds that were asked for
    once = [(each.validates.sum(1) == 1).mean() * (each.trains.sum(1) == k - 1).mean() for k, each in found.items()]
    both = [(each.validates & each.trains).mean() for each in found.values()]
    near = {name: np.abs(found[name].estimate - truth) / truth.mean() for name in folds}
    single = np.abs(found[ten].errors[:, 0] - truth) / truth.mean()
    plain, corrected = _intervals(found[ten], truth)
    return {
        "each-once": exactly(min(once)),
        "apart": exactly(max(both)),
        "half-pessimistic": ratio_of(found[2].errors[:, 0], truth),
        "bias-falls": mean_of((found[few].estimate - found[most].estimate) / truth.mean()),
        "nearly-unbiased": mean_of((found[ten].estimate - truth) / truth.mean()),
        "average-steadier": mean_of(single - near[ten]),
        "all-folds-no-nearer": mean_of(near[ten] - near[most]),
        "this-net": correlation_of(found[ten].estimate, truth),
        "plain-interval": share_of(plain),
        "corrected-interval": share_of(corrected),
    }


def _intervals(found: Validated, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whether the interval of the folds' mean holds the truth: Student's, and with Nadeau and Bengio's correction."""
    share = float(found.held[0].mean() / found.held[0].sum())
    held = []
    for each, true in zip(found.errors, truth, strict=True):
        plain, (low, high) = mean_of(each), interval(each, share)
        held.append((plain.low <= true <= plain.high, low <= true <= high))
    table = np.array(held)
    return table[:, 0], table[:, 1]
