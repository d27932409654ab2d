"""Solver 'lbfgs': SciPy's L-BFGS-B with the engine's loss and gradient, one net after another."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from goodfit.estimators import attributes, population
from goodfit.estimators.callbacks import Tasks
from goodfit.estimators.inputs import GivenRows
from goodfit.estimators.streams import ShuffledOrder, rounded_up
from goodfit.estimators.targets import TASKS, WeightedRows
from goodfit.notices import warn
from goodfit.training.batches import Order
from goodfit.training.cohort import cohort_of
from goodfit.training.interrupts import interrupts_wait
from goodfit.training.minimise import Minimum, minimise
from goodfit.training.population import Job, NetArrays
from goodfit.training.recipe import Recipe


def train(
    estimator: Any, recipes: Sequence[Recipe], initial: Sequence[NetArrays], given: GivenRows, tasks: Tasks
) -> None:
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
            if asked.is_set() and found:
                break
            now[:] = [initial[net]]
            limits = {"gtol": estimator.tol, "max_iter": estimator.max_iter, "max_fun": estimator.max_fun}
            found.append(minimise(cohort, net, **limits, tell=tell))
        interrupted = asked.is_set()
    _record(estimator, found, initial, given)
    _warn(estimator, found, interrupted)


def _in_float64(rows: WeightedRows) -> WeightedRows:
    weight = None if rows.weight is None else rows.weight.astype(np.float64)
    y = rows.y if rows.y.dtype.kind == "i" else rows.y.astype(np.float64)
    return WeightedRows(rows.x.astype(np.float64), y, weight)


def _record(estimator: Any, found: Sequence[Minimum], initial: Sequence[NetArrays], given: GivenRows) -> None:
    """Set the fitted attributes; the curve holds the loss after every iteration.

    Nets that Ctrl-C did not let begin keep their first weights, and do not predict.
    """
    dtype = given.train.x.dtype
    nets = [_as_type(each.net, dtype) for each in found] + list(initial[len(found) :])
    curve = np.full((max(max(len(each.losses) for each in found), 1), len(nets)), np.nan)
    for net, each in enumerate(found):
        losses = each.losses or (each.loss,)
        curve[: len(losses), net] = losses
    frozen = np.asarray([net >= len(found) or not _finite(arrays) for net, arrays in enumerate(nets)])
    if frozen.all():
        raise ValueError(attributes.NOT_FINITE)
    ended = attributes.epochs_done(estimator) + np.isfinite(curve).sum(axis=0).astype(np.int32)
    estimator._measured.append({"train_loss": curve})
    estimator._kept, estimator._ended = None, (ended, ended, frozen)
    attributes.set_nets(estimator, nets, frozen)
    attributes.set_curves(estimator, best=False)
    estimator.loss_ = float(np.mean([each.loss for each in found]))
    estimator.n_iter_ = max(min(each.iterations, estimator.max_iter) for each in found)


def _as_type(net: NetArrays, dtype: Any) -> NetArrays:
    weights, biases = (tuple(array.astype(dtype) for array in arrays) for arrays in (net.weights, net.biases))
    return NetArrays(weights, biases, net.slopes)


def _finite(net: NetArrays) -> bool:
    return all(np.isfinite(array).all() for array in (*net.weights, *net.biases))


def _warn(estimator: Any, found: Sequence[Minimum], interrupted: bool) -> None:
    """What the user should know of how the search ended."""
    if interrupted:
        warn("Training interrupted by user.")
    unfinished = [each for each in found if not each.converged and not each.halted]
    if unfinished and not interrupted:
        warn(
            f"lbfgs failed to converge after {unfinished[0].iterations} iteration(s): {unfinished[0].message}. "
            "Increase the number of iterations (max_iter), or scale the data (see sklearn.preprocessing).",
            ConvergenceWarning,
        )
