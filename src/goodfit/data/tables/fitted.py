"""What each kind of column becomes: fitted on training rows, applied to any rows, kept as JSON.

Each class is one kind. `fit` learns from the training rows; `fill` writes its inputs for all rows into `out` [N,
width], float32 zeros before; `features` names these inputs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from goodfit.data.robust import ColumnScaling
from goodfit.data.tables.base import CellNotes, ColumnInputs
from goodfit.data.tables.categories import Frequent, OneHot, fit_categories
from goodfit.data.tables.dates import Moments
from goodfit.data.tables.kinds import Kind, read_as
from goodfit.data.tables.ordered import Ordered
from goodfit.data.tables.raw import RawColumn


@dataclass(frozen=True)
class Numeric(ColumnInputs):
    """Numbers: one input, scaled robustly. Missing and infinite ones become the median."""

    scaling: ColumnScaling
    kind: ClassVar[Kind] = "numeric"

    @classmethod
    def fit(cls, name: str, column: RawColumn) -> Numeric:
        """From the training rows."""
        values, _ = read_as(column, "numeric")
        known = ~np.isnan(values)
        return cls(name, not known.all(), ColumnScaling.fit(values[known]))

    def fill(self, column: RawColumn, out: NDArray[np.float32], notes: CellNotes) -> None:
        """Write the inputs."""
        values, _ = self.read(column)
        infinite = int(column.infinite.sum())
        if infinite:
            notes.add(self.name, "infinite; taken as missing", infinite)
        out[:, 0] = self.scaling.apply(values)
        self._mark(np.isnan(values), out, "taken as the median of the training rows", notes)


@dataclass(frozen=True)
class Boolean(ColumnInputs):
    """Yes and no: one input, 1 and 0. A missing one becomes what was more frequent in training."""

    often: bool
    kind: ClassVar[Kind] = "boolean"

    @classmethod
    def fit(cls, name: str, column: RawColumn) -> Boolean:
        """From the training rows."""
        values, _ = read_as(column, "boolean")
        known = values[~np.isnan(values)]
        return cls(name, len(known) < len(values), bool(len(known)) and bool(known.mean() > 0.5))

    def fill(self, column: RawColumn, out: NDArray[np.float32], notes: CellNotes) -> None:
        """Write the inputs."""
        values, _ = self.read(column)
        absent = np.isnan(values)
        out[:, 0] = np.where(absent, float(self.often), values)
        self._mark(absent, out, "taken as the more frequent value of the training rows", notes)


FittedColumn = Numeric | Boolean | Moments | OneHot | Frequent | Ordered

FIT: dict[Kind, Callable[[str, RawColumn], FittedColumn]] = {
    "numeric": Numeric.fit,
    "boolean": Boolean.fit,
    "date": Moments.fit,
    "categorical": fit_categories,
}
