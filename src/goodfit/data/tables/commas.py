"""Numbers with a decimal comma, as 158,9 and 1.234,5, of files in which a comma is no separator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from goodfit.data.tables.arrow_numbers import numbers_of
from goodfit.data.tables.raw import COMMA, GROUPS, NUMBER, RawColumn, raw_column

SEPARATORS = (";", "\t")  # of files in which a comma is free to be a decimal one
COMMA_SHARE = 0.9  # of a column's words: if so many are such numbers, the file is written with decimal commas


def with_commas(columns: Sequence[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """(name, column) pairs of such a file: those with decimal commas as a RawColumn that reads them, and where there is
    one, so are columns in which every point may stand between thousands; the others as they are.
    """
    made = [(name, _with(array) if _holds(array, ",") else array) for name, array in columns]
    if not any(isinstance(column, RawColumn) and _is_sure(column) for _, column in made):
        return made
    return [(name, _unsure(column) if _holds(column, ".") else column) for name, column in made]


def _holds(array: Any, sign: str) -> bool:
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(array, RawColumn) or not pa.types.is_large_string(array.type):
        return False
    return bool(numbers_of(pc.match_substring(array, sign), False).any())


def _matches(words: Any, pattern: str) -> Any:
    import pyarrow.compute as pc

    return numbers_of(pc.match_substring_regex(words, pattern), False)


def _with(array: Any) -> Any:
    """The column with how its commas are read: "grouped" where a point stands between thousands."""
    column = raw_column(array)
    fits = _matches(column.words, COMMA)
    if not fits.any():
        return array
    return replace(column, commas="grouped" if (fits & _matches(column.words, r"\.")).any() else "decimal")


def _is_sure(column: RawColumn) -> bool:
    fits = _matches(column.words, COMMA) | _matches(column.words, r"^[+-]?[0-9]+$")
    return bool(fits.mean() >= COMMA_SHARE)


def _unsure(array: Any) -> Any:
    """The column, where each of its points may stand between thousands: 1.234 is not read then."""
    column = raw_column(array)
    points = _matches(column.words, NUMBER) & _matches(column.words, r"\.")
    grouped = points & _matches(column.words, GROUPS)
    return replace(column, commas="unsure") if grouped.any() and (grouped == points).all() else array
