"""A quantity that was measured over seeds: its value, its interval, and how widely single seeds spread."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from goodfit.errors import InputError, problem
from goodfit.intervals import LEVEL, SHARE, UNBOUNDED, Bounds, about, clopper_pearson, of_differences, outside_median
from goodfit.studies.words import Words


@dataclass(frozen=True)
class Estimate:
    """A value with its interval at LEVEL. Exact values have an interval of no width.

    value: in the unit of what is measured
    low, high: the ends of the interval
    spread: the 2.5 % and 97.5 % quantiles over single seeds, where there are seeds: where one more seed is to be
    expected
    count: the seeds
    why: the reason, where nothing could be measured and the value is nan.
    """

    value: float
    low: float
    high: float
    spread: tuple[float, float] | None = None
    count: int = 1
    why: Words | None = None

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        spread = list(self.spread) if self.spread else None
        return {"value": self.value, "low": self.low, "high": self.high, "spread": spread, "count": self.count}


def exactly(value: float) -> Estimate:
    """A value without chance in it: a formula's, or the greatest error over all that was tried."""
    return Estimate(float(value), float(value), float(value))


def unmeasured(why: Words) -> Estimate:
    """Nothing: the parameters that were given leave nothing to measure it by."""
    return Estimate(math.nan, math.nan, math.nan, None, 0, why)


def mean_of(values: ArrayLike, bounds: Bounds = UNBOUNDED) -> Estimate:
    """The mean over independent seeds, [S], with Student's t interval, within bounds where values have them."""
    each = _checked(values)
    mean = float(each.mean())
    if not math.isfinite(mean):
        return Estimate(mean, math.nan, math.nan, None, len(each))
    low, high = about(mean, float(each.std(ddof=1)) / math.sqrt(len(each)), len(each) - 1, bounds=bounds)
    return Estimate(mean, low, high, _spread(each), len(each))


def mean_share(values: ArrayLike) -> Estimate:
    """The mean of accuracies and other shares, [S], each in [0, 1]."""
    return mean_of(values, SHARE)


def mean_gap(values: ArrayLike) -> Estimate:
    """The mean of differences of two shares, [S], each in [-1, 1]."""
    return mean_of(values, of_differences(SHARE))


def ratio_of(numerators: ArrayLike, denominators: ArrayLike = 1.0) -> Estimate:
    """The geometric mean of ratios, paired seed by seed and above 0, [S]: Student's t interval of their logarithms.

    For what differs by factors rather than by amounts, such as losses and norms.
    """
    logs = mean_of(np.log(_checked(numerators)) - np.log(np.asarray(denominators, float)))
    spread = None if logs.spread is None else (math.exp(logs.spread[0]), math.exp(logs.spread[1]))
    return Estimate(math.exp(logs.value), math.exp(logs.low), math.exp(logs.high), spread, logs.count)


def median_of(values: ArrayLike) -> Estimate:
    """The median over independent seeds, [S], with the interval between order statistics that holds for any law.

    Infinite values count as what they are. With fewer than six seeds no such interval reaches 95 %: it is nan.
    """
    each = np.sort(_checked(values))
    below = outside_median(len(each))
    low, high = (float(each[below]), float(each[-1 - below])) if below >= 0 else (math.nan, math.nan)
    return Estimate(float(np.median(each)), low, high, _spread(each), len(each))


def share_of(hits: Sequence[bool] | np.ndarray) -> Estimate:
    """The share of independent seeds for which something is true, [S], with Clopper and Pearson's interval."""
    found = np.asarray(hits, bool)
    low, high = clopper_pearson(float(found.sum()), float(len(found)), LEVEL)
    return Estimate(float(found.mean()), low, high, None, len(found))


def correlation_of(x: ArrayLike, y: ArrayLike) -> Estimate:
    """Pearson's correlation of two quantities over seeds, [S] each, with Fisher's interval."""
    a, b = _checked(x), _checked(y)
    value = float(np.corrcoef(a, b)[0, 1])
    half = 1.959964 / math.sqrt(max(len(a) - 3, 1))
    middle = math.atanh(min(max(value, -1 + 1e-15), 1 - 1e-15))
    return Estimate(value, math.tanh(middle - half), math.tanh(middle + half), None, len(a))


def _checked(values: ArrayLike) -> np.ndarray:
    each = np.asarray(values, float)
    if each.ndim != 1 or len(each) < 2:
        raise InputError(problem("estimate", "must be of at least two seeds", got=each.shape))
    return each


def _spread(each: np.ndarray) -> tuple[float, float]:
    low, high = np.quantile(each, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], method="closest_observation")
    return float(low), float(high)
