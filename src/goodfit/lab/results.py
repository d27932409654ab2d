"""What jobs come to, as the page shows it: sentences and a table, in both languages, and what Play may take of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from goodfit.studies.words import Words

Cell = str | Words
SCORES = {
    "accuracy": Words("accuracy", "准确率"),
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


def number(value: float | None, digits: int = 3) -> str:
    """A number in so many digits; a dash where there is none."""
    return "–" if value is None or not math.isfinite(value) else f"{value:.{digits}g}"


def ranged(found: Mapping[str, Any], digits: int = 3) -> str:
    """A mean with its interval, where it has one."""
    low, high = (number(found.get(end), digits) for end in ("low", "high"))
    return number(found["mean"], digits) + ("" if "–" in (low, high) else f" ({low}–{high})")


def _cells(row: Sequence[Cell]) -> list[Any]:
    return [vars(each) if isinstance(each, Words) else each for each in row]
