"""How often every kind of 95 % interval holds the truth, by simulation: the part "intervals" of `benchmarks.honesty`.

`python -m benchmarks.intervals [KIND ...]` prints every cell. Each kind is drawn as it is used, over rows, nets and
what ties them together, with a truth that is known. Only intervals that are printed are judged; how many samples have
none is told beside.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks import interval_cells, regression_cells
from benchmarks.bars import Bar, Measurement
from benchmarks.interval_cells import Cell

QUICK = 100
LEAST = 0.92
SELDOM = 0.02  # of the samples: a cell that has an interval in fewer is not judged

KINDS = {  # kind -> what its intervals are of, and whether they are judged
    "accuracy": ("accuracy or exact match, 1 to 30 nets", True),
    "openings": ("accuracies of several openings of a test set, all together", True),
    "R²": ("R², laws that it was made on", True),
    "R² of openings": ("R² of ten openings of a test set, all together", True),
    "R² built from answers": (
        "R² of 20 openings, each model built from earlier answers (adaptive), all together",
        True,
    ),
    "R², held out": ("R², other laws and sizes", True),
    "mean absolute error": ("mean absolute error, laws that it was made on", True),
    "mean absolute error, held out": ("mean absolute error, other laws and sizes", True),
    "median absolute error": ("median absolute error", True),
    "median absolute error, held out": ("median absolute error, other laws and sizes", True),
    "R², rare": ("R², rare large errors", False),
    "R², undefined": ("R², noise without a variance: there is none to hold", False),
    "mean absolute error, rare": ("mean absolute error, rare large errors", False),
    "median absolute error, rare": ("median absolute error, rare large errors", True),
    "median absolute error, undefined": ("median absolute error, noise without a variance", True),
    "folds": ("mean accuracy over folds (searches, curves)", True),
    "R² over folds": ("mean R² over folds (searches, curves)", True),
    "winner": ("corrected accuracy of a search's winner", True),
    "R² of a winner": ("corrected R² of a search's winner", True),
    "gain": ("gain of an alternative (verdicts)", True),
    "mean of shares": ("mean accuracy over seeds (studies)", True),
    "difference": ("mean difference of accuracies over seeds (studies, tried advice)", True),
    "mean of losses": ("mean loss over seeds (studies)", False),
    "ratio": ("geometric mean of ratios over seeds (studies)", False),
    "share of seeds": ("share of seeds (studies)", True),
    "median": ("median over seeds (studies)", True),
    "correlation": ("correlation over seeds (studies)", True),
}


@dataclass(frozen=True)
class Covered:
    """What came of a cell: share of the printed intervals that hold, their median width, share of samples with none."""

    cell: Cell
    held: float
    width: float
    none: float

    @property
    def judged(self) -> bool:
        """Whether it has an interval often enough to be judged."""
        return 1 - self.none >= SELDOM


def cells() -> Iterator[Cell]:
    """All that is simulated."""
    yield from interval_cells.cells()
    yield from regression_cells.cells()


def covered(cell: Cell, draws: int) -> Covered:
    """Draw a cell."""
    found = cell.sample(draws)
    made = [each for each in found if each.made]
    if not made:
        return Covered(cell, math.nan, math.nan, 1.0)
    held, width = np.mean([each.held for each in made]), np.median([each.width for each in made])
    return Covered(cell, float(held), float(width), 1 - len(made) / draws)


def simulated(quick: bool) -> dict[str, list[Covered]]:
    """Kind -> its cells."""
    found: dict[str, list[Covered]] = {kind: [] for kind in KINDS}
    for cell in cells():
        if cell.kind in found:
            found[cell.kind].append(covered(cell, QUICK if quick else cell.draws))
    return found


def line(one: Covered) -> str:
    """A cell in one line."""
    return f"{one.cell.kind:32} {one.held:8.3f} {one.width:8.3f} {one.none:6.3f}  {one.cell.about}"


def measure(quick: bool) -> list[Measurement]:
    """The worst cell of every kind that is judged."""
    return [_measured(kind, each) for kind, each in simulated(quick).items() if KINDS[kind][1]]


def _measured(kind: str, found: Sequence[Covered]) -> Measurement:
    judged = [each for each in found if each.judged]
    worst = min(judged, key=lambda each: each.held)
    bar = Bar(f"95 % intervals of {KINDS[kind][0]}: coverage, worst cell", LEAST, HOW, at_least=True, unit="of cases")
    best = max(each.held for each in judged)
    return Measurement(bar, worst.held, f"{len(judged)} cells, worst: {worst.cell.about}; best {best:.3f}")


HOW = (
    "200 to 2,000 samples a cell, each from a law whose truth is known; of the intervals that are printed. "
    "A cell's standard error is 0.005 to 0.015."
)


def tables(keep: Path | None = None) -> str:
    """The worst and best cell of every kind, as Markdown. keep: not used, for nothing is trained."""
    return "\n".join([HEAD, *(_line(kind, each) for kind, each in simulated(False).items())])


HEAD = (
    "| 95 % interval of | cells | coverage, worst cell | which | best | cells below 0.92 | without an interval |\n"
    "|---|---|---|---|---|---|---|"
)


def _line(kind: str, found: Iterable[Covered]) -> str:
    each = list(found)
    judged = [one for one in each if one.judged]
    worst = min(judged, key=lambda one: one.held)
    low = sum(one.held < LEAST for one in judged)
    none = f"{100 * min(one.none for one in each):.3g} to {100 * max(one.none for one in each):.3g} %"
    best = max(one.held for one in judged)
    cells = f"{KINDS[kind][0]} | {len(judged)} | {worst.held:.3f} | {worst.cell.about} | {best:.3f} | {low} | {none}"
    return f"| {cells} |"


def main(arguments: list[str]) -> int:
    """Print the cells of these kinds, or of all."""
    chosen = [each for each in arguments if not each.startswith("--")]
    print(f"{'kind':32} {'coverage':>8} {'width':>8} {'none':>6}  cell")
    for cell in cells():
        if not chosen or cell.kind in chosen:
            one = covered(cell, QUICK if "--quick" in arguments else cell.draws)
            print(line(one), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
