"""Columns that only number or name the rows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from goodfit.data.tables.frames import Frame
from goodfit.data.tables.kinds import ID_ROWS, Kind
from goodfit.data.tables.raw import RawColumn


def counting(frame: Frame, kinds: Mapping[str, Kind]) -> list[str]:
    """Columns of whole numbers that rise from row to row, by one or little more."""
    return [name for name, kind in kinds.items() if kind == "numeric" and _counts_up(frame.columns[name])]


def _counts_up(column: RawColumn) -> bool:
    values = column.numbers()
    with np.errstate(invalid="ignore", over="ignore"):  # of infinite or very large numbers
        steps = np.diff(values)
        rises = len(values) >= ID_ROWS and bool(((steps >= 1) & (steps == np.floor(steps))).all())
        return rises and bool(values[-1] - values[0] < 2 * len(values))
