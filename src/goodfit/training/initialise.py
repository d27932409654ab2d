"""Initial weights, drawn on the host, keyed by (seed, layer) and the net's own sizes: never by the population.

Where the recipe asks for it, they are then fitted to training rows of the net, layer by layer.
"""

import itertools

import numpy as np
from numpy.typing import NDArray

from goodfit.data.periodic import PeriodicColumns
from goodfit.errors import InputError, problem
from goodfit.nets.activations import ACTIVATIONS
from goodfit.nets.initialisers import BIAS_INITIALISERS, INITIALISERS
from goodfit.nets.numpy_activations import activate
from goodfit.training.recipe import Recipe

PURPOSE, OF_ROWS, OF_WAVES = 0x1A17, 0xDA7A, 0x3A7E  # of the random streams, beside the seed
# fields of a recipe that decide, and those that do where weights are fitted to rows
READ = ("hidden", "seed", "members", "init", "init_scale", "init_bias", "init_bias_value", "init_data")
READ_OF_ROWS = ("activation", "frequency_scale")
MOST_ROWS = 1024  # that weights are fitted to: what a deviation needs, not what the data have
SAME = float(np.finfo(np.float32).eps)  # of the largest value: a smaller spread is rounding
POINTS = 5  # rows whose convex combination a unit's hyperplane goes through

Layer = tuple[NDArray[np.float32], NDArray[np.float32]]


def initial_layers(recipe: Recipe, inputs: int, outputs: int, x: NDArray[np.floating] | None = None) -> list[Layer]:
    """Weights [out, in] and biases [out] of every layer of one net, the output layer last.

    x: [rows, inputs] training rows as the first layer sees them; InputError where the recipe needs them and there are
    none.
    """
    sizes = [inputs, *recipe.hidden, outputs]
    weights, biases = INITIALISERS[recipe.init], BIAS_INITIALISERS[recipe.init_bias]
    scale = weights.default_scale if recipe.init_scale is None else recipe.init_scale
    layers = []
    for layer, (fan_in, fan_out) in enumerate(itertools.pairwise(sizes)):
        generator = np.random.default_rng([recipe.seed, PURPOSE, layer])
        each = recipe.members if layer == len(recipe.hidden) else 1  # an output layer for each member
        drawn = [weights.draw(generator, fan_in, fan_out // each, scale) for _ in range(each)]
        own = [biases.draw(generator, fan_in, fan_out // each, recipe.init_bias_value) for _ in range(each)]
        layers.append((np.concatenate(drawn), np.concatenate(own)))
    if recipe.init_data == "none":
        return layers
    if x is None or not len(x):
        fix = "Use none where there are no rows to start from."
        raise InputError(problem("Recipe", "'init_data' needs training rows", got=recipe.init_data, fix=fix))
    return _fitted(layers, recipe, np.asarray(x, np.float64))


def initial_waves(recipe: Recipe, encoding: PeriodicColumns) -> tuple[NDArray[np.float32], ...]:
    """What a net begins with of a periodic encoding: the arrays of `PeriodicEncoding.trained`.

    encoding: which decides their shapes; seed and scale are the recipe's

    Frequencies are normal, with the recipe's standard deviation; phases uniform from -pi to pi; weights and offsets
    uniform within 1 / sqrt(frequencies), as those of a linear layer in PyTorch.
    Source: RealMLP-TD in pytabkit.
    """
    generator = np.random.default_rng([recipe.seed, OF_WAVES])
    shape, bound = (len(encoding.columns), encoding.frequencies), encoding.frequencies**-0.5
    drawn = (
        recipe.frequency_scale * generator.standard_normal(shape),
        generator.uniform(-np.pi, np.pi, shape),
        generator.uniform(-bound, bound, (len(encoding.columns), encoding.components, encoding.frequencies)),
        generator.uniform(-bound, bound, (len(encoding.columns), encoding.components)),
    )
    return tuple(each.astype(np.float32) for each in drawn)


def rows_to_fit(recipe: Recipe, rows: NDArray[np.integer]) -> NDArray[np.integer]:
    """The training rows of a net that its weights are fitted to: at most MOST_ROWS, drawn by the seed."""
    chosen = np.sort(rows)
    if len(chosen) <= MOST_ROWS:
        return chosen
    return np.sort(np.random.default_rng([recipe.seed, OF_ROWS]).permutation(chosen)[:MOST_ROWS])


def _fitted(layers: list[Layer], recipe: Recipe, x: NDArray[np.float64]) -> list[Layer]:
    """The same layers with pre-activations of standard deviation 1 on the rows, one layer after another.

    A unit that is the same for all rows, but for rounding, stays as it is. With "hyperplanes", every bias is such that
    its unit's pre-activation is 0 at a random convex combination of POINTS rows of the layer's inputs.
    Source: Mishkin & Matas (2016), All you need is a good init, arXiv 1511.06422, here a unit at a time and without
    their orthogonal start; Holzmüller, Grinsztajn & Steinwart (2024), Better by Default, arXiv 2407.04491, whose
    implementation (pytabkit) calls both "std" and "he+5".
    """
    found: list[Layer] = []
    h = x
    for layer, (weights, biases) in enumerate(layers):
        z = h @ weights.T.astype(np.float64)  # [rows, units]
        spread = z.std(0)
        spread = np.where(spread > SAME * np.abs(z).max(0), spread, 1.0)
        z /= spread
        biases = biases.astype(np.float64)
        if recipe.init_data == "hyperplanes":
            generator = np.random.default_rng([recipe.seed, OF_ROWS, layer])
            units = len(biases)
            points = generator.integers(0, len(z), (units, POINTS))
            shares = generator.standard_exponential((units, POINTS))  # divided by their sum: uniform on the simplex
            biases = -(z[points, np.arange(units)[:, None]] * shares).sum(1) / shares.sum(1)
        found.append(((weights / spread[:, None]).astype(np.float32), biases.astype(np.float32)))
        if layer < len(recipe.activations):
            name = recipe.activations[layer]
            h = activate(name, z + biases, ACTIVATIONS[name].slope)
    return found
