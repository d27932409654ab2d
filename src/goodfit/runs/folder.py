"""Runs on disk: list them, load one, predict with one."""

from __future__ import annotations

import csv
import io
import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import numpy as np

from goodfit.data import Dataset, Step
from goodfit.data import load as load_data
from goodfit.errors import InputError, problem
from goodfit.files import write_atomically
from goodfit.runs import record
from goodfit.runs.lock import is_held
from goodfit.runs.model_file import load_model
from goodfit.runs.run import Run
from goodfit.runs.scores import Score
from goodfit.runs.trained_net import TrainedNet
from goodfit.training.history import History
from goodfit.training.recipe import Recipe


@dataclass(frozen=True)
class RunSummary:
    """A run in a list. state: "done", "training" or "interrupted"; scores: part -> score, where it is done."""

    folder: Path
    data: str
    when: datetime
    state: str
    seeds: tuple[int, ...]
    scores: dict[str, Score]


@dataclass(frozen=True, eq=False)
class Predictions:
    """Predictions of a run's nets for the rows of a data set: the mean over nets of probabilities, or of numbers.

    values: [N, C] probabilities, or numbers; predicted: [N] class codes, [N, C] labels or numbers.
    """

    data: Dataset
    values: np.ndarray
    predicted: np.ndarray
    nets: int

    def write_csv(self, to: str | os.PathLike[str] | IO[str]) -> None:
        """One line a row: its number, the prediction, and for classes and labels every probability."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self._header())
        for row in range(len(self.values)):
            writer.writerow([row, *self._cells(row)])
        if hasattr(to, "write"):
            to.write(text.getvalue())
        else:
            write_atomically(to, text.getvalue().encode())

    def _header(self) -> list[str]:
        classes = self.data.classes
        if self.data.task == "regression":
            outputs = self.values.shape[1]
            return ["row", *(["prediction"] if outputs == 1 else [f"prediction_{i}" for i in range(outputs)])]
        chosen = ["prediction"] if self.data.task == "classification" else list(classes)
        return ["row", *chosen, *(f"probability of {name}" for name in classes)]

    def _cells(self, row: int) -> list[Any]:
        numbers = [f"{value:.6g}" for value in self.values[row]]
        if self.data.task == "regression":
            return numbers
        if self.data.task == "classification":
            return [self.data.classes[self.predicted[row]], *numbers]
        return [*(str(int(label)) for label in self.predicted[row]), *numbers]


def list_runs(root: str | os.PathLike[str]) -> list[RunSummary]:
    """The runs in a folder, newest first. Folders that hold none are passed over, damaged ones with a warning."""
    path = Path(root)
    if not path.is_dir():
        return []
    found = []
    for folder in sorted(path.iterdir()):
        if (folder / record.RUN).exists():
            try:
                found.append(_summary(folder))
            except InputError as error:
                warnings.warn(str(error), stacklevel=2)
    return sorted(found, key=lambda run: (run.when, str(run.folder)), reverse=True)


def _summary(folder: Path) -> RunSummary:
    found = record.RunRecord.read(folder)
    going = "training" if is_held(folder) else "interrupted"
    return RunSummary(
        folder=folder,
        data=found.data,
        when=found.when,
        state="done" if found.state == "done" else going,
        seeds=found.seeds,
        scores=found.scores,
    )


def task_of(folder: str | os.PathLike[str]) -> str:
    """What the data of a run are for, done or not: "classification", "multilabel" or "regression"."""
    return record.RunRecord.read(Path(folder)).task


def load(folder: str | os.PathLike[str]) -> Run:
    """A run that is done, as `train` returned it."""
    where = Path(folder)
    found = record.RunRecord.read(where)
    if found.state != "done":
        fix = f"Finish it with: goodfit train --resume {where}"
        raise InputError(problem(str(where), "must be a run that is done; this one is not", fix=fix))
    model = load_model(where / record.MODEL)
    return Run(
        recipe=Recipe.from_file(where / record.RECIPE),
        data_name=found.data,
        task=model.nets[0].task,
        seeds=found.seeds,
        nets=model.nets,
        history=History.from_events(where / record.EVENTS, until=max(1, found.epochs)),
        scores=found.scores,
        seconds=found.seconds,
        folder=where,
    )


def predict(
    run: str | os.PathLike[str], data: str | Dataset, *, data_progress: Callable[[Step], None] | None = None
) -> Predictions:
    """Predictions of a run's nets, averaged, for a data set or the name of one.

    run: a run's folder, or a model file. data_progress: called while a named data set is looked for.
    """
    path = Path(run)
    if path.is_dir():
        if record.RunRecord.read(path).state != "done":
            fix = f"Finish it with: goodfit train --resume {path}"
            raise InputError(problem(str(run), "must be a run that is done; this one is not", fix=fix))
        path = path / record.MODEL
    if not path.exists():
        raise InputError(problem(str(run), "must be a run that is done, or a model file", fix="See 'goodfit runs'."))
    nets = load_model(path).nets
    rows = load_data(data, progress=data_progress) if isinstance(data, str) else data
    _check_fit(str(run), nets[0], rows)
    if rows.task == "regression":
        values = np.mean([net.predict(rows.x) for net in nets], axis=0)
        return Predictions(rows, values, values, len(nets))
    values = np.mean([net.predict_proba(rows.x) for net in nets], axis=0)
    predicted = values.argmax(1) if rows.task == "classification" else values > 0.5
    return Predictions(rows, values, predicted, len(nets))


def _check_fit(where: str, net: TrainedNet, data: Dataset) -> None:
    if data.n_inputs != net.n_inputs:
        rule = f"takes {net.n_inputs} inputs; {data.name!r} has another number"
        raise InputError(problem(where, rule, got=data.n_inputs, fix="Use the data that it was trained on."))
    if (data.task, data.classes) != (net.task, net.classes):
        rule = f"was trained for {net.task}; the targets of {data.name!r} are not the same"
        raise InputError(problem(where, rule, got=f"{data.task}, {len(data.classes)} classes"))
