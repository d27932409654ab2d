"""`select`: which recipe to keep, by cross-validation of all settings, folds and seeds together."""

import dataclasses
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from goodfit.arguments import public
from goodfit.data import Dataset, Split, Table
from goodfit.selection import halving, sampler, values
from goodfit.selection.calls import resumed
from goodfit.selection.layout import SearchLayout, lay_out
from goodfit.selection.methods import DEFAULT_BUDGET, Method, Sampler, SearchRequest
from goodfit.selection.result import Selection, selection_of
from goodfit.selection.space import Values
from goodfit.selection.winner import write_winner
from goodfit.training.elsewhere import on_executor
from goodfit.training.notebooks import session_line
from goodfit.training.observer import Watch
from goodfit.training.recipe import Recipe
from goodfit.training.store import SessionRecord, session_folder
from goodfit.training.turns import SessionPlan, plan_session

SEARCH = "search.json"
Planned = SessionPlan | halving.RungPlan | sampler.SamplingPlan
"""What a search will take: its text says so, and `seconds`, `programs` and `bytes`."""


@public
@on_executor
def select(
    recipe: Recipe | None,
    data: Dataset | Table | Split | str,
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
    by: str = "score",
    groups: Any = None,
    time: Any = None,
    train_scores: bool = False,
    seed: int = 0,
    leaks: str = "warn",
    out: str | Path | None = None,
    plan: Callable[[SearchLayout, Planned], None] | None = None,
    progress: Watch | None = None,
    executor: Any = None,
) -> Selection:
    """Compare hyperparameters by cross-validation: every setting, fold and seed trains in the same populations.

    recipe: shared by all settings, the default one if None.
    data: as in `train`; its test set is not used.
    vary: field of the recipe -> its values or a Range; or texts such as "l2=1e-5..1e-2:log".
    folds, repeats: see `make_folds`.
    seeds: nets per setting and fold, or the seeds themselves; all settings use the same.
    method: "grid" tries every combination, "random" samples; "auto" is a grid if the budget allows it. "halving"
    starts all settings (a grid, or sampled) with few epochs and repeatedly continues the best 1/`factor` for `factor`
    times as many epochs; "hyperband" does so in several brackets that start with more and more epochs (see `rungs`).
    "optuna" asks Optuna for `ask` settings at a time, trains them together, and reports their scores; an object with
    `ask` and `tell` can take its place (see `sampler.Sampler`).
    budget: the maximum number of settings.
    factor: the reduction factor, 3 if None
    least_epochs: of the first rung, 1 if None.
    ask: settings that an optimiser is asked for at a time: if None, an eighth of the budget, and at least 4
    by: metric to rank by: "score" (accuracy, exact match, R²), "loss" (log loss, squared error), a measure as
    `gf.measures` names it ("ROC AUC"), or as scikit-learn's scorer of it is called ("roc_auc",
    "neg_root_mean_squared_error"), computed for each net on each held-out fold; see docs/selection.md.
    groups: the group of each row, or the column of a table that holds it: a group is in one fold only, and either in
    the test set or not.
    time: likewise; held-out folds and the test set are later than the training data.
    train_scores: score training sets too, for `Selection.curve`.
    seed: of the folds and the sampled settings.
    leaks: as in `train`, for the folds.
    out: folder for the results, and for a model file of the best setting, trained on all rows but the test set with
    each seed; the same call with the same folder resumes the search.
    plan: called with the search and its predicted cost before it starts.
    progress: called with a SessionProgress now and then; a notebook shows a line of text where it is None.
    executor: trains the nets elsewhere, anything with `submit` of `concurrent.futures`; see docs/clusters.md.

    Every net that is compared trains for all its epochs: early stopping on its held-out fold would make its score
    optimistic. Vary `epochs` instead. Settings that halving stopped are in `Selection.stopped`.
    """
    progress = progress or session_line()
    how = {"factor": factor, "least_epochs": least_epochs, "ask": ask}
    asked = SearchRequest(
        recipe or Recipe(), folds, repeats, seeds, method, budget, by, groups, time, train_scores, seed, leaks, **how
    )
    search = lay_out(data, vary, asked)
    if search.leaks is not None:
        search.leaks.warn()
    if out is None:
        return _carry_out(search, None, plan, progress)
    record = SessionRecord(search.print, search.memory, str(search), search.call, search.data_print)
    with session_folder(out, SEARCH, record, "search") as (folder, memory):
        found = _carry_out(dataclasses.replace(search, memory=memory), folder, plan, progress)
        found.write(folder)
        write_winner(found, search, folder)
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


@public
@on_executor
def resume(
    out: str | Path,
    *,
    plan: Callable[[SearchLayout, Planned], None] | None = None,
    progress: Watch | None = None,
    executor: Any = None,
) -> Selection:
    """Go on with a search that was killed, from the folder that it was given; one that is done is read from there.

    Only for named data sets and table files: else call `select` again, with the same arguments and folder.

    out: folder of the search
    plan, progress, executor: as in `select`
    """
    return resumed(out, SEARCH, "search", select, plan=plan, progress=progress)
