"""Preprocessing: what turns the raw columns of a table into a net's inputs. Fitted once, on training rows only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.data.tables import stored
from goodfit.data.tables.base import CellNotes
from goodfit.data.tables.categories import fit_categories, sharers
from goodfit.data.tables.coded import coded_rows, dense_rows
from goodfit.data.tables.commas import COMMA_NOTE, as_written, commas_of
from goodfit.data.tables.fitted import FIT, FittedColumn
from goodfit.data.tables.frames import Frame, frame_of, frame_to_encode
from goodfit.data.tables.kinds import WORDS, Kind, read_as, rewriting
from goodfit.data.tables.ordered import Ordered
from goodfit.data.tables.raw import RawColumn
from goodfit.errors import InputError, Problems, nearest, problem, shorten
from goodfit.words import SHOWN_ROWS, rows_text

SHOWN = 5  # names in a message


@dataclass(frozen=True)
class Preprocessing:
    """The columns that a net takes, in order, with what was fitted for each.

    columns: at least one, with names of their own
    ignored: columns of the training table that the net does not take (the target, ids, columns with one value), which
    may stand in a table without a note.
    """

    columns: tuple[FittedColumn, ...]
    ignored: tuple[str, ...] = field(default=())
    commas: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Columns of the training table, targets too, that were written with decimal commas: as of `RawColumn.commas`."""

    @classmethod
    def fit(
        cls,
        data: Any,
        kinds: Mapping[str, Kind],
        rows: NDArray[Any] | None = None,
        *,
        ignored: Iterable[str] = (),
        orders: Mapping[str, Sequence[str]] | None = None,
    ) -> Preprocessing:
        """Learn from some rows of a table (all if None): medians, spreads, categories, and where values were missing.

        data: a Frame, or anything that `frame_of` takes
        kinds: the columns to take, in order, and the kind of each.
        rows: places of the rows to learn from, all if None
        ignored: columns that may stand in a table without a note
        orders: of categorical columns that are ordered, all their categories, the lowest first.
        """
        frame = frame_of(data)
        chosen = np.arange(frame.rows) if rows is None else np.asarray(rows)
        columns = {name: frame.columns[name].take(chosen) for name in kinds}
        orders = orders or {}
        named = [name for name, kind in kinds.items() if kind == "categorical" and name not in orders]
        many = sharers(columns[name] for name in named)

        def fitted(name: str, kind: Kind, column: RawColumn) -> FittedColumn:
            if kind == "categorical" and name in orders:
                return Ordered.fit(name, column, orders[name])
            return fit_categories(name, column, many) if kind == "categorical" else FIT[kind](name, column)

        made = tuple(fitted(name, kind, columns[name]) for name, kind in kinds.items())
        return cls(made, tuple(ignored), commas_of(frame))

    @cached_property
    def features(self) -> tuple[str, ...]:
        """Names of the D inputs: the column's name, with a category or a part after it where it has several."""
        return tuple(name for column in self.columns for name in column.features)

    @cached_property
    def n_inputs(self) -> int:
        """D."""
        return sum(column.width for column in self.columns)

    def transform(self, data: Any, coded: bool = False) -> tuple[Any, list[str]]:
        """(inputs [N, D], notes for people) of a table: a data frame, a dict of columns, or a Frame.

        Columns may come in any order. Others are ignored, with a note. CellNotes also count what had to be filled in:
        missing values where training had none, infinite numbers, categories that training had not. InputError names the
        columns that are missing, all of them, and each column with values that cannot be read as its kind.
        data: the table
        coded: whether the inputs may be `CodedRows`, which nets predict from in less time.
        """
        reader = RowReader(self, coded)
        x, rows = reader.read(data, strict=True)
        if len(rows) < reader.rows:
            raise reader.unread_error()
        return x, reader.notes()

    def to_json(self) -> dict[str, Any]:
        """Everything as JSON: dicts, lists, texts, and numbers that are finite."""
        made = {"columns": [column.to_json() for column in self.columns], "ignored": list(self.ignored)}
        return {**made, "commas": dict(self.commas)} if self.commas else made

    @classmethod
    def from_json(cls, given: Any, where: str = "Preprocessing") -> Preprocessing:
        """What `to_json` gave; InputError for anything else, and never another exception.

        given: JSON as Python has it
        where: the source, as errors name it
        """
        try:
            return cls(*stored.read(given))
        except stored.Damaged as error:
            rule = f"'preprocessing' must be what goodfit writes; {error}"
            raise InputError(problem(where, rule, fix="Restore a backup of the file, or train again.")) from error


@dataclass
class Gap:
    """Cells of a column that cannot be read as its kind. rows: the numbers of the first; got: the first of them."""

    rows: list[int]
    count: int
    got: Any


class RowReader:
    """Reads a table part by part, as if it came whole: a part is a table with the same columns.

    Every cell is read by what was fitted, so that it does not matter where the parts begin.
    coded: as in `Preprocessing.transform`. encode: what makes the inputs, where it is neither of its two ways. rows:
    how many were read so far.
    """

    def __init__(
        self,
        preprocessing: Preprocessing,
        coded: bool = False,
        encode: Callable[[Sequence[FittedColumn], Frame, CellNotes], Any] | None = None,
    ) -> None:
        self.preprocessing, self.rows = preprocessing, 0
        self._encode: Callable[..., Any] = encode or (coded_rows if coded else dense_rows)
        self._where = "table"
        self._told: dict[str, None] = {}
        self._commas: dict[str, None] = {}  # columns in which training had none
        self._notes, self._gaps = CellNotes(), dict[str, Gap]()

    def read(self, data: Any, *, strict: bool = False) -> tuple[Any, NDArray[np.int64]]:
        """(inputs [K, D], numbers [K] of their rows in this part) of the rows whose cells can all be read.

        strict: the error for columns names cells that cannot be read, too.
        InputError for columns that are missing or that hold no values at all.
        """
        frame, problems = as_written(frame_to_encode(data), self.preprocessing.commas), Problems()
        self._where = frame.name
        holds = {column.name: f"{column.kind} values" for column in self.preprocessing.columns}
        check_columns(frame, holds, "that the net was trained on", problems)
        for column in self.preprocessing.columns if strict and problems.found else ():
            if column.name in frame.columns:
                self._check_cells(frame, column, problems)
        problems.raise_if_any()
        numeric = {column.name for column in self.preprocessing.columns if column.kind == "numeric"}
        written = dict.fromkeys(name for name in commas_of(frame) if name in numeric)
        self._commas |= {name: None for name in written if name not in self.preprocessing.commas}
        self._told |= dict.fromkeys([*frame.notes, *self._extra(frame)])
        kept = np.ones(frame.rows, bool)
        for column in self.preprocessing.columns:
            if column.kind != "categorical":
                raw = frame.columns[column.name]
                lost = column.read(raw)[1]
                if lost.any():
                    kept &= ~lost
                    self._lose(column.name, raw, np.flatnonzero(lost))
        rows = np.flatnonzero(kept)
        whole = frame if len(rows) == frame.rows else frame.take(rows)
        x = self._encode(self.preprocessing.columns, whole, self._notes)
        self.rows += frame.rows
        return x, rows

    def notes(self) -> list[str]:
        """What was ignored and filled in so far, for people."""
        commas = [COMMA_NOTE.format(listed([*self._commas]))] if self._commas else []
        return [*self._told, *commas, *self._notes.texts([column.name for column in self.preprocessing.columns])]

    def warnings(self) -> list[str]:
        """Which rows were left out so far, column by column."""
        texts = []
        for column, gap in self._lost():
            rows, fix = rows_text(gap.rows, gap.count), rewriting(gap.got, column.words)
            text = f"{rows} without a prediction: {shorten(gap.got)} cannot be read as {column.words}."
            texts.append(f"Column {column.name!r}: {text}{fix and f' {fix}'}")
        return texts

    def unread_error(self) -> InputError:
        """The error that names all cells that could not be read."""
        return InputError(
            *(
                unread_problem(self._where, column.name, gap.rows, gap.count, gap.got, column.words)
                for column, gap in self._lost()
            )
        )

    def _lost(self) -> Iterator[tuple[FittedColumn, Gap]]:
        for column in self.preprocessing.columns:
            if column.name in self._gaps:
                yield column, self._gaps[column.name]

    def _lose(self, name: str, column: RawColumn, rows: NDArray[np.int64]) -> None:
        gap = self._gaps.get(name)
        if gap is None:
            gap = self._gaps[name] = Gap([], 0, column.shown(int(rows[0])))
        gap.rows += (self.rows + rows[: SHOWN_ROWS - len(gap.rows)]).tolist()
        gap.count += len(rows)

    def _extra(self, frame: Frame) -> list[str]:
        known = {*(column.name for column in self.preprocessing.columns), *self.preprocessing.ignored}
        extra = [name for name in frame.names if name not in known]
        if not extra:
            return []
        word = "Column" if len(extra) == 1 else f"{len(extra)} columns"
        them = "it" if word == "Column" else "them"
        return [f"{word} {listed(extra)} ignored: the net was not trained on {them}."]

    def _check_cells(self, frame: Frame, column: FittedColumn, problems: Problems) -> None:
        """Add a problem where cells cannot be read."""
        raw = frame.columns[column.name]
        rows = np.flatnonzero(column.read(raw)[1]) if column.kind != "categorical" else np.empty(0, np.intp)
        if len(rows):
            got = raw.shown(int(rows[0]))
            problems.found.append(unread_problem(frame.name, column.name, rows, len(rows), got, column.words))


def check_columns(frame: Frame, taken: Mapping[str, str], of: str, problems: Problems) -> None:
    """A problem that names all columns which are not there, and one for each that cannot be read.

    taken: name of a column -> what it must hold; of: whose columns these are, for the words of the error.
    """
    lacking = [name for name in taken if name not in frame.names]
    if lacking:
        spare = [name for name in frame.names if name not in taken]
        rule = f"must have the columns {of}; missing: {listed(lacking)}"
        problems.add(frame.name, rule, fix=_other_names(lacking, spare) or "The order does not matter.")
    for name, holds in taken.items():
        if name in frame.unreadable:
            problems.add(frame.name, f"column {name!r} must hold {holds}", got=frame.unreadable[name])


def _other_names(lacking: Sequence[str], spare: Sequence[str]) -> str:
    """A fix for columns that are lacking, if they may be there by other names; "" if not."""
    folded = {name.strip().casefold(): name for name in spare}
    for name in lacking:
        if other := folded.get(name.strip().casefold()):
            return f"Rename {other!r} to {name!r}: names are told apart by capitals and blanks."
    fix = nearest(lacking[0], spare) if spare and len(lacking) == 1 else ""
    return fix if fix.startswith("Did") else ""


def check_read(frame: Frame, name: str, kind: Kind, problems: Problems, fix: str = "") -> None:
    """Add a problem where cells of a column cannot be read as its kind, with the rows and the first of them."""
    if kind == "categorical":  # which can be anything
        return
    column = frame.columns[name]
    rows = np.flatnonzero(read_as(column, kind)[1])
    if rows.size:
        got = column.shown(int(rows[0]))
        problems.found.append(unread_problem(frame.name, name, frame.of_file(rows), rows.size, got, WORDS[kind], fix))


def unread_problem(where: str, name: str, rows: Any, count: int, got: Any, words: str, fix: str = "") -> str:
    """The problem with cells of a column that are no `words`. rows: the numbers of the first of them."""
    verb = "does" if count == 1 else "do"
    rule = f"column {name!r} must hold {words}; {rows_text(rows, count)} {verb} not"
    return problem(where, rule, got=got, fix=rewriting(got, words) or fix or "Fix them or leave them empty.")


def listed(names: list[str]) -> str:
    """Names for a message: the first SHOWN, and how many more there are."""
    shown = ", ".join(map(repr, names[:SHOWN]))
    return f"{shown} and {len(names) - SHOWN} more" if len(names) > SHOWN else shown
