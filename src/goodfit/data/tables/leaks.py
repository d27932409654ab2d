"""Columns that may give the target away: they equal it, determine it, or move exactly with it."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from goodfit.data.tables.frames import Frame
from goodfit.data.tables.kinds import Kind, read_as
from goodfit.data.tables.raw import Numbers, RawColumn
from goodfit.data.tables.targets import Target

CORRELATION = 0.999  # of a column with a numeric target, or of their ranks, from which on it is a suspect
FEWEST_ROWS = 10  # with values, below which a correlation says nothing
CHANCE = (
    1e-6  # a perfect prediction that is less probable than this, for a column independent of the target, is no accident
)


@dataclass(frozen=True)
class Leak:
    """A column that predicts the target so well that it may not be known when predictions are wanted. why: a phrase."""

    column: str
    why: str

    def __str__(self) -> str:
        return f"Column {self.column!r} {self.why}."


def find_leaks(frame: Frame, kinds: dict[str, Kind], target: Target, group: str | None = None) -> tuple[Leak, ...]:
    """The suspects of `leaks_in_rows`, of rows that repeat others only one, and of each group only one row: what is
    the same again and again is no evidence.

    group: a column whose equal values are rows of one group.
    """
    first = np.unique(_mixed([frame.columns[name].codes for name in kinds], target.y), return_index=True)[1]
    if group is not None:
        codes = frame.columns[group].codes
        known = first[codes[first] >= 0]
        alone = first[codes[first] < 0]
        first = np.concatenate([known[np.unique(codes[known], return_index=True)[1]], alone])
    if len(first) == frame.rows:
        return leaks_in_rows(frame, kinds, target)
    first = np.sort(first)
    fewer = replace(target, y=target.y[first], rows=target.rows[first])
    return leaks_in_rows(frame.take(first), kinds, fewer) if len(first) > 1 else ()


def _mixed(columns: list[NDArray[np.int32]], y: NDArray[np.generic]) -> NDArray[np.uint64]:
    """A number for each row, by which rows with the same codes and target are known, but for one chance in 2^40."""
    numbers: NDArray[np.uint64] = np.unique(y, return_inverse=True)[1].astype(np.uint64)
    for codes in columns:
        numbers = (numbers ^ (numbers >> np.uint64(29))) * np.uint64(0x9E3779B97F4A7C15) + codes.astype(np.uint64)
    return numbers


def leaks_in_rows(frame: Frame, kinds: dict[str, Kind], target: Target) -> tuple[Leak, ...]:
    """The suspects among the input columns, over the rows that have a target, in the columns' order.

    A column is a suspect if it holds the same values as the target; if each of its values, a missing one included, goes
    with one value of the target, and that is less probable than CHANCE for a column independent of it; if thresholds on
    it tell the classes apart without a mistake, likewise; or if its correlation with a numeric target, or that of their
    ranks, is at least CORRELATION. Frame holds the rows of the target only.
    """
    found = []
    y = np.unique(target.y, return_inverse=True)[1]
    for name, kind in kinds.items():
        why = _why(frame.columns[name], kind, target, y)
        if why:
            found.append(Leak(name, why))
    return tuple(found)


def _why(column: RawColumn, kind: Kind, target: Target, y: NDArray[np.int64]) -> str:
    if _equal(column, target):
        return f"equals the target {target.name!r} in every row"
    codes = column.codes
    if _chance_of_pure(np.where(codes < 0, 0, 1), y) < np.log(CHANCE):
        return "is missing in some rows, and that alone determines the target"
    if _chance_of_pure(codes, y) < np.log(CHANCE):
        same = len(np.unique(codes)) == y.max() + 1
        return "has one value per class" if same and target.classes else "determines the target in every row"
    if kind == "categorical":
        return ""
    values, _ = read_as(column, kind)
    known = ~np.isnan(values)
    if target.task == "regression":
        return _correlated(values[known], target.y[known].astype(np.float64))
    return _separated(values, known, y)


def _equal(column: RawColumn, target: Target) -> bool:
    if target.task == "regression":
        return bool(np.array_equal(column.numbers(), target.y))
    used, codes = np.unique(column.codes, return_inverse=True)
    if used[0] < 0 or len(used) != len(target.classes):
        return False
    words = column.categories()
    places = {name: place for place, name in enumerate(target.classes)}
    same = np.array([places.get(words[code], -1) for code in used])
    return bool(np.array_equal(same[codes], target.y))


def _chance_of_pure(codes: NDArray[np.int32], y: NDArray[np.int64]) -> float:
    """Log of the probability that each value of a column goes with one target, were they independent; 0 if it does not.

    For groups of m rows: the product of sum_c p_c^m, with p_c the targets' shares.
    """
    groups = np.unique(codes, return_inverse=True)[1]
    pairs = np.unique(groups * (y.max() + 1) + y)
    sizes = np.bincount(groups)
    if len(pairs) > len(sizes):
        return 0.0
    shares = np.bincount(y) / len(y)
    different, times = np.unique(sizes, return_counts=True)
    with np.errstate(divide="ignore"):
        chances = [np.log((shares**size).sum()) for size in different]
    return float(np.dot(chances, times))


def _correlated(x: Numbers, y: Numbers) -> str:
    if len(x) < FEWEST_ROWS:
        return ""
    for what, a, b in (("", x, y), ("rank ", _ranks(x), _ranks(y))):
        r = _correlation(a, b)
        if abs(r) >= CORRELATION:
            return f"is perfectly correlated with the target ({what}correlation {r:.4f})"
    return ""


def _correlation(x: Numbers, y: Numbers) -> float:
    """Pearson's; 0 where one of them does not vary."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        x, y = x / np.abs(x).max(initial=1e-300), y / np.abs(y).max(initial=1e-300)
        x, y = x - x.mean(), y - y.mean()
        r = (x @ y) / np.sqrt((x @ x) * (y @ y))
    return float(r) if np.isfinite(r) else 0.0


def _ranks(values: Numbers) -> Numbers:
    """Ranks, equal values sharing the mean of theirs."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[places]


def _separated(values: Numbers, known: NDArray[np.bool_], y: NDArray[np.int64]) -> str:
    """Whether thresholds on the column tell the classes apart, and chance would hardly do it."""
    if not known.all():
        return ""
    order = np.argsort(values, kind="stable")
    changes = np.flatnonzero(np.diff(y[order]))
    classes = int(y.max()) + 1
    if len(changes) != classes - 1 or (values[order][changes] == values[order][changes + 1]).any():
        return ""
    from math import lgamma

    arrangements = lgamma(len(y) + 1) - sum(lgamma(size + 1) for size in np.bincount(y))
    if lgamma(classes + 1) - arrangements > np.log(CHANCE):
        return ""
    return "separates the classes with " + ("one threshold" if classes == 2 else "thresholds") + ", without error"
