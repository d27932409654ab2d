"""Which batches the nets of a cohort have, which of them share theirs, and whether every batch counts for each."""

from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np

from goodfit.training.batches import Order, RowOrder, WithoutFold
from goodfit.training.examples import Examples
from goodfit.training.population import Job
from goodfit.training.windows import order_of


def orders_by_key(jobs: Sequence[Job], examples: Examples) -> Mapping[int, Order]:
    """The batches of every key."""
    if examples.streamed is not None:
        batch = jobs[0].recipe.batch_size
        return {job.key: order_of(examples.streamed, batch, job.key) for job in jobs}
    recipe, last = jobs[0].recipe, max(job.recipe.epochs for job in jobs)
    # a line search needs one and the same objective in every step: all rows, and no order
    whole = recipe.optimizer == "lbfgs"
    batch = len(examples.train) if whole else recipe.batch_size
    folds = None if examples.folds is None or whole else examples.folds[examples.train]
    keys = dict.fromkeys(job.key for job in jobs)
    return {key: RowOrder(examples.train, batch, key, folds, shuffle=not whole, last=last) for key in keys}


def orders_by_rows(jobs: Sequence[Job], examples: Examples) -> tuple[list[int], Mapping[int, Order]]:
    """A key for every job, and the batches of every key, where nets have their own data set or leave a fold out.

    Nets of one set or fold share batches.
    A fold's batches are those of all folds without its rows, so that nets of one seed see the same rows in the same
    step wherever they may.
    """
    numbers = {pair: number for number, pair in enumerate(dict.fromkeys((job.key, job.rows) for job in jobs))}
    whole = orders_by_key(jobs, examples)
    orders: dict[int, Order] = {
        number: whole[key] if examples.set_rows else WithoutFold(cast("RowOrder", whole[key]), rows)
        for (key, rows), number in numbers.items()
    }
    return [numbers[job.key, job.rows] for job in jobs], orders


def only_leave_out(examples: Examples) -> bool:
    """Whether each set of row weights is 0 for the fold of its number, which has rows, and 1 elsewhere.

    Asked of all sets, not of those that the jobs of one turn have: a row's place in its batch decides its dropout, and
    must not depend on how jobs are cut to the memory.
    """
    if examples.folds is None or examples.weights is None:
        return False
    folds = examples.folds[examples.train]
    weights = examples.weights[:, examples.train]
    return all((folds == own).any() and np.array_equal(each, folds != own) for own, each in enumerate(weights))


def every_batch_counts(examples: Examples, order: Order) -> bool:
    """Whether folds alone are held out, one a net, and two of them or more reach into the last batch."""
    if examples.folds is None or examples.weights is None:
        return False
    sizes = np.bincount(examples.folds[examples.train])
    if len(examples.weights) > len(sizes):
        return False
    order = order.whole if isinstance(order, WithoutFold) else order
    held_out = np.arange(len(sizes))[:, None] == examples.folds[examples.train]
    plain = bool(((examples.weights[:, examples.train] > 0) | held_out[: len(examples.weights)]).all())
    return plain and int((sizes > (order.steps - 1) * (order.width // len(sizes))).sum()) >= 2
