"""The optimiser's state, out of a training that is done and into one that goes on with its nets."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from goodfit.errors import InputError, problem
from goodfit.training.population import Job, NetGrid
from goodfit.training.state import State


def optimizer_arrays(state: State, grid: NetGrid) -> dict[str, NDArray[Any]]:
    """The optimiser's part of a state by name, [P, ...] in the order of the nets."""
    leaves, _ = jax.tree_util.tree_flatten_with_path(state.optimizer)
    return {jax.tree_util.keystr(path): grid.take(np.asarray(leaf)) for path, leaf in leaves}


def with_optimizers(state: State, jobs: Sequence[Job], grid: NetGrid) -> State:
    """The state before the first epoch, on the host, with what jobs bring of an earlier training's optimiser."""
    if not any(job.optimizer for job in jobs):
        return state
    leaves, tree = jax.tree_util.tree_flatten_with_path(state.optimizer)
    made = []
    for path, leaf in leaves:
        array, name = np.array(leaf), jax.tree_util.keystr(path)
        for job, place in zip(jobs, grid.place, strict=True):
            if job.optimizer:
                own = _fitting(job.optimizer.get(name), array[0, 0, 0])
                # at the net's own size: what is padded around it stays zero
                array[(*place, *(slice(length) for length in own.shape))] = own
        made.append(array)
    return replace(state, optimizer=jax.tree_util.tree_unflatten(tree, made))


def _fitting(given: NDArray[Any] | None, room: NDArray[Any]) -> NDArray[Any]:
    """A net's part of an optimiser's state; InputError where it is of another net or optimiser."""
    alike = given is not None and (given.ndim, given.dtype.kind) == (room.ndim, room.dtype.kind)
    if given is None or not alike or any(own > most for own, most in zip(given.shape, room.shape, strict=True)):
        rule, got = "the optimiser's state must be of the same net and optimiser", getattr(given, "shape", None)
        raise InputError(problem("Start", rule, got=got, fix="Start from the model file, which has no such state."))
    return given
