"""Initial weights, drawn on the host, keyed by (seed, layer) and the net's own sizes: never by the population."""

import itertools

import numpy as np
from numpy.typing import NDArray

from goodfit.nets.initialisers import BIAS_INITIALISERS, INITIALISERS
from goodfit.training.recipe import Recipe

PURPOSE = 0x1A17  # of the random stream, beside the seed
READ = ("hidden", "seed", "init", "init_scale", "init_bias", "init_bias_value")  # fields of a recipe that decide

Layer = tuple[NDArray[np.float32], NDArray[np.float32]]


def initial_layers(recipe: Recipe, inputs: int, outputs: int) -> list[Layer]:
    """Weights [out, in] and biases [out] of every layer of one net, the output layer last."""
    sizes = [inputs, *recipe.hidden, outputs]
    weights, biases = INITIALISERS[recipe.init], BIAS_INITIALISERS[recipe.init_bias]
    scale = weights.default_scale if recipe.init_scale is None else recipe.init_scale
    layers = []
    for layer, (fan_in, fan_out) in enumerate(itertools.pairwise(sizes)):
        generator = np.random.default_rng([recipe.seed, PURPOSE, layer])
        drawn = weights.draw(generator, fan_in, fan_out, scale)
        layers.append((drawn, biases.draw(generator, fan_in, fan_out, recipe.init_bias_value)))
    return layers
