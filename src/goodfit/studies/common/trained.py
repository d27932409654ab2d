"""Nets after training: what they give for rows that none of them has seen, and layer by layer."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.inspection import describe_net
from goodfit.models.trained_net import TrainedNet
from goodfit.nets.numpy_activations import FUNCTIONS
from goodfit.training import Examples, Recipe
from goodfit.training.population import NetArrays


def outputs(recipe: Recipe, net: NetArrays, x: NDArray[np.floating]) -> NDArray[np.float64]:
    """What a net gives for rows x [N, D] that are scaled as it was trained, [N, C]."""
    return TrainedNet(net.weights, net.biases, recipe.activations, "regression").outputs(x).astype(float)


def misses(
    recipe: Recipe, nets: Sequence[NetArrays], x: NDArray[np.floating], y: NDArray[np.integer]
) -> NDArray[np.bool_]:
    """Which rows classifiers get wrong, [S, N]. y: [N] codes."""
    return np.stack([outputs(recipe, net, x).argmax(1) != y for net in nets])


def squared_errors(
    recipe: Recipe, nets: Sequence[NetArrays], x: NDArray[np.floating], y: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Mean squared error of nets with one output over the rows, [S]. y: [N] targets."""
    return np.array([np.square(outputs(recipe, net, x)[:, 0] - y).mean() for net in nets])


def as_net(arrays: NetArrays, examples: Examples, rows: int, activation: str | tuple[str, ...]) -> TrainedNet:
    """A classifier that was trained, with the scaling of its data set. rows: the number of its set, where stacked."""
    scaling = examples.scaling_of(rows)
    return describe_net(
        arrays.weights, arrays.biases, activation, slopes=arrays.slopes, shift=scaling.shift, scale=scaling.scale
    )


def hidden_values(net: TrainedNet, x: NDArray[Any]) -> Iterator[NDArray[np.float64]]:
    """The scaled inputs [B, D], then every hidden layer's activations [B, H], in float64."""
    h = (x.astype(float) - net.shift) * net.scale
    yield h
    for weight, bias, name, slope in zip(net.weights, net.biases, net.activations, net.slopes, strict=False):
        z = h @ weight.T.astype(float) + bias
        h = FUNCTIONS[name](z) if slope is None else FUNCTIONS[name](z, slope)
        yield h
