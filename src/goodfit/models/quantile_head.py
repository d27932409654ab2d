"""Nets of the loss "quantile": beside the median they give other quantiles, which cannot cross it or one another.

The last layer of such a net has an output for the median of each target, and for every other level a step: the
quantile above is the one below plus softplus(step), and likewise downwards. So each is above the one before, whatever
the inputs. The median alone is what the net predicts, and whatever needs a number takes that; `quantiles_of` gives all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from goodfit.errors import Problems
from goodfit.training.recipe_rules import LEVELS_RULE, are_levels

if TYPE_CHECKING:
    from jaxtyping import Float


@dataclass(frozen=True, eq=False)
class QuantileHead:
    """What a net has beside its last layer, whose outputs are the medians.

    levels: [L] rising, symmetric about 0.5, which is among them
    weight, bias: float32 [(L - 1) T, H] and [(L - 1) T], of the steps: for each level but 0.5, from the lowest, one of
    each of T targets
    """

    levels: tuple[float, ...]
    weight: Float[np.ndarray, "S H"] = field(repr=False)
    bias: Float[np.ndarray, " S"] = field(repr=False)

    def __post_init__(self) -> None:
        """Convert, as model files hold it."""
        object.__setattr__(self, "levels", tuple(map(float, self.levels)))
        for name in ("weight", "bias"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), np.float32))

    def problems(self, outputs: int, inputs: int) -> Problems:
        """What is wrong with it, for a net of so many targets whose last layer has so many inputs."""
        found, steps = Problems(), (len(self.levels) - 1) * outputs
        if not are_levels(self.levels):
            found.add("Net", f"'levels' must {LEVELS_RULE}", got=self.levels)
        if self.weight.shape != (steps, inputs) or self.bias.shape != (steps,):
            got = f"weight {self.weight.shape}, bias {self.bias.shape}"
            found.add("Net", f"the steps between quantiles must be {steps} outputs of {inputs} inputs", got=got)
        elif not (np.isfinite(self.weight).all() and np.isfinite(self.bias).all()):
            found.add("Net", "the weights of the steps between quantiles must be finite")
        return found


def split_head(
    weights: Sequence[np.ndarray], biases: Sequence[np.ndarray], levels: tuple[float, ...]
) -> tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...], QuantileHead | None]:
    """(weights, biases, head) of a net as the engine trained it; without levels there is no head."""
    if not levels:
        return tuple(weights), tuple(biases), None
    medians = len(weights[-1]) // len(levels)
    weight, bias = weights[-1], biases[-1]
    head = QuantileHead(levels, weight[medians:], bias[medians:])
    return (*weights[:-1], weight[:medians]), (*biases[:-1], bias[:medians]), head
