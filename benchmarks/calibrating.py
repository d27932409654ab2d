"""How often what `goodfit calibrate` says is right, by simulation: `python -m benchmarks.calibrating` prints the table.

Classes are drawn from known probabilities; a model says these, or some that are too even or too sure, with noise.
`--quick` draws less and prints the same lines.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from goodfit.data.folds import Fold, Folds
from goodfit.models.calibration import of_top_class, probability_scores, rows_of_probabilities
from goodfit.models.row_scores import BRIER, LOG_LOSS
from goodfit.models.temperature import fitted_temperature, probabilities_at
from goodfit.training.metrics import log_losses

DRAWS, QUICK = 200, 10
LARGE = 60_000  # rows of the sample that stands for the truth
GRID = np.geomspace(0.05, 20, 97)
TASK = "classification"
SIZES = 60, 250, 1000
FOLDS = 5
SELDOM = 0.1  # share of samples with an interval, below which a cell is not counted
SEEN = (LOG_LOSS, BRIER, "gain of a temperature")


@dataclass(frozen=True)
class Law:
    """Classes with logits of a spread; the model says them `sure` times as large, with noise, by so many nets."""

    classes: int
    spread: float
    sure: float
    noise: float = 0.0
    nets: int = 1

    def draw(self, rng: np.random.Generator, rows: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """(logits [P, N, C] of the model, codes [N])."""
        z = self.spread * rng.normal(size=(1, rows, self.classes))
        chances = probabilities_at(TASK, z)
        codes = np.minimum((chances.cumsum(1) < rng.random((rows, 1))).sum(1), self.classes - 1)
        return self.sure * (z + self.noise * rng.normal(size=(self.nets, rows, self.classes))), codes


@dataclass
class Seen:
    """What came of a law and a number of rows. held: by measure, of its intervals; inside: of bins in their bands."""

    law: Law
    rows: int
    alarms: list[bool] = field(default_factory=list)
    inside: list[bool] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    advised: list[bool] = field(default_factory=list)
    held: dict[str, list[bool]] = field(default_factory=lambda: {name: [] for name in SEEN})

    @property
    def true(self) -> bool:
        """Whether the model says the true probabilities."""
        return self.law.sure == 1 and self.law.noise == 0 and self.law.nets == 1


def laws() -> Iterator[Law]:
    """All that is simulated."""
    for classes, spread in ((2, 1.0), (2, 4.0), (5, 2.0)):
        for sure in (0.5, 1.0, 2.0):
            yield Law(classes, spread, sure)
        yield Law(classes, spread, 2.0, 0.5)
    yield Law(5, 2.0, 2.0, 0.5, nets=4)


def seen(law: Law, rows: int, draws: int) -> Seen:
    """Draw a law so many times."""
    rng = np.random.default_rng(0)
    large, codes = law.draw(rng, LARGE)
    losses = np.array([log_losses(TASK, probabilities_at(TASK, large, at), codes).mean() for at in GRID])
    means = {name: each.mean() for name, each in _rows(large, codes).items()}
    found, places = Seen(law, rows), np.arange(rows, dtype=np.int32)
    of_row = places % FOLDS
    folds = Folds("", (tuple(Fold(places[of_row != fold], places[of_row == fold]) for fold in range(FOLDS)),), True)
    for _ in range(draws):
        logits, codes = law.draw(rng, rows)
        told = of_top_class(probabilities_at(TASK, logits), codes)
        if told is not None:
            found.alarms.append(told.chance <= 0.05)
            found.inside += [each.low <= each.observed <= each.high for each in told.bins]
        for score in probability_scores(_rows(logits, codes)):
            if score.name in found.held and not math.isnan(score.low):
                found.held[score.name].append(score.low <= means[score.name] <= score.high)
        fitted = fitted_temperature(TASK, logits, codes, folds)
        found.values.append(fitted.value)
        found.advised.append(fitted.helps)
        if not math.isnan(fitted.gains[0].low):
            truth = means[LOG_LOSS] - np.interp(np.log(fitted.fold_values), np.log(GRID), losses).mean()
            found.held[SEEN[2]].append(bool(fitted.gains[0].low <= truth <= fitted.gains[0].high))
    return found


def _rows(logits: NDArray[np.float64], codes: NDArray[np.int64]) -> dict[str, NDArray[np.float64]]:
    return rows_of_probabilities(TASK, probabilities_at(TASK, logits), codes)


def lines(all_seen: list[Seen]) -> Iterator[str]:
    """The table as Markdown."""
    true = [each for each in all_seen if each.true]
    yield "| share of samples | cells | worst cell | best cell | mean |"
    yield "|---|---|---|---|---|"
    yield _line("false alarms of the test, true probabilities", [each.alarms for each in true], most=True)
    yield _line("bins inside their 90 % band, true probabilities", [each.inside for each in true])
    yield _line("temperature advised for true probabilities", [each.advised for each in true], most=True)
    for name in SEEN:
        held = [each.held[name] for each in all_seen if len(each.held[name]) > SELDOM * len(each.values)]
        yield _line(f"95 % interval of the {name} holds", held)
    yield ""
    yield "| temperature of one net, logits twice too large | 5 % of samples below | median | 5 % above |"
    yield "|---|---|---|---|"
    for rows in sorted({each.rows for each in all_seen}):
        twice = [each.values for each in all_seen if (each.law.sure, each.law.noise, each.rows) == (2, 0, rows)]
        low, middle, high = np.quantile(twice, (0.05, 0.5, 0.95))
        yield f"| {rows} rows | {low:.2f} | {middle:.2f} | {high:.2f} |"


def _line(what: str, cells: list[list[bool]], *, most: bool = False) -> str:
    ends = sorted((float(np.mean(each)) for each in cells), reverse=most)
    return f"| {what} | {len(ends)} | {ends[0]:.3f} | {ends[-1]:.3f} | {np.mean(ends):.3f} |"


def main(arguments: list[str]) -> int:
    """Print the table."""
    draws = QUICK if "--quick" in arguments else DRAWS
    found = [seen(law, rows, draws) for law in laws() for rows in SIZES]
    print("\n".join(lines(found)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
