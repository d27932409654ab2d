"""Rows that an export is checked on: the run's own training rows where they are found, else drawn ones like them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from goodfit.data import Dataset, Split, Table
from goodfit.data.streams import generator
from goodfit.data.tables import read_frame
from goodfit.data.tables.categories import Frequent, OneHot
from goodfit.data.tables.dates import Moments
from goodfit.data.tables.fitted import Boolean, FittedColumn, Numeric
from goodfit.data.tables.frames import Frame, frame_of
from goodfit.data.tables.kinds import read_as
from goodfit.data.tables.ordered import Ordered
from goodfit.data.tables.raw import DAY, RawColumn
from goodfit.errors import GoodfitError, InputError, problem
from goodfit.models.averaging import mean_values
from goodfit.models.blockwise import overflow_allowed
from goodfit.models.model_file import Model
from goodfit.models.trained_net import checked_inputs
from goodfit.runs import record, rows_again

MOST_ROWS = 1000
DRAWN_ROWS = 200
GAPS = 0.1  # share of a column's values that are taken out in drawn rows; as many again are unseen categories, or texts
# with blanks around them
UNSEEN = "a category that training had not"
Rows = dict[str, np.ndarray] | np.ndarray
"""Columns by name, [N] each: float64, datetime64[us], or texts; or for nets that take numbers, an array [N, D]."""


@dataclass(frozen=True, eq=False)
class CheckRows:
    """Rows, and what goodfit predicts for them.

    rows: to give to an export; expected: probabilities or numbers [N, C]; about: what rows they are, for people;
    known: categories of all training rows, by column, where these were found.
    """

    rows: Rows
    expected: np.ndarray
    about: str
    known: Mapping[str, list[str]] = field(default_factory=dict)


def check_rows(model: Model, given: Any, folder: Path | None, parts: Split | None) -> CheckRows:
    """The rows for a model. given: rows of the user's, or None; folder, parts: of its run, where there is one."""
    if given is not None:
        return _of_given(model, given)
    if model.preprocessing is None:
        x = _own_inputs(model, folder, parts)
        about = "training rows"
        if x is None:
            x, about = _drawn_inputs(model), "drawn rows"
        return CheckRows(x, mean_values(model.nets, x), f"{len(x):,} {about}")
    frame = _own_frame(folder)
    if frame is not None:
        return _of_frame(model, frame, "training rows")
    drawn = _drawn(model)
    return CheckRows(drawn, _expected(model, drawn), f"{DRAWN_ROWS} drawn rows")


def _of_given(model: Model, given: Any) -> CheckRows:
    if isinstance(given, str | os.PathLike):
        given = _read(model, given)
    if model.preprocessing is not None:
        frame = given.frame if isinstance(given, Table) else frame_of(given)
        _check_any(frame.rows)
        return _of_frame(model, frame, "given rows")
    x = checked_inputs(given.x if isinstance(given, Dataset) else given, model.nets[0].n_inputs)[:MOST_ROWS]
    _check_any(len(x))
    with overflow_allowed():  # what is beyond float32 becomes infinite, which is refused
        x = checked_inputs(x.astype(np.float32), model.nets[0].n_inputs)  # as an export takes them: goodfit too, then
    return CheckRows(x, mean_values(model.nets, x), f"{len(x):,} given rows")


def _read(model: Model, path: str | os.PathLike[str]) -> Frame:
    """The table in a file."""
    if model.preprocessing is None:
        rule = "'rows' can be a table file for nets that were trained on a table; these take numbers"
        raise InputError(problem("export", rule, got=os.fspath(path), fix="Give an array [N, D], in Python."))
    return read_frame(path)


def _check_any(rows: int) -> None:
    if not rows:
        rule = "'rows' must have at least one row, on which the export can be compared with goodfit"
        raise InputError(problem("export", rule, got=rows, fix="Leave it out for the run's own, or for drawn ones."))


def _of_frame(model: Model, frame: Frame, about: str) -> CheckRows:
    """The first rows of a table, and some of them again with gaps and unseen categories."""
    assert model.preprocessing is not None
    model.preprocessing.transform(frame)  # says what is wrong with it
    columns = model.preprocessing.columns
    some = frame.take(np.arange(min(frame.rows, MOST_ROWS)))
    rows = {column.name: _values(some.columns[column.name], column) for column in columns}
    again = {name: values[:DRAWN_ROWS] for name, values in rows.items()}
    both = {name: np.concatenate([rows[name], own]) for name, own in _with_gaps(again, columns).items()}
    words = {column.name: frame.columns[column.name] for column in columns if isinstance(column, Frequent)}
    known = {name: _categories(column) for name, column in words.items()}
    text = f"{some.rows:,} {about} and {len(both[columns[0].name]) - some.rows} with values taken out"
    return CheckRows(both, _expected(model, both), text, known)


def _expected(model: Model, rows: Mapping[str, np.ndarray]) -> np.ndarray:
    assert model.preprocessing is not None
    x, _ = model.preprocessing.transform(rows)
    return mean_values(model.nets, x)


def _own_inputs(model: Model, folder: Path | None, parts: Split | None) -> np.ndarray | None:
    """Training rows of nets that take numbers; None where they are not found."""
    if parts is None and folder is not None:
        found = _own_data(folder)
        parts = found[1] if found is not None else None
    if parts is None or parts.data.n_inputs != model.nets[0].n_inputs:
        return None
    return np.asarray(parts.data.x[parts.train[:MOST_ROWS]])


def _own_frame(folder: Path | None) -> Frame | None:
    """The training rows of a table; None where they are not found."""
    found = None if folder is None else _own_data(folder)
    if found is None or not isinstance(found[0], Table):
        return None
    return found[0].frame.take(found[1].train)


def _own_data(folder: Path) -> tuple[Dataset | Table, Split] | None:
    """The data that a run was begun with, and their split; None where they are not there, or not as they were."""
    with contextlib.suppress(GoodfitError):
        begun = record.RunRecord.read(folder)
        data = rows_again.data_of(folder, begun, None, "")
        parts = rows_again.split_of(folder, data, begun)
        return None if parts is None else (data, parts)
    return None


def _values(column: RawColumn, fitted: FittedColumn) -> np.ndarray:
    """A column's values as an export takes them."""
    if isinstance(fitted, Numeric):
        return read_as(column, "numeric")[0]
    if isinstance(fitted, Moments):
        return _moments(read_as(column, "date")[0])
    return np.array([*column.categories(), ""], object)[column.codes]


def _categories(column: RawColumn) -> list[str]:
    words = column.categories()
    return [words[code] for code in np.unique(column.codes[column.codes >= 0])]


def _moments(days: Any) -> np.ndarray:
    """Dates of days since 1970-01-01."""
    absent = np.isnan(days)
    found = np.round(np.where(absent, 0, days) * DAY).astype("datetime64[us]")
    found[absent] = np.datetime64("NaT")
    return np.asarray(found)


def _with_gaps(rows: Mapping[str, np.ndarray], columns: tuple[FittedColumn, ...]) -> dict[str, np.ndarray]:
    """The rows with some values of each column missing, some categories that training had not, and some texts with
    blanks around them, as files have them.
    """
    rng, found = generator(0, "export/gaps"), {}
    for column in columns:
        own = rows[column.name].copy()
        chance = rng.random(len(own))
        own[chance < GAPS] = "" if own.dtype == object else np.datetime64("NaT") if own.dtype.kind == "M" else np.nan
        if isinstance(column, OneHot | Ordered):
            own[(chance >= GAPS) & (chance < 2 * GAPS)] = UNSEEN
        if own.dtype == object:
            padded = chance >= 1 - GAPS
            own[padded] = [f" {text} " for text in own[padded]]
        found[column.name] = own
    return found


def _drawn(model: Model) -> dict[str, np.ndarray]:
    """Rows of a table within the ranges of the training rows, with gaps."""
    assert model.preprocessing is not None
    rng, found = generator(0, "export/rows"), dict[str, np.ndarray]()
    for column in model.preprocessing.columns:
        if isinstance(column, Numeric | Moments):
            spread = 1 / column.scaling.factor if column.scaling.factor else 1.0
            values = column.scaling.median + spread * rng.uniform(-1, 1, DRAWN_ROWS)
            found[column.name] = values if isinstance(column, Numeric) else _moments(np.clip(values, -7e5, 2.9e6))
        else:
            names = ["yes", "no"] if isinstance(column, Boolean) else [*column.categories] or [""]
            found[column.name] = np.array(names, object)[rng.integers(len(names), size=DRAWN_ROWS)]
    return _with_gaps(found, model.preprocessing.columns)


def _drawn_inputs(model: Model) -> np.ndarray:
    """Inputs [N, D] whose scaled values are normally distributed."""
    net = model.nets[0]
    z = generator(0, "export/rows").standard_normal((DRAWN_ROWS, net.n_inputs))
    spread = np.divide(1.0, net.scale, out=np.ones(net.n_inputs), where=net.scale != 0)
    return np.asarray((net.shift + spread * z).astype(np.float32))
