"""Columns that may give the target away: they equal it, determine it, move exactly with it, or tell nearly all."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from goodfit.data.agreement import merged, partial_twins
from goodfit.data.streams import generator
from goodfit.data.tables.chances import CHANCE, chance_of_pure, correlated, separated
from goodfit.data.tables.frames import Frame
from goodfit.data.tables.kinds import Kind, read_as
from goodfit.data.tables.nearly import Cells, Status, drifts, nearly
from goodfit.data.tables.pairs_that_tell import pairs_of_numbers, pairs_of_values
from goodfit.data.tables.raw import RawColumn
from goodfit.data.tables.targets import Target

SAMPLE = 2000  # rows that are looked at first, for what is not exact, and for pairs of columns


@dataclass(frozen=True)
class Leak:
    """A column that predicts the target so well that it may not be known when predictions are wanted.

    column: its name
    why: a phrase
    status: "issue" where hardly anything but a copy of the target does so, "notice" where a strong feature does, too.
    """

    column: str
    why: str
    status: Status = "issue"

    def __str__(self) -> str:
        return f"Column {self.column!r} {self.why}{'' if self.why.endswith('?') else '.'}"


def find_leaks(
    frame: Frame, kinds: dict[str, Kind], target: Target, group: str | None = None, *, changed: bool = True
) -> tuple[Leak, ...]:
    """The suspects of `leaks_in_rows` for each target, of rows that repeat others only one, though for a few columns
    that were changed, and of each group only one row: what is the same again and again is no evidence.

    Rows with other targets are no repeats.
    group: a column whose equal values are rows of one group. changed: whether to look for rows that repeat others but
    for a few columns; without it, there are none.
    """
    if not target.names:
        return _leaks_of_one(frame, kinds, target, group, changed=changed)
    found = [(each.name, _leaks_of_one(frame, kinds, each, group, changed=changed)) for each in target.each]
    return tuple(_naming(leak, name) for name, those in found for leak in those)


def _naming(leak: Leak, target: str) -> Leak:
    """The same, where several targets are looked at, with the name of its own."""
    if repr(target) in leak.why:
        return leak
    named = f"the target {target!r}"
    told = leak.why.replace("the target", named, 1) if "the target" in leak.why else f"{leak.why} ({named})"
    return replace(leak, why=told)


def _leaks_of_one(
    frame: Frame, kinds: dict[str, Kind], target: Target, group: str | None, *, changed: bool
) -> tuple[Leak, ...]:
    first = np.unique(_mixed([frame.columns[name].codes for name in kinds], target.y), return_index=True)[1]
    if group is not None:
        codes = frame.columns[group].codes
        known = first[codes[first] >= 0]
        alone = first[codes[first] < 0]
        first = np.concatenate([known[np.unique(codes[known], return_index=True)[1]], alone])
    first = np.sort(first)
    if changed and kinds:
        columns = [frame.columns[name].codes for name in kinds]
        alike, of_rows = np.unique(_mixed(columns, np.zeros(frame.rows)), return_index=True, return_inverse=True)[1:]
        groups = alike[of_rows].astype(np.int32)  # by the inputs alone: each row's first with the same
        copies = partial_twins(np.stack(columns, axis=1), np.unique(groups[first]))
        same = merged(groups, copies.rows, copies.partners)
        kept = np.unique(_mixed([same[first]], target.y[first]), return_index=True)[1]
        first = first[np.sort(kept)]
    if len(first) == frame.rows:
        return leaks_in_rows(frame, kinds, target)
    fewer = replace(target, y=target.y[first], rows=target.rows[first])
    return leaks_in_rows(frame.take(first), kinds, fewer) if len(first) > 1 else ()


def _mixed(columns: list[NDArray[np.int32]], y: NDArray[np.generic]) -> NDArray[np.uint64]:
    """A number for each row, by which rows with the same codes and target are known, but for one chance in 2^40."""
    numbers: NDArray[np.uint64] = np.unique(y, return_inverse=True)[1].astype(np.uint64)
    for codes in columns:
        numbers = (numbers ^ (numbers >> np.uint64(29))) * np.uint64(0x9E3779B97F4A7C15) + codes.astype(np.uint64)
    return numbers


def leaks_in_rows(frame: Frame, kinds: dict[str, Kind], target: Target, *, pairs: bool = True) -> tuple[Leak, ...]:
    """The suspects among the input columns, over the rows that have a target, in the columns' order.

    A column is a suspect if it holds the same values as the target; if each of its values, a missing one included, goes
    with one value of the target, and that is less probable than CHANCE for a column independent of it; if thresholds on
    it tell the classes apart without a mistake, likewise; if its correlation with a numeric target, or that of their
    ranks, is at least CORRELATION; or if it does nearly so (`nearly`). Frame holds the rows of the target only.
    pairs: whether to look at two columns together as well, where neither is a suspect.
    """
    found = []
    y = np.unique(target.y, return_inverse=True)[1]
    order = np.argsort(target.rows, kind="stable")
    some = order[np.sort(generator(0, "leaks").permutation(len(order))[:SAMPLE])]
    for name, kind in kinds.items():
        column = frame.columns[name]
        why = _why(column, kind, target, y, order)
        told = nearly(_cells(column, kind, target, y, some)) if not why else ("issue", why)
        if told is not None and not why and len(some) < len(order):
            told = nearly(_cells(column, kind, target, y, order))
        if told is not None:
            found.append(Leak(name, told[1], told[0]))
    if pairs:
        names = {leak.column for leak in found}
        others = {name: kind for name, kind in kinds.items() if name not in names}
        found += telling_pairs(frame, others, target, len(kinds))
    return tuple(found)


def _cells(column: RawColumn, kind: Kind, target: Target, y: NDArray[np.int64], rows: NDArray[np.intp]) -> Cells:
    """Some rows of a column beside the target."""
    column = column.take(rows)
    values = None if kind == "categorical" else read_as(column, kind)[0]
    numbers = target.y[rows].astype(np.float64) if target.task == "regression" else None
    return Cells(column.codes.astype(np.int64), values, y[rows], numbers)


def telling_pairs(
    frame: Frame, kinds: dict[str, Kind], target: Target, inputs: int, names: Mapping[str, str] | None = None
) -> list[Leak]:
    """Two columns that give the target away together, each pair under the name of its first; see `pairs_that_tell`.

    What a sample of the rows does not show is not looked for in all of them; of two columns in all, none is a leak, for
    nothing would be left.
    inputs: how many there are in all, suspects included; names: of the columns, as the texts have them.
    """
    if inputs < 3:
        return []
    some = generator(0, "pairs").permutation(frame.rows)[:SAMPLE]
    few = replace(target, y=target.y[some], rows=target.rows[some])
    found = _pairs(frame.take(some), kinds, few)
    if found and len(some) < frame.rows:
        named = {name for pair in found for name in pair[:2]}
        found = _pairs(frame, {name: kind for name, kind in kinds.items() if name in named}, target)
    told = [(name, how.format((names or {}).get(other, other))) for name, other, how in found]
    return [Leak(name, f"gives the target exactly with another column: {how}") for name, how in told]


def _pairs(frame: Frame, kinds: dict[str, Kind], target: Target) -> list[tuple[str, str, str]]:
    if target.task == "regression":
        numbers = {name: read_as(frame.columns[name], kind)[0] for name, kind in kinds.items() if kind != "categorical"}
        return pairs_of_numbers(numbers, target.y.astype(np.float64))
    y = np.unique(target.y, return_inverse=True)[1]
    return pairs_of_values({name: frame.columns[name].codes for name in kinds}, y)


def _why(column: RawColumn, kind: Kind, target: Target, y: NDArray[np.int64], order: NDArray[np.intp]) -> str:
    """How a column gives the target away exactly, or ""; order: of the rows, as they came."""
    if _equal(column, target):
        return f"equals the target {target.name!r} in every row"
    codes = column.codes
    if chance_of_pure(np.where(codes < 0, 0, 1), y) < math.log(CHANCE):
        return "is missing in some rows, and that alone determines the target"
    if chance_of_pure(codes, y) < math.log(CHANCE):
        same = len(np.unique(codes)) == y.max() + 1
        return "has one value per class" if same and target.classes else "determines the target in every row"
    if kind == "categorical":
        return ""
    values, _ = read_as(column, kind)
    if target.task == "regression":
        known = ~np.isnan(values)
        numbers = target.y.astype(np.float64)
        why = correlated(values[known], numbers[known])
        return "" if why and drifts(values[order], numbers[order]) else why
    return separated(values, y)


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
