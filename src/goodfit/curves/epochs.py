"""The epoch curve: what becomes of training and held-out rows as nets train on."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.arguments import public
from goodfit.curves.measuring import curve, curve_folder
from goodfit.data import Dataset, Split, Table
from goodfit.data.prints import fingerprint
from goodfit.errors import Problems
from goodfit.selection.calls import call_of
from goodfit.selection.methods import By
from goodfit.selection.preparing import FoldRequest, prepare
from goodfit.selection.setting_curve import SettingCurve
from goodfit.selection.sheets import Sheet, make_sheets
from goodfit.training import session
from goodfit.training.elsewhere import on_executor
from goodfit.training.examples import Examples
from goodfit.training.fitting import metric_names
from goodfit.training.keeping import PackTrained, keep_metrics
from goodfit.training.metrics import score_scale
from goodfit.training.notebooks import session_line
from goodfit.training.observer import Clock, Watch
from goodfit.training.recipe import Recipe
from goodfit.training.store import Store
from goodfit.training.turns import plan_session

WHERE = "Epoch curve"
LEARNED, HELD_OUT = "learned", "held_out"  # the parts that the program scores
KIND = "curve"  # of the files in its folder


@public
@on_executor
def epoch_curve(
    recipe: Recipe | None,
    data: Dataset | Table | Split | str,
    *,
    every: int = 1,
    folds: Any = 5,
    repeats: int = 1,
    seeds: int | Iterable[int] = 1,
    by: By = "score",
    groups: Any = None,
    time: Any = None,
    seed: int = 0,
    out: str | Path | None = None,
    progress: Watch | None = None,
    executor: Any = None,
) -> SettingCurve:
    """Train a recipe on every fold with every seed, once, and score it on the way on the rows that each fold holds out.

    Training rows are scored whole, after the epoch, without dropout. A schedule runs over all epochs of the recipe:
    what an early epoch scores is not what a training of so many epochs would come to (vary `epochs` for that).

    every: score after every so many epochs, and after the last.
    by: measure "score" or "loss", as `select` does; of several numeric targets each counts in its scaled unit.
    out: folder that keeps what was computed; the same call resumes there.
    The other arguments are those of `select`; test rows take no part.

    The best epoch is chosen on the rows that it is scored on, which makes its score a little too good.
    """
    recipe, progress = recipe or Recipe(), progress or session_line()
    problems = Problems()
    if isinstance(every, bool) or not isinstance(every, int) or not 1 <= every <= recipe.epochs:
        problems.add(WHERE, f"'every' must be an integer from 1 to the {recipe.epochs} epochs", got=every)
    asked = FoldRequest(folds, repeats, seeds, by, seed, groups, time)
    given = prepare(recipe, data, asked, WHERE, problems)
    (own,) = given.whole([recipe])
    sheets = [_scored(sheet, by) for sheet in make_sheets(given.source, given.folds, [own], given.seeds)]
    about = [WHERE, given.bare.name, fingerprint(given.bare), own.to_json(), list(given.seeds), every, by]
    call = call_of(data, recipe, {"curve": "epoch_curve", "every": every, **vars(asked)})
    with curve_folder(out, about, [given.folds], call, fingerprint(given.bare)) as kept:
        found = _traced(sheets, len(given.folds.all), len(given.seeds), by, every, kept, progress)
    epochs = [epoch for epoch in range(1, own.epochs + 1) if epoch % every == 0 or epoch == own.epochs]
    train, valid = found[:, np.asarray(epochs) - 1]
    return curve("epochs", epochs, train, valid, given.folds.test_share, by, given.bare.task)


def _scored(sheet: Sheet, by: str) -> Sheet:
    """A sheet whose program scores, for every net, the rows that it learns from and those held out from it.

    Not under the name "valid", which a training would watch: the nets are then those of a search.
    """
    examples = sheet.examples
    if examples.weights is None or examples.folds is None:
        parts = {LEARNED: examples.train, HELD_OUT: sheet.fits[0].held_out}
        scored = dataclasses.replace(examples, parts=parts)
    else:
        own = (np.arange(len(examples.weights))[:, None] == examples.folds).astype(np.float32)
        scored = dataclasses.replace(
            examples,
            parts={LEARNED: examples.train, HELD_OUT: examples.train},
            part_weights={LEARNED: examples.weights, HELD_OUT: own},
        )
    if by == "loss" and examples.task == "regression":
        scored = dataclasses.replace(scored, squares=_raw_squares(scored))
    return dataclasses.replace(sheet, examples=scored)


def _traced(
    sheets: list[Sheet],
    folds: int,
    seeds: int,
    by: str,
    every: int,
    kept: tuple[Path | None, float],
    watch: Watch | None,
) -> NDArray[np.float64]:
    """Measurements on training and on held-out rows, [2, epochs, folds], means over seeds; nan where a net had
    diverged or nothing was scored.
    """
    folder, memory = kept
    planned = plan_session(sheets, memory)
    fitted = session.run(
        sheets,
        keep_metrics,
        planned=planned,
        kept_in=None if folder is None else (Store(folder, KIND), PackTrained()),
        observers=[Clock(planned, watch)],
        pace=session.Pace(score_every=every),
    )
    epochs = sheets[0].jobs[0].recipe.epochs
    found = np.zeros((2, epochs, folds))
    for turn, trained in zip(planned.turns, fitted, strict=True):
        sheet = sheets[turn.work]
        whole = np.full((epochs, *trained.metrics.shape[1:]), np.nan)
        whole[: len(trained.metrics)] = trained.metrics
        values = _measurements(sheet, whole, by)  # [2, E, P]
        for place, job in enumerate(turn.jobs):
            found[:, :, sheet.fits[job].fold] += values[:, :, place] / seeds
    return found


def _measurements(sheet: Sheet, metrics: NDArray[Any], by: str) -> NDArray[np.float64]:
    """What `by` asks for, of training and of held-out rows, [2, E, P], as `sheets.row_values` measures rows."""
    names, squares = metric_names(sheet.examples.parts), sheet.examples.squares
    what = "loss" if by == "loss" and squares is None else "score"
    found = np.stack([metrics[:, names.index(f"{part}_{what}")] for part in (LEARNED, HELD_OUT)]).astype(np.float64)
    return found if squares is None else 1 - found


def _raw_squares(examples: Examples) -> tuple[NDArray[np.float64], ...]:
    """Weights that make the score 1 less the squared error in the targets' own unit, summed over outputs."""
    own = 1 / score_scale(examples).astype(np.float64)[None] ** 2
    return (own,) * (1 + len(examples.parts))
