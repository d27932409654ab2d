"""Preprocessing: what turns the raw columns of a table into a net's inputs. Fitted once, on training rows only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.data.tables import stored
from goodfit.data.tables.categories import fit_categories, sharers
from goodfit.data.tables.fitted import FIT, FittedColumn
from goodfit.data.tables.frames import Frame, frame_of
from goodfit.data.tables.kinds import WORDS, Kind, read_as
from goodfit.errors import InputError, Problems, nearest, problem, shorten
from goodfit.words import rows_text

SHOWN = 5  # names in a message


@dataclass(frozen=True)
class Preprocessing:
    """The columns that a net takes, in order, with what was fitted for each.

    columns: at least one, with names of their own; ignored: columns of the training table that the net does not take
    (the target, ids, columns with one value), which may stand in a table without a note.
    """

    columns: tuple[FittedColumn, ...]
    ignored: tuple[str, ...] = field(default=())

    @classmethod
    def fit(
        cls, data: Any, kinds: Mapping[str, Kind], rows: NDArray[Any] | None = None, *, ignored: Iterable[str] = ()
    ) -> Preprocessing:
        """Learn from some rows of a table (all if None): medians, spreads, categories, and where values were missing.

        data: a Frame, or anything that `frame_of` takes; kinds: the columns to take, in order, and the kind of each.
        """
        frame = frame_of(data)
        chosen = np.arange(frame.rows) if rows is None else np.asarray(rows)
        columns = {name: frame.columns[name].take(chosen) for name in kinds}
        many = sharers(columns[name] for name, kind in kinds.items() if kind == "categorical")
        fitted = tuple(
            fit_categories(name, columns[name], many) if kind == "categorical" else FIT[kind](name, columns[name])
            for name, kind in kinds.items()
        )
        return cls(fitted, tuple(ignored))

    @cached_property
    def features(self) -> tuple[str, ...]:
        """Names of the D inputs: the column's name, with a category or a part after it where it has several."""
        return tuple(name for column in self.columns for name in column.features)

    @property
    def n_inputs(self) -> int:
        """D."""
        return sum(column.width for column in self.columns)

    def transform(self, data: Any) -> tuple[NDArray[np.float32], list[str]]:
        """(inputs [N, D], notes for people) of a table: a data frame, a dict of columns, or a Frame.

        Columns may come in any order. Others are ignored, with a note. Notes also count what had to be filled in:
        missing values where training had none, infinite numbers, categories that training had not. InputError names the
        columns that are missing, all of them, and each column with values that cannot be read as its kind.
        """
        frame = frame_of(data)
        self._check(frame)
        notes = list(frame.notes)
        known = {*(column.name for column in self.columns), *self.ignored}
        extra = [name for name in frame.names if name not in known]
        if extra:
            word = "Column" if len(extra) == 1 else f"{len(extra)} columns"
            notes.append(
                f"{word} {_listed(extra)} ignored: the net was not trained on {'it' if word == 'Column' else 'them'}."
            )
        x = np.zeros((frame.rows, self.n_inputs), np.float32)
        at = 0
        for column in self.columns:
            width = column.width
            column.fill(frame.columns[column.name], x[:, at : at + width], notes)
            at += width
        return x, notes

    def transform_readable(self, data: Any) -> tuple[NDArray[np.float32], NDArray[np.int64], list[str], list[str]]:
        """(inputs [K, D], numbers [K] of their rows, notes, warnings) of the rows whose cells can all be read.

        data, notes: as in `transform`. warnings: for each column with cells that cannot be read as its kind, which rows
        were left out for them. InputError, as in `transform`, for columns that are missing or that hold no values at
        all, and where no row is left.
        """
        frame, problems = frame_of(data), Problems()
        self._check_columns(frame, problems)
        problems.raise_if_any()
        kept, warnings = np.ones(frame.rows, bool), list[str]()
        for column in self.columns:
            wrong = unread_rows(frame, column.name, column.kind)
            if wrong.size:
                kept[wrong] = False
                first = shorten(frame.columns[column.name].shown(int(wrong[0])))
                text = f"{rows_text(wrong)} without a prediction: {first} cannot be read as {WORDS[column.kind]}"
                warnings.append(f"Column {column.name!r}: {text}.")
        rows = np.flatnonzero(kept)
        # where no row is left, all are taken, so that the InputError names the cells
        x, notes = self.transform(frame.take(rows) if 0 < rows.size < frame.rows else frame)
        return x, rows, notes, warnings

    def _check(self, frame: Frame) -> None:
        problems = Problems()
        self._check_columns(frame, problems)
        for column in self.columns:
            if column.name in frame.columns:
                check_read(frame, column.name, column.kind, problems)
        problems.raise_if_any()

    def _check_columns(self, frame: Frame, problems: Problems) -> None:
        lacking = [column.name for column in self.columns if column.name not in frame.names]
        if lacking:
            rule = f"must have the columns that the net was trained on; missing: {_listed(lacking)}"
            spare = [name for name in frame.names if name not in {column.name for column in self.columns}]
            fix = nearest(lacking[0], spare) if spare and len(lacking) == 1 else ""
            problems.add(frame.name, rule, fix=fix if fix.startswith("Did") else "The order does not matter.")
        for column in self.columns:
            if column.name in frame.unreadable:
                rule = f"column {column.name!r} must hold {column.kind} values"
                problems.add(frame.name, rule, got=frame.unreadable[column.name])

    def to_json(self) -> dict[str, Any]:
        """Everything as JSON: dicts, lists, texts, and numbers that are finite."""
        return {"columns": [column.to_json() for column in self.columns], "ignored": list(self.ignored)}

    @classmethod
    def from_json(cls, given: Any, where: str = "Preprocessing") -> Preprocessing:
        """What `to_json` gave; InputError for anything else, and never another exception."""
        try:
            return cls(*stored.read(given))
        except stored.Damaged as error:
            rule = f"'preprocessing' must be what goodfit writes; {error}"
            raise InputError(problem(where, rule, fix="Restore a backup of the file, or train again.")) from error


def unread_rows(frame: Frame, name: str, kind: Kind) -> NDArray[np.int64]:
    """The rows in which a column has a value that cannot be read as its kind; a category can be any."""
    return np.flatnonzero([] if kind == "categorical" else read_as(frame.columns[name], kind)[1])


def check_read(frame: Frame, name: str, kind: Kind, problems: Problems, fix: str = "") -> None:
    """Add a problem where cells of a column cannot be read as its kind, with the rows and the first of them."""
    column, wrong = frame.columns[name], unread_rows(frame, name, kind)
    if wrong.size:
        verb = "does" if wrong.size == 1 else "do"
        rule = f"column {name!r} must hold {WORDS[kind]}; {rows_text(wrong)} {verb} not"
        problems.add(frame.name, rule, got=column.shown(int(wrong[0])), fix=fix or "Fix them or leave them empty.")


def _listed(names: list[str]) -> str:
    shown = ", ".join(map(repr, names[:SHOWN]))
    return f"{shown} and {len(names) - SHOWN} more" if len(names) > SHOWN else shown
