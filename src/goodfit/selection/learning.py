"""The learning curve: what becomes of training and held-out rows as there are more rows to learn from."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

import numpy as np

from goodfit.data import Dataset, Split, Table, load
from goodfit.data.streams import generator
from goodfit.errors import InputError, Problems, problem
from goodfit.runs.checks import fitted_recipe
from goodfit.selection import running
from goodfit.selection.curves import SettingCurve, band
from goodfit.selection.folds import Fold, Folds, Indexes, make_folds
from goodfit.selection.result import gathered
from goodfit.selection.search import By, divided_by, learning_rows, seeds_of, trained_whole
from goodfit.selection.sheets import Sheet, make_sheets
from goodfit.training.progress import SCORE_NAMES
from goodfit.training.recipe import Recipe

WHERE = "Learning curve"
FEWEST_ROWS = 16  # of the smallest share that is tried unasked
POINTS = 6  # numbers of rows that are tried unasked


def learning_curve(
    data: Dataset | Table | Split | str,
    recipe: Recipe | None = None,
    *,
    rows: Iterable[int] | None = None,
    folds: Any = 5,
    repeats: int = 1,
    seeds: int | Iterable[int] = 1,
    by: By = "score",
    groups: Any = None,
    time: Any = None,
    seed: int = 0,
    progress: running.Watch | None = None,
) -> SettingCurve:
    """Train a recipe on more and more rows of every fold, and score it on the rows that the fold holds out.

    rows: numbers of training rows, each at least 2 and at most what the smallest fold has; POINTS of them, evenly
    spaced in the logarithm, if None. Fewer rows are a part of more: classes keep their shares, and with `time` the
    latest rows are taken. A batch that is larger than the rows is all of them. by: measure "score" or "loss". The
    other arguments are those of `select`; test rows take no part.
    """
    recipe = recipe or Recipe()
    if by not in ("score", "loss"):
        raise InputError(problem(WHERE, "'by' must be score or loss", got=by))
    given = divided_by(load(data) if isinstance(data, str) else data, groups, time)
    source, learning = learning_rows(recipe, given)
    bare = source if isinstance(source, Dataset) else source.dataset(learning)
    divided = make_folds(bare, learning, folds=folds, repeats=repeats, seed=seed)
    sizes = _sizes(rows, min(len(fold.train) for fold in divided.all))
    chosen = seeds_of(recipe, seeds)
    sheets: list[Sheet] = []
    for number, size in enumerate(sizes):
        fewer = _fewer(bare, divided, size, seed, latest=bare.time is not None)
        fold = fewer.all[0]
        too_large = "batch_size" in recipe.model_fields_set and recipe.batch_size > size
        fitting = recipe.replace(batch_size=size) if too_large else recipe
        own = trained_whole(fitted_recipe(trained_whole(fitting), Split(bare, fold.train, fold.valid, learning[:0])))
        made = make_sheets(source, fewer, [own], chosen)
        sheets += [_numbered(sheet, number) for sheet in made]
    results = running.run(sheets, running.schedule(sheets), None, progress)
    found = gathered(sheets, results, (len(sizes), len(divided.all)), len(chosen))
    train, valid = (found[2], found[0]) if by == "score" else (found[3], found[1])
    means = valid.mean(axis=1)
    if not np.isfinite(means).any():
        raise InputError(
            problem(WHERE, "every number of rows has a fold on which a net diverged", fix="Lower the rate.")
        )
    return SettingCurve(
        field="rows",
        values=tuple(sizes),
        what=SCORE_NAMES[bare.task] if by == "score" else "loss",
        train=band(train, divided.test_share),
        valid=band(valid, divided.test_share),
        best=int(np.nanargmax(means) if by == "score" else np.nanargmin(means)),
    )


def _sizes(rows: Iterable[int] | None, most: int) -> list[int]:
    """The numbers of rows, rising."""
    if rows is None:
        spaced = np.geomspace(min(FEWEST_ROWS, most), most, POINTS)
        return sorted({round(float(size)) for size in spaced})
    given, problems = list(rows), Problems()
    whole = [isinstance(size, int | np.integer) and not isinstance(size, bool) for size in given]
    if not given or not all(whole) or not all(2 <= size <= most for size in given):
        rule = f"'rows' must be whole numbers from 2 to {most}, the rows that the smallest fold learns from"
        problems.add(WHERE, rule, got=given)
    problems.raise_if_any()
    return sorted({int(size) for size in given})


def _fewer(data: Dataset, folds: Folds, size: int, seed: int, *, latest: bool) -> Folds:
    """The same folds with fewer rows to learn from."""
    repeats = tuple(
        tuple(Fold(_part(data, fold.train, size, seed, latest=latest), fold.valid) for fold in repeat)
        for repeat in folds.repeats
    )
    return Folds(folds.kind, repeats, False)


def _part(data: Dataset, rows: Indexes, size: int, seed: int, *, latest: bool) -> Indexes:
    """Some of the rows: the latest, or drawn so that classes keep their shares; fewer are a part of more."""
    if latest:
        return rows[-size:]
    shuffled = generator(seed, "selection/learning").permutation(rows)
    if data.task != "classification":
        return shuffled[:size]
    codes = data.y[shuffled]
    place = np.empty(len(rows))
    for code in np.unique(codes):
        here = np.flatnonzero(codes == code)
        place[here] = (np.arange(len(here)) + 0.5) / len(here)  # of each row among those of its class
    chosen: Indexes = shuffled[np.argsort(place, kind="stable")[:size]]
    return chosen


def _numbered(sheet: Sheet, setting: int) -> Sheet:
    """A sheet whose fits count as another setting, and whose training rows are scored."""
    fits = tuple(dataclasses.replace(fit, setting=setting) for fit in sheet.fits)
    return dataclasses.replace(sheet, fits=fits, score_train=True)
