"""How often what `goodfit calibrate` says is right, by simulation: the part "calibration" of `benchmarks.honesty`.

Classes are drawn from known probabilities; a model says these, or others that are too even, too sure, noisy or
shifted. Nothing is trained. `python -m benchmarks.calibrating` prints the tables.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.bars import Bar, Measurement
from goodfit.data.folds import Fold, Folds
from goodfit.intervals import LEVEL
from goodfit.models.calibration import by_output, of_top_class, probability_scores, rows_of_probabilities
from goodfit.models.row_scores import LOG_LOSS
from goodfit.models.temperature import fitted_temperature, probabilities_at
from goodfit.runs.calibrated import Calibration
from goodfit.training.metrics import log_losses

ALONE, SCORES, TOGETHER = 400, 500, 100  # samples a cell: of the test, of the scores, and of a temperature
QUICK = 10
LARGE = 30_000  # rows of the sample that stands for the truth
GRID = np.geomspace(0.05, 20, 49)
TASK = "classification"
SIZES = 40, 60, 250, 1000
TEMPERED = SIZES[1:]
FOLDS, GROUP = 5, 5
SELDOM = 0.1  # share of samples with an interval or with advice, below which a cell is not counted
FALSE, HELD, RIGHT = 0.08, 0.92, 0.95
GAIN = "gain of a temperature in log loss"


@dataclass(frozen=True)
class Law:
    """Classes with logits of a spread; what so many nets say of them.

    sure: how many times as large the model's logits are; noise: in them; shift: added to the first class's;
    grouped: whether rows stand in groups of five that are all the same
    """

    classes: int
    spread: float
    sure: float = 1.0
    noise: float = 0.0
    nets: int = 1
    shift: float = 0.0
    grouped: bool = False

    def draw(
        self, rng: np.random.Generator, rows: int
    ) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
        """(logits [P, N, C] of the model, codes [N], true probabilities [N, C])."""
        several = GROUP if self.grouped else 1
        own = rows // several
        z = self.spread * rng.normal(size=(1, own, self.classes))
        chances = probabilities_at(TASK, z)
        codes = np.minimum((chances.cumsum(1) < rng.random((own, 1))).sum(1), self.classes - 1)
        told = self.sure * (z + self.noise * rng.normal(size=(self.nets, own, self.classes)))
        told[..., 0] += self.shift
        return told.repeat(several, 1), codes.repeat(several), chances.repeat(several, 0)

    @property
    def true(self) -> bool:
        """Whether the model says the true probabilities."""
        return (self.sure, self.noise, self.nets, self.shift) == (1, 0, 1, 0)

    @property
    def about(self) -> str:
        """In words."""
        said = "true" if self.true else f"logits x {self.sure:g}"
        more = [f"noise {self.noise:g}"] * bool(self.noise) + [f"one + {self.shift:g}"] * bool(self.shift)
        more += [f"{self.nets} nets"] * (self.nets > 1) + ["in groups"] * self.grouped
        return ", ".join([f"{self.classes} classes +- {self.spread:g}", said, *more])


def laws() -> Iterator[Law]:
    """All that is simulated, but for groups."""
    for classes, spread in ((2, 1.0), (2, 4.0), (5, 2.0), (10, 3.0)):
        for sure in (0.5, 1.0, 2.0):
            yield Law(classes, spread, sure)
        yield Law(classes, spread, 2.0, 0.5)
    yield Law(5, 2.0, 2.0, 0.5, nets=4)
    yield Law(5, 2.0, 1.0, shift=2.0)


GROUPED = (Law(2, 2.0, 2.0, grouped=True), Law(2, 4.0, 2.0, grouped=True), Law(5, 2.0, 1.0, grouped=True))


@dataclass
class Seen:
    """What came of a law and a number of rows: for each name, whether it was so in each sample that says anything.

    values: the temperatures
    """

    law: Law
    rows: int
    draws: int
    so: dict[str, list[bool]] = field(default_factory=dict)
    values: list[float] = field(default_factory=list)

    def note(self, name: str, so: bool) -> None:
        """One more sample."""
        self.so.setdefault(name, []).append(so)

    @property
    def about(self) -> str:
        """In words."""
        return f"{self.rows} rows, {self.law.about}"


def alarmed(law: Law, rows: int, draws: int) -> Seen:
    """The test of calibration alone, of the predicted class and of every class."""
    rng, found = np.random.default_rng(0), Seen(law, rows, draws)
    for _ in range(draws):
        logits, codes, _ = law.draw(rng, rows)
        _note_test(found, probabilities_at(TASK, logits), codes)
    return found


def _note_test(found: Seen, chances: NDArray[np.float64], codes: NDArray[np.int64]) -> None:
    top = of_top_class(chances, codes)
    if top is None:
        return
    names = [str(place) for place in range(found.law.classes)]
    every = by_output(TASK, names, chances, codes) if found.law.true and found.rows == SIZES[1] else []
    told = Calibration("", TASK, found.law.nets, "new", found.rows, LEVEL, (), (top, *every), None)
    found.note("alarm", told.miscalibrated[:1] == (top,))
    if every:
        found.note("any alarm", bool(told.miscalibrated))
    for each in top.bins:
        found.note("band", each.low <= each.observed <= each.high)
    word = str(told).split(":", maxsplit=1)[0]
    if not found.law.true and found.law.noise == found.law.shift == 0 and word in ("Overconfident", "Underconfident"):
        found.note("word", word == ("Overconfident" if found.law.sure > 1 else "Underconfident"))


def scored(law: Law, rows: int, draws: int) -> Seen:
    """The intervals of the scores."""
    rng, found, means = np.random.default_rng(0), Seen(law, rows, draws), _truth(law)[1]
    for _ in range(draws):
        logits, codes, _ = law.draw(rng, rows)
        for score in probability_scores(rows_of_probabilities(TASK, probabilities_at(TASK, logits), codes)):
            if not math.isnan(score.low):
                found.note(score.name, score.low <= means[score.name] <= score.high)
    return found


def tempered(law: Law, rows: int, draws: int) -> Seen:
    """The temperature, and its gain on new rows."""
    rng, found = np.random.default_rng(0), Seen(law, rows, draws)
    losses, means = _truth(law)
    folds, groups = _folds(law, rows)
    for _ in range(draws):
        logits, codes, _ = law.draw(rng, rows)
        fitted = fitted_temperature(TASK, logits, codes, folds, groups=groups)
        found.values.append(fitted.value)

        def gain(*values: float) -> float:
            return means[LOG_LOSS] - float(np.interp(np.log(values), np.log(GRID), losses).mean())

        found.note("advised", fitted.helps)
        if fitted.helps:
            found.note("improves", gain(fitted.value) > 0)
        if not math.isnan(fitted.gains[0].low):
            found.note(GAIN, fitted.gains[0].low <= gain(*fitted.fold_values) <= fitted.gains[0].high)
    return found


@cache
def _truth(law: Law) -> tuple[NDArray[np.float64], dict[str, float]]:
    """The log loss of new rows at every temperature of the grid, and the mean of every measure at 1."""
    logits, _, chances = law.draw(np.random.default_rng(1), LARGE)
    every = [np.full(len(chances), code) for code in range(law.classes)]

    def loss(at: float) -> float:
        told = probabilities_at(TASK, logits, at)
        return float(sum((chances[:, code[0]] * log_losses(TASK, told, code)).mean() for code in every))

    told = probabilities_at(TASK, logits)
    means: dict[str, float] = {}
    for code in every:
        for name, values in rows_of_probabilities(TASK, told, code).items():
            means[name] = means.get(name, 0.0) + float((chances[:, code[0]] * values).mean())
    return np.array([loss(at) for at in GRID]), means


def _folds(law: Law, rows: int) -> tuple[Folds, NDArray[np.int64] | None]:
    places = np.arange(rows, dtype=np.int32)
    groups = places // GROUP if law.grouped else places
    own = groups % FOLDS
    made = tuple(Fold(places[own != fold], places[own == fold]) for fold in range(FOLDS))
    return Folds("", (made,), True), groups.astype(np.int64) if law.grouped else None


@dataclass(frozen=True)
class Line:
    """A line of the table. name: as it is noted; which: cells that count; bar: that the worst has to meet, or None."""

    what: str
    name: str
    bar: float | None = None
    most: bool = False
    which: Callable[[Seen], bool] = lambda each: True


LINES = (
    Line("false alarms: the predicted class, true probabilities", "alarm", FALSE, True, lambda one: one.law.true),
    Line("false alarms: with every class beside it, true probabilities", "any alarm", FALSE, True),
    Line("bins inside their 90 % band, true probabilities", "band", 0.87, which=lambda one: one.law.true),
    Line(
        "called miscalibrated: logits x 0.5 or x 2", "alarm", which=lambda one: not one.law.true and one.law.nets == 1
    ),
    Line('"overconfident" or "underconfident", where said, is right', "word", RIGHT),
    Line("95 % interval of the accuracy holds", "accuracy", HELD),
    Line("95 % interval of the log loss holds", LOG_LOSS, HELD),
    Line("95 % interval of the Brier score holds", "Brier score", HELD),
    Line("95 % interval of the mean confidence holds", "mean confidence", HELD),
    Line("95 % interval of confidence - accuracy holds", "confidence - accuracy", HELD),
    Line("95 % interval of the gain of a temperature holds", GAIN, HELD, which=lambda one: not one.law.grouped),
    Line("the same, rows in groups of five", GAIN, HELD, which=lambda one: one.law.grouped),
    Line("temperature advised, true probabilities", "advised", 0.05, True, lambda one: one.law.true),
    Line("temperature that is advised improves the log loss of new rows", "improves", RIGHT),
)


def cells(line: Line, found: Sequence[Seen]) -> list[tuple[float, str]]:
    """(share, which cell), the worst first; cells that have it in few samples are left out."""
    those = [one for one in found if line.which(one) and len(one.so.get(line.name, ())) > SELDOM * one.draws]
    return sorted(((float(np.mean(one.so[line.name])), one.about) for one in those), reverse=line.most)


def simulated(quick: bool = False) -> list[Seen]:
    """All cells."""
    alone, scores, together = (QUICK, QUICK, QUICK) if quick else (ALONE, SCORES, TOGETHER)
    found = [alarmed(law, rows, alone if law.true else together) for law in laws() for rows in SIZES]
    found += [scored(law, rows, scores) for law in laws() for rows in SIZES]
    return found + [tempered(law, rows, together) for law in (*laws(), *GROUPED) for rows in TEMPERED]


def lines(found: list[Seen]) -> Iterator[str]:
    """The tables as Markdown."""
    yield "| share of samples | cells | worst cell | which | best cell | bar |"
    yield "|---|---|---|---|---|---|"
    for line in LINES:
        if own := cells(line, found):
            bar = "" if line.bar is None else f"{'<=' if line.most else '>='} {line.bar:g}"
            yield f"| {line.what} | {len(own)} | {own[0][0]:.3f} | {own[0][1]} | {own[-1][0]:.3f} | {bar} |"
    yield ""
    yield "| temperature of one net, logits twice too large | 5 % of samples below | median | 5 % above |"
    yield "|---|---|---|---|"
    for rows in TEMPERED:
        laws_of = [one for one in found if one.values and (one.law.sure, one.law.noise, one.rows) == (2, 0, rows)]
        if laws_of:
            low, middle, high = np.quantile([value for one in laws_of for value in one.values], (0.05, 0.5, 0.95))
            yield f"| {rows} rows | {low:.2f} | {middle:.2f} | {high:.2f} |"


def tables(keep: Path | None = None) -> str:
    """The tables for docs/honesty.md. keep: not used, for nothing is trained."""
    return "\n".join(lines(simulated()))


HOW = f"{TOGETHER} to {ALONE} samples a cell from probabilities that are known; see docs/honesty.md."


def measure(quick: bool) -> list[Measurement]:
    """The worst cell of every line that has a bar."""
    found, measured = simulated(quick), []
    for line in LINES:
        own = cells(line, found)
        if line.bar is not None and own:
            bar = Bar(f"calibration, {line.what}", line.bar, HOW, at_least=not line.most, unit="of samples")
            measured.append(Measurement(bar, own[0][0], f"{len(own)} cells, worst: {own[0][1]}; best {own[-1][0]:.3f}"))
    return measured


def main(arguments: list[str]) -> int:
    """Print the tables."""
    print("\n".join(lines(simulated("--quick" in arguments))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
