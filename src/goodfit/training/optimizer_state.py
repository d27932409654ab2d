"""The optimiser's state of trained nets, so that another training of theirs goes on with it. Imports no JAX."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.training.recipe import Recipe

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class OptimizerState:
    """The state of one optimiser for every net that it can be given back to.

    optimizer: its name; momentum: whether sgd had any, for its state depends on that
    nets: [P] whether there is a state of the net: its weights are those of the last epoch, and were finite
    arrays: by name, [number of such nets, ...]; none at all for plain sgd, which has no state
    """

    optimizer: str
    momentum: bool
    nets: NDArray[np.bool_]
    arrays: Arrays

    def of(self, net: int) -> dict[str, NDArray[Any]] | None:
        """The state of one net; None where there is none of it."""
        if not self.arrays:
            return {}
        if not self.nets[net]:
            return None
        place = int(self.nets[:net].sum())
        return {name: np.asarray(array[place]) for name, array in self.arrays.items()}

    def fits(self, recipe: Recipe) -> bool:
        """Whether a recipe's optimiser can take it: the same one. L-BFGS never can: other rows, other curvature."""
        same = (self.optimizer, self.momentum) == (recipe.optimizer, recipe.momentum > 0)
        return same and recipe.optimizer != "lbfgs"


def state_after(
    recipe: Recipe, turns: Sequence[tuple[Sequence[int], Any]], nets: int, *, best: bool
) -> OptimizerState | None:
    """The optimiser's state of a run that is done, of the nets whose weights go with it; None where it was not kept.

    turns: (nets, what was kept) of every turn; best: whether weights are those of the best epoch.
    """
    if recipe.optimizer == "lbfgs" or any(trained.optimizer is None for _, trained in turns):
        return None  # L-BFGS never takes its state over, see `OptimizerState.fits`
    held = np.zeros(nets, bool)
    rows: dict[int, dict[str, NDArray[Any]]] = {}
    for members, trained in turns:
        for place, net in enumerate(members):
            last = not best or trained.best_epoch[place] == trained.stopped_epoch[place]
            rows[net] = {name: array[place] for name, array in trained.optimizer.items()}
            finite = all(np.isfinite(array).all() for array in rows[net].values())  # as whoever reads the file asks
            held[net] = last and finite and not trained.frozen[place]
    chosen = [rows[net] for net in range(nets) if held[net]]
    names = rows[0]
    arrays = {name: np.array([each[name] for each in chosen], names[name].dtype) for name in names}
    arrays = {name: array.reshape(len(chosen), *names[name].shape) for name, array in arrays.items()}
    return OptimizerState(recipe.optimizer, recipe.momentum > 0, held, arrays)
