"""What jobs come to, as the page shows it: sentences and a table, in both languages, and what Play may take of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit import intervals
from goodfit.lab.intervals_told import number, with_interval
from goodfit.selection.comparing import ROUNDING
from goodfit.studies.words import Words

Cell = str | Words
ONE_NET = Words("no interval: one net", "没有区间：只有一个网络")
AGREE = Words("no interval: all nets agree", "没有区间：各网络结果相同")
SCORES = {
    "accuracy": Words("accuracy", "精度"),
    "exact match": Words("exact match", "完全匹配率"),
    "R²": Words("R²", "R²"),
}


def shown(
    said: Sequence[Words],
    caption: Words,
    head: Sequence[Cell],
    rows: Sequence[Sequence[Cell]],
    take: Sequence[Any] = (),
) -> dict[str, Any]:
    """The fields that every page shows alike.

    said: sentences above the table
    head, rows: its cells; the first of each row names the row
    take: for each row the fields of the recipe that Play opens it with, None for a row that it does not
    """
    table = {"caption": vars(caption), "head": _cells(head), "rows": [_cells(row) for row in rows]}
    return {"said": [vars(each) for each in said], "table": table, "take": list(take)}


def reasoned(found: Mapping[str, Any], why: Words) -> Words:
    """A mean with its interval, or with why it has none; a dash alone where there is no mean either."""
    told = with_interval(found["mean"], found.get("low"), found.get("high"))
    if told.en == number(None) or "(" in told.en:
        return told
    return Words(f"{told.en} ({why.en})", f"{told.zh}（{why.zh}）")


def over_nets(
    values: NDArray[Any], level: float = intervals.LEVEL, bounds: intervals.Bounds = intervals.UNBOUNDED
) -> tuple[float, float] | tuple[None, None]:
    """The interval of a mean over nets [P]; none of one net, nor of nets that agree.

    A width of zero would claim what nobody knows.
    """
    each = np.asarray(values, np.float64)
    if len(each) < 2 or np.ptp(each) <= ROUNDING * np.abs(each).max():
        return None, None
    return intervals.of_mean(each, level, bounds)


def _cells(row: Sequence[Cell]) -> list[Any]:
    return [vars(each) if isinstance(each, Words) else each for each in row]
