"""What becomes of training and held-out rows as one field of the recipe changes: capacity, penalty and other curves."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from goodfit.files import write_table
from goodfit.intervals import NOT_NEGATIVE, SCORE_BOUNDS
from goodfit.selection.comparing import interval
from goodfit.selection.ranked_by import BOUNDS
from goodfit.selection.space import text_of
from goodfit.wiring import provided

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class Band:
    """Means over folds, with the interval of each (nan where there is none), [V] each."""

    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SettingCurve:
    """One field against training and held-out rows.

    field, values: what was varied, in rising order where the values have one
    what: what is measured ("accuracy", "loss")
    train, valid: bands over the values, seeds averaged first, 95 % intervals
    best: the place of the best value on held-out rows.
    """

    field: str
    values: tuple[Any, ...]
    what: str
    train: Band
    valid: Band
    best: int

    def rows(self) -> list[dict[str, Any]]:
        """The table that the figure is drawn from: one dict a value."""
        return [
            {
                self.field: value,
                f"train {self.what}": float(self.train.mean[at]),
                "train low": float(self.train.low[at]),
                "train high": float(self.train.high[at]),
                f"validation {self.what}": float(self.valid.mean[at]),
                "validation low": float(self.valid.low[at]),
                "validation high": float(self.valid.high[at]),
                "best": at == self.best,
            }
            for at, value in enumerate(self.values)
        ]

    def write_csv(self, path: str | os.PathLike[str]) -> None:
        """Write `rows` as a CSV file, whole or not at all; empty where a number is not finite."""
        plain = [{name: "" if v != v else text_of(v) for name, v in row.items()} for row in self.rows()]
        write_table(path, plain)

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return str(provided("show in a notebook")(self))

    def figure(self) -> Figure:
        """The curve, with bands, and the best value marked."""
        from goodfit.figures import setting_curve

        return setting_curve(self.field, self.values, self.what, vars(self.train), vars(self.valid), self.best)


def band(values: NDArray[np.float64], test_share: float, what: str) -> Band:
    """Means over folds of values [V, folds], nan where a fold has none, and their intervals.

    what: is measured, the name of a score or "loss"; it decides the bounds.
    """
    means = values.mean(axis=1)
    limits = [interval(row, test_share, bounds={**SCORE_BOUNDS, **BOUNDS}.get(what, NOT_NEGATIVE)) for row in values]
    return Band(means, np.asarray([each.low for each in limits]), np.asarray([each.high for each in limits]))


def sort_size(value: Any) -> float:
    """What values are sorted by: numbers by size, layers by their units; names stay as they were given."""
    if isinstance(value, tuple) and all(isinstance(part, int) for part in value):
        return float(sum(value))
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0
