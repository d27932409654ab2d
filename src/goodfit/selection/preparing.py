"""Data before a search, a curve or a verdict: the rows that may train and validate, their folds, and the seeds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from goodfit.data import Dataset, Split, Table, load
from goodfit.data.dividing import with_division
from goodfit.data.folds import Folds, Indexes, make_folds, refuse_undefined_r2
from goodfit.errors import Problems
from goodfit.runs.checks import as_split, seeds_of
from goodfit.runs.streaming import refuse_streamed
from goodfit.selection.methods import By, check_by
from goodfit.selection.recipes import fitted_whole
from goodfit.training.recipe import Recipe


class LearningRows(NamedTuple):
    """Data, and the rows of it that may train and validate: test rows are not among them."""

    source: Dataset | Table
    rows: Indexes


@dataclass(frozen=True)
class FoldRequest:
    """How data are to be divided and what is to be measured, as given to `select`, a curve or a verdict."""

    folds: Any
    repeats: int
    seeds: int | Iterable[int]
    by: By
    seed: int
    groups: Any = None
    time: Any = None


@dataclass(frozen=True)
class FoldedData:
    """Data that is ready for a job.

    source: what nets are scaled and encoded from, fold by fold
    bare: the same as one data set: a table encoded by `rows`
    rows: those that may train and validate
    folds: of the rows
    seeds: nets a fold
    """

    source: Dataset | Table
    bare: Dataset
    rows: Indexes
    folds: Folds
    seeds: tuple[int, ...]

    def whole(self, recipes: Sequence[Recipe]) -> tuple[Recipe, ...]:
        """Recipes as they train on every fold; InputError where one does not fit."""
        return fitted_whole(recipes, self.source, self.rows, self.folds)


def prepare(
    recipe: Recipe,
    data: Dataset | Table | Split | str | LearningRows,
    asked: FoldRequest,
    where: str,
    problems: Problems | None = None,
    *,
    needs_r2: bool = False,
) -> FoldedData:
    """Check what was asked for, and divide the rows that may train and validate into folds.

    where: who asks, for errors
    problems: what else is wrong, raised together with what is found here
    needs_r2: of regression, whatever `by` says

    InputError where the data cannot be divided so, or the score of a fold is not defined.
    """
    problems = problems or Problems()
    check_by(asked.by, where, problems)
    with problems.collecting():
        seeds = seeds_of(recipe, asked.seeds, where)
    problems.raise_if_any()
    source, rows = data if isinstance(data, LearningRows) else learning_rows(recipe, data, asked.groups, asked.time)
    bare = source if isinstance(source, Dataset) else source.dataset(rows)
    folds = make_folds(bare, rows, folds=asked.folds, repeats=asked.repeats, seed=asked.seed)
    if needs_r2 or asked.by == "score":
        fix = "Use fewer folds." if needs_r2 else "Measure the loss, or use fewer folds."
        refuse_undefined_r2(bare, folds, where, fix)
    return FoldedData(source, bare, rows, folds, seeds)


def learning_rows(recipe: Recipe, data: Dataset | Table | Split | str, groups: Any, time: Any) -> LearningRows:
    """The rows that are not test rows, of data that is divided by groups or by time where those are given."""
    data = load(data) if isinstance(data, str) else data
    whole: Dataset | Table
    refuse_streamed(data, "a search or a curve, whose nets share their rows,")
    if isinstance(data, Split):
        whole, parts = with_division(data.data, groups, time), data
    else:
        if isinstance(data, Table) and not (groups is None and time is None):
            data = data.divided_by(groups, time)
        elif isinstance(data, Dataset):
            data = with_division(data, groups, time)
        by = ("group", "time") if isinstance(data, Table) else ("groups", "time")
        if all(getattr(data, name, 0) is None for name in by):
            recipe = recipe.replace(valid=0.0)  # which leaves the test rows as they are
        if isinstance(data, Table):  # preprocessing waits for the folds
            parts = data.bare_split(valid=recipe.valid, seed=recipe.seed)
        else:
            parts = as_split(recipe, data)
        whole = data if isinstance(data, Table) else parts.data
    return LearningRows(whole, np.sort(np.concatenate([parts.train, parts.valid])))
