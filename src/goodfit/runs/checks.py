"""Whether a recipe fits a data set: everything that neither can know alone."""

import operator
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from goodfit.data import Dataset, Split, Table, split
from goodfit.data.folds import member_folds
from goodfit.data.tables.streamed import needs_all
from goodfit.data.target_transform import auto_kind, fit_transform
from goodfit.errors import InputError, Problems, problem
from goodfit.nets.losses import LOSSES
from goodfit.notices import warn
from goodfit.training.recipe import LARGEST_SEED, Recipe
from goodfit.words import rows_text

SMALLEST_BATCH = 16  # of the batches that goodfit chooses itself
FEWEST_STEPS = 32  # of an epoch with such a batch, where the rows suffice


def as_split(recipe: Recipe, data: Dataset | Split | Table, *, streams: bool = False) -> Split:
    """The split to train on: a given one, or the data divided by the recipe's `valid` and `seed`; with `fold_members`,
    all rows that are not test rows train, and each has a fold; without them, a given split loses its folds.

    streams: whether a given split may have training rows that are not in memory.
    """
    if isinstance(data, Split) and data.data.streamed is not None and not streams:
        raise needs_all(data.data.source, "this")
    if recipe.fold_members:
        return _with_folds(recipe, data)
    if isinstance(data, Split):
        return data if data.folds is None else Split(data.data, data.train, data.valid, data.rows("test"), data.seed)
    if isinstance(data, Table):
        return data.split(valid=recipe.valid, seed=recipe.seed)
    if not isinstance(data, Dataset):
        fix = "goodfit.data.table(frame, target=...) makes a Table of a data frame."
        raise InputError(
            problem("train", "'data' must be a Dataset, a Table or a Split", got=type(data).__name__, fix=fix)
        )
    return split(data, valid=recipe.valid, seed=recipe.seed)


def _with_folds(recipe: Recipe, data: Dataset | Split | Table) -> Split:
    """The data without validation rows, and with a fold for every training row; folds that there are stay."""
    if isinstance(data, Split) and data.folds is not None:
        own = int(data.folds.max()) + 1
        if own != recipe.fold_members:
            rule = f"'fold_members' must be the {own} of the split's own folds, or 0"
            raise InputError(problem("Recipe", rule, got=recipe.fold_members))
        return data
    parts = as_split(recipe.replace(fold_members=0, valid=0.0), data)
    rows = np.sort(np.concatenate([parts.train, parts.valid]))
    folds = member_folds(parts.data, rows, recipe.fold_members, parts.seed)
    return Split(parts.data, rows, rows[:0], parts.rows("test"), seed=parts.seed, folds=folds)


def fitted_recipe(recipe: Recipe, parts: Split) -> Recipe:
    """The recipe for this data: a batch size that was not asked for shrinks with the rows.

    All that does not fit is named in one InputError.
    """
    data, rows = parts.data, learning_rows(parts)
    problems = Problems()
    if "batch_size" not in recipe.model_fields_set:
        recipe = recipe.replace(batch_size=fitting_batch(recipe, rows))
    elif recipe.batch_size > rows and recipe.optimizer != "lbfgs":
        rule = f"'batch_size' must not exceed the {rows} training examples of {data.name!r}"
        problems.add("Recipe", rule, got=recipe.batch_size, fix="Use a smaller batch size, or more data.")
    if recipe.loss != "auto" and data.task not in LOSSES[recipe.loss].tasks:
        fitting = ", ".join(name for name, loss in LOSSES.items() if data.task in loss.tasks)
        rule = f"'loss' must fit the targets of {data.name!r} ({data.task})"
        problems.add("Recipe", rule, got=recipe.loss, fix=f"Use {fitting}, or auto.")
    elif recipe.loss == "poisson" and data.y.min() < 0:
        below = rows_text(np.flatnonzero((data.y < 0).any(1)))
        rule = f"'loss' poisson is for targets >= 0; those of {data.name!r} are negative in {below}"
        problems.add("Recipe", rule, got=float(data.y.min()), fix="Use squared-error, absolute-error, huber, or auto.")
    if recipe.target_transform not in ("none", "auto") and data.task != "regression":
        rule = f"'target_transform' needs numeric targets; those of {data.name!r} are for {data.task}"
        problems.add("Recipe", rule, got=recipe.target_transform, fix="Use none.")
    elif recipe.target_transform != "none" and data.task == "regression":
        with problems.collecting():
            fit_transform(data.y[parts.train], recipe.target_transform)
    if recipe.clip_predictions and data.task != "regression":
        rule = f"'clip_predictions' needs numeric targets; those of {data.name!r} are for {data.task}"
        problems.add("Recipe", rule, got=recipe.clip_predictions, fix="Leave it out.")
    if recipe.class_weight is not None:
        if data.task != "classification":
            rule = f"'class_weight' needs classes; the targets of {data.name!r} are for {data.task}"
            problems.add("Recipe", rule, got=recipe.class_weight, fix="Leave it out.")
        elif recipe.class_weight != "balanced" and len(recipe.class_weight) != data.n_outputs:
            rule = f"'class_weight' must hold one weight for each of the {data.n_outputs} classes of {data.name!r}"
            problems.add("Recipe", rule, got=recipe.class_weight)
    if recipe.label_smoothing > 0 and data.task == "regression":
        rule = f"'label_smoothing' needs classes or labels; the targets of {data.name!r} are numeric"
        problems.add("Recipe", rule, got=recipe.label_smoothing, fix="Use 0 to switch it off.")
    if recipe.monitor == "tempered-loss" and data.task == "regression":
        rule = f"'monitor' tempered-loss needs classes or labels; the targets of {data.name!r} are numeric"
        problems.add("Recipe", rule, got=recipe.monitor, fix="Use loss or score.")
    problems.raise_if_any()
    if parts.folds is None and not len(parts.valid) and (recipe.patience or recipe.monitor != "loss"):
        text = f"'patience' and 'monitor' monitor the training set: {data.name!r} was split without a validation set"
        warn(problem("Recipe", text, fix="Hold out data with 'valid'."))
    return recipe


def learning_rows(parts: Split) -> int:
    """How many rows a net of a split learns from; with folds, the one with the largest fold."""
    if parts.data.streamed is not None:
        return parts.data.streamed.rows
    return rows_but_one_fold(len(parts.train), parts.folds)


def rows_but_one_fold(rows: int, folds: NDArray[np.int32] | None) -> int:
    """How many of the rows are left to a net that leaves out the largest fold; all without folds."""
    return rows if folds is None else rows - int(np.bincount(folds).max())


def fitting_batch(recipe: Recipe, rows: int) -> int:
    """The batch size of a recipe on so many training rows: its own, or where none was asked for, one that fits."""
    if "batch_size" in recipe.model_fields_set:
        return recipe.batch_size
    return min(recipe.batch_size, rows, max(SMALLEST_BATCH, rows // FEWEST_STEPS))


def advise_transform(recipe: Recipe, parts: Split) -> None:
    """Warn where squared errors of heavy-tailed positive targets would be decided by the few largest.

    Nothing is said to whoever has chosen a transform, "none" among them, or a loss that is not squared error.
    """
    data = parts.data
    chosen = "target_transform" in recipe.model_fields_set or recipe.loss not in ("auto", "squared-error")
    if chosen or data.task != "regression":
        return
    heavy = [column for column, own in enumerate(data.y[parts.train].T) if auto_kind(own.astype(np.float64)) == "log"]
    if heavy:
        which = (
            f"target{'s' * (len(heavy) > 1)} {', '.join(map(str, heavy))} of " if data.n_outputs > 1 else "targets of "
        )
        text = (
            f"the {which}{data.name!r} are positive and heavy-tailed: the few largest decide the fit"
            f"{'' if recipe.clip_predictions else ', and predictions may be negative'}"
        )
        fix = "Set target_transform to log (predictions are then near the median), or to none to keep it so."
        warn(problem("Recipe", text, fix=fix))


def seeds_of(recipe: Recipe, seeds: int | Iterable[int] | None = None, where: str = "train") -> tuple[int, ...]:
    """One seed a net.

    seeds: a number n of seeds, counted up from the recipe's; or the seeds themselves, integers of any library; None is
    the recipe's own. The same wherever seeds are asked for.
    where: who asks, for errors.
    """
    if seeds is None:
        return (recipe.seed,)
    counted = _count(seeds)
    if isinstance(seeds, Iterable) and counted is None:
        given = list(seeds)
    elif counted is not None and counted >= 1:
        given = list(range(recipe.seed, recipe.seed + counted))
    else:
        raise InputError(problem(where, "'seeds' must be an integer >= 1, or a list of seeds", got=seeds))
    problems = Problems()
    if not given:
        problems.add(where, "'seeds' must hold at least one seed", got=given)
    chosen = []
    for net, seed in enumerate(given):
        number = _count(seed)
        chosen.append(-1 if number is None else number)
        if not 0 <= chosen[-1] <= LARGEST_SEED:
            rule = f"a seed must be an integer from 0 to {LARGEST_SEED}"
            problems.add(where, rule, got=seed, net=(net, len(given)))
    problems.raise_if_any()
    if len(set(chosen)) < len(chosen):
        raise InputError(problem(where, "'seeds' must be distinct: equal seeds give equal nets", got=chosen))
    return tuple(chosen)


def net_seeds(recipe: Recipe, seeds: int | Iterable[int] | None) -> tuple[int, ...]:
    """One seed a net, as `seeds_of` has them; with fold members, at least one net for every fold."""
    members = recipe.fold_members
    if seeds is None and members:
        seeds = members
    chosen = seeds_of(recipe, seeds)
    if len(chosen) < members:
        fix = f"Use {members} or more seeds, or set 'fold_members' to 0."
        rule = f"'fold_members' needs a seed for each of its {members} folds"
        raise InputError(problem("Recipe", rule, got=len(chosen), fix=fix))
    return chosen


def _count(value: object) -> int | None:
    """An integer of any library as Python's; None for anything else, True and False too."""
    try:
        return None if isinstance(value, bool | np.bool_) else operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        return None
