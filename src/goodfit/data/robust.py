"""Robust scaling with a smooth clip, of the columns of tables and of arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

CLIP = 3.0  # what scaled numbers stay below
LEAST_SPREAD = 1e-12  # of the magnitude; a smaller spread is rounding, and the column counts as constant
QUANTILES = (0.0, 0.25, 0.5, 0.75, 1.0)
BLOCK = 2**22  # numbers whose quantiles are taken at once
LARGEST = 1e15  # in float32, the square of what is scaled further away would not be finite
Numbers = NDArray[np.float64]


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
        return cls.of(*_quantiles(values[None])[:, 0]) if len(values) else cls(0.0, 0.0)

    @classmethod
    def of(cls, low: float, first: float, median: float, third: float, high: float) -> ColumnScaling:
        """From the quantiles of QUANTILES."""
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


def robust_scaling(x: NDArray[Any]) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """(shift, scale, bend) [D] of inputs [n, D], as tables scale numbers: `bent((x - shift) * scale, bend)`.

    A column of zeros and ones stays as it is, for tables read it as no and yes.
    """
    shift, scale, bend = np.zeros(x.shape[1]), np.ones(x.shape[1]), np.zeros(x.shape[1])
    size = max(1, BLOCK // max(len(x), 1))
    for start in range(0, x.shape[1], size):
        block = np.ascontiguousarray(x[:, start : start + size].T)  # [K, n], of which a row is partitioned in the cache
        switches = ((block == 0) | (block == 1)).all(1) & (block == 0).any(1) & (block == 1).any(1)
        for column, quantiles in zip(np.flatnonzero(~switches) + start, _quantiles(block[~switches]).T, strict=True):
            found = ColumnScaling.of(*quantiles)
            # a factor that float32 cannot hold is that of a column that is constant in float32
            kept = found.factor if found.factor < float(np.finfo(np.float32).max) else 0.0
            shift[column], scale[column], bend[column] = found.median, kept, 1 / CLIP
    return shift.astype(np.float32), scale.astype(np.float32), bend.astype(np.float32)


def _quantiles(values: NDArray[Any]) -> Numbers:
    """QUANTILES [5, K] of rows of numbers [K, n] without NaN, those of np.quantile to the bit.

    They are ordered in the type that they have, which for pixels takes half the time, and only the ten that
    count become float64.
    """
    places = np.array(QUANTILES) * (values.shape[1] - 1)
    below = np.floor(places).astype(np.intp)
    above = np.minimum(below + 1, values.shape[1] - 1)
    ordered = np.partition(values, np.unique([below, above]), axis=1)
    low, high = ordered[:, below].T.astype(np.float64), ordered[:, above].T.astype(np.float64)
    part = (places - below)[:, None]
    with np.errstate(over="ignore", invalid="ignore"):
        step = high - low
        found: Numbers = np.where(part >= 0.5, high - step * (1 - part), low + step * part)
    return found


def bent(z: NDArray[Any], bend: NDArray[Any]) -> NDArray[Any]:
    """z / sqrt(1 + (z * bend)^2), within 1 / bend; z itself where bend is 0."""
    if not bend.any():
        return z
    z = np.clip(z, -LARGEST, LARGEST)
    found: NDArray[Any] = z / np.sqrt(1 + (z * bend) ** 2)
    return found
