"""Solver 'lbfgs': SciPy's L-BFGS-B with the engine's loss and gradient, one net after another."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from goodfit.estimators import attributes, population
from goodfit.estimators.callbacks import Tasks
from goodfit.estimators.inputs import Given
from goodfit.estimators.streams import ShuffledOrder, rounded_up
from goodfit.estimators.targets import TASKS, Rows
from goodfit.runs.interrupts import interrupts_wait
from goodfit.training.batches import Order
from goodfit.training.cohort import cohort_of
from goodfit.training.minimise import Minimum, minimise
from goodfit.training.population import Job, NetArrays
from goodfit.training.recipe import Recipe


def train(estimator: Any, recipes: Sequence[Recipe], initial: Sequence[NetArrays], given: Given, tasks: Tasks) -> None:
    """Find the weights of every net, and set the fitted attributes."""
    rows = _in_float64(given.train)
    examples = population.examples_of(rows, None, TASKS[estimator.out_activation_], estimator.n_outputs_)
    all_rows = np.arange(len(rows), dtype=np.int32)
    order = ShuffledOrder(all_rows, len(rows), rounded_up(len(rows)), None)
    orders: dict[int, Order] = {recipe.seed: order for recipe in recipes}
    jobs = [Job(recipe, initial=net) for recipe, net in zip(recipes, initial, strict=True)]
    found: list[Minimum] = []
    with population.precision(np.float64), interrupts_wait(True, lambda: None) as asked:
        cohort = cohort_of(jobs, examples, 1, np.float64, orders=orders, conventions="scikit-learn")

        now = list(initial[:1])  # the net that is searched for, as it is at this iteration

        def tell(iteration: int, loss: float, net: Any) -> bool:
            if estimator.verbose:
                print(f"Iteration {iteration}, loss = {loss:.8f}")
            stop = False
            if tasks.heard:  # of each iteration when it is over, for whether another follows is not known before
                now[:], before = [net()], list(now)
                tasks.begin_epoch(before)
                stop = tasks.end_epoch(now)
            return stop or asked.is_set()

        for net in range(len(jobs)):
            now[:] = [initial[net]]
            limits = {"gtol": estimator.tol, "max_iter": estimator.max_iter, "max_fun": estimator.max_fun}
            found.append(minimise(cohort, net, **limits, tell=tell))
        interrupted = asked.is_set()
    _record(estimator, found, given)
    _warn(estimator, found, interrupted)


def _in_float64(rows: Rows) -> Rows:
    weight = None if rows.weight is None else rows.weight.astype(np.float64)
    y = rows.y if rows.y.dtype.kind == "i" else rows.y.astype(np.float64)
    return Rows(rows.x.astype(np.float64), y, weight)


def _record(estimator: Any, found: Sequence[Minimum], given: Given) -> None:
    """Set the fitted attributes; the curve holds the loss after every iteration."""
    dtype = given.train.x.dtype
    nets = [
        NetArrays(
            tuple(w.astype(dtype) for w in each.net.weights),
            tuple(b.astype(dtype) for b in each.net.biases),
            each.net.slopes,
        )
        for each in found
    ]
    longest = max(max(len(each.losses) for each in found), 1)
    curve = np.full((longest, len(found)), np.nan)
    for net, each in enumerate(found):
        losses = each.losses or (each.loss,)
        curve[: len(losses), net] = losses
    frozen = np.asarray([not _finite(net) for net in nets])
    if frozen.all():
        raise ValueError(attributes.NOT_FINITE)
    ended = np.asarray([len(each.losses) for each in found], np.int32)
    estimator._measured.append({"train_loss": curve})
    estimator._ended = ended, ended, frozen
    attributes.set_nets(estimator, nets, frozen)
    attributes.set_curves(estimator, best=False)
    estimator.loss_ = float(np.mean([each.loss for each in found]))
    estimator.n_iter_ = max(min(each.iterations, estimator.max_iter) for each in found)


def _finite(net: NetArrays) -> bool:
    return all(np.isfinite(array).all() for array in (*net.weights, *net.biases))


def _warn(estimator: Any, found: Sequence[Minimum], interrupted: bool) -> None:
    """What the user should know of how the search ended."""
    if interrupted:
        warnings.warn("Training interrupted by user.", stacklevel=7)
    unfinished = [each for each in found if not each.converged and not each.halted]
    if unfinished and not interrupted:
        warnings.warn(
            f"lbfgs failed to converge after {unfinished[0].iterations} iteration(s): {unfinished[0].message}. "
            "Increase the number of iterations (max_iter), or scale the data (see sklearn.preprocessing).",
            ConvergenceWarning,
            stacklevel=7,
        )
