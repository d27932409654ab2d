"""`verdict`: whether a recipe fits a data set, decided by alternatives that are measured beside it."""

from __future__ import annotations

import math
import os
import time as clock
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.arguments import public
from goodfit.checked_json import damaged
from goodfit.data import Dataset, Split, Table
from goodfit.data.rare_classes import rare_classes
from goodfit.data.streams import is_number
from goodfit.errors import InputError, Problems, problem
from goodfit.intervals import SCORE_BOUNDS, SHARE
from goodfit.runs.checks import seeds_of
from goodfit.selection.calls import call_of, resumed
from goodfit.selection.methods import By, check_by
from goodfit.selection.preparing import FoldRequest, LearningRows, learning_rows, prepare
from goodfit.selection.result import parameters_of, trained_rows
from goodfit.training.elsewhere import on_executor
from goodfit.training.metrics import SCORE_NAMES
from goodfit.training.notebooks import session_line
from goodfit.training.observer import Watch
from goodfit.training.recipe import Recipe
from goodfit.training.schedules import ENDING
from goodfit.training.store import SessionRecord, session_folder
from goodfit.verdicts import laying_out, trying
from goodfit.verdicts.deciding import MARGIN, decide
from goodfit.verdicts.evidence import LOG_LOSS
from goodfit.verdicts.few_rows import FEW, evening_transform, rows_that_decide
from goodfit.verdicts.laying_out import VerdictLayout
from goodfit.verdicts.probes import EARLIER, HALF, Alternative, far_rates, probes_of
from goodfit.verdicts.racing import JudgedAlternatives, expected_seconds, race
from goodfit.verdicts.result import Verdict
from goodfit.verdicts.sizing import MINUTES, QUICK_SECONDS, REPEATS, Sizes, choose_sizes, sampled, shortened, steps_of
from goodfit.verdicts.words import listed

WHERE = "Verdict"
CALL = "verdict-call.json"  # in the folder of a verdict: what it was asked for
SIZES = "sizes"  # in it: what was chosen for the time when it began
FOLDS = 5
OUT_OF_TIME = (
    "Time ran out after {} of {} repeats of the folds, as the machine was slower than predicted: {} would have been "
    "measured again. More time (minutes, --minutes) allows it."
)
MOST_NAMED = 3  # of what there was no time for
AMPLE = 20  # weights a row, from which on a net is not too narrow

Planned = Callable[[VerdictLayout, float, float | None], None]
"""Called with all that will be trained, the seconds that it is predicted to take, and those of the run itself."""


@dataclass(frozen=True)
class VerdictRequest:
    """How a verdict is to be found; see `verdict`. sizes: what the minutes come to, None until it is known."""

    folds: Any = FOLDS
    repeats: int | None = None
    seeds: int | Iterable[int] = 1
    quick: bool = False
    by: By = "loss"
    margin: float = MARGIN
    seed: int = 0
    minutes: float | None = MINUTES
    sizes: Sizes | None = None

    def __post_init__(self) -> None:
        if is_number(self.minutes) and self.minutes == math.inf:
            object.__setattr__(self, "minutes", None)  # the same, and a file can hold it

    def to_json(self) -> dict[str, Any]:
        """As a file holds it."""
        return {**vars(self), "sizes": None if self.sizes is None else vars(self.sizes)}

    @classmethod
    def from_json(cls, call: Mapping[str, Any]) -> VerdictRequest:
        """What `to_json` wrote; TypeError for anything else."""
        sizes = call.get("sizes")
        return cls(**{**call, "sizes": None if sizes is None else Sizes(**sizes)})


@public
@on_executor
def verdict(
    recipe: Recipe | None,
    data: Dataset | Table | Split | str,
    *,
    folds: Any = FOLDS,
    repeats: int | None = None,
    seeds: int | Iterable[int] = 1,
    quick: bool = False,
    by: By = "loss",
    margin: float = MARGIN,
    minutes: float | None = MINUTES,
    groups: Any = None,
    time: Any = None,
    seed: int = 0,
    out: str | Path | None = None,
    plan: Planned | None = None,
    progress: Watch | None = None,
    executor: Any = None,
) -> Verdict:
    """Say whether a recipe under- or overfits, by training alternatives: wider, narrower, longer, other penalties, ...

    recipe: the default one if None.
    data: as in `train`; its test set is not used.
    folds, seed: of the folds, see `make_folds`.
    repeats: of the folds, at most: a verdict ends where nothing is open, and what is settled is not repeated. If None,
    three at most, as far as there is time.
    seeds: nets per fold, whose errors are averaged: how many, or the seeds themselves. They are those of the first
    fold; every other fold has its own.
    quick: fewer alternatives, on fewer rows or epochs where that saves time.
    by: "loss" uses log loss for classification and R² for regression, "score" uses accuracy.
    margin: the smallest gain that is relevant in practice, as a fraction of the error of the best constant prediction.
    minutes: that it may take, as far as can be predicted; where the data are too large for that, fewer rows are
    measured, and the verdict says what they cannot tell. None for as long as it takes.
    groups, time: as in `select`.
    out: folder that keeps what was computed, and the verdict; the same call resumes there.
    plan: called before it starts, see `Planned`.
    progress: as in `select`.
    executor: as in `select`.

    A recipe that keeps its best epoch by validation loss (`keep_best`, `valid`) is judged at the epoch that is best on
    the other folds; so are its alternatives.
    """
    progress = progress or session_line()
    asked = VerdictRequest(folds, repeats, seeds, quick, by, margin, seed, minutes)
    chosen = recipe or Recipe()
    learning = learning_rows(chosen, data, groups, time)
    given = {name: value for name, value in vars(asked).items() if name != "sizes"}
    call = call_of(data, chosen, {**given, "groups": groups, "time": time})
    asked = replace(asked, sizes=None if out is None else _sizes_of(Path(out), call))
    layout = lay_out(learning, chosen, asked, early=chosen.keep_best and chosen.valid > 0)
    if plan is not None:
        plan(layout, expected_seconds(layout), None)
    if out is None:
        return judged(layout, chosen, asked, None, progress)
    call = None if call is None else {**call, SIZES: vars(layout.sizes)}
    record = SessionRecord(layout.digest(asked), layout.memory, "verdict", call, layout.data_print)
    with session_folder(out, CALL, record, "verdict") as (folder, memory):
        found = judged(layout.cut_to(memory), chosen, asked, folder, progress)
        found.write(folder)
        return found


@public
@on_executor
def resume(
    out: str | Path,
    *,
    plan: Planned | None = None,
    progress: Watch | None = None,
    executor: Any = None,
) -> Verdict:
    """Go on with a verdict that was killed, from the folder that it was given.

    Only for named data sets and table files: else call `verdict` again, with the same arguments and folder.

    out: folder of the verdict
    plan, progress, executor: as in `verdict`
    """
    return resumed(out, CALL, "verdict", verdict, (SIZES,), plan=plan, progress=progress)


def _sizes_of(folder: Path, call: Mapping[str, Any] | None) -> Sizes | None:
    """Those of the same call that was begun in a folder: a machine that is faster or slower now does not change them.

    None where there is none, or where no file holds it.
    """
    path = folder / CALL
    kept = SessionRecord.read(path, "verdict").call if call is not None and os.path.lexists(path) else None
    if kept is None or {name: value for name, value in kept.items() if name != SIZES} != call:
        return None
    try:
        return Sizes(**kept[SIZES]) if SIZES in kept else None
    except TypeError as error:
        fix = "Remove its folder, or give another, and start the verdict again."
        raise damaged(path, must="the record of a verdict", fix=fix) from error


def lay_out(
    learning: LearningRows,
    recipe: Recipe,
    asked: VerdictRequest,
    *,
    early: bool,
    pace: float = 1.0,
    quick_seconds: float = QUICK_SECONDS,
) -> VerdictLayout:
    """Check what was asked for, choose the sizes where they are not given, and plan the trainings.

    pace: seconds of training per second that the planner predicts.
    quick_seconds: that a quick verdict may take.
    """
    problems = Problems()
    if not is_number(asked.margin) or not 0 < asked.margin < 1:
        problems.add(WHERE, "'margin' must be a fraction above 0 and below 1", got=asked.margin)
    if asked.minutes is not None and not (is_number(asked.minutes) and asked.minutes > 0):
        problems.add(WHERE, "'minutes' must be a number above 0", got=asked.minutes, fix="Use None for no limit.")
    if asked.repeats is not None and not (_is_whole(asked.repeats) and asked.repeats >= 1):
        fix = "Use None for as many as there is time for."
        problems.add(WHERE, "'repeats' must be an integer >= 1", got=asked.repeats, fix=fix)
    check_by(asked.by, WHERE, problems)
    with problems.collecting():
        seeds_of(recipe, asked.seeds, WHERE)
    problems.raise_if_any()

    def laid(sizes: Sizes) -> VerdictLayout:
        return _laid(learning, recipe, asked, sizes, early)

    if asked.sizes is not None:
        return laid(asked.sizes)
    seconds = math.inf if asked.minutes is None else 60.0 * asked.minutes
    seconds = min(seconds, quick_seconds) if asked.quick else seconds
    one = learning.source.time is not None or not _is_whole(asked.folds)
    sizes = choose_sizes(
        lambda sizes: expected_seconds(laid(sizes), pace),
        len(learning.rows),
        recipe,
        seconds,
        1 if one and asked.repeats is None else asked.repeats,
        REPEATS,
    )
    return laid(sizes)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _laid(learning: LearningRows, recipe: Recipe, asked: VerdictRequest, sizes: Sizes, early: bool) -> VerdictLayout:
    """All that may be trained with some sizes."""
    some = sampled(learning, sizes.rows, asked.folds if _is_whole(asked.folds) else 0)
    whole, recipe = recipe, shortened(recipe, sizes, len(some.rows))
    folds = FoldRequest(asked.folds, sizes.repeats, asked.seeds, asked.by, asked.seed)
    given = prepare(recipe, some, folds, WHERE, needs_r2=True)
    if len(given.folds.all) < 2:
        raise InputError(problem(WHERE, "there must be at least two folds", got=len(given.folds.all)))
    ample = parameters_of([recipe], given.bare, trained_rows(given.folds.all))[0] > AMPLE * len(some.rows)
    probes = probes_of(recipe, quick=asked.quick, ample=ample, brief=not sizes.whole_trainings)
    more: dict[str, Any] = {"far": far_rates(recipe), "seeds": given.seeds, "early": early, "by": asked.by}
    found = laying_out.lay_out(given.source, recipe, probes, given.folds, **more)
    lacking = math.log2(max(1.0, steps_of(whole, len(learning.rows)) / steps_of(recipe, len(some.rows))))
    return replace(found, sizes=sizes, rows=len(some.rows), of_rows=len(learning.rows), doublings=lacking)


def judged(
    layout: VerdictLayout,
    recipe: Recipe,
    asked: VerdictRequest,
    folder: Path | None = None,
    progress: Watch | None = None,
) -> Verdict:
    """Train what was laid out, or what `folder` does not hold of it yet, and decide."""
    began = clock.perf_counter()
    task, data = layout.sheets[0].data.task, layout.sheets[0].data
    what = LOG_LOSS if asked.by == "loss" and task != "regression" else SCORE_NAMES[task]
    rows = np.concatenate([fold.valid for fold in layout.folds.repeats[0]])
    held = rows_that_decide(data.y[rows]) if task == "regression" else 1.0
    race_of = partial(_decided, layout=layout, recipe=recipe, asked=asked, what=what, careful=held < FEW)
    limit = 60 * asked.minutes if asked.minutes is not None and asked.repeats is None and not asked.quick else math.inf
    last = race(layout, race_of, quick=asked.quick, folder=folder, watch=progress, limit=limit)
    folds = len(layout.folds.repeats[0])
    return Verdict(
        recipe=recipe,
        data_name=data.name,
        decision=last.decision,
        probes=last.probes,
        errors=last.errors,
        training=last.training,
        half=last.half,
        what=what,
        constant=last.found.constant,
        folds=folds,
        repeats=last.errors.shape[1] // folds,
        seeds=len(layout.seeds),
        early=layout.early,
        epochs=float(last.found.chosen[0]),
        measured_rows=layout.rows,
        learning_rows=layout.of_rows,
        shortened=layout.sizes.epochs,
        whole=layout.sizes.whole / 60,
        few=held if held < FEW else None,
        nets=last.found.nets,
        seconds=clock.perf_counter() - began,
        quick=asked.quick,
        transform=evening_transform(data.y[rows], recipe) if held < FEW else "",
        notes=_notes(data, rows, last, layout),
        out_of_time=last.out_of_time,
    )


def _notes(data: Dataset, rows: NDArray[np.int64], last: JudgedAlternatives, layout: VerdictLayout) -> tuple[str, ...]:
    """What else must be known: of rare classes, and of what there was no time for."""
    folds = len(layout.folds.repeats[0])
    rare = rare_classes(data.y[rows], data.classes, folds, 1.0) if data.task == "classification" else ""
    late = ""
    if last.out_of_time:
        done, every = last.errors.shape[1] // folds, len(layout.folds.repeats)
        names, more = last.open[:MOST_NAMED], len(last.open) - MOST_NAMED
        late = OUT_OF_TIME.format(done, every, listed([*names, *([f"{more} more"] if more > 0 else [])]))
    return tuple(filter(None, [rare, late]))


def _decided(
    found: trying.MeasuredAlternatives,
    *,
    layout: VerdictLayout,
    recipe: Recipe,
    asked: VerdictRequest,
    what: str,
    careful: bool,
) -> JudgedAlternatives:
    """What the errors so far decide."""
    half = found.probes.index(HALF) + 1
    rivals = [place for place in range(len(found.errors)) if place != half]
    probes = [probe for probe in found.probes if probe != HALF]
    columns = [count for count, probe in zip(found.columns, found.probes, strict=True) if probe != HALF]
    errors, training = found.errors[rivals], found.training[rivals]
    if not layout.early and layout.sizes.whole_trainings:
        stopped = trying.stopped_early(found)
        if stopped is not None:
            probes.append(_earlier(layout.recipes[0], stopped.epoch))
            columns.append(errors.shape[1])
            errors = np.concatenate([errors, stopped.errors[None]])
            training = np.concatenate([training, stopped.training[None]])
    halves = found.errors[half, : found.columns[half - 1]]
    decision = decide(
        errors,
        training,
        [probe.side for probe in probes],
        found.constant,
        len(layout.folds.repeats[0]),
        half=halves,
        columns=columns,
        margin=asked.margin,
        most=1.0 if SCORE_BOUNDS.get(what) == SHARE else math.inf,
        careful=careful,
        share=layout.rows / layout.of_rows,
        lasting=None
        if layout.sizes.whole_trainings
        else [_lasts(found, place, layout.doublings) for place in rivals[1:]],
    )
    return JudgedAlternatives(found, decision, tuple(probes), errors, training, halves)


def _lasts(found: trying.MeasuredAlternatives, place: int, doublings: float) -> bool:
    """Whether a probe gains more than the recipe itself would by the steps that its trainings lack.

    Each doubling of the steps is taken to gain what the second half of the training did, on a logarithmic scale.
    """
    count = found.columns[place - 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        half, end = (np.log(table[[0, place], :count]) for table in (found.halfway, found.ends))
    return bool((end[0] - end[1]).mean() > doublings * (half[0] - end[0]).mean())


def _earlier(recipe: Recipe, epoch: int) -> Alternative:
    """The recipe stopped at that epoch: as fewer epochs, or where a schedule ends with them by keeping the best one."""
    if {recipe.schedule, recipe.dropout_schedule, recipe.decay_schedule} & {*ENDING}:
        fields: Mapping[str, Any] = {"keep_best": True, "valid": recipe.valid or 0.1}
    else:
        fields = {"epochs": epoch}
    return Alternative(EARLIER, "tighter", fields, f"stopped after epoch {epoch} of {recipe.epochs}")
