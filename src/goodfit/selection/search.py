"""`select`: which recipe to keep, by cross-validation of all settings, folds and seeds together."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from goodfit.data import Dataset, Split, Table
from goodfit.selection import halving, sampler, values
from goodfit.selection.calls import resumed
from goodfit.selection.layout import SearchLayout, lay_out
from goodfit.selection.methods import DEFAULT_BUDGET, By, Method, Sampler, SearchRequest
from goodfit.selection.result import Selection, selection_of
from goodfit.selection.space import Values
from goodfit.training.observer import Watch
from goodfit.training.recipe import Recipe
from goodfit.training.store import SessionRecord, session_folder
from goodfit.training.turns import SessionPlan, plan_session

SEARCH = "search.json"
Planned = SessionPlan | halving.RungPlan | sampler.SamplingPlan
"""What a search will take: its text says so, and `seconds`, `programs` and `bytes`."""


def select(
    data: Dataset | Table | Split | str,
    recipe: Recipe | None = None,
    *,
    vary: Values | Iterable[str],
    folds: Any = 5,
    repeats: int = 1,
    seeds: int | Iterable[int] = 1,
    method: Method | Sampler = "auto",
    budget: int = DEFAULT_BUDGET,
    factor: int | None = None,
    least_epochs: int | None = None,
    ask: int | None = None,
    by: By = "score",
    groups: Any = None,
    time: Any = None,
    train_scores: bool = False,
    seed: int = 0,
    leaks: str = "warn",
    out: str | Path | None = None,
    plan: Callable[[SearchLayout, Planned], None] | None = None,
    progress: Watch | None = None,
) -> Selection:
    """Train every setting on every fold with every seed, as populations, and compare the settings on held-out rows.

    data: as in `train`; its test rows take no part. recipe: what all settings share. vary: field of the recipe -> its
    values or a Range; or texts such as "l2=1e-5..1e-2:log". folds, repeats: see `make_folds`. groups: what each row
    of the data belongs to, or the column of a table that says it: a group stands in one fold only, and in the test rows
    or not. time: likewise; what is held out, and tested, comes later. leaks: as in `train`, for the folds. seeds: nets
    a setting and fold, or the seeds themselves; all settings train with the same. budget: the most settings that are
    tried. by: what makes a setting better: "score" (accuracy, exact match, R²) or "loss" (log loss, or squared error).
    train_scores: score training rows too, for `Selection.curve`. seed: of the folds and the drawn settings. out: folder
    that keeps what was computed; the same call with the same folder goes on where it was killed. plan: called with the
    search and what it will take before it starts.

    method: "grid" tries every combination, "random" draws; "auto" is a grid where the budget allows it. "halving"
    begins with all of them (a grid, or drawn) for few epochs and lets the best factor-th of them train on for `factor`
    times as many, again and again; "hyperband" does so in several brackets that begin with more and more epochs (see
    `rungs`). factor: 3 if None; least_epochs: of the first rung, 1 if None. "optuna" asks Optuna for `ask` settings at
    a time (an eighth of the budget if None, and 4 at least), trains them as one population, and tells it their scores;
    an object with `ask` and `tell` may stand in its place (see `sampler.Sampler`).

    Every net that is compared trains for all its epochs: to stop each early on its held-out fold would flatter it. Vary
    `epochs` instead. What halving leaves behind stands in `Selection.stopped`.
    """
    how = {"factor": factor, "least_epochs": least_epochs, "ask": ask}
    asked = SearchRequest(
        recipe or Recipe(), folds, repeats, seeds, method, budget, by, groups, time, train_scores, seed, leaks, **how
    )
    search = lay_out(data, vary, asked)
    if search.leaks is not None:
        search.leaks.warn()
    if out is None:
        return _carry_out(search, None, plan, progress)
    record = SessionRecord(search.print, search.memory, str(search), search.call)
    with session_folder(out, SEARCH, record, "search") as (folder, memory):
        found = _carry_out(dataclasses.replace(search, memory=memory), folder, plan, progress)
        found.write(folder)
        return found


def _carry_out(
    search: SearchLayout,
    folder: Path | None,
    plan: Callable[[SearchLayout, Planned], None] | None,
    progress: Watch | None,
) -> Selection:
    if search.brackets:
        return halving.carry_out(search, folder, plan, progress)
    if search.sampling is not None:
        return sampler.carry_out(search, search.sampling, folder, plan, progress)
    sheets = search.sheets()
    scheduled = plan_session(sheets, search.memory)
    if plan is not None:
        plan(search, scheduled)
    return selection_of(search, sheets, values.train(sheets, scheduled, folder, progress))


def resume(
    out: str | Path,
    *,
    plan: Callable[[SearchLayout, Planned], None] | None = None,
    progress: Watch | None = None,
) -> Selection:
    """Go on with a search that was killed, from the folder that it was given; one that is done is read from there.

    Only for named data sets and table files: else call `select` again, with the same arguments and folder.
    """
    return resumed(out, SEARCH, "search", select, plan=plan, progress=progress)
