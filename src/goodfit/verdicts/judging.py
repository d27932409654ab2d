"""`verdict`: whether a recipe fits a data set, decided by alternatives that are measured beside it."""

from __future__ import annotations

import math
import time as clock
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from goodfit.arguments import public
from goodfit.data import Dataset, Split, Table
from goodfit.data.streams import is_number
from goodfit.errors import InputError, Problems, problem
from goodfit.intervals import SCORE_BOUNDS, SHARE
from goodfit.selection.calls import call_of, resumed
from goodfit.selection.methods import By
from goodfit.selection.preparing import FoldRequest, LearningRows, learning_rows, prepare
from goodfit.training.metrics import SCORE_NAMES
from goodfit.training.notebooks import session_line
from goodfit.training.observer import Watch
from goodfit.training.recipe import Recipe
from goodfit.training.store import SessionRecord, session_folder
from goodfit.verdicts import trying
from goodfit.verdicts.deciding import MARGIN, decide
from goodfit.verdicts.evidence import LOG_LOSS
from goodfit.verdicts.probes import EARLIER, HALF, Alternative, probes_of
from goodfit.verdicts.result import Verdict

WHERE = "Verdict"
CALL = "verdict-call.json"  # in the folder of a verdict: what it was asked for
FOLDS, REPEATS = 5, 3

Planned = Callable[[trying.VerdictLayout, float, float | None], None]
"""Called with all that will be trained, the seconds that it is predicted to take, and those of the run itself."""


@dataclass(frozen=True)
class VerdictRequest:
    """How a verdict is to be found; see `verdict`."""

    folds: Any = FOLDS
    repeats: int | None = None
    seeds: int | Iterable[int] = 1
    quick: bool = False
    by: By = "loss"
    margin: float = MARGIN
    seed: int = 0


@public
def verdict(
    data: Dataset | Table | Split | str,
    recipe: Recipe | None = None,
    *,
    folds: Any = FOLDS,
    repeats: int | None = None,
    seeds: int | Iterable[int] = 1,
    quick: bool = False,
    by: By = "loss",
    margin: float = MARGIN,
    groups: Any = None,
    time: Any = None,
    seed: int = 0,
    out: str | Path | None = None,
    plan: Planned | None = None,
    progress: Watch | None = None,
) -> Verdict:
    """Say whether a recipe under- or overfits, by training alternatives: wider, narrower, longer, other penalties, ...

    data: as in `train`; its test set is not used.
    recipe: the default one if None.
    folds, repeats, seed: of the folds, see `make_folds`; three repeats if None, one if `quick`.
    seeds: nets per fold, whose errors are averaged: how many, or the seeds themselves. They are those of the first
    fold; every other fold has its own.
    quick: fewer alternatives, one repeat.
    by: "loss" uses log loss for classification and R² for regression, "score" uses accuracy.
    margin: the smallest gain that is relevant in practice, as a fraction of the error of the best constant prediction.
    groups, time: as in `select`.
    out: folder that keeps what was computed, and the verdict; the same call resumes there.
    plan: called before it starts, see `Planned`.
    progress: as in `select`.

    A recipe that keeps its best epoch by validation loss (`keep_best`, `valid`) is judged at the epoch that is best on
    the other folds; so are its alternatives.
    """
    progress = progress or session_line()
    asked = VerdictRequest(folds, repeats, seeds, quick, by, margin, seed)
    chosen = recipe or Recipe()
    learning = learning_rows(chosen, data, groups, time)
    layout = lay_out(learning, chosen, asked, early=chosen.keep_best and chosen.valid > 0)
    if plan is not None:
        plan(layout, layout.planned.seconds, None)
    if out is None:
        return judged(layout, chosen, asked, None, progress)
    call = call_of(data, chosen, {**vars(asked), "groups": groups, "time": time})
    record = SessionRecord(layout.digest(asked), layout.memory, "verdict", call, layout.data_print)
    with session_folder(out, CALL, record, "verdict") as (folder, memory):
        found = judged(layout.cut_to(memory), chosen, asked, folder, progress)
        found.write(folder)
        return found


@public
def resume(out: str | Path, *, plan: Planned | None = None, progress: Watch | None = None) -> Verdict:
    """Go on with a verdict that was killed, from the folder that it was given.

    Only for named data sets and table files: else call `verdict` again, with the same arguments and folder.
    """
    return resumed(out, CALL, "verdict", verdict, plan=plan, progress=progress)


def lay_out(learning: LearningRows, recipe: Recipe, asked: VerdictRequest, *, early: bool) -> trying.VerdictLayout:
    """Check what was asked for, and plan the trainings."""
    problems = Problems()
    if not is_number(asked.margin) or not 0 < asked.margin < 1:
        problems.add(WHERE, "'margin' must be a fraction above 0 and below 1", got=asked.margin)
    one = asked.quick or learning.source.time is not None or not isinstance(asked.folds, int)
    repeats = (1 if one else REPEATS) if asked.repeats is None else asked.repeats
    folds = FoldRequest(asked.folds, repeats, asked.seeds, asked.by, asked.seed)
    given = prepare(recipe, learning, folds, WHERE, problems, needs_r2=True)
    if len(given.folds.all) < 2:
        raise InputError(problem(WHERE, "there must be at least two folds", got=len(given.folds.all)))
    probes = probes_of(recipe, quick=asked.quick)
    return trying.lay_out(given.source, recipe, probes, given.folds, seeds=given.seeds, early=early, by=asked.by)


def judged(
    layout: trying.VerdictLayout,
    recipe: Recipe,
    asked: VerdictRequest,
    folder: Path | None = None,
    progress: Watch | None = None,
) -> Verdict:
    """Train what was laid out, or what `folder` does not hold of it yet, and decide."""
    began = clock.perf_counter()
    found = trying.measure(layout, folder, progress)
    half = found.probes.index(HALF) + 1
    rivals = [place for place in range(len(found.errors)) if place != half]
    probes = [probe for probe in found.probes if probe != HALF]
    errors, training = found.errors[rivals], found.training[rivals]
    if not layout.early:
        stopped = trying.stopped_early(found, layout.folds)
        if stopped is not None:
            probes.append(_earlier(recipe, stopped.epoch))
            errors = np.concatenate([errors, stopped.errors[None]])
            training = np.concatenate([training, stopped.training[None]])
    sides = [probe.side for probe in probes]
    repeats = len(layout.folds.repeats)
    task = layout.sheets[0].data.task
    what = LOG_LOSS if asked.by == "loss" and task != "regression" else SCORE_NAMES[task]
    decision = decide(
        errors,
        training,
        sides,
        found.constant,
        len(layout.folds.repeats[0]),
        half=found.errors[half],
        margin=asked.margin,
        most=1.0 if SCORE_BOUNDS.get(what) == SHARE else math.inf,
    )
    return Verdict(
        recipe=recipe,
        data_name=layout.sheets[0].data.name,
        decision=decision,
        probes=tuple(probes),
        errors=errors,
        training=training,
        half=found.errors[half],
        what=what,
        constant=found.constant,
        folds=len(layout.folds.repeats[0]),
        repeats=repeats,
        seeds=len(layout.seeds),
        early=layout.early,
        epochs=float(found.chosen[0]),
        seconds=clock.perf_counter() - began,
    )


def _earlier(recipe: Recipe, epoch: int) -> Alternative:
    """The recipe stopped at that epoch: as fewer epochs, or where a schedule ends with them by keeping the best one."""
    if recipe.schedule in ("cosine", "one-cycle"):
        fields: Mapping[str, Any] = {"keep_best": True, "valid": recipe.valid or 0.1}
    else:
        fields = {"epochs": epoch}
    return Alternative(EARLIER, "tighter", fields, f"stopped after epoch {epoch} of {recipe.epochs}")
