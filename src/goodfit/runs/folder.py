"""Runs on disk: list them, load one, predict with one."""

import contextlib
import csv
import io
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import numpy as np

from goodfit.arguments import public
from goodfit.data import Dataset, Ledger, Step, Table, names
from goodfit.data import load as load_data
from goodfit.data.tables import is_table_path, read_frame
from goodfit.data.tables.frames import frame_of
from goodfit.errors import GoodfitError, InputError, problem
from goodfit.files import write_atomically
from goodfit.models.averaging import decided, mean_values
from goodfit.models.model_file import Model, load_model
from goodfit.models.scores import Score
from goodfit.models.trained_net import TrainedNet
from goodfit.notices import warn
from goodfit.runs import record
from goodfit.runs.opening import restated
from goodfit.runs.run import Run
from goodfit.training.history import History
from goodfit.training.lock import is_held
from goodfit.training.recipe import Recipe

FORMULAS = ("=", "+", "-", "@", "\t", "\r")  # with which a formula begins in spreadsheets


@dataclass(frozen=True)
class RunSummary:
    """A run in a list.

    state: "done", "training", "interrupted", or "damaged" where its record cannot be read: then `problem` says why, and
    when is the date of the file. scores: part -> score, where it is done. The score on test rows is there once they
    were opened: the newest in the ledger, with the interval as it is by now.
    """

    folder: Path
    data: str
    when: datetime
    state: str
    seeds: tuple[int, ...]
    scores: dict[str, Score]
    problem: str = ""


@dataclass(frozen=True, eq=False)
class Predictions:
    """Predictions of a run's nets for the rows of a data set or table: the mean over nets of probabilities or numbers.

    values: [N, C] probabilities, or numbers; predicted: [N] class codes, [N, C] labels or numbers; notes: on what was
    ignored or filled in of a table.
    unread: rows of a table with a value that cannot be read: `values` holds NaN for them, `predicted` -1 for classes
    and NaN for labels and numbers, and `write_csv` leaves their cells empty; warnings: which values, by column.
    """

    task: str
    classes: tuple[str, ...]
    values: np.ndarray
    predicted: np.ndarray
    nets: int
    notes: tuple[str, ...] = ()
    unread: tuple[int, ...] = ()
    warnings: tuple[str, ...] = ()

    def write_csv(self, to: str | os.PathLike[str] | IO[str]) -> None:
        """One line a row: its number, the prediction, and for classes and labels every probability.

        A name that a spreadsheet would carry out as a formula, such as =1+1, has an apostrophe before it, which
        spreadsheets take for "this is text".
        """
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        header, unread = self._header(), set(self.unread)
        writer.writerow(map(_as_text, header))
        for row in range(len(self.values)):
            writer.writerow([row, *([""] * (len(header) - 1) if row in unread else self._cells(row))])
        if hasattr(to, "write"):
            to.write(text.getvalue())
        else:
            write_atomically(to, text.getvalue().encode())

    def _header(self) -> list[str]:
        classes = self.classes
        if self.task == "regression":
            outputs = self.values.shape[1]
            return ["row", *(["prediction"] if outputs == 1 else [f"prediction_{i}" for i in range(outputs)])]
        chosen = ["prediction"] if self.task == "classification" else list(classes)
        return ["row", *chosen, *(f"probability of {name}" for name in classes)]

    def _cells(self, row: int) -> list[Any]:
        numbers = [f"{value:.6g}" for value in self.values[row]]
        if self.task == "regression":
            return numbers
        if self.task == "classification":
            return [_as_text(self.classes[self.predicted[row]]), *numbers]
        return [*(str(int(label)) for label in self.predicted[row]), *numbers]


def _as_text(name: str) -> str:
    """A name as a spreadsheet shows it, not carries it out; numbers, which may begin with a sign, stay as they are."""
    if not name.startswith(FORMULAS):
        return name
    with contextlib.suppress(ValueError):
        float(name)
        return name
    return f"'{name}"


@public
def list_runs(root: str | os.PathLike[str]) -> list[RunSummary]:
    """The runs in a folder, newest first; damaged ones are listed as such. Folders that hold none are passed over."""
    path = Path(root)
    if not os.path.isdir(path):
        return []
    opened = _opened()
    try:
        folders = sorted(path.iterdir())
    except OSError as error:
        raise InputError(problem(str(path), f"must be readable: {error.strerror or error}")) from error
    found = [_summary(folder, opened) for folder in folders if os.path.lexists(folder / record.RUN)]
    return sorted(found, key=lambda run: (run.when, str(run.folder)), reverse=True)


def _opened() -> dict[str, Score]:
    """Folder of a run -> its newest score on test rows in the ledger, with the interval as it is by now."""
    try:
        lines = Ledger().openings()
    except GoodfitError as error:
        warn(f"Test scores are not shown: {error}")
        return {}
    scores = ((line.run, restated(line)) for line in lines)
    return {run: score for run, score in scores if run is not None and score is not None}


def _summary(folder: Path, opened: Mapping[str, Score]) -> RunSummary:
    test = opened.get(str(folder.resolve()))
    try:
        found = record.RunRecord.read(folder)
    except InputError as error:
        written = datetime.fromtimestamp(max(0.0, os.lstat(folder / record.RUN).st_mtime), UTC)
        return RunSummary(folder, "", written, "damaged", (), {}, str(error))
    going = "training" if is_held(folder) else "interrupted"
    return RunSummary(
        folder=folder,
        data=found.data,
        when=found.when,
        state="done" if found.state == "done" else going,
        seeds=found.seeds,
        scores={**found.scores, **({} if test is None else {"test": test})},
    )


@public
def record_of(folder: str | os.PathLike[str]) -> record.RunRecord:
    """What run.json says of a run, done or not: its task, its seeds, what else its command was asked for, ..."""
    return record.RunRecord.read(Path(folder))


@public
def load(folder: str | os.PathLike[str]) -> Run:
    """Load a finished run, as `train` returned it."""
    where = Path(folder)
    found = record.RunRecord.read(where)
    if found.state != "done":
        fix = f"Finish it with: goodfit train --resume {where}"
        raise InputError(problem(str(where), "must be a finished run", fix=fix))
    model = load_model(where / record.MODEL)
    history = History.from_events(where / record.EVENTS, until=max(1, found.epochs))
    counts = {"run.json": len(found.seeds), "the model file": len(model.nets), "events.jsonl": history.n_nets}
    if len(set(counts.values())) > 1 or (model.task, tuple(net.seed for net in model.nets)) != (
        found.task,
        found.seeds,
    ):
        rule = "must hold the files of one run; they differ in their nets"
        raise InputError(problem(str(where), rule, got=counts, fix="Restore a backup, or train again."))
    return Run(
        recipe=Recipe.from_file(where / record.RECIPE),
        data_name=found.data,
        task=model.task,
        seeds=found.seeds,
        nets=model.nets,
        history=history,
        scores=found.scores,
        seconds=found.seconds,
        folder=where,
        leaks=found.leaks,
        test_rows=found.test_rows,
        start=_start_of(where, found),
    )


def _start_of(folder: Path, found: record.RunRecord) -> Any:
    if found.start is None:
        return None
    from goodfit.runs.starting import GoingOn, Start

    return GoingOn(found.start, Start.read(folder, found.start))


@public
def predict(
    run: str | os.PathLike[str],
    data: Any,
    *,
    strict: bool = False,
    data_progress: Callable[[Step], None] | None = None,
) -> Predictions:
    """Predict with a run or a model file: the average over its nets.

    run: a run's folder, or a model file. data: a data set or the name of one; for nets that were trained on a table, a
    table file, a data frame or a dict of columns, in any order and with or without the target.
    strict: what becomes of a table's rows with a value that cannot be read (a text among numbers, a 2 among 0 and 1):
    False predicts the other rows, and `unread` and `warnings` name these; True raises InputError, as does a table
    without a row that can be read.
    data_progress: called while a named data set is being found.
    """
    model = load_model(model_path(run))
    if model.preprocessing is None:
        rows = _dataset(str(run), data, data_progress)
        _check_fit(str(run), model.nets[0], rows)
        return _averaged(model, rows.x)
    if isinstance(data, Dataset) and data.preprocessing == model.preprocessing:
        return _averaged(model, data.x)
    columns = frame_of(_columns(str(run), data))
    if strict:
        x, notes = model.preprocessing.transform(columns)
        return _averaged(model, x, notes)
    x, kept, notes, lost = model.preprocessing.transform_readable(columns)
    found = _averaged(model, x, notes)
    return found if len(kept) == columns.rows else _with_gaps(found, kept, columns.rows, lost)


def model_path(run: str | os.PathLike[str]) -> Path:
    """The model file of a run that is done, from its folder; a model file's own path is returned as it is."""
    path = Path(run)
    if os.path.isdir(path):
        if record.RunRecord.read(path).state != "done":
            fix = f"Finish it with: goodfit train --resume {path}"
            raise InputError(problem(str(run), "must be a finished run", fix=fix))
        path = path / record.MODEL
    if not os.path.exists(path):
        raise InputError(problem(str(run), "must be a finished run or a model file", fix="See 'goodfit runs'."))
    return path


def _dataset(where: str, data: Any, progress: Callable[[Step], None] | None) -> Dataset:
    if isinstance(data, Dataset):
        return data
    if isinstance(data, str) and (data in names() or not is_table_path(data)):
        return load_data(data, progress=progress)
    rule = "was trained on arrays without column names, so it takes a data set, not a table"
    raise InputError(problem(where, rule, got=data if isinstance(data, str) else type(data).__name__))


def _columns(where: str, data: Any) -> Any:
    """The raw columns of a table, or what may hold some."""
    if isinstance(data, str | os.PathLike):
        name = os.fspath(data)
        if name in names() and not os.path.exists(name):
            rule = "was trained on a table, so it takes a table file"
            raise InputError(problem(where, rule, got=name, fix="Give a .csv, .parquet or another table file."))
        return read_frame(name)
    return data.frame if isinstance(data, Table) else data


def _averaged(model: Model, x: np.ndarray, notes: Sequence[str] = ()) -> Predictions:
    values = mean_values(model.nets, x)
    return Predictions(model.task, model.classes, values, decided(model.task, values), len(model.nets), tuple(notes))


def _with_gaps(found: Predictions, rows: np.ndarray, n_rows: int, lost: Sequence[str]) -> Predictions:
    """Predictions of some rows as those of all `n_rows`, of which the others have none."""
    values = np.full((n_rows, *found.values.shape[1:]), np.nan, found.values.dtype)
    nothing = -1 if found.task == "classification" else np.nan
    predicted = np.full((n_rows, *found.predicted.shape[1:]), nothing, found.predicted.dtype)
    values[rows], predicted[rows] = found.values, found.predicted
    unread = np.setdiff1d(np.arange(n_rows), rows)
    return replace(found, values=values, predicted=predicted, unread=tuple(unread.tolist()), warnings=tuple(lost))


def _check_fit(where: str, net: TrainedNet, data: Dataset) -> None:
    if data.n_inputs != net.n_inputs:
        rule = f"takes {net.n_inputs} features; {data.name!r} has a different number"
        raise InputError(problem(where, rule, got=data.n_inputs, fix="Use the data that it was trained on."))
    if (data.task, data.classes) != (net.task, net.classes):
        rule = f"was trained for {net.task}; the targets of {data.name!r} differ"
        raise InputError(problem(where, rule, got=f"{data.task}, {len(data.classes)} classes"))
