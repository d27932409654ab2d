"""Numbers with a decimal comma, as 158,9 and 1.234,5, of files in which a comma is no separator.

A cell that has two readings (1,234 and 1.234) is read by what its own column has proved; one file is read in one way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from goodfit.data.tables.arrow_numbers import numbers_of
from goodfit.data.tables.frames import Frame
from goodfit.data.tables.kinds import EITHER, Kind
from goodfit.data.tables.raw import COMMA, GROUPS, NUMBER, RawColumn, raw_column
from goodfit.errors import InputError, problem

SEPARATORS = (";", "\t")  # of files in which a comma is free to be a decimal one
COMMA_SHARE = 0.9  # of a column's words: if so many are such numbers, the file is written with decimal commas
PROVED = ("decimal", "grouped")
COMMA_NOTE = "Read with a decimal comma, 1,5 as 1.5: {}."
_ONE_WAY = "Write all numbers of a file in one way: a decimal point and no other mark is always read alike."


@dataclass
class NumberForms:
    """How the columns of one file are written, as far as its parts were read.

    form: of a column what a cell has proved, "point" or as of `RawColumn.commas`; open: columns without such a cell
    that have points as in 1.234, with the first of these; commas: whether a column has decimal commas throughout.
    """

    form: dict[str, str] = field(default_factory=dict)
    open: dict[str, str] = field(default_factory=dict)
    commas: bool = False

    def start(self, written: Mapping[str, str]) -> None:
        """What is known of this file before: of columns with decimal commas, how they are written."""
        self.form = {**written, **self.form}

    def read(self, where: str, columns: Sequence[tuple[str, Any]], kinds: Mapping[str, Kind]) -> list[tuple[str, Any]]:
        """(name, column) pairs of the next part: those with decimal commas, or with points as in 1.234, as a RawColumn
        that reads them, the others as they are. kinds: of the columns; without any, each may hold numbers.

        InputError where a part before was read in another way than this one shows.
        """
        before = dict(self.open)
        made = [
            (name, self._column(where, name, array) if not kinds or kinds.get(name) == "numeric" else array)
            for name, array in columns
        ]
        if self.commas:
            for name in before:
                if name in self.open:
                    raise _two_ways(where, name, self.open[name], "other columns have numbers with a decimal comma")
            self.open.clear()
            made = [(name, replace(column, commas="unsure") if _is_open(column) else column) for name, column in made]
        return made

    def _column(self, where: str, name: str, array: Any) -> Any:
        known, points = self.form.get(name, ""), _holds(array, ".")
        if not _holds(array, ",") and (not points or known == "point"):
            return array
        column = raw_column(array)
        pointed = _matches(column.words, r"\.")
        fits = _matches(column.words, COMMA)
        if known in PROVED or (fits & ~_matches(column.words, EITHER)).any():
            if known == "point" or name in self.open:
                got = self.open.get(name) or column.words.take(np.flatnonzero(fits)[:1]).to_pylist()[0]
                raise _two_ways(where, name, got, "with a decimal comma")
            self.form[name] = "grouped" if known == "grouped" or (fits & pointed).any() else "decimal"
            self.commas = self.commas or _is_sure(column, fits)
            return replace(column, commas=self.form[name])
        points = _matches(column.words, NUMBER) & pointed
        grouped = points & _matches(column.words, GROUPS)
        if (points & ~grouped).any():
            self.form[name] = "point"
            self.open.pop(name, None)
        elif grouped.any() and known != "point":
            self.open.setdefault(name, column.words.take(np.flatnonzero(grouped)[:1]).to_pylist()[0])
            return replace(column, commas="maybe")
        return array


def as_written(frame: Frame, commas: Mapping[str, str]) -> Frame:
    """New rows as the columns of a model, or of a training table, are written: where its numbers have decimal commas,
    1.234 is read as 1.234 only beside a number that has a decimal point beyond doubt.

    commas: of `commas_of` these columns.
    """
    changed = {}
    for name, form in commas.items():
        column = frame.columns.get(name)
        if column is not None and column.commas in ("maybe", "unsure"):
            read = "grouped" if form == "grouped" and column.commas == "unsure" else "unsure"
            changed[name] = replace(column, commas=read, cells={})
    return replace(frame, columns={**frame.columns, **changed}) if changed else frame


def commas_of(frame: Frame) -> dict[str, str]:
    """The columns that are written with decimal commas, and how."""
    return {name: column.commas for name, column in frame.columns.items() if column.commas in PROVED}


def _two_ways(where: str, name: str, got: str, others: str) -> InputError:
    rule = f"column {name!r} has numbers with a point in one part of the file, and in another part {others}"
    return InputError(problem(where, rule, got=got, fix=_ONE_WAY))


def _is_open(column: Any) -> bool:
    return isinstance(column, RawColumn) and column.commas == "maybe"


def _holds(array: Any, sign: str) -> bool:
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(array, RawColumn) or not pa.types.is_large_string(array.type):
        return False
    return bool(numbers_of(pc.match_substring(array, sign), False).any())


def _matches(words: Any, pattern: str) -> Any:
    import pyarrow.compute as pc

    return numbers_of(pc.match_substring_regex(words, pattern), False)


def _is_sure(column: RawColumn, fits: Any) -> bool:
    return bool((fits | _matches(column.words, r"^[+-]?[0-9]+$")).mean() >= COMMA_SHARE)
