"""Trained nets on rows that none of them has seen: what generalisation errors are measured with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from goodfit.models.trained_net import TrainedNet
from goodfit.training import Recipe
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
