"""How large signals and gradients are, layer by layer, in untrained nets: measured, and as the derivation says."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.data.streams import generator
from goodfit.inspection.variances import predicted
from goodfit.nets.numpy_activations import FUNCTIONS
from goodfit.training import Recipe
from goodfit.training.initialise import initial_layers

Numbers = NDArray[np.float64]

ROWS = 64  # of inputs from N(0, 1); products of more would wait for threads
SLOPES: dict[str, Callable[[Numbers], Any]] = {
    "identity": np.ones_like,
    "tanh": lambda z: 1 - np.tanh(z) ** 2,
    "relu": lambda z: (z > 0).astype(float),
}


def flow(recipe: Recipe, inputs: int, outputs: int) -> tuple[Numbers, Numbers]:
    """(mean square of z, mean square of the gradient of z) of every layer, outputs last, [L + 1] each, in float64.

    Inputs are ROWS rows from N(0, 1); the gradient of the outputs is from N(0, 1) too, as the derivation has it:
    independent of the signals. The recipe's activation is one of SLOPES, for all layers.
    """
    rng = generator(recipe.seed, "signal-flow")
    layers = [(w.astype(float), b.astype(float)) for w, b in initial_layers(recipe, inputs, outputs)]
    h, zs = rng.normal(size=(ROWS, inputs)), []
    for weight, bias in layers:
        zs.append(h @ weight.T + bias)
        h = FUNCTIONS[str(recipe.activation)](zs[-1])
    gradient = rng.normal(size=zs[-1].shape)
    squares = [(gradient**2).mean()]
    for (weight, _), z in zip(layers[:0:-1], zs[-2::-1], strict=True):
        gradient = (gradient @ weight) * SLOPES[str(recipe.activation)](z)
        squares.append((gradient**2).mean())
    return np.array([(z**2).mean() for z in zs]), np.array(squares[::-1])


def predicted_flow(recipe: Recipe, inputs: int, outputs: int) -> tuple[Numbers, Numbers]:
    """What the derivation says of `flow`: Var[o] = n_in sigma^2 gamma^2, layer by layer; see `inspection.variances`."""
    rows = predicted(recipe, inputs, outputs, 1.0)
    gains = [row.gradient_gain for row in rows[:0:-1]]
    backward: Numbers = np.cumprod(np.array([1.0, *gains], float))
    return np.array([row.signal for row in rows]), backward[::-1]


def growth(squares: Numbers) -> Numbers:
    """The factor of a layer: the geometric mean over the layers of [..., L], first to last."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((squares[..., -1] / squares[..., 0]) ** (1 / max(squares.shape[-1] - 1, 1)))
