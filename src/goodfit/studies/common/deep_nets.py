"""What deep nets of many seeds do to gradients on their way back: shared by the studies of section 4.7."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from goodfit.data import load
from goodfit.inspection.measuring import saturated_share
from goodfit.inspection.passes import walk
from goodfit.inspection.precision import exact
from goodfit.nets.forward import Parameters, activate
from goodfit.nets.losses import LOSSES
from goodfit.studies.common.subsets import subsets
from goodfit.training import Examples, Recipe
from goodfit.training.initialise import initial_layers
from goodfit.training.population import NetArrays

Numbers = NDArray[np.float64]
TEST_ROWS = 400  # of the digits, beside those that train
SGD = Recipe(dropout=0.0, optimizer="sgd", schedule="constant", batch_size=50, valid=0)  # how these nets train


def digits(seeds: Sequence[int], rows: int) -> Examples:
    """Handwritten digits, divided anew for every seed: so many rows to learn from, TEST_ROWS to test with."""
    data = load("digits")
    orders = [np.random.default_rng([seed, 0xD161]).permutation(len(data))[: rows + TEST_ROWS] for seed in seeds]
    at = np.arange(rows + TEST_ROWS, dtype=np.int32)
    return subsets(data, orders, {"train": at[:rows], "test": at[rows:]})


def doublings(first: int, last: int) -> list[int]:
    """first, 2 first, 4 first, ... up to the last, which is among them."""
    found = [last]
    while first < last:
        found.insert(-1, first)
        first *= 2
    return found


@dataclass(frozen=True)
class Flow:
    """Gradients of S nets with L layers, the last of which gives the outputs.

    back: root mean square over rows of the norm of the gradient by a layer's z, [S, L]; weights: norm of the mean
    loss's gradient by a layer's weights, [S, L]; slope: mean of f'(z) over units and rows, [S, L - 1]; saturated: share
    of units and rows with |f'| < 0.01, [S, L - 1].
    """

    back: Numbers
    weights: Numbers
    slope: Numbers
    saturated: Numbers


def initial_nets(recipe: Recipe, examples: Examples, seeds: Sequence[int]) -> list[NetArrays]:
    """The nets of a recipe before training, a seed each."""
    drawn = [initial_layers(recipe.replace(seed=seed), examples.x.shape[1], examples.outputs) for seed in seeds]
    slopes = (None,) * len(recipe.hidden)
    return [NetArrays(tuple(w for w, _ in net), tuple(b for _, b in net), slopes) for net in drawn]


def flow_of(nets: Sequence[NetArrays], examples: Examples, activation: str, rows: int) -> Flow:
    """Both passes of nets of one shape, each with the first rows of its own data set, in float64."""
    with exact(), np.errstate(over="ignore", invalid="ignore"):
        x, y = _rows_of(examples, len(nets), rows)
        layers = len(nets[0].weights)
        parameters = Parameters(
            tuple(
                jnp.asarray(np.stack([net.weights[at] for net in nets])[:, None], jnp.float64) for at in range(layers)
            ),
            tuple(
                jnp.asarray(np.stack([net.biases[at] for net in nets])[:, None], jnp.float64) for at in range(layers)
            ),
            (None,) * (layers - 1),
        )
        names = (activation,) * (layers - 1)
        zs, hidden = walk(parameters, x, names)
        zeros = jax.tree.map(jnp.zeros_like, (zs, hidden))

        def total(parameters: Parameters, offsets: Any) -> Any:
            z = walk(parameters, x, names, offsets)[0][-1]  # [S, 1, C, B]
            return LOSSES["cross-entropy"].per_row(z, y[:, None], None, 1.0)[1].sum()

        of_parameters, (of_z, _) = jax.grad(total, (0, 1))(parameters, zeros)
        back = [np.sqrt((np.asarray(each)[:, 0] ** 2).sum(1).mean(-1)) for each in of_z]
        weights = [np.linalg.norm(np.asarray(each)[:, 0], axis=(1, 2)) / rows for each in of_parameters.weights]
        slopes = [_mean_slope(activation, z) for z in zs[:-1]]
        flat = [[saturated_share(activation, each) for each in np.asarray(z)[:, 0]] for z in zs[:-1]]
    return Flow(np.stack(back, 1), np.stack(weights, 1), np.stack(slopes, 1), np.asarray(flat).T)


def _rows_of(examples: Examples, sets: int, rows: int) -> tuple[Any, Any]:
    """The first rows of every set as its nets see them, [S, B, D], and their classes, [S, B]."""
    x = examples.x.reshape(sets, examples.set_rows, -1)[:, :rows].astype(float)
    scaled = [
        (each - np.asarray(scaling.shift, float)) * np.asarray(scaling.scale, float)
        for each, scaling in zip(x, map(examples.scaling_of, range(sets)), strict=True)
    ]
    return jnp.asarray(np.stack(scaled)), jnp.asarray(examples.y.reshape(sets, -1)[:, :rows])


def _mean_slope(activation: str, z: Any) -> Numbers:
    """Mean of f'(z) over units and rows, [S]."""
    slopes = jax.jvp(lambda v: activate(activation, v, None), (z,), (jnp.ones_like(z),))[1]
    return np.asarray(np.asarray(slopes).mean(axis=(1, 2, 3)))
