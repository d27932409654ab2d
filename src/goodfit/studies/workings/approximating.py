"""Functions of one variable on an interval, one hidden layer built by hand, and how far nets are from functions."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from goodfit.errors import InputError, problem
from goodfit.studies.formula import Formula, parse

if TYPE_CHECKING:
    from goodfit.data import Dataset
    from goodfit.training.population import NetArrays

Numbers = NDArray[np.float64]

REACH = 2.0  # the interval is [-REACH, REACH]
GRID = np.unique([*np.linspace(-REACH, REACH, 1001), 1e-9])  # where errors are taken; 1e-9 is just right of a jump at 0
BEYOND = np.linspace(REACH, 2 * REACH, 201)[1:]  # where no net has been


def checked_formula(text: str) -> Formula:
    """A formula to approximate; InputError where it is none, is not finite on the interval, or is constant there."""
    formula = parse(text)
    values = formula.finite(GRID)
    spread = np.ptp(values / max(float(np.abs(values).max()), 1e-300))
    if not spread > 1e-6:
        rule = f"must vary over the interval from {-REACH:g} to {REACH:g}"
        raise InputError(problem(f"Formula {text!r}", rule, got=float(values[0]), fix="Let x decide."))
    return formula


class Target:
    """A function scaled to mean 0 and deviation 1 over the interval, as nets learn it.

    range: its largest value less its smallest, in that scale: errors are shares of it.
    """

    def __init__(self, text: str) -> None:
        self.formula = checked_formula(text)
        values = self.formula(GRID)
        self._size = float(np.abs(values).max())  # keeps squares of huge values finite
        self._shift, self._spread = (values / self._size).mean(), (values / self._size).std()
        self.range = float(np.ptp(self(GRID)))

    def __call__(self, x: NDArray[Any]) -> Numbers:
        """The scaled function, of the shape of x."""
        return np.asarray((self.formula(x) / self._size - self._shift) / self._spread)

    def unscaled(self, values: Numbers) -> Numbers:
        """What a net says, in the formula's own unit."""
        return np.asarray((values * self._spread + self._shift) * self._size)

    def examples(self, points: int) -> Dataset:
        """So many points at even distances over the interval, without noise."""
        from goodfit.data import Dataset

        x = np.linspace(-REACH, REACH, points)
        return Dataset("formula", x[:, None], self(x)[:, None], "regression", scaling="none")

    def errors(self, values: Numbers, at: Numbers = GRID) -> tuple[float, float]:
        """(root mean square, largest) distance of a net's values [N] at points [N], as shares of the range.

        nan where a value is not finite, or the function has none.
        """
        distance = np.abs(values - self(at)) / self.range
        return float(np.sqrt((distance**2).mean())), float(distance.max())


def values_of(net: NetArrays, activation: str, x: Numbers) -> Numbers:
    """The output of a net with one input and one output at points [N], in float64."""
    from goodfit.runs.numpy_activations import layer_values

    weights = [weight.T.astype(float) for weight in net.weights]
    *_, outputs = layer_values(x[:, None], weights, net.biases, (activation,) * len(net.slopes), net.slopes)
    return np.asarray(outputs[:, 0])


def built(target: Target, units: int) -> NetArrays:
    """One hidden layer of ReLU units that equals the target at units + 1 points at even distances.

    Unit k bends at point k, by the change of the slope there; between the points lie straight lines.
    """
    from goodfit.training.population import NetArrays

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
