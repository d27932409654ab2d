"""Trains with and without dropout (4.5): as the notes do, and on few rows, where overfitting is plain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from goodfit.data import Dataset, Split, load
from goodfit.data.streams import generator
from goodfit.studies.common.subsets import subsets
from goodfit.studies.declaring import Columns, Measured, Tell
from goodfit.studies.dropout.study import OFF
from goodfit.studies.dropout.thinned import PLACES, Thinned, mean_over_all_masks, rank_share, thinned
from goodfit.studies.estimates import Estimate, exactly, mean_gap, mean_of, mean_share, ratio_of, unmeasured
from goodfit.studies.parameters import Given
from goodfit.studies.populations import TrainedRecipes, train
from goodfit.studies.tabulating import band, by_epoch, columns, table_of
from goodfit.training import Examples, Recipe
from goodfit.training.named_recipes import CHAPTER

Numbers = NDArray[np.float64]
Over = tuple[Thinned, NDArray[np.generic]]  # a net over masks, and the classes of the rows

HIDDEN = (256, 256)
STEADY = 3  # last epochs of the notes' training that are averaged
FITTED = 10_000  # training rows, at most, that are scored with nothing dropped
TESTED = 500  # test rows where the data set has none of its own
PASSED = 1000  # rows, at most, that pass under masks
FEW_MASKS = 10  # for training rows, of which the accuracy alone counts
SCORINGS = 5  # of the few rows' nets along their training
COUNTED = 10  # units whose masks are all tried
LEVELS = tuple(np.linspace(0, 1, 51).round(2).tolist())
SYMBOLS = dict(zip(PLACES, ("h₁", "W₂h₁ + b₂", "h₂", "o = W₃h₂ + b₃", "softmax(o)"), strict=True))
METRICS = {"running": "train_score", "train": "fitted_score", "test": "test_score"}


@dataclass(frozen=True)
class Setting:
    """Nets by name, trained with all seeds; every: epochs between scorings; last: scorings that are averaged."""

    nets: tuple[str, ...]
    found: TrainedRecipes
    every: int
    last: int

    def end(self, what: str, net: str) -> Numbers:
        """A metric at the end of training, [S]: "running", "train", "test" accuracy, or a metric's own name."""
        curve = self.curve(what, net)
        return np.asarray(curve[:, -min(self.last, curve.shape[1]) :].mean(1))

    def curve(self, what: str, net: str) -> Numbers:
        """A metric at the scored epochs, [S, E]; nan from where a net was no longer finite."""
        return np.asarray(self.found[METRICS.get(what, what)][self.nets.index(net)][:, self.epochs - 1])

    @property
    def epochs(self) -> NDArray[np.int64]:
        """Those that were scored, from 1."""
        total = self.found["test_score"].shape[-1]
        return np.unique([*range(self.every, total + 1, self.every), total])

    def gap(self, net: str) -> Numbers:
        """Accuracy on training rows, nothing dropped, less that on test rows, [S]."""
        return self.end("train", net) - self.end("test", net)


def measure(given: Given, tell: Tell) -> Measured:
    """Train both settings, pass test rows under many masks, and compare seed by seed."""
    data, rates = load(given.data), (given.dropout1, given.dropout2)
    tell(f"Notes' setting: {2 * given.seeds} nets, {min(given.rows, _most(data)):,} rows, {given.epochs} epochs")
    examples = examples_of(data, given.rows, given.all_seeds)
    notes = _notes_setting(given, examples)
    few_nets = _few_nets(given)
    tell(f"Small training set: {len(few_nets) * given.seeds} nets, {min(given.few_rows, _most(data)):,} rows")
    few = _few_setting(given, few_nets, examples_of(data, given.few_rows, given.all_seeds))
    tell(f"{given.masks} masks per test example")
    over: list[Over] = []
    learned: list[Over] = []
    for place, seed in enumerate(given.all_seeds):
        for part, into, masks in (("test", over, given.masks), ("fitted", learned, FEW_MASKS)):
            x, y = _passed_rows(examples, part, place)
            into.append((thinned(notes.found.nets[1][place], x, rates, seed, masks), y))
    dropping = any(rates)
    return Measured(
        tables={
            "nets": _nets_table(given, data, notes, few),
            "passes": _passes_table([each for each, _ in over], dropping),
            "curves": _curves_table(notes),
            "sweep": _sweep_table(given, few),
            "few": _few_table(few),
            "spread": _spread_table(over),
        },
        claims=_claims_of_training(given, notes, few) | _claims_of_passes(rates, over, learned),
    )


def _most(data: Dataset) -> int:
    return len(data) - (len(data.test) or TESTED)


def examples_of(data: Dataset, rows: int, seeds: Sequence[int]) -> Examples:
    """Training rows, some of them scored with nothing dropped ("fitted"), and test rows.

    Every seed draws its own rows; where it takes all of a data set with official test rows, seeds share them.
    """
    rows = min(rows, _most(data))
    if len(data.test) and rows == _most(data):
        train = np.setdiff1d(np.arange(len(data)), data.test)
        shared = Examples.of_split(Split(data, train, train[:0], data.test), score_test=True)
        return replace(shared, parts={"fitted": shared.train[:FITTED], **shared.parts})
    orders = []
    for seed in seeds:
        order = generator(seed, "dropout/rows").permutation(np.setdiff1d(np.arange(len(data)), data.test))
        orders.append(np.concatenate([order[:rows], data.test if len(data.test) else order[-TESTED:]]))
    test = np.arange(rows, len(orders[0]))
    return subsets(data, orders, {"train": np.arange(rows), "fitted": np.arange(min(rows, FITTED)), "test": test})


def _passed_rows(examples: Examples, part: str, place: int) -> tuple[NDArray[np.floating], NDArray[np.generic]]:
    """Rows of a part and a seed, scaled as in training, and their classes."""
    rows = examples.parts[part][:PASSED] + examples.set_rows * place
    scaling = examples.scaling_of(place)
    return (examples.x[rows].astype(np.float32) - scaling.shift) * scaling.scale, examples.y[rows]


def _notes_setting(given: Given, examples: Examples) -> Setting:
    base = CHAPTER.replace(hidden=HIDDEN, learning_rate=given.learning_rate, epochs=given.epochs)
    recipes = [base, base.replace(dropout=(given.dropout1, given.dropout2))]
    return Setting(("none", "notes"), train(recipes, examples, given.all_seeds), 1, STEADY)


def _few_nets(given: Given) -> dict[str, Recipe]:
    """Without dropout, with the notes' rates, with one rate in both layers, and with as few units as those keep."""
    rates = given.dropout1, given.dropout2
    base = CHAPTER.replace(hidden=HIDDEN, optimizer="adam", learning_rate=1e-3, batch_size=64, epochs=given.few_epochs)
    return {
        "none": base,
        "notes": base.replace(dropout=rates),
        **{_name(rate): base.replace(dropout=rate) for rate in sorted(given.rates)},
        "narrow": base.replace(hidden=_narrow(given)),
    }


def _narrow(given: Given) -> tuple[int, ...]:
    """As many units as the notes' rates keep."""
    rates = given.dropout1, given.dropout2
    return tuple(max(1, round(units * (1 - rate))) for units, rate in zip(HIDDEN, rates, strict=True))


def _name(rate: float) -> str:
    return f"{rate:g}"


def _few_setting(given: Given, nets: Mapping[str, Recipe], examples: Examples) -> Setting:
    every = -(-given.few_epochs // SCORINGS)
    return Setting((*nets,), train([*nets.values()], examples, given.all_seeds, score_every=every), every, 1)


def _nets_table(given: Given, data: Dataset, notes: Setting, few: Setting) -> Columns:
    kinds = {f"SGD, {min(given.rows, _most(data))}": notes, f"Adam, {min(given.few_rows, _most(data))}": few}
    rates = f"{given.dropout1:g}, {given.dropout2:g}"
    narrow = "-".join(str(units) for units in _narrow(given))
    labels = {"none": "0", "notes": rates, "narrow": f"0 ({narrow})"}
    rows = []
    for kind, setting in kinds.items():
        for net in setting.nets:
            means = [float(setting.end(what, net).mean()) for what in METRICS]
            low, middle, high = band("gap", setting.gap(net)).values()
            loss, jump = float(setting.end("test_loss", net).mean()), float(_jumps(setting, net).mean())
            rows.append((kind, labels.get(net, net), *means, middle, low, high, loss, jump))
    names = ("setting", "net", *METRICS, "gap_median", "gap_low", "gap_high", "loss", "jump")
    return columns(names, rows)


def _jumps(setting: Setting, net: str) -> Numbers:
    """Root mean square change of test accuracy between scorings in the second half of the training, [S]."""
    curve = setting.curve("test", net)
    late = curve[:, (curve.shape[1] - 1) // 2 :]
    return np.sqrt(np.square(np.diff(late, axis=1)).mean(1)) if late.shape[1] > 1 else np.full(len(late), np.nan)


def _passes_table(over: Sequence[Thinned], dropping: bool) -> Columns:
    rows = [
        (
            SYMBOLS[place],
            float(np.mean([each.at[place].noise_ratio for each in over])) if dropping else np.nan,
            float(np.mean([each.at[place].growth for each in over])),
        )
        for place in PLACES
    ]
    return columns(("place", "noise", "growth"), rows)


def _curves_table(notes: Setting) -> Columns:
    rows = []
    for net in notes.nets:
        curves = {what: notes.curve(what, net) for what in ("train_loss", *METRICS)}
        rows += by_epoch(notes.epochs, {"net": net}, **curves)
    return table_of(rows)


def _sweep_table(given: Given, few: Setting) -> Columns:
    rows: list[dict[str, float]] = []
    for rate in (0.0, *sorted(given.rates)):
        rows.append({"rate": rate})
        for what in ("train", "test", "test_loss"):
            rows[-1] |= band(what, few.end(what, _name(rate) if rate else "none"))
    return table_of(rows)


def _few_table(few: Setting) -> Columns:
    rows = []
    for net in few.nets:
        gaps = few.curve("train", net) - few.curve("test", net)
        rows += by_epoch(few.epochs, {"net": net}, test_loss=few.curve("test_loss", net), gap=gaps)
    return table_of(rows)


def _spread_table(over: Sequence[Over]) -> Columns:
    """Quantiles of the spread over masks, on right and on wrong rows of every seed."""
    rows: list[dict[str, float]] = [{"level": level} for level in LEVELS]
    for wrong, name in enumerate(("right", "wrong")):
        groups = [each.spread[(each.predicted != y) == wrong] for each, y in over]
        quantiles = np.array([np.quantile(group, LEVELS) for group in groups if len(group)])  # [S, levels]
        for at, row in enumerate(rows):
            row |= band(name, quantiles[:, at] if len(quantiles) else [])
    return table_of(rows)


def _claims_of_training(given: Given, notes: Setting, few: Setting) -> dict[str, Estimate]:
    none, off = few.gap("none"), unmeasured(OFF)
    compared: dict[str, Estimate] = {
        "notes-gap": mean_of(notes.gap("notes") - notes.gap("none")),
        "notes-test": mean_gap(notes.end("test", "notes") - notes.end("test", "none")),
        "few-gap": mean_of(few.gap("notes") - none),
        "few-test": mean_gap(few.end("test", "notes") - few.end("test", "none")),
        "few-loss": ratio_of(few.end("test_loss", "notes"), few.end("test_loss", "none")),
        "narrow": ratio_of(few.end("test_loss", "notes"), few.end("test_loss", "narrow")),
    }
    if not (given.dropout1 or given.dropout2):
        compared = dict.fromkeys(compared, off)
    names = [_name(rate) for rate in sorted(given.rates)]
    rates = np.array([0.0, *sorted(given.rates)])
    gaps = np.stack([none, *(few.gap(name) for name in names)])  # [rates, S]
    slopes = ((rates - rates.mean()) @ gaps) / np.square(rates - rates.mean()).sum()
    test = np.stack([few.end("test", name) for name in names])
    best = _chosen_by_others(test)
    return {
        **compared,
        "overfits": mean_gap(none),
        "slope": mean_of(slopes),
        "best-test": mean_gap(best - few.end("test", "none")),
        "too-much": mean_gap(few.end("train", names[-1]) - few.end("train", "none")),
        "steady": ratio_of(np.maximum(_jumps(notes, "none"), 1e-6)),
    }


def _chosen_by_others(table: Numbers) -> Numbers:
    """For every seed, its value at the setting that is best for the other seeds. table: [settings, S]."""
    totals = table.sum(1, keepdims=True) - table
    return np.asarray(np.take_along_axis(table, totals.argmax(0)[None], 0)[0])


def _claims_of_passes(rates: tuple[float, float], over: Sequence[Over], learned: Sequence[Over]) -> dict[str, Estimate]:
    nets = [each for each, _ in over]
    wrong = [each.predicted != y for each, y in over]
    spreads = np.array([_means(each.spread, bad) for each, bad in zip(nets, wrong, strict=True)])  # [S, right, wrong]
    ranks = np.array(
        [(rank_share(each.spread, bad), rank_share(each.doubt, bad)) for each, bad in zip(nets, wrong, strict=True)]
    )
    off = unmeasured(OFF)
    if not any(rates):
        names = ("random", "layer", "outputs", "votes", "expectation", "spread", "doubt", "figure-gap")
        return dict.fromkeys(names, off)
    shares = [
        np.mean([(1 - kept) / rate for kept, rate in zip(each.kept, rates, strict=True) if rate]) for each in nets
    ]
    rate = rates[0] or rates[1]
    units = np.sort(nets[0].at["first"].passed[:, 0].astype(float))[-COUNTED:]
    exact = np.abs(mean_over_all_masks(units, rate) - units).max() / max(float(np.abs(units).max()), 1e-300)
    return {
        "random": mean_of(np.array(shares)),
        "layer": mean_of([each.at["first"].noise_ratio for each in nets]) if rates[0] else off,
        "expectation": exactly(float(exact)),
        "outputs": mean_of([each.at["probabilities"].noise_ratio for each in nets]),
        "votes": mean_share([float((each.predicted == each.voted).mean()) for each in nets]),
        "spread": ratio_of(spreads[:, 1], spreads[:, 0]),
        "figure-gap": mean_gap([_dropping_costs(each, y) for each, y in learned]),
        "doubt": mean_gap(ranks[:, 0] - ranks[:, 1]),
    }


def _dropping_costs(net: Thinned, y: NDArray[np.generic]) -> float:
    """The accuracy with units dropped, on average over masks, less that with nothing dropped."""
    return float(net.votes[y, np.arange(len(y))].mean() - (net.predicted == y).mean())


def _means(spread: NDArray[np.floating], wrong: NDArray[np.bool_]) -> tuple[float, float]:
    """The mean spread of right and of wrong rows; nan where there are none."""
    right, missed = (float(part.mean()) if len(part) else np.nan for part in (spread[~wrong], spread[wrong]))
    return right, missed
