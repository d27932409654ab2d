"""Nets of one input and one output: their values, their sizes, and one hidden layer built by hand."""

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from goodfit.nets.numpy_activations import FUNCTIONS
from goodfit.studies.universal_approximation.targets import REACH, TargetFunction
from goodfit.training.population import NetArrays

Numbers = NDArray[np.float64]


def values_of(net: NetArrays, activation: str, x: Numbers) -> Numbers:
    """The output of a net with one input and one output at points [N], in float64."""
    h = x[:, None]
    for weight, bias, slope in zip(net.weights[:-1], net.biases[:-1], net.slopes, strict=True):
        z = h @ weight.T.astype(float) + bias
        h = FUNCTIONS[activation](z) if slope is None else FUNCTIONS[activation](z, slope)
    return np.asarray((h @ net.weights[-1].T.astype(float) + net.biases[-1])[:, 0])


def built(target: TargetFunction, units: int) -> NetArrays:
    """One hidden layer of ReLU units that equals the target at units + 1 points at even distances.

    Unit k bends at point k, by the change of the slope there; between the points lie straight lines.
    """
    knots = np.linspace(-REACH, REACH, units + 1)
    slopes = np.diff(target(knots)) / np.diff(knots)
    weights = np.ones((units, 1)), np.diff(slopes, prepend=0.0)[None]
    return NetArrays(weights, (-knots[:-1], np.asarray(target(knots[:1]))), (None,))


def parameters_of(hidden: Sequence[int]) -> int:
    """Weights and biases of a net of one input and one output."""
    sizes = [1, *hidden, 1]
    return sum((before + 1) * after for before, after in itertools.pairwise(sizes))


def as_large(units: int, layers: int) -> tuple[int, ...]:
    """The widest net of so many equal layers that has no more parameters than one layer of so many units."""
    most, width = parameters_of((units,)), 1
    while parameters_of((width + 1,) * layers) <= most:
        width += 1
    return (width,) * layers
