"""Verdicts on runs: what a run was trained on and how, the cost of judging it, and what is kept in its folder."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from goodfit.data import Dataset, Step, Table
from goodfit.data import load as load_data
from goodfit.errors import InputError, problem
from goodfit.runs import record
from goodfit.runs.folder import load
from goodfit.runs.run import Run
from goodfit.selection import running, trying
from goodfit.selection.judging import VERDICT, WHERE, Asked, Planned, Verdict, judged, lay_out
from goodfit.training.examples import Examples
from goodfit.training.planner import COMPILE_SECONDS, plan
from goodfit.training.population import Job
from goodfit.training.recipe import Recipe

CALL = "goodfit.selection.judge_run({}, data)"
SHARE, SECONDS = 0.5, 10.0
"""A verdict is given unasked, in its quick form, where it takes at most this share of the run's time, or so long."""


def judge_run(
    folder: str | Path,
    data: Dataset | Table | str | None = None,
    *,
    asked: Asked | None = None,
    plan: Planned | None = None,
    progress: running.Watch | None = None,
    data_progress: Callable[[Step], None] | None = None,
) -> Verdict:
    """Judge the recipe of a run on the rows that it trained and validated with, and keep the verdict in its folder.

    data: what it was trained on, or its name, where the run does not find it itself. asked: see `Asked`; the others as
    in `verdict`. InputError where the run is not done, or the data have changed since.
    """
    where = Path(folder)
    run = load(where)
    found = record.RunRecord.read(where)
    given = load_data(data, progress=data_progress) if isinstance(data, str) else data
    source = record.data_of(where, found, data_progress, CALL) if given is None else given
    parts = record.read_split(where, source, found, "judged", CALL)
    verdict = judge(dataclasses.replace(run, split=parts), source, asked or Asked(), plan=plan, progress=progress)
    verdict.write(where)
    return verdict


def judge(
    run: Run,
    source: Dataset | Table,
    asked: Asked,
    *,
    plan: Planned | None = None,
    progress: running.Watch | None = None,
) -> Verdict:
    """Judge the recipe of a run whose split is known. source: the data, or the table that they were made of."""
    layout, own = lay_out_run(run, source, asked), own_seconds(run)
    if plan is not None:
        plan(layout, predicted_seconds(run, layout), own)
    found = judged(layout, run.recipe, asked, progress)
    return dataclasses.replace(found, share=found.seconds / own if own > 0 else None)


def lay_out_run(run: Run, source: Dataset | Table, asked: Asked) -> trying.Layout:
    """All that a verdict on a run trains."""
    parts = run.split
    if parts is None:
        raise InputError(problem(WHERE, "the data of the run must be known", fix="Give its folder."))
    rows = np.sort(np.concatenate([parts.train, parts.valid]))
    return lay_out(source, rows, run.recipe, asked, early=run.recipe.keep_best and len(parts.valid) > 0)


def predicted_seconds(run: Run, layout: trying.Layout) -> float:
    """What the verdict will take, from what the run took: the planner's estimate, corrected by how it did for the run.

    Compiling counts in full, although a program may be found on disk.
    """
    if run.split is None:
        return layout.schedule.seconds
    examples = Examples.of_split(run.split, run.recipe.scaling, loss=run.recipe.loss)
    own = plan([Job(run.recipe.replace(seed=seed)) for seed in run.seeds], examples)
    expected = sum(cohort.seconds for cohort in own.cohorts)
    share = float(run.history.stopped_epoch.max(initial=1)) / run.recipe.epochs
    pace = run.seconds.get("train", expected) / max(expected * share, 1e-9)
    work = sum(turn.seconds for turn in layout.schedule.turns)
    cohorts = [cohort for planned in layout.schedule.plans for cohort in planned.cohorts]
    programs = {(cohort.widths, len(cohort.jobs)) for cohort in cohorts}  # repeats of the folds share theirs
    return work * min(max(pace, 0.2), 20.0) + COMPILE_SECONDS * len(programs)


def own_seconds(run: Run) -> float:
    """What the run's own training took, compiling included."""
    return sum(run.seconds.get(name, 0.0) for name in ("compile", "train"))


def is_cheap(run: Run, seconds: float) -> bool:
    """Whether a verdict that takes so long may be given unasked."""
    return seconds <= max(SECONDS, SHARE * own_seconds(run))


@dataclass(frozen=True)
class Kept:
    """The verdict in a run's folder: its sentence, and the recipe that it advises, None where it advises nothing."""

    sentence: str
    advice: Recipe | None


def kept_verdict(folder: str | Path) -> Kept | None:
    """What was found earlier; None where the folder holds no verdict, InputError where it cannot be read."""
    path = Path(folder) / VERDICT
    try:
        found = json.loads(path.read_text("utf-8"))
        sentence, advice = str(found["sentence"]), found["advice"]
        recipe = None if advice is None else Recipe.from_mapping(advice["recipe"], where=str(path))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError) as error:
        fix = "Delete it, and judge the run again."
        raise InputError(problem(str(path), "must be a verdict, but it cannot be read", fix=fix)) from error
    return Kept(sentence, recipe)
