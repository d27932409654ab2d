"""Predicting with a run, a search or a model file: for rows in memory, and for files and streams of any length."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from goodfit.arguments import public
from goodfit.data import Dataset, Step, Table, names
from goodfit.data.tables.coded import CodedRows
from goodfit.data.tables.csv_parts import csv_parts
from goodfit.data.tables.file_parts import in_parts
from goodfit.data.tables.files import READERS, read_columns
from goodfit.data.tables.frames import Frame, columns_of
from goodfit.data.tables.parts import TablePart
from goodfit.data.tables.preprocessing import Preprocessing, RowReader
from goodfit.errors import InputError, problem
from goodfit.host import cores
from goodfit.models.averaging import decided, mean_values
from goodfit.models.conformal import checked_coverage, conformal_of
from goodfit.models.model_file import load_model
from goodfit.models.predicting import STREAM, dataset_to_predict
from goodfit.models.quantiles import levels_in, quantiles_together
from goodfit.models.trained_net import TrainedNet
from goodfit.models.whereabouts import existing_model_path
from goodfit.runs.predictions import Bounds, Predictions

_END: Any = object()
NOT_ADAPTIVE = {
    "regression": "Give a coverage, such as 0.9.",
    "classification": "Leave it out: classes have sets.",
    "multilabel": "Leave it out: labels have neither intervals nor sets.",
}
DataProgress = Callable[[Step], None]


@public
def predict(
    run: str | os.PathLike[str],
    data: Any,
    *,
    strict: bool = False,
    coverage: float | None = None,
    adaptive: bool = False,
    data_progress: DataProgress | None = None,
) -> Predictions:
    """Predict with a run, a search or a model file: the average over its nets that stayed finite.

    run: a run's folder, a search's (for the nets of the winner), or a model file.
    data: a data set or the name of one; for nets that were trained on a table, a table file, a data frame or a dict of
    columns, in any order and with or without the target.
    strict: what becomes of a table's rows with a value that cannot be read (a text among numbers, a 2 among 0 and 1):
    False predicts the other rows, if there are any, and `unread` and `warnings` name these; True raises InputError.
    coverage: of prediction intervals of numbers, or sets of classes, which the predictions then have; above 0 and below
    1, or None for none.
    adaptive: whether intervals are wider where errors at such predictions were larger.
    data_progress: called while a named data set is being found.
    """
    stream = PredictionStream(
        run, data, strict=strict, coverage=coverage, adaptive=adaptive, data_progress=data_progress
    )
    parts = [found for found, _ in stream]
    whole = parts[0]
    if len(parts) > 1:
        starts = np.cumsum([0, *(len(part.values) for part in parts)])
        whole = replace(
            whole,
            values=np.concatenate([part.values for part in parts]),
            predicted=np.concatenate([part.predicted for part in parts]),
            quantiles=None if whole.quantiles is None else np.concatenate([part.quantiles for part in parts]),
            unread=tuple(int(start) + row for start, part in zip(starts, parts, strict=False) for row in part.unread),
        )
    return replace(whole, notes=tuple(stream.notes), warnings=tuple(stream.warnings))


@dataclass
class PredictionStream:
    """Predictions part by part, in the order of the rows: of a CSV, TSV or Parquet file, or of standard input, memory
    holds two parts at a time, of some thousands of rows; other data are one part.

    notes, warnings: on what was read so far. A part's Predictions have none.

    run, data, strict, coverage, adaptive, data_progress: as in `predict`
    data: also "-", for CSV from standard input.
    keep: names of columns that are handed on with the predictions, as they came.
    """

    run: str | os.PathLike[str]
    data: Any
    strict: bool = False
    keep: Sequence[str] = ()
    coverage: float | None = None
    adaptive: bool = False
    data_progress: DataProgress | None = None

    def __post_init__(self) -> None:
        """Load the model, and say what it does not take."""
        if os.path.isfile(self.run) and os.path.splitext(self.run)[1].lower() in READERS:
            rule = "is a table, where a run or a model file is to be given"
            raise InputError(problem(str(self.run), rule, fix="The run comes first, then the data."))
        self.model = load_model(existing_model_path(self.run))
        self.keep = tuple(dict.fromkeys(self.keep))  # a name that is given twice is one column
        self.bounds = None if self.coverage is None else self._bounds(self.coverage)
        self.about = [] if self.bounds is None else self.bounds.notes
        self.notes: list[str] = [*self.about]
        self.warnings: list[str] = []
        if self.adaptive and (self.bounds is None or self.model.task != "regression"):
            rule = "'adaptive' is for prediction intervals of numbers"
            raise InputError(problem(str(self.run), rule, fix=NOT_ADAPTIVE[self.model.task]))
        if self.model.preprocessing is None and self.keep:
            rule = "was trained on arrays without column names, so there is no column to keep"
            raise InputError(problem(str(self.run), rule, got=self.keep[0]))
        if isinstance(self.data, Dataset | Table | Frame) and self.keep:
            rule, fix = "its cells are encoded, so no column can be kept", "Give the table file or the data frame."
            raise InputError(problem("table", rule, got=self.keep[0], fix=fix))

    def __iter__(self) -> Iterator[tuple[Predictions, Mapping[str, Sequence[Any]]]]:
        """(predictions, kept columns by name) of one part after another; at least one."""
        preprocessing = self.model.preprocessing
        if preprocessing is None:
            rows = dataset_to_predict(str(self.run), self.data, self.data_progress)
            _check_fit(str(self.run), self.model.nets[0], rows)
            yield self._averaged(rows.x), {}
        elif isinstance(self.data, Dataset) and self.data.preprocessing == preprocessing:
            yield self._averaged(self.data.x), {}
        else:
            yield from self._of_table(preprocessing)

    def _of_table(self, preprocessing: Preprocessing) -> Iterator[tuple[Predictions, Mapping[str, Sequence[Any]]]]:
        reader = RowReader(preprocessing, coded=True)
        taken = {column.name: column.kind for column in preprocessing.columns}
        left_out = [name for name in self.keep if name not in taken]  # which are known not to be features

        def read(part: TablePart | Frame) -> _ReadPart:
            kept: dict[str, Sequence[Any]] = {}
            if isinstance(part, TablePart):
                part.check_has(self.keep)
                frame = part.frame(left_out, taken)
                kept.update(part.values(self.keep, frame.rows))
            else:
                frame = part
            x, rows = reader.read(frame, strict=self.strict)
            return _ReadPart(x, rows, frame.rows, kept, [*self.about, *reader.notes()], reader.warnings())

        parts, ahead = _parts(str(self.run), self.data)
        for part in (_one_ahead if ahead else iter)(map(read, parts)):
            self.notes, self.warnings = part.notes, part.warnings
            if self.strict and self.warnings:  # the error at the end is to name the cells of all parts
                continue
            found = self._averaged(part.x)
            yield found if len(part.rows) == part.n_rows else _with_gaps(found, part.rows, part.n_rows), part.kept
        if self.strict and self.warnings:
            raise reader.unread_error()

    def _averaged(self, x: np.ndarray | CodedRows) -> Predictions:
        task, nets = self.model.task, self.model.predicting
        values = mean_values(nets, x)
        predicted = decided(task, values)
        targets = self.model.targets
        own = quantiles_together(nets, x) if self.bounds is not None and nets[0].head is not None else None
        return Predictions(
            task, self.model.classes, values, predicted, len(nets), bounds=self.bounds, targets=targets, quantiles=own
        )

    def _bounds(self, coverage: float) -> Bounds:
        net, wanted = self.model.nets[0], checked_coverage(coverage)
        found = conformal_of(self.model.about, str(self.run), net.task, net.n_outputs, levels_in(net))
        return Bounds(found, wanted, self.adaptive)


class _ReadPart(NamedTuple):
    """A part as nets take it: inputs of the rows that can be read, their numbers, the number of all, and the rest."""

    x: np.ndarray | CodedRows
    rows: np.ndarray
    n_rows: int
    kept: Mapping[str, Sequence[Any]]
    notes: list[str]
    warnings: list[str]


def _one_ahead(items: Iterator[_ReadPart]) -> Iterator[_ReadPart]:
    """The same items; each but the first is made in a thread while whoever asked works with the one before.

    One by one where there is one core, or no thread to be had, as while Python ends.
    """
    found = next(items, _END)
    with ThreadPoolExecutor(1, "goodfit reads") as thread:
        if cores() < 2 or not _has_thread(thread):
            yield from () if found is _END else itertools.chain([found], items)
            return
        while found is not _END:
            coming = thread.submit(next, items, _END)
            yield found
            found = coming.result()


def _has_thread(pool: ThreadPoolExecutor) -> bool:
    """Whether the pool can start one: not while Python ends, nor where the system has none left."""
    try:
        pool.submit(int)
    except RuntimeError:
        return False
    return True


def _parts(where: str, data: Any) -> tuple[Iterator[TablePart | Frame], bool]:
    """(a table as parts, one whose columns were read already as its Frame; whether these are to be read ahead).

    One part has nothing ahead; what comes in at standard input may come slowly, and is answered as it comes.
    """
    if isinstance(data, str) and data == STREAM:
        stream = getattr(sys.stdin, "buffer", None)  # None where it was closed before the start
        if stream is None:
            rule = "must be open, and give bytes"
            raise InputError(problem("standard input", rule, fix="Pipe CSV into it, or give a table file."))
        return csv_parts("standard input", stream), False
    if isinstance(data, str | os.PathLike):
        name = os.fspath(data)
        if name in names() and not os.path.exists(name):
            rule = "was trained on a table, so it takes a table file"
            raise InputError(problem(where, rule, got=name, fix="Give a .csv, .parquet or another table file."))
        found = in_parts(name)
        return (iter([read_columns(name)]), False) if found is None else (found, True)
    data = data.frame if isinstance(data, Table) else data
    if isinstance(data, Frame):
        return iter([data]), False
    # what can be gone through once only is needed twice where it is kept
    columns = [(name, list(values) if isinstance(values, Iterator) else values) for name, values in columns_of(data)]
    return iter([TablePart("table", columns)]), False


def _with_gaps(found: Predictions, rows: np.ndarray, n_rows: int) -> Predictions:
    """Predictions of some rows as those of all `n_rows`, of which the others have none."""
    values = np.full((n_rows, *found.values.shape[1:]), np.nan, found.values.dtype)
    nothing = -1 if found.task == "classification" else np.nan
    predicted = np.full((n_rows, *found.predicted.shape[1:]), nothing, found.predicted.dtype)
    values[rows], predicted[rows] = found.values, found.predicted
    unread = np.setdiff1d(np.arange(n_rows), rows)
    if found.quantiles is not None:
        spread = np.full((n_rows, *found.quantiles.shape[1:]), np.nan, found.quantiles.dtype)
        spread[rows] = found.quantiles
        found = replace(found, quantiles=spread)
    return replace(found, values=values, predicted=predicted, unread=tuple(unread.tolist()))


def _check_fit(where: str, net: TrainedNet, data: Dataset) -> None:
    if data.n_inputs != net.n_inputs:
        rule = f"takes {net.n_inputs} features; {data.name!r} has a different number"
        raise InputError(problem(where, rule, got=data.n_inputs, fix="Use the data that it was trained on."))
    if (data.task, data.classes) != (net.task, net.classes):
        rule = f"was trained for {net.task}; the targets of {data.name!r} differ"
        raise InputError(problem(where, rule, got=f"{data.task}, {len(data.classes)} classes"))
