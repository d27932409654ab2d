"""The optimiser's state of trained nets, so that another training of theirs goes on with it. Imports no JAX."""

from collections.abc import Mapping
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
