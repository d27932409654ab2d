"""What every fitted column is, and the scaling of numbers. The kinds are in `fitted`, `dates` and `categories`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from goodfit.data.tables.kinds import Kind
from goodfit.data.tables.raw import Numbers, RawColumn

CLIP = 3.0  # what scaled numbers stay below
LEAST_SPREAD = 1e-12  # of the magnitude; a smaller spread is rounding, and the column counts as constant
Notes = list[str]


@dataclass(frozen=True)
class ColumnScaling:
    """Robust scaling with a smooth clip: z = (value - median) * factor, then z / sqrt(1 + (z / 3)^2), within (-3, 3).

    factor: 1 / (third quartile - first quartile); if those are equal, 2 / (largest - smallest); 0 for a constant.
    Source: RealMLP, of Holzmüller et al. (2024), Better by Default: Strong Pre-Tuned MLPs and Boosted Trees on Tabular
    Data; its published code scales so.
    """

    median: float
    factor: float

    @classmethod
    def fit(cls, values: Numbers) -> ColumnScaling:
        """From numbers without NaN; without any, 0 and 0."""
        if not len(values):
            return cls(0.0, 0.0)
        low, first, median, third, high = np.quantile(values, (0, 0.25, 0.5, 0.75, 1))
        least = LEAST_SPREAD * max(abs(low), abs(high))
        with np.errstate(over="ignore"):
            for spread in (third - first, 0.5 * (high - low)):
                if spread > least and 0 < 1 / spread < np.inf:
                    return cls(float(median), float(1 / spread))
        return cls(float(median), 0.0)

    def apply(self, values: Numbers) -> Numbers:
        """Scaled values; a missing one becomes 0, which is the median."""
        with np.errstate(over="ignore", invalid="ignore"):
            z = np.clip((values - self.median) * self.factor, -1e100, 1e100)
        clipped = z / np.sqrt(1.0 + (z / CLIP) ** 2)
        return np.where(np.isnan(clipped), 0.0, clipped)


@dataclass(frozen=True)
class Fitted(ABC):
    """name: of the column; missing: whether training rows lacked a value, which gives an input of its own."""

    name: str
    missing: bool
    kind: ClassVar[Kind]

    @property
    def own(self) -> tuple[str, ...]:
        """Names of the inputs but for the one for missing values: the column's, where there is one input."""
        return (self.name,)

    @property
    def own_width(self) -> int:
        """How many they are. They are not made for it: the names of a hostile file may take gigabytes."""
        return 1

    @abstractmethod
    def fill(self, column: RawColumn, out: NDArray[np.float32], notes: Notes) -> None:
        """Write the inputs of all rows into `out` [N, width], zeros before; notes are for people."""

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the inputs."""
        return (*self.own, f"{self.name} is missing") if self.missing else self.own

    @property
    def width(self) -> int:
        """How many inputs."""
        return self.own_width + self.missing

    def to_json(self) -> dict[str, Any]:
        """Everything as JSON."""
        return {"type": type(self).__name__.lower(), **_plain(asdict(self))}

    def _mark(self, absent: NDArray[np.bool_], out: NDArray[np.float32], instead: str, notes: Notes) -> None:
        """Fill the input for missing values; where training rows lacked none there is no such input, but a note."""
        if self.missing:
            out[:, -1] = absent
        elif absent.any():
            notes.append(f"Column {self.name!r}: {values_text(int(absent.sum()))} missing; {instead}.")


def values_text(count: int) -> str:
    """The subject and the verb of a note on so many values."""
    return "1 value is" if count == 1 else f"{count:,} values are"


def _plain(value: Any) -> Any:
    """Tuples as lists, all the way down: what JSON would make of it."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value
