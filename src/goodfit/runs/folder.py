"""Runs on disk: list them, load one."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from goodfit.arguments import public
from goodfit.data import Ledger
from goodfit.data.ledger import Opening
from goodfit.errors import GoodfitError, InputError, problem
from goodfit.models.model_file import Model, load_model
from goodfit.models.predicting import DIVERGED, ENSEMBLE
from goodfit.models.scores import Score
from goodfit.models.whereabouts import how_to_finish
from goodfit.notices import warn
from goodfit.runs import record
from goodfit.runs.members import OutOfFold
from goodfit.runs.opening import of_test_set, restated
from goodfit.runs.record_parts import EnsembleFacts
from goodfit.runs.refitting import read_refit
from goodfit.runs.run import Run
from goodfit.training.history import History
from goodfit.training.lock import is_held
from goodfit.training.recipe import Recipe


@dataclass(frozen=True)
class RunSummary:
    """A run in a list.

    folder: of the run
    data: name of the data set
    when: it was begun
    state: "done", "training", "interrupted", or "damaged" where its record cannot be read: then `problem` says why, and
    when is the date of the file.
    seeds: one a net
    scores: part -> score, where it is done. The score on its own test rows is there once they were opened: the newest
    in the ledger, with the interval as it is by now.
    """

    folder: Path
    data: str
    when: datetime
    state: str
    seeds: tuple[int, ...]
    scores: dict[str, Score]
    problem: str = ""


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


def _opened() -> dict[str, list[Opening]]:
    """Folder of a run -> its lines in the ledger."""
    try:
        lines = Ledger().openings()
    except GoodfitError as error:
        warn(f"Test scores are not shown: {error}")
        return {}
    found: dict[str, list[Opening]] = {}
    for line in lines:
        if line.run is not None:
            found.setdefault(line.run, []).append(line)
    return found


def _test_score(lines: Sequence[Opening], found: record.RunRecord) -> Score | None:
    """The newest score on the run's own test rows, with the interval as it is by now."""
    scores = map(restated, reversed(of_test_set(lines, found.data, found.test_rows)))
    return next((score for score in scores if score is not None), None)


def _summary(folder: Path, opened: Mapping[str, Sequence[Opening]]) -> RunSummary:
    try:
        found = record.RunRecord.read(folder)
    except InputError as error:
        written = datetime.fromtimestamp(max(0.0, os.lstat(folder / record.RUN).st_mtime), UTC)
        return RunSummary(folder, "", written, "damaged", (), {}, str(error))
    test = _test_score(opened.get(str(folder.resolve()), ()), found)
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
        raise InputError(problem(str(where), "must be a finished run", fix=how_to_finish(where)))
    recipe = Recipe.from_file(where / record.RECIPE)
    predicting = model = load_model(where / record.MODEL)
    refit = None
    if recipe.refit:
        model, refit = read_refit(where, predicting)
    history = History.from_events(where / record.EVENTS, until=max(1, found.epochs))
    counts = {"run.json": len(found.seeds), "the model file": len(model.nets), "events.jsonl": history.n_nets}
    if len(set(counts.values())) > 1 or (model.task, tuple(net.seed for net in model.nets)) != (
        found.task,
        found.seeds,
    ):
        rule = "must hold the files of one run; they differ in their nets"
        raise InputError(problem(str(where), rule, got=counts, fix="Restore a backup, or train again."))
    return Run(
        recipe=recipe,
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
        origin=found.origin,
        data_print=found.data_print,
        stored=predicting if refit is not None else _with_diverged(model, history),
        refit=refit,
        out_of_fold=OutOfFold.read(where, recipe.fold_members, model.nets[0].n_outputs, history.frozen)
        if recipe.fold_members
        else None,
        start=_start_of(where, found),
        measured=found.measured,
        ensemble=_ensemble_of(where, predicting),
    )


def _with_diverged(model: Model, history: History) -> Model:
    """The model, which says which of its nets diverged; files of older versions do not."""
    stuck = np.flatnonzero(history.frozen).tolist()
    if not stuck or DIVERGED in model.about:
        return model
    return replace(model, about={**model.about, DIVERGED: stuck})


def _ensemble_of(folder: Path, model: Model) -> dict[str, Any] | None:
    """How the nets were chosen and weighed; InputError where the model file says what goodfit would not write."""
    facts = model.about.get(ENSEMBLE)
    if facts is None:
        return None
    try:
        EnsembleFacts.model_validate_json(json.dumps(facts))
    except ValueError as error:
        rule = f"{ENSEMBLE!r} in 'about' must be what goodfit writes"
        raise InputError(problem(str(folder / record.MODEL), rule, fix="Restore a backup, or fit again.")) from error
    return dict(facts)


def _start_of(folder: Path, found: record.RunRecord) -> Any:
    if found.start is None:
        return None
    from goodfit.runs.starting import GoingOn, Start

    return GoingOn(found.start, Start.read(folder, found.start))
