"""The state of a run in its checkpoints: written now and then, read to go on."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from goodfit.errors import InputError, problem
from goodfit.runs.record import CHECKPOINTS
from goodfit.training.checkpoints import Checkpoint, checkpoint_files, load_checkpoint, save_checkpoint
from goodfit.training.population import Grid
from goodfit.training.state import State

SHARE_OF_TIME = 0.01  # that checkpoints may take
FEWEST_SECONDS = 2.0  # between two checkpoints


class Checkpointer:
    """Writes states now and then: not more often than FEWEST_SECONDS, and for not more than SHARE_OF_TIME."""

    def __init__(self, folder: Path, grid: Grid) -> None:
        self.folder, self.grid = folder / CHECKPOINTS, grid
        self.start_clock()
        self._pause = FEWEST_SECONDS

    def start_clock(self) -> None:
        """Count the time to the next checkpoint from now on."""
        self._last = time.perf_counter()

    @property
    def due(self) -> bool:
        """Whether it is time for the next."""
        return time.perf_counter() - self._last >= self._pause

    def write(self, epoch: int, snapshot: Callable[[], State], seconds: Mapping[str, float]) -> None:
        """Write a checkpoint. seconds: spent so far, which the run adds to when it goes on."""
        began = time.perf_counter()
        save_checkpoint(self.folder, epoch, state_arrays(snapshot(), self.grid), {"seconds": dict(seconds)})
        self.start_clock()
        self._pause = max(FEWEST_SECONDS, (self._last - began) / SHARE_OF_TIME)


def state_arrays(state: State, grid: Grid) -> dict[str, NDArray[Any]]:
    """A state as arrays [P, ...] by name: in the order of the nets, so that it can be laid on any grid."""
    leaves, _ = jax.tree_util.tree_flatten_with_path(state)
    return {jax.tree_util.keystr(path): grid.take(np.asarray(leaf)) for path, leaf in leaves}


def newest(folder: Path) -> Checkpoint | None:
    """The newest whole checkpoint of a run; None if it has not come to its first."""
    return load_checkpoint(folder / CHECKPOINTS) if checkpoint_files(folder / CHECKPOINTS) else None


def restored(found: Checkpoint, fresh: State, grid: Grid) -> State:
    """The state in a checkpoint, laid on this grid, in the form of `fresh`.

    The bits of what follows are those of an uninterrupted run where the grid is the same; on another number of devices
    the nets are the same up to rounding.
    """
    leaves, tree = jax.tree_util.tree_flatten_with_path(fresh)
    expected = {jax.tree_util.keystr(path): ((len(grid.place), *leaf.shape[3:]), leaf.dtype) for path, leaf in leaves}
    if {name: (array.shape, array.dtype) for name, array in found.arrays.items()} != expected:
        fix = "Resume with the version of goodfit that started the run, or train again."
        raise InputError(problem(os.fspath(found.path), "must hold the state of this run's recipe and seeds", fix=fix))
    state: State = jax.tree_util.tree_unflatten(tree, [grid.lay(found.arrays[name]) for name in expected])
    return replace(state, active=state.active & ~grid.empty)
