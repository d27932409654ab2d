"""The optimiser's state, out of a training that is done and into one that goes on with its nets."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from goodfit.errors import InputError, problem
from goodfit.nets.forms import Forms
from goodfit.training.population import Job, NetGrid
from goodfit.training.state import State

TRAINED = "parameters"  # before the names of weights in the form in which they are trained


def optimizer_arrays(state: State, grid: NetGrid, forms: Forms) -> dict[str, NDArray[Any]]:
    """The optimiser's part of a state by name, [P, ...] in the order of the nets.

    forms: where weights are trained in another form than nets have them in, that form is part of it: it cannot be told
    from the nets to the last bit.
    """
    leaves, _ = jax.tree_util.tree_flatten_with_path(state.optimizer)
    found = {jax.tree_util.keystr(path): grid.take(np.asarray(leaf)) for path, leaf in leaves}
    if not forms.none:
        leaves, _ = jax.tree_util.tree_flatten_with_path(state.parameters)
        found |= {TRAINED + jax.tree_util.keystr(path): grid.take(np.asarray(leaf)) for path, leaf in leaves}
    return found


def with_optimizers(state: State, jobs: Sequence[Job], grid: NetGrid) -> State:
    """The state before the first epoch, on the host, with what jobs bring of an earlier training's optimiser."""
    if not any(job.optimizer for job in jobs):
        return state
    formed = [job.optimizer if any(name.startswith(TRAINED) for name in job.optimizer or ()) else None for job in jobs]
    return replace(
        state,
        optimizer=_laid(state.optimizer, "", [job.optimizer for job in jobs], grid),
        parameters=_laid(state.parameters, TRAINED, formed, grid),
    )


def _laid(tree: Any, prefix: str, given: Sequence[Mapping[str, NDArray[Any]] | None], grid: NetGrid) -> Any:
    """A part of a state with what each net brings of it; prefix: of its names."""
    leaves, shape = jax.tree_util.tree_flatten_with_path(tree)
    made = []
    for path, leaf in leaves:
        array, name = np.array(leaf), prefix + jax.tree_util.keystr(path)
        for arrays, place in zip(given, grid.place, strict=True):
            if arrays:
                own = _fitting(arrays.get(name), array[0, 0, 0])
                # at the net's own size: what is padded around it stays zero
                array[(*place, *(slice(length) for length in own.shape))] = own
        made.append(array)
    return jax.tree_util.tree_unflatten(shape, made)


def _fitting(given: NDArray[Any] | None, room: NDArray[Any]) -> NDArray[Any]:
    """A net's part of an optimiser's state; InputError where it is of another net or optimiser."""
    alike = given is not None and (given.ndim, given.dtype.kind) == (room.ndim, room.dtype.kind)
    if given is None or not alike or any(own > most for own, most in zip(given.shape, room.shape, strict=True)):
        rule, got = "the optimiser's state must be of the same net and optimiser", getattr(given, "shape", None)
        raise InputError(problem("Start", rule, got=got, fix="Start from the model file, which has no such state."))
    return given
