"""Recipes as a search trains them: fitted to the rows of its folds, and for all their epochs."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from goodfit.data import Dataset, Split, Table
from goodfit.data.folds import Folds, Indexes
from goodfit.errors import Problems
from goodfit.runs.checks import fitted_recipe, fitting_batch
from goodfit.selection.space import WHERE, Setting, describe
from goodfit.training.recipe import Recipe


def in_batches_of(recipe: Recipe, rows: int) -> Recipe:
    """The recipe with a batch of all rows, where the batch that it asks for is larger than there are rows."""
    too_large = "batch_size" in recipe.model_fields_set and recipe.batch_size > rows and recipe.optimizer != "lbfgs"
    return recipe.replace(batch_size=rows) if too_large else recipe


def in_as_many_steps(recipe: Recipe, rows: int, own: int) -> Recipe:
    """The recipe for `own` of `rows` rows, with a batch so much smaller that an epoch has as many steps as on all.

    With fewer steps a net learns less, and what asks for more of them would gain what all rows do not let it gain.
    """
    if recipe.optimizer == "lbfgs" or own >= rows:
        return recipe
    return recipe.replace(batch_size=max(1, round(fitting_batch(recipe, rows) * own / rows)))


WHOLE: dict[str, Any] = {"patience": 0, "monitor": "loss", "ties": "first", "keep_best": False, "refit": False}


def trained_whole(recipe: Recipe) -> Recipe:
    """The recipe with which a net trains for all its epochs and keeps the last weights."""
    return recipe.replace(**WHOLE)


def fitted_whole(recipes: Sequence[Recipe], data: Dataset | Table, rows: Indexes, folds: Folds) -> tuple[Recipe, ...]:
    """Recipes as they train on every fold: fitted to the smallest. InputError where one does not fit."""
    bare = data if isinstance(data, Dataset) else data.dataset(rows)
    smallest = min(folds.all, key=lambda fold: len(fold.train))
    parts = Split(bare, smallest.train, smallest.valid, np.empty(0, np.int32))
    return tuple(trained_whole(fitted_recipe(trained_whole(each), parts)) for each in recipes)


def refuse_equals(recipes: Sequence[Recipe], settings: Sequence[Setting]) -> None:
    """InputError where settings come to the same recipe: one net would be counted twice."""
    problems, known = Problems(), dict[str, int]()
    for number, recipe in enumerate(recipes):
        first = known.setdefault(recipe.to_json(), number)
        if first != number:
            same = f"{describe(settings[first])} and {describe(settings[number])}"
            why = ", for a search trains every net for all its epochs and keeps the last weights" * any(
                settings[first].get(name) != settings[number].get(name) for name in WHOLE
            )
            fix = "Leave one of them out."
            problems.add(WHERE, f"settings {first} and {number} are the same recipe{why}: {same}", fix=fix)
    problems.raise_if_any()
