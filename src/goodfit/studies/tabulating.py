"""Tables of studies, declared and filled in few words; bands over seeds: the middle, and where 95 % of them lie."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from goodfit.studies.declaring import Column, Columns
from goodfit.studies.words import Words

LEVELS = {"low": 0.025, "median": 0.5, "high": 0.975}
_HEADS = {"low": Words("2.5 %", "2.5 %"), "median": Words("median", "中位数"), "high": Words("97.5 %", "97.5 %")}


def heads(*given: tuple[str, str, str]) -> tuple[Column, ...]:
    """Columns from (name, English head, Chinese head)."""
    return tuple(Column(name, Words(en, zh)) for name, en, zh in given)


def columns(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> Columns:
    """Rows as columns of these names."""
    filled = list(rows)
    return {name: [row[at] for row in filled] for at, name in enumerate(names)}


def band_columns(*given: tuple[str, str, str]) -> tuple[Column, ...]:
    """Three columns for each quantity (name, in English, in Chinese): NAME_low, NAME_median, NAME_high."""
    return tuple(
        Column(f"{name}_{which}", Words(f"{en}, {head.en}", f"{zh}，{head.zh}"))
        for name, en, zh in given
        for which, head in _HEADS.items()
    )


def band(name: str, values: ArrayLike) -> dict[str, float]:
    """The cells of such columns, of values over seeds [S]; nan where none is finite."""
    each = np.asarray(values, float)
    each = each[np.isfinite(each)]
    found = np.quantile(each, list(LEVELS.values())) if len(each) else np.full(len(LEVELS), np.nan)
    return {f"{name}_{which}": float(value) for which, value in zip(LEVELS, found, strict=True)}


def table_of(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """Rows that all have the same columns, as a table."""
    return {name: [row[name] for row in rows] for name in rows[0]}
