"""The learning curve: what becomes of training and held-out rows as there are more rows to learn from."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from goodfit.arguments import public
from goodfit.curves.measuring import curve_folder, measured, numbered
from goodfit.data import Dataset, Split, Table
from goodfit.data.folds import Fold, Folds, some_rows
from goodfit.data.prints import fingerprint
from goodfit.errors import Problems
from goodfit.runs.checks import fitted_recipe
from goodfit.selection.calls import call_of
from goodfit.selection.methods import By
from goodfit.selection.preparing import FoldRequest, prepare
from goodfit.selection.recipes import in_batches_of, trained_whole
from goodfit.selection.setting_curve import SettingCurve
from goodfit.selection.sheets import Sheet, make_sheets
from goodfit.training.elsewhere import on_executor
from goodfit.training.notebooks import session_line
from goodfit.training.observer import Watch
from goodfit.training.recipe import Recipe

WHERE = "Learning curve"
FEWEST_ROWS = 16  # of the smallest share that is tried unasked
POINTS = 6  # numbers of rows that are tried unasked


@public
@on_executor
def learning_curve(
    recipe: Recipe | None,
    data: Dataset | Table | Split | str,
    *,
    rows: Iterable[int] | None = None,
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
    """Train a recipe on more and more rows of every fold, and score it on the rows that the fold holds out.

    Fewer rows are a part of more: classes keep their shares, and with `time` the latest rows are taken. A batch that is
    larger than the rows is all of them.

    rows: numbers of training rows, each at least 2 and at most what the smallest fold has; POINTS of them, evenly
    spaced in the logarithm, if None.
    by: measure "score" or "loss".
    out: folder that keeps what was computed; the same call resumes there.
    The other arguments are those of `select`; test rows take no part.
    """
    progress = progress or session_line()
    recipe = recipe or Recipe()
    asked = FoldRequest(folds, repeats, seeds, by, seed, groups, time)
    given = prepare(recipe, data, asked, WHERE)
    bare = given.bare
    sizes = _sizes(rows, min(len(fold.train) for fold in given.folds.all))
    sheets, parts = list[Sheet](), list[Folds]()
    for number, size in enumerate(sizes):
        fewer = _fewer(bare, given.folds, size, seed, latest=bare.time is not None)
        fold = fewer.all[0]
        fitting = in_batches_of(recipe, size)
        own = trained_whole(fitted_recipe(trained_whole(fitting), Split(bare, fold.train, fold.valid, given.rows[:0])))
        made = make_sheets(given.source, fewer, [own], given.seeds)
        sheets += [numbered(sheet, number) for sheet in made]
        parts.append(fewer)
    recipes = [sheet.jobs[0].recipe.to_json() for sheet in sheets]
    about = [WHERE, bare.name, fingerprint(bare), list(given.seeds), recipes, by]
    call = call_of(data, recipe, {"curve": "learning_curve", "rows": sizes, **vars(asked)})
    with curve_folder(out, about, parts, call, fingerprint(bare)) as kept:
        return measured("rows", sizes, sheets, given.folds, len(given.seeds), by, kept, progress)


def _sizes(rows: Iterable[int] | None, most: int) -> list[int]:
    """The numbers of rows, rising."""
    if rows is None:
        spaced = np.geomspace(min(FEWEST_ROWS, most), most, POINTS)
        return sorted({round(float(size)) for size in spaced})
    given, problems = list(rows), Problems()
    whole = [isinstance(size, int | np.integer) and not isinstance(size, bool) for size in given]
    if not given or not all(whole) or not all(2 <= size <= most for size in given):
        rule = f"'rows' must be integers from 2 to {most}, the training set size of the smallest fold"
        problems.add(WHERE, rule, got=given)
    problems.raise_if_any()
    return sorted({int(size) for size in given})


def _fewer(data: Dataset, folds: Folds, size: int, seed: int, *, latest: bool) -> Folds:
    """The same folds with fewer rows to learn from."""
    repeats = tuple(
        tuple(Fold(some_rows(data, fold.train, size, seed, latest=latest), fold.valid) for fold in repeat)
        for repeat in folds.repeats
    )
    return Folds(folds.kind, repeats, False)
