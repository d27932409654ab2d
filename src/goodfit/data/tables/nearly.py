"""Columns that tell nearly all of the target: copies of it with gaps, other values for missing ones, or wrong cells.

A strong feature that is honest tells much, too. What only a copy does is an issue: to determine the target wherever it
is not missing (or one other value, such as -999, or the mean), to agree with nearly every class one to one, or to move
with a number up to a thousandth of its spread. What a strong feature may do is a notice, which asks.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from goodfit.data.streams import generator
from goodfit.data.tables.chances import CHANCE, Codes, chance_of_pure, correlation, ranks, right_by_value, separated
from goodfit.data.tables.raw import Numbers

Status = Literal["issue", "notice"]
FEWEST = 50  # rows below which nothing but an exact relation is told
KEPT = 0.8  # of the rows must have another value than the one that is left out
LEFT_OUT = 0.003  # of the rows must have that value, and two of them
AGREES = 0.985  # of the rows, of a column with about as many values as classes: an issue, a copy with wrong cells
TELLS_CLASSES = 0.95  # of the errors of the best constant that are avoided, from which on a column is asked about
TELLS_VALUES = 0.85  # the same for a column with about as many values as classes
TELLS_NUMBERS = 0.98  # R², of the rows but for the tenth that fits worst, from which on a column is asked about
IS_NUMBERS = 0.998  # R² of a copy; a correlation of 0.999
PERSISTENT = 0.25  # of the change from row to row: a column that tells the target no better is as the row before
OTHERS = 2  # values beyond the classes that a copy may have: for missing ones, and for unknown ones
MOST_CLASSES = 50


@dataclass(frozen=True, eq=False)
class Cells:
    """A column beside the target, over the rows in their order.

    codes: int64 [N], which value, -1 where missing; values: float64 [N], NaN where missing, None of categories; y:
    int64 [N], which value of the target; numbers: float64 [N], a numeric target, None of classes.
    """

    codes: Codes
    values: Numbers | None
    y: Codes
    numbers: Numbers | None

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> "Cells":
        """Some of the rows."""
        values, numbers = (None if each is None else each[rows] for each in (self.values, self.numbers))
        return Cells(self.codes[rows], values, self.y[rows], numbers)


def nearly(cells: Cells) -> tuple[Status, str] | None:
    """(status, why) for a column that tells nearly all of the target, or None; exact relations are looked for before,
    but for a correlation that time explains.
    """
    if len(cells) < FEWEST:
        return None
    if cells.numbers is None or cells.values is None:
        for kept, but in _but_for(cells):
            why = _exact(cells.take(kept))
            if why:
                return ("notice" if _persists(cells, 1.0) else "issue"), f"{why} {but}"
    return _classes(cells) if cells.numbers is None else _numbers(cells)


def _but_for(cells: Cells) -> Iterator[tuple[NDArray[np.bool_], str]]:
    """The rows without missing values, and without one other value that may stand for them, and how to say so."""
    known = cells.codes >= 0
    if KEPT * len(cells) <= known.sum() < len(cells):
        yield known, f"wherever it is not missing ({known.mean():.0%} of the rows)"
    used, counts = np.unique(cells.codes[known], return_counts=True)
    if not len(used):
        return
    for code in dict.fromkeys((int(used[counts.argmax()]), int(used[0]), int(used[-1]))):
        kept = known & (cells.codes != code)
        if kept.sum() >= KEPT * len(cells) and (known & ~kept).sum() > max(1, LEFT_OUT * len(cells)):
            yield kept, f"except where it has one particular value ({1 - kept.mean():.0%} of the rows)"


def _exact(cells: Cells) -> str:
    y = np.unique(cells.y, return_inverse=True)[1]
    if not y.any():
        return ""
    if chance_of_pure(cells.codes, y) < math.log(CHANCE):
        return "determines the target"
    return "" if cells.values is None or cells.numbers is not None else separated(cells.values, y)


def _classes(cells: Cells) -> tuple[Status, str] | None:
    y = cells.y
    if int(y.max()) + 1 > MOST_CLASSES:
        return None
    classes = len(np.unique(y))
    base = float(np.bincount(y).max() / len(y))
    if base > 1 - 1e-9:
        return None
    values = len(np.unique(cells.codes[cells.codes >= 0]))
    alike = classes <= values <= classes + OTHERS
    right = right_by_value(cells.codes + 1, y)
    if alike and right >= AGREES and right - base >= 0.9 * (1 - base):
        return ("notice" if _persists(cells, right) else "issue"), f"agrees with the target in {right:.1%} of the rows"
    if cells.values is not None and not alike:
        right = max(right, _right_by_neighbours(cells.values, y))
    told = (right - base) / (1 - base)
    if told >= (TELLS_VALUES if alike else TELLS_CLASSES):
        return "notice", f"tells almost all of the target ({right:.1%} of the rows): is it known when you predict?"
    return None


def _right_by_neighbours(values: Numbers, y: Codes, reach: int = 3) -> float:
    """The share of rows whose class most of the nearest rows along the column have; rows without a value are wrong."""
    known = np.flatnonzero(~np.isnan(values))
    if len(known) < FEWEST // 2:
        return 0.0
    known = generator(0, "ties").permutation(known)  # equal values in no order, whatever the order of the rows
    ordered = y[known[np.argsort(values[known], kind="stable")]]
    classes = int(y.max()) + 1
    votes = np.zeros((len(ordered), classes), np.int16)
    hot = np.eye(classes, dtype=np.int16)[ordered]
    for step in range(1, reach + 1):
        votes[step:] += hot[:-step]
        votes[:-step] += hot[step:]
    return float((votes.argmax(axis=1) == ordered).sum() / len(values))


def _numbers(cells: Cells) -> tuple[Status, str] | None:
    """What a column tells of a numeric target, without the worst tenth of the rows, and without one of its values."""
    y, values = cells.numbers, cells.values
    if y is None or values is None:
        return None
    best: tuple[float, str] = (0.0, "")
    for kept, but in [(~np.isnan(values), ""), *_but_for(cells)]:
        kept = kept & ~np.isnan(values)
        if kept.sum() < max(FEWEST // 2, KEPT * len(cells)):
            continue
        told = max(correlation(values[kept], y[kept]) ** 2 - 1e-12, _curve(values[kept], y[kept], _spread(y)))
        best = max(best, (told, but), key=lambda each: each[0])
    told, but = best
    if told < TELLS_NUMBERS:
        return None
    persistent = _drifts(y, math.sqrt(1 - told) * _spread(y))
    if told >= IS_NUMBERS and not persistent:
        return (
            "issue",
            f"moves exactly with the target {but}".strip()
            + f" (R² {told:.4f}, excluding the worst-fitting 10 % of rows)",
        )
    if persistent and np.mean(values[1:] == y[:-1]) > 0.5:
        return None  # the target of the row before, which is known
    return "notice", f"tells almost all of the target (R² {told:.3f}): is it known when you predict?"


def _spread(y: Numbers) -> float:
    low, high = np.quantile(y, (0.25, 0.75))
    return float((high - low) / 1.349)


def _curve(values: Numbers, y: Numbers, spread: float) -> float:
    """R² of predicting each target by the median of the four rows nearest along the column.

    Errors are measured by their 0.9 quantile, which a tenth of the rows cannot move; 1.3 is the variance of a
    difference from the median of four, 1.645 the quantile of a normal error.
    """
    if not spread or len(y) < FEWEST // 2:
        return 0.0
    mixed = generator(0, "ties").permutation(len(y))
    ordered = y[mixed][np.argsort(values[mixed], kind="stable")]
    around = np.stack([ordered[:-4], ordered[1:-3], ordered[3:-1], ordered[4:]])
    error = np.abs(ordered[2:-2] - np.median(around, axis=0))
    return 1 - min(1.0, float(np.quantile(error, 0.9) / 1.645 / math.sqrt(1.3) / spread)) ** 2


def _persists(cells: Cells, right: float) -> bool:
    """Whether the class of the row before tells as much, though the rows are not sorted by class."""
    y = cells.y
    changes = int(np.count_nonzero(y[1:] != y[:-1]))
    return changes > 2 * len(np.unique(y)) and 1 - changes / (len(y) - 1) >= 1 - 2 * (1 - min(right, 0.99))


def _drifts(y: Numbers, left: float) -> bool:
    """Whether the number of the row before tells nearly as much, though the rows are not sorted by it.

    left: standard deviation of what a column does not tell.
    """
    steps = np.diff(y)
    ordered = np.abs(np.sign(steps).mean()) > 0.9
    return not ordered and left >= PERSISTENT * float(np.quantile(np.abs(steps), 0.9) / 1.645)


def drifts(values: Numbers, y: Numbers) -> bool:
    """Whether a column is so close to the target, or its ranks to the target's, as both drift: rows in their order."""
    known = ~np.isnan(values)
    values, y = values[known], y[known]
    if len(y) < FEWEST:
        return False
    for a, b in ((values, y), (ranks(values), ranks(y))):
        left = math.sqrt(max(0.0, 1 - correlation(a, b) ** 2)) * float(np.std(b))
        if not _drifts(b, left):
            return False
    return True
