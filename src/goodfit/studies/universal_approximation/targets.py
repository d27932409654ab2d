"""The functions that are approximated, on an interval, and how far nets are from them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.data import Dataset
from goodfit.errors import InputError, problem
from goodfit.studies.universal_approximation.formula import Formula, parse

Numbers = NDArray[np.float64]

TARGETS = {"sine": "sin(3*x)", "abs": "abs(x)", "bump": "exp(-8*x^2)", "polynomial": "x^3 - 2*x", "step": "step(x)"}
NAMES = (*TARGETS, "formula")
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


class TargetFunction:
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
        x = np.linspace(-REACH, REACH, points)
        return Dataset("formula", x[:, None], self(x)[:, None], "regression", scaling="none")

    def errors(self, values: Numbers, at: Numbers = GRID) -> tuple[float, float]:
        """(root mean square, largest) distance of a net's values [N] at points [N], as shares of the range.

        nan where a value is not finite, or the function has none.
        """
        distance = np.abs(values - self(at)) / self.range
        return float(np.sqrt((distance**2).mean())), float(distance.max())
