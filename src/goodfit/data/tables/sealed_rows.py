"""Test rows of a table that were asked for: a share of its rows, or rows of their own, in a file or a data frame."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.data.streams import is_number
from goodfit.data.tables.commas import as_written, commas_of
from goodfit.data.tables.files import is_table_path, read_frame
from goodfit.data.tables.frames import Frame, frame_of
from goodfit.data.tables.preprocessing import Preprocessing, check_columns, check_read
from goodfit.data.tables.row_bytes import row_bytes
from goodfit.data.tables.row_columns import times_of, weighed
from goodfit.data.tables.survey import Choices, Survey
from goodfit.data.tables.targets import Target, known_targets
from goodfit.errors import InputError, Problems, problem
from goodfit.words import rows_text

NAME = "test table"  # what messages call a data frame
RULE = "'test' must be a fraction in [0, 1), or a table of its own: a file, a data frame or a dict of columns"
ANY_VALUES = "numbers, text, dates or booleans"
SAME = "To seal a share of its rows, give a fraction, such as 0.2; 0 seals none."


@dataclass(frozen=True, eq=False)
class SealedTable:
    """The rows of a test table that have a target, read as the table that is trained on.

    frame: all raw columns that stand there; y: class codes int32 [K] or numbers, [K] or of several targets [K, C], in
    the classes of the table that is trained on; targets: their columns; notes: what is to be told of them.
    """

    frame: Frame
    y: NDArray[np.generic]
    targets: tuple[str, ...]
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return self.frame.rows

    def encoded(self, preprocessing: Preprocessing) -> tuple[NDArray[np.float32], list[str]]:
        """(inputs [K, D], notes for people); InputError where a cell cannot be read as the training rows' were."""
        columns = {name: column for name, column in self.frame.columns.items() if name not in self.targets}
        x, notes = preprocessing.transform(replace(self.frame, columns=columns, notes=()))
        return x, [f"{self.frame.name}: {note}" for note in notes]

    def bytes(self, rows: NDArray[Any]) -> NDArray[np.uint8]:
        """These rows as bytes: the same as those of the file, were it given alone."""
        return row_bytes(self.frame.take(rows), self.targets)


def asked_rows(test: Any) -> float | Frame | None:
    """What was asked for, checked as far as that can be done without the table: a share, a test table, or None."""
    if test is None or isinstance(test, Frame):
        return test
    if is_number(test) or isinstance(test, bool | np.bool_):
        if isinstance(test, bool | np.bool_) or not 0 <= test < 1:
            raise InputError(problem("table", RULE, got=test))
        return float(test)
    if isinstance(test, str | os.PathLike):
        path = os.fspath(test)
        if not is_table_path(path):
            raise InputError(problem("table", RULE, got=path))
        return read_frame(path)
    return frame_of(test, NAME)


def sealed_rows(given: Frame, trained: Survey, target: Target, choices: Choices) -> SealedTable:
    """The rows of a test table, read with the kinds and classes of the table that is trained on.

    InputError that names all that is wrong: columns that are missing, cells that cannot be read, classes that training
    has not, no row with a target, and the very rows of the table that is trained on.
    """
    problems = Problems()
    if not given.rows:
        raise InputError(problem(given.name, "must have at least 1 row to test with; it has none"))
    given = as_written(given, commas_of(trained.frame))
    told = [*given.notes]
    taken = [*trained.kinds] if choices.weight is None else [*trained.kinds, choices.weight]
    check_columns(given, dict.fromkeys(taken, ANY_VALUES), "of the training table", problems)
    if choices.weight in given.columns and choices.weight is not None:
        given, more = weighed(given, choices.weight, problems)
        told += more
    with problems.collecting():
        check_divided(given, trained.frame, choices)
    for name, kind in trained.kinds.items():
        if name in given.columns:
            check_read(given, name, kind, problems)
    y: NDArray[np.generic] = np.empty(0)
    rows = np.empty(0, np.int64)
    with problems.collecting():
        y, rows = known_targets(given, target.columns, target.task, target.classes, "the training table")
    if target.task == "regression" and np.abs(y).max(initial=0) > np.finfo(np.float32).max:
        rule = f"the numbers of {target.words} must be below 3.4e38"
        problems.add(given.name, rule, got=float(np.abs(y).max()), fix="Use the unit of the training table.")
    problems.raise_if_any()
    lost = np.setdiff1d(np.arange(given.rows), rows)
    told += [f"{rows_text(lost)} left out: {target.words} is missing."] if lost.size else []
    frame = given.take(rows)
    _refuse_same(frame, trained.frame, target.columns)
    told += _early(frame, trained.frame, choices.time)
    count = "1 row" if frame.rows == 1 else f"{frame.rows:,} rows"
    notes = [f"The test set is {given.name}: {count}, sealed.", *(f"{given.name}: {note}" for note in told)]
    return SealedTable(frame, y, target.columns, tuple(notes))


def check_divided(given: Frame, trained: Frame, choices: Choices) -> None:
    """InputError where the rows of a test table cannot be compared by the group or the time with those that train."""
    problems = Problems()
    named = [name for name in (choices.group, choices.time) if name is not None]
    check_columns(given, dict.fromkeys(named, ANY_VALUES), "of the training table", problems)
    if choices.time is not None and choices.time in given.columns:
        _check_times(given, trained, choices.time, problems)
    problems.raise_if_any()


def _check_times(given: Frame, trained: Frame, name: str, problems: Problems) -> None:
    """A problem where the times cannot be compared with those of the training table."""
    before = len(problems.found)
    times_of(given, name, problems)
    column = given.columns[name]
    if len(problems.found) == before and _are_dates(column) != _are_dates(trained.columns[name]):
        words = "dates" if _are_dates(trained.columns[name]) else "numbers"
        rule = f"column {name!r} must hold {words}, as in the training table"
        problems.add(given.name, rule, got=column.shown(0))


def _are_dates(column: Any) -> bool:
    """Whether a column of times holds no number."""
    return not np.isfinite(column.numbers()).any()


def _early(frame: Frame, trained: Frame, time: str | None) -> list[str]:
    """A note on test rows that are not later than what trains, where there is a time."""
    if time is None:
        return []
    newest = times_of(trained, time, Problems()).max()
    early = int((times_of(frame, time, Problems()) <= newest).sum())
    return [f"{early:,} of {frame.rows:,} rows are not later than the newest training row."] if early else []


def _refuse_same(frame: Frame, trained: Frame, targets: tuple[str, ...]) -> None:
    """InputError where the test table is the training table, in whatever order, format or under whatever name."""
    shared = [name for name in trained.columns if name in frame.columns]
    if frame.rows != trained.rows:
        return
    cells = [row_bytes(replace(each, columns={name: each.columns[name] for name in shared}), targets)
             for each in (frame, trained)]  # fmt: skip
    ours, theirs = (np.sort(each.view(np.dtype((np.void, each.shape[1]))).ravel()) for each in cells)
    if (ours == theirs).all():
        rule = "'test' must be other rows than those of the training table; these are the same"
        raise InputError(problem(frame.name, rule, fix=SAME))
