"""Columns that are no input but say something of their row: when it was, and how much it counts."""

from __future__ import annotations

import numpy as np

from goodfit.data.dataset import WEIGHT_FIX, WEIGHT_RULE
from goodfit.data.tables.frames import Frame
from goodfit.data.tables.kinds import find_kind
from goodfit.errors import Problems
from goodfit.words import rows_text


def times_of(frame: Frame, name: str, problems: Problems) -> np.ndarray:
    """A column as numbers that run with time, [N]: its numbers, or days; what cannot be read goes to `problems`."""
    column = frame.columns[name]
    kind, numbers = find_kind(column).kind, column.numbers()
    # 0830 is a code as a feature, and a number as a time
    as_numbers = kind == "numeric" or (kind != "boolean" and bool(np.isfinite(numbers).any()))
    values = numbers if as_numbers else column.dates()
    wrong = np.flatnonzero(~np.isfinite(values))
    if wrong.size:
        verb = "does" if wrong.size == 1 else "do"
        rule = (
            f"column {name!r} must hold a date, as 2024-01-31, or a number in every row; {rows_text(wrong)} {verb} not"
        )
        problems.add(frame.name, rule, got=column.shown(int(wrong[0])))
    return values


def weights_of(frame: Frame, name: str, problems: Problems) -> np.ndarray:
    """A column of row weights, float64 [N]; what cannot be read goes to `problems`."""
    if name in frame.unreadable:
        problems.add(frame.name, f"column {name!r} {WEIGHT_RULE}", got=frame.unreadable[name])
        return np.ones(frame.rows)
    column = frame.columns[name]
    values = column.numbers()
    wrong = np.flatnonzero(~(np.isfinite(values) & (values >= 0)))
    if wrong.size or not values.any():
        which = f"; {rows_text(wrong)} {'does' if wrong.size == 1 else 'do'} not" if wrong.size else ""
        got = column.shown(int(wrong[0])) or "nothing" if wrong.size else "0 in all rows"
        problems.add(frame.name, f"column {name!r} {WEIGHT_RULE}{which}", got=got, fix=WEIGHT_FIX)
    return values


def weighed(frame: Frame, name: str, problems: Problems) -> tuple[Frame, list[str]]:
    """(the rows whose weight is not 0, notes); what is wrong with the weights goes to `problems`.

    All rows, and a note, where there is no such column.
    """
    if name not in frame.names:
        return frame, [f"Unweighted: there is no column {name!r}, so that all rows count alike."]
    before = len(problems.found)
    rows = np.flatnonzero(weights_of(frame, name, problems))
    if len(rows) == frame.rows or len(problems.found) > before:
        return frame, []
    lost = frame.rows - len(rows)
    note = f"{'1 row' if lost == 1 else f'{lost:,} rows'} of {frame.rows:,} left out: the weight {name!r} is 0."
    return frame.take(rows), [note]
