"""Rows of a request, as JSON has them, brought into what a model takes: a frame of raw columns, or an array.

How a value is read depends on its column alone, never on the other rows of the request.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.data.tables.fitted import FittedColumn
from goodfit.data.tables.frames import Frame
from goodfit.data.tables.kinds import Kind
from goodfit.data.tables.raw import EXACT, RawColumn, raw_column
from goodfit.errors import InputError, Problems, nearest, problem
from goodfit.words import rows_text

WHERE = "Request"
ENTRY = "rows"  # of the object that holds them
NOTHING = "Write null for a value that is missing."


def rows_in(body: Any) -> list[Any]:
    """The rows of a request's JSON, {"rows": [...]}; InputError where it is anything else, or there are none."""
    if not isinstance(body, dict):
        rule = f"the body must be an object with the entry {ENTRY!r}"
        raise InputError(problem(WHERE, rule, got=body, fix=f'For example: {{"{ENTRY}": [...]}}.'))
    problems = Problems()
    for name in body.keys() - {ENTRY}:
        fix = nearest(name, [ENTRY])
        problems.add(WHERE, f"the body must have no entry but {ENTRY!r}", got=name, fix=fix)
    if ENTRY not in body:
        problems.add(WHERE, f"the body must have the entry {ENTRY!r}")
    elif not isinstance(body[ENTRY], list) or not body[ENTRY]:
        problems.add(WHERE, f"{ENTRY!r} must be a list of at least one row", got=body[ENTRY])
    problems.raise_if_any()
    found: list[Any] = body[ENTRY]
    return found


def frame_of_rows(rows: Sequence[Any], columns: Sequence[FittedColumn], problems: Problems) -> Frame:
    """Rows, objects by column name, as a Frame. What is wrong with their form is added to `problems`.

    columns: those that the net takes. What else may be wrong is for `Preprocessing.transform` to name: columns that
    every row lacks, and values that cannot be read. A column with a problem of form holds nothing, so that this does
    not name it again. Further columns stand in the frame by name alone.
    """
    _each_is(rows, dict, "an object of values by column name", problems)
    problems.raise_if_any()
    names = dict.fromkeys(name for row in rows for name in row)
    made = {
        column.name: raw_values(_column_values(rows, column.name, problems), column.kind)
        for column in columns
        if column.name in names
    }
    further = dict.fromkeys((name for name in names if name not in made), "values")
    return Frame(WHERE, made, len(rows), further)


def array_of_rows(rows: Sequence[Any], width: int) -> NDArray[np.float64]:
    """Rows, lists of numbers, as an array [N, width]; InputError with every problem, by row and by column."""
    problems = Problems()
    _each_is(rows, list, f"a list of {width:,} numbers", problems)
    problems.raise_if_any()
    wrong = np.flatnonzero([len(row) != width for row in rows])
    if wrong.size:
        rule = f"every row must have {width:,} numbers; {_rows_do_not(wrong)}"
        problems.add(WHERE, rule, got=f"{len(rows[int(wrong[0])]):,} values")
    odd: dict[int, list[int]] = {}  # column -> rows
    for place, row in enumerate(rows):
        if not set(map(type, row)) <= {int, float}:
            for column, value in enumerate(row):
                if type(value) not in (int, float):
                    odd.setdefault(column, []).append(place)
    for column, at in sorted(odd.items()):
        rule = f"column {column} must hold numbers; {_rows_do_not(at)}"
        problems.add(WHERE, rule, got=rows[at[0]][column], fix="This model takes no missing values.")
    problems.raise_if_any()
    return np.array([[float(value) for value in row] for row in rows], np.float64)


def raw_values(values: Sequence[Any], kind: Kind) -> RawColumn:
    """The values of a column, as JSON has them, in the storage in which this kind is read.

    Numbers and truth values stay what they are where the kind is of them; all other values become texts, as they would
    stand in a CSV file. A truth value among numbers is a text that is no number.
    """
    fits = _FITS.get(kind)
    if fits is not None and all(value is None or fits(value) for value in values):
        numbers = np.array([np.nan if value is None else float(value) for value in values], np.float64)
        return RawColumn("number" if kind == "numeric" else "boolean", numbers)
    import pyarrow as pa

    return raw_column(pa.array([_written(value) for value in values], pa.large_string()))


_FITS: dict[Kind, Callable[[Any], bool]] = {
    "numeric": lambda value: type(value) in (int, float),
    "boolean": lambda value: type(value) in (bool, int, float) and value in (0, 1),
}


def _written(value: Any) -> str | None:
    """A value as a table file has it: 3 for 3.0, True for true."""
    if isinstance(value, float) and abs(value) < EXACT and value.is_integer():
        return str(int(value))
    return None if value is None else str(value)


def _each_is(rows: Sequence[Any], kind: type, what: str, problems: Problems) -> None:
    wrong = [place for place, row in enumerate(rows) if not isinstance(row, kind)]
    if wrong:
        rule = f"every row must be {what}; {rows_text(wrong)} {'is' if len(wrong) == 1 else 'are'} not"
        problems.add(WHERE, rule, got=rows[wrong[0]])


def _column_values(rows: Sequence[dict[str, Any]], name: str, problems: Problems) -> list[Any]:
    """The values of a column that some row has; only None where a row lacks it, or holds no single value."""
    count = len(problems.found)
    lacking = [place for place, row in enumerate(rows) if name not in row]
    if lacking:
        problems.add(WHERE, f"every row must have the column {name!r}; {_rows_do_not(lacking)}", fix=NOTHING)
    nested = [place for place, row in enumerate(rows) if isinstance(row.get(name), list | dict)]
    if nested:
        rule = f"column {name!r} must hold single values; {_rows_do_not(nested)}"
        problems.add(WHERE, rule, got=rows[nested[0]][name])
    return [None] * len(rows) if len(problems.found) > count else [row[name] for row in rows]


def _rows_do_not(rows: Any) -> str:
    return f"{rows_text(rows)} {'does' if len(rows) == 1 else 'do'} not"
