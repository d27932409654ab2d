"""Verdicts on runs: what a run was trained on and how, the cost of judging it, and what is kept in its folder."""

from __future__ import annotations

import dataclasses
import os
import shlex
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from goodfit.arguments import public
from goodfit.checked_json import damaged, read_json
from goodfit.data import Dataset, Step, Table
from goodfit.data import load as load_data
from goodfit.errors import InputError, problem
from goodfit.runs import record as records
from goodfit.runs import rows_again
from goodfit.runs.folder import load
from goodfit.runs.run import Run
from goodfit.runs.streaming import refuse_streamed, refuse_streamed_run
from goodfit.runs.telling import measured_on
from goodfit.selection.calls import is_json
from goodfit.selection.preparing import LearningRows
from goodfit.training.elsewhere import on_executor
from goodfit.training.examples import Examples, scaled_by
from goodfit.training.notebooks import session_line
from goodfit.training.observer import Watch
from goodfit.training.planner import plan
from goodfit.training.population import Job
from goodfit.training.recipe import Recipe
from goodfit.training.store import SessionRecord, read_call, session_folder
from goodfit.verdicts.judging import CALL, WHERE, Planned, VerdictRequest, judged, lay_out
from goodfit.verdicts.laying_out import VerdictLayout
from goodfit.verdicts.racing import expected_seconds
from goodfit.verdicts.result import VERDICT, Verdict
from goodfit.verdicts.sizing import QUICK_SECONDS

JUDGE = "goodfit.verdicts.judge_run({}, data)"
A_VERDICT = "a verdict, which trains on parts of the rows,"  # where rows are streamed
UNFINISHED = "verdict"  # the folder, in that of a run, that holds a verdict until it is known
LEAST_PACE, MOST_PACE = 0.2, 20.0  # beside the planner's prediction, that is believed
SHARE, SECONDS = 0.5, 10.0
"""A verdict is given unasked, in its quick form, where it takes at most this share of the run's time, or so long."""


@public
@on_executor
def judge_run(
    folder: str | Path,
    data: Dataset | Table | str | None = None,
    *,
    asked: VerdictRequest | None = None,
    plan: Planned | None = None,
    progress: Watch | None = None,
    data_progress: Callable[[Step], None] | None = None,
    executor: Any = None,
) -> Verdict:
    """Judge the recipe of a run on the rows that it trained and validated with, and keep the verdict in its folder.

    What was trained is kept until the verdict is known: the same call resumes where it was killed. InputError where the
    run is not done, or the data have changed since.

    folder: of the run
    data: what it was trained on, or its name, where the run does not find it itself.
    asked: how; see `VerdictRequest`.
    plan, progress: as in `verdict`
    data_progress: called while a named data set is looked for.
    executor: as in `select`.
    """
    progress = progress or session_line()
    where = Path(folder)
    run = load(where)
    refuse_streamed_run(run.origin, A_VERDICT)
    found = records.RunRecord.read(where)
    given = load_data(data, progress=data_progress) if isinstance(data, str) else data
    source = rows_again.data_of(where, found, data_progress, JUDGE, flag=True) if given is None else given
    parts = rows_again.read_split(where, source, found, "judged")
    return judge(dataclasses.replace(run, split=parts), source, asked or VerdictRequest(), plan=plan, progress=progress)


def judge(
    run: Run,
    source: Dataset | Table,
    asked: VerdictRequest,
    *,
    plan: Planned | None = None,
    progress: Watch | None = None,
) -> Verdict:
    """Judge the recipe of a run whose split is known.

    source: the data, or the table that they were made of. What is trained is kept in the run's folder until the verdict
    stands there, so that the same call resumes where it was killed.
    """
    own = own_seconds(run)
    if run.folder is None:
        layout = _announced(run, source, asked, own, plan)
        return _of_run(judged(layout, run.recipe, asked, progress=progress), run, own)
    asked = _begun(run.folder, asked)
    layout = _announced(run, source, asked, own, plan)
    asked = dataclasses.replace(asked, sizes=layout.sizes)
    origin = source.origin["path"] if isinstance(source, Table) and source.origin else None
    call = {"data": origin, **asked.to_json()}
    stored = call if is_json(call) else None
    record = SessionRecord(layout.digest(asked), layout.memory, "verdict", stored, layout.data_print)
    finish = shlex.join(["goodfit", "verdict", "--resume", str(run.folder)])
    with session_folder(run.folder / UNFINISHED, CALL, record, "verdict", finish) as (folder, memory):
        found = _of_run(judged(layout.cut_to(memory), run.recipe, asked, folder, progress), run, own)
        found.write(run.folder)  # before what it was made of goes: a kill between the two leaves both
        (folder / CALL).unlink()
        shutil.rmtree(folder, ignore_errors=True)
    return found


def _begun(folder: Path, asked: VerdictRequest) -> VerdictRequest:
    """What is asked for, with the sizes of the verdict that was begun in the run's folder where it is the same."""
    if asked.sizes is not None:
        return asked
    kept = _kept_call(folder)
    if kept is None:
        return asked
    before = _request_of(folder, kept)[0]
    return before if dataclasses.replace(before, sizes=None) == asked else asked


def _announced(
    run: Run, source: Dataset | Table, asked: VerdictRequest, own: float, plan: Planned | None
) -> VerdictLayout:
    layout = lay_out_run(run, source, asked)
    if plan is not None:
        plan(layout, predicted_seconds(run, layout), own)
    return layout


def _of_run(found: Verdict, run: Run, own: float) -> Verdict:
    """With what is known of the run: its time, and that its own nets are no better than a constant prediction."""
    told = []
    for part, each in run.measured.items():
        if text := each.no_better_on(measured_on(run, part)):
            told.append(f"The run itself: {text[0].lower()}{text[1:]}")
    return dataclasses.replace(found, share=found.seconds / own if own > 0 else None, notes=(*found.notes, *told))


def unfinished_request(folder: str | Path) -> tuple[VerdictRequest, str | None] | None:
    """How the verdict was asked for that was killed in a run's folder, and the path of the table that was judged on.

    None where no verdict was killed.
    """
    if not os.path.exists(Path(folder) / UNFINISHED / CALL):
        return None
    return _request_of(Path(folder), read_call(Path(folder) / UNFINISHED, CALL, "verdict"))


def _kept_call(folder: Path) -> dict[str, Any] | None:
    """The call of a verdict that was begun in a run's folder; None without one, or where no file holds it."""
    path = folder / UNFINISHED / CALL
    found = SessionRecord.read(path, "verdict").call if os.path.lexists(path) else None
    return None if found is None else dict(found)


def _request_of(folder: Path, call: dict[str, Any]) -> tuple[VerdictRequest, str | None]:
    try:
        data = call.pop("data")
        return VerdictRequest.from_json(call), data
    except (KeyError, TypeError) as error:
        path = folder / UNFINISHED / CALL
        raise damaged(path, must="the record of a verdict", fix="Judge the run again.") from error


def lay_out_run(run: Run, source: Dataset | Table, asked: VerdictRequest) -> VerdictLayout:
    """All that a verdict on a run trains."""
    parts = run.split
    if parts is None:
        raise InputError(problem(WHERE, "the data of the run must be known", fix="Give its folder."))
    if run.start is not None:
        rule = "compares recipes that begin with weights drawn anew, and this run went on from trained nets"
        raise InputError(problem(WHERE, rule, fix="Judge its recipe by itself: goodfit.verdict(run.recipe, data)."))
    refuse_streamed(parts, A_VERDICT)
    learning = LearningRows(source, np.sort(np.concatenate([parts.train, parts.valid])))
    early = run.recipe.keep_best and (len(parts.valid) > 0 or parts.folds is not None)
    quick = max(QUICK_SECONDS, SHARE * own_seconds(run))
    return lay_out(learning, run.recipe, asked, early=early, pace=pace_of(run), quick_seconds=quick)


def predicted_seconds(run: Run, layout: VerdictLayout) -> float:
    """What the verdict will take, from what the run took. Programs count in full, although a disk may hold them."""
    return expected_seconds(layout, pace_of(run))


def pace_of(run: Run) -> float:
    """How long the run trained, as a multiple of what the planner would have said."""
    if run.split is None:
        return 1.0
    examples = Examples.of_split(run.split, **scaled_by(run.recipe))
    own = plan([Job(run.recipe.replace(seed=seed)) for seed in run.seeds], examples)
    expected = sum(cohort.seconds for cohort in own.cohorts)
    share = float(run.history.stopped_epoch.max(initial=1)) / run.recipe.epochs
    pace = run.seconds.get("train", expected) / max(expected * share, 1e-9)
    return min(max(pace, LEAST_PACE), MOST_PACE)


def own_seconds(run: Run) -> float:
    """What the run's own training took, compiling included."""
    return sum(run.seconds.get(name, 0.0) for name in ("compile", "train"))


def is_cheap(run: Run, seconds: float) -> bool:
    """Whether a verdict that takes so long may be given unasked."""
    return seconds <= max(SECONDS, SHARE * own_seconds(run))


@dataclass(frozen=True)
class StoredVerdict:
    """The verdict in a run's folder: its sentence, the recipe that it advises, None where it advises nothing, and all
    that its file holds.
    """

    sentence: str
    advice: Recipe | None
    content: Mapping[str, Any]


def kept_verdict(folder: str | Path) -> StoredVerdict | None:
    """What was found earlier; None where the folder holds no verdict, InputError where it cannot be read."""
    path = Path(folder) / VERDICT
    if not os.path.lexists(path):
        return None
    must, fix = "a verdict", "Delete it, and judge the run again."
    found = read_json(path, must=must, fix=fix)
    try:
        sentence, advice = found["sentence"], found["advice"]
        recipe = None if advice is None else Recipe.from_mapping(advice["recipe"], where=str(path))
        if not isinstance(sentence, str):
            raise TypeError(sentence)
    except (KeyError, TypeError) as error:
        raise damaged(path, must=must, fix=fix) from error
    return StoredVerdict(sentence, recipe, found)
