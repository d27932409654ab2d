"""How the variance of signals and gradients should change from layer to layer, by the theory of initialisers."""

import functools
import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from goodfit.inspection.precision import exact
from goodfit.models.trained_net import TrainedNet
from goodfit.nets.activations import ACTIVATIONS
from goodfit.nets.embedding import embedded_inputs
from goodfit.nets.initialisers import BIAS_INITIALISERS, INITIALISERS
from goodfit.training.embeddings import blocks_of, categories_of, embedded
from goodfit.training.recipe import Recipe
from goodfit.training.recipe_rules import last_width

_GRID = np.linspace(-9.0, 9.0, 3600)  # of a standard normal variable, for means; 0, where kinks are, is no point
_DENSITY = np.exp(-0.5 * _GRID**2) / math.sqrt(2 * math.pi) * (_GRID[1] - _GRID[0])
NO_THEORY = ("constant", "zeros")  # initialisers whose weights are not independent draws with mean 0


@dataclass(frozen=True)
class LayerVariance:
    """What an initialiser gives one layer, and what theory makes of it.

    weight: variance of an entry of W; forward: fan_in times it; backward: fan_out times it (both are 1 where layers
    without activations keep the variance); compromise: Xavier's 2 / (fan_in + fan_out). signal: predicted mean square
    of z; gradient_gain: predicted ratio of the mean square gradient of z of the layer before to that of this one; nan
    where there is no theory. Of quantiles, the last layer is drawn for all levels, and gradients are of the medians.
    """

    weight: float
    forward: float
    backward: float
    compromise: float
    signal: float
    gradient_gain: float


def predicted(recipe: Recipe, inputs: int, outputs: int, input_square: float) -> list[LayerVariance]:
    """The prediction for every layer of a recipe. input_square: mean square of an input, after scaling.

    Signals z of wide layers are normal with mean 0, so that with q their mean square, q' = fan_in Var(w) E f(sqrt(q)
    Z)^2 + Var(b), and gradients are multiplied by fan_out Var(w) E f'(sqrt(q) Z)^2 on their way to the layer before:
    He et al. (2015) for ReLU, Poole et al. (2016) for any f.
    """
    sizes = [inputs, *recipe.hidden, outputs]
    scale = INITIALISERS[recipe.init].default_scale if recipe.init_scale is None else recipe.init_scale
    theory = recipe.init not in NO_THEORY and recipe.init_data == "none"
    rows, square, slope_square = [], input_square, math.nan
    for layer, (fan_in, fan_out) in enumerate(itertools.pairwise(sizes)):
        # the gradients that are looked at come from medians alone, beside which quantiles are drawn in the same layer
        drawn = last_width(recipe, outputs) if layer == len(recipe.hidden) else fan_out
        weight = INITIALISERS[recipe.init].variance(fan_in, drawn, scale)
        biases = BIAS_INITIALISERS[recipe.init_bias].variance(fan_in, drawn, recipe.init_bias_value)
        mean = recipe.init_bias_value if recipe.init_bias == "constant" else 0.0
        signal = fan_in * weight * square + biases if theory else math.nan
        rows.append(
            LayerVariance(
                weight=weight,
                forward=fan_in * weight,
                backward=fan_out * weight,
                compromise=2.0 / (fan_in + drawn),
                signal=signal + mean**2,
                gradient_gain=fan_out * weight * slope_square if theory else math.nan,
            )
        )
        if layer < len(recipe.hidden):
            square, slope_square = squares(recipe.activations[layer], math.sqrt(signal), mean)
    return rows


def predicted_of(recipe: Recipe, net: TrainedNet, x: NDArray[np.float64] | None = None) -> list[LayerVariance]:
    """The prediction for a net of the recipe, whose first layer is drawn for the vectors of categories that it embeds.

    x: [rows, D] inputs of the net, scaled, one-hot; None for inputs of mean square 1
    """
    blocks = blocks_of(recipe, categories_of(net.preprocessing))
    square = 1.0 if x is None else float((embedded(x, recipe.replace(seed=net.seed), blocks) ** 2).mean())
    return predicted(recipe, embedded_inputs(net.first_inputs, blocks), net.n_outputs, square)


@functools.lru_cache(4096)
def squares(name: str, deviation: float, mean: float = 0.0) -> tuple[float, float]:
    """E f(Z)^2 and E f'(Z)^2 for Z from N(mean, deviation^2). A trained slope has its starting value."""
    if not math.isfinite(deviation):
        return math.nan, math.nan
    import jax
    import jax.numpy as jnp

    with exact(), np.errstate(over="ignore"):
        z = jnp.asarray(mean + deviation * _GRID)
        slope = ACTIVATIONS[name].slope

        def function(v: jax.Array) -> jax.Array:
            return ACTIVATIONS[name].function(v) if slope is None else ACTIVATIONS[name].function(v, jnp.float64(slope))

        values, slopes = (np.asarray(each) for each in jax.jvp(function, (z,), (jnp.ones_like(z),)))
        return float((_DENSITY * values**2).sum()), float((_DENSITY * slopes**2).sum())
