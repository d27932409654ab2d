"""What trains where little or nothing was asked for: the default recipe of the data.

Tables have one of their own, chosen by experiments: docs/tables-default.md has them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from goodfit.arguments import public
from goodfit.data import Dataset, Split, Table
from goodfit.data.dividing import group_codes, own_groups
from goodfit.data.encoding import encoded_columns
from goodfit.errors import InputError, nearest, problem
from goodfit.runs.checks import as_split, fitted_recipe, fitting_batch, learning_rows
from goodfit.training.named_recipes import NAMED
from goodfit.training.recipe import Recipe
from goodfit.training.recipe_files import TABLE
from goodfit.training.recipe_rules import PERIODIC

FOLDS = 5
HIDDEN = (256, 128)
LEARNING_RATE, DROPOUT, SCALING_RATE = 0.003, 0.1, 6.0
EPOCHS, PATIENCE = 50, 12
FEWEST_EPOCHS = 12
FULL_EPOCHS = 8192  # training rows up to which all epochs are trained: of more rows, an epoch has more steps
MOST_ENCODED = 4096  # inputs that encodings may make of a row: of more, none is made
STOCHASTIC = ("adam", "adamw")  # optimisers that the rates of this recipe are for
Asked = Recipe | Mapping[str, Any] | str | None


@public
def table_recipe(data: Table | Split | Dataset, **fields: Any) -> Recipe:
    """The default recipe for a table, as `goodfit.train` trains it on these data: its size follows rows and columns.

    data: a table, a split or a data set
    fields: fields of the recipe to override

    See docs/tables-default.md for how it was chosen. InputError where a field does not fit.
    """
    return settled({**fields}, data, None, table=True)[0]


def settled(
    recipe: Asked,
    data: Table | Split | Dataset,
    seeds: int | Iterable[int] | None,
    *,
    table: bool = False,
    streams: bool = False,
) -> tuple[Recipe, Split]:
    """(the whole recipe, the rows) that a training of what was asked for has.

    recipe: whole; or the fields to override in the data's default; a name of a recipe; None for the
    default. A recipe of which nothing but its seed was given says nothing of a training, and is the default.
    seeds: how many nets there are to be, as `train` takes them
    table: whether the default is that of tables, whatever the data are
    streams: whether a split may have training rows that are not in memory
    """
    fields = said(recipe)
    if fields is not None and (table or recipe == TABLE or is_table(data)):
        if fields.get("fold_members") and fields.get("valid"):
            fix = "Leave one of them out: fold members are validated on their folds."
            raise InputError(
                problem("Recipe", "'valid' has no effect with 'fold_members'", got=fields["valid"], fix=fix)
            )
        first = _asked(fields, 0)
        first = first.replace(**_validation(first, data, fields, seeds))
        parts = as_split(first, data, streams=streams)
        return fitted_recipe(_sized(first, parts), parts), parts
    whole = recipe if isinstance(recipe, Recipe) else Recipe(**(fields or {}))
    parts = as_split(whole, data, streams=streams)
    return fitted_recipe(whole, parts), parts


def named_recipe(recipe: Asked) -> Asked:
    """What was asked for, with a recipe in the place of its name; "table" stays, as it needs the data."""
    if not isinstance(recipe, str) or recipe == TABLE:
        return recipe
    if recipe in NAMED:
        return NAMED[recipe]
    fix = nearest(recipe, (*NAMED, TABLE))
    raise InputError(problem("train", "'recipe' must be a Recipe, fields of one, or a name", got=recipe, fix=fix))


def whole_recipe(recipe: Asked) -> Recipe | None:
    """A recipe of the fields that were asked for, where the data have no say; None where there are none."""
    if recipe is None or isinstance(recipe, Recipe):
        return recipe
    return Recipe(**recipe) if isinstance(recipe, Mapping) and recipe else None


def first_seed(recipe: Asked) -> Recipe:
    """A recipe with the seed that was asked for, and nothing else that was."""
    if isinstance(recipe, Recipe):
        return recipe
    return Recipe(seed=recipe.get("seed", 0)) if isinstance(recipe, Mapping) else Recipe()


def said(recipe: Asked) -> dict[str, Any] | None:
    """The fields that were asked for, where the rest is left to the data; None where the recipe is whole."""
    if recipe is None or recipe == TABLE:
        return {}
    if isinstance(recipe, Mapping):
        return dict(recipe)
    if isinstance(recipe, Recipe) and recipe.model_fields_set <= {"seed"}:
        return recipe.given
    return None


def is_table(data: object) -> bool:
    """Whether data are a table, or a split of one."""
    return isinstance(data, Table) or (isinstance(data, Split) and data.data.preprocessing is not None)


def _validation(
    first: Recipe, data: Table | Split | Dataset, fields: Mapping[str, Any], seeds: int | Iterable[int] | None
) -> dict[str, Any]:
    """The fields that say how nets are validated: by folds, unless validation rows are asked for or there, or rows have
    a time; by all rows together, without early stopping, where there are too few to hold any out.
    """
    if "valid" in fields or "fold_members" in fields or (isinstance(data, Split) and len(data.valid)):
        return {}
    parts = data if isinstance(data, Split) else _bare_split(first.replace(valid=0.0), data)
    count = seeds if isinstance(seeds, int) or seeds is None else len([*seeds])
    folds = _folds(parts)
    if folds and (count is None or count >= folds):
        return {"fold_members": folds}
    if not isinstance(data, Split):
        try:
            _bare_split(first, data)
        except InputError:
            return {"valid": 0.0, **({} if "patience" in fields else {"patience": 0})}
    return {}


def _bare_split(recipe: Recipe, data: Table | Dataset) -> Split:
    """The rows as the recipe divides them, without what is in them."""
    if isinstance(data, Table):
        return data.bare_split(valid=recipe.valid, seed=recipe.seed)
    return as_split(recipe, data)


def _folds(parts: Split) -> int:
    """How many folds the training rows are to have: their own, or FOLDS, fewer of few rows or groups; 0 for none."""
    if parts.folds is not None:
        return int(parts.folds.max()) + 1
    groups = parts.data.groups
    most = len(parts.train) if groups is None else len(np.unique(own_groups(group_codes(groups[parts.train]))))
    return 0 if parts.data.time is not None or most < 2 else min(FOLDS, most)


def _sized(asked: Recipe, parts: Split) -> Recipe:
    """The default for so many rows and columns; fields that were asked for stay."""
    few = len(encoded_columns(parts.data.x[parts.train])) * asked.bins <= MOST_ENCODED
    return _completed(asked, learning_rows(parts), few)


def completed(fields: Mapping[str, Any], rows: int, *, encoded: bool) -> Recipe:
    """The default for a table, of which some fields were asked for, where FOLDS nets are each validated on a fold.

    rows: that a net learns from
    encoded: whether encodings of its numbers make no more than MOST_ENCODED inputs
    """
    made = _completed(_asked(fields, 0 if "valid" in fields else FOLDS), rows, encoded)
    return made if "batch_size" in fields else made.replace(batch_size=fitting_batch(made, rows))


def _asked(fields: Mapping[str, Any], members: int) -> Recipe:
    """A recipe of what was asked for, before the data have a say. members: folds, where no number was asked for."""
    encoding = {"encoding": "piecewise"} if "bins" in fields else {}
    encoding = {"encoding": "pbld"} if {*PERIODIC} & {*fields} else encoding
    return Recipe(**{"fold_members": members, **encoding, **fields})


def _completed(asked: Recipe, rows: int, encoded: bool) -> Recipe:
    given = asked.given
    fields: dict[str, Any] = {"hidden": HIDDEN, "epochs": _epochs(rows)}
    if asked.optimizer in STOCHASTIC:
        fields |= {"learning_rate": LEARNING_RATE, "dropout": DROPOUT, "patience": PATIENCE}
        if given.get("train_scaling", True):
            fields |= {"train_scaling": True, "scaling_rate": SCALING_RATE}
    if encoded:
        fields["encoding"] = "piecewise"
    return Recipe(**{**fields, **given})


def _epochs(rows: int) -> int:
    """The most epochs: fewer where an epoch of many rows has many steps."""
    return max(FEWEST_EPOCHS, round(EPOCHS * min(1.0, math.sqrt(FULL_EPOCHS / rows))))
