"""Columns that only number or name the rows."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from goodfit.data.tables.frames import Frame
from goodfit.data.tables.kinds import ID_ROWS, Kind
from goodfit.data.tables.raw import RawColumn

ID_NAME = re.compile(r"(?i:(.*[ _.-])?(id|uuid|guid))|.*[a-z](Id|ID)")  # id, customer_id, CustomerID; not valid


def is_surely_id(name: str, column: RawColumn) -> bool:
    """Whether a column names the rows: its name says so, and it has another text or whole number in each of them."""
    if not ID_NAME.fullmatch(name) or not ID_ROWS <= len(column) == column.distinct:
        return False
    numbers = column.numbers() if column.storage != "text" else np.zeros(0)
    return column.storage in ("text", "number") and bool((numbers == np.floor(numbers)).all())


def left_out_note(name: str, column: RawColumn) -> str:
    """What is said of such a column."""
    kind = "categorical" if np.isnan(column.numbers()).any() else "numeric"
    given = _argument(f"{name}={kind}")
    why = "its name says so, and it differs in every row"
    return f"Column {name!r} is left out as an id: {why}. To keep it, give its kind: --kind {given}."


def advice_note(name: str) -> str:
    """What is said of one that looks so in some of the rows, which is not enough to leave it out."""
    return f"Column {name!r} looks like an id; if it is one, leave it out with --id {_argument(name)}."


def _argument(text: str) -> str:
    """As every shell takes it, also that of Windows, to which single quotes are letters."""
    return text if re.fullmatch(r"[\w.=/-]+", text) else f'"{text}"'


def counting(frame: Frame, kinds: Mapping[str, Kind]) -> list[str]:
    """Columns of whole numbers that rise from row to row, by one or little more."""
    return [name for name, kind in kinds.items() if kind == "numeric" and _counts_up(frame.columns[name])]


def _counts_up(column: RawColumn) -> bool:
    values = column.numbers()
    with np.errstate(invalid="ignore", over="ignore"):  # of infinite or very large numbers
        steps = np.diff(values)
        rises = len(values) >= ID_ROWS and bool(((steps >= 1) & (steps == np.floor(steps))).all())
        return rises and bool(values[-1] - values[0] < 2 * len(values))
