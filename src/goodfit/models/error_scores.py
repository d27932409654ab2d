"""The errors of a regression in the unit of its targets: their mean and their median, with intervals over rows.

Both are told beside R², which squares errors: a few rows can decide it, and no interval of it holds then. The median
does not know how large the largest errors are, so that its interval holds whatever they are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from goodfit.intervals import LEVEL, level_of_openings, outside_median
from goodfit.models.tails import MOST_OF_ONE, Relative, about_positive, relative
from goodfit.models.weighing import DOMINATED, FEWEST_KNOWN, Weights, as_if_alike, effective_rows, told, weighted_median

if TYPE_CHECKING:
    from jaxtyping import Float

ErrorName = Literal["mean absolute error", "median absolute error"]
KEPT_OPENINGS = (1, 2, 3, 5, 10, 20, 50, 100, 1000, 10_000, 100_000, 1_000_000)
"""Of test rows, at whose levels intervals of the median are kept; the last serves 999 openings at lasting levels."""
ENOUGH, FEW, BEYOND = (
    "order statistics",
    "no interval: too few rows for one at this level",
    "no interval: none was kept at this level",
)


@dataclass(frozen=True)
class ErrorScore:
    """A mean or median absolute error over rows, in the unit of the targets, lower is better, with its interval.

    value, low, high, level, rows, method: as of a `Score`. basis: the standard error of the logarithm of a mean, and
    skew: the skewness of what it was made of; None where there is no interval, and for a median. kept: of a median, its
    intervals at several levels, (level, low, high), the lowest first. effective: as of a `Score`, None without weights.
    """

    name: ErrorName
    value: float
    low: float
    high: float
    level: float
    rows: int
    method: str
    basis: float | None = None
    skew: float | None = None
    kept: tuple[tuple[float, float, float], ...] = ()
    effective: float | None = None

    def at_level(self, level: float) -> ErrorScore:
        """The same error with its interval at another level; without an interval it stays as it is.

        That of a median is the next wider one that is kept; beyond the last, and with too few rows, there is none.
        """
        if self.basis is not None and self.skew is not None:
            rows = self.rows if self.effective is None else self.effective
            low, high = about_positive(self.value, Relative(self.basis, self.skew), rows, level)
            return replace(self, low=low, high=high, level=level)
        if not self.kept:
            return self
        wide = [(low, high) for each, low, high in self.kept if each >= level - 1e-12]
        _, comma, told = self.method.partition(", mean of ")  # what is told of nets and targets stays
        if not wide:
            reason = FEW if outside_median(self.rows, level) < 0 else BEYOND
            return replace(self, low=math.nan, high=math.nan, level=level, method=f"{reason}{comma}{told}")
        return replace(self, low=wide[0][0], high=wide[0][1], level=level, method=f"{ENOUGH}{comma}{told}")


def absolute_errors(
    prediction: Float[np.ndarray, "P N C"],
    target: Float[np.ndarray, "N C"],
    level: float = LEVEL,
    weight: Weights = None,
) -> tuple[ErrorScore, ...]:
    """The mean and the median over rows of a row's absolute error, which is its mean over nets and targets.

    The median's interval stands between order statistics and holds for any law of the errors. That of the mean is made
    on the logarithmic scale, see `goodfit.models.tails`, and not given where one row makes most of it.
    weight: how much each row counts, [N], > 0; a weighted median has no interval.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        each = np.abs(np.asarray(prediction, np.float64) - target).mean(axis=(0, 2))  # [N]
    nets, _, outputs = prediction.shape
    over = [f"{nets} nets"] * (nets > 1) + [f"{outputs} targets"] * (outputs > 1)
    about = f", mean of {' and '.join(over)}" if over else ""
    median = _median(each, about, level) if weight is None else _weighted_median(each, weight, level)
    return _mean(each, about, level, weight), median


def _weighted_median(each: Float[np.ndarray, " N"], weight: np.ndarray, level: float) -> ErrorScore:
    why = "no interval: rows have weights, and order statistics count them alike"
    value = weighted_median(each, weight)
    return ErrorScore("median absolute error", value, math.nan, math.nan, level, len(each), why)


def _mean(each: Float[np.ndarray, " N"], about: str, level: float, weight: Weights) -> ErrorScore:
    name: ErrorName = "mean absolute error"
    rows, effective = len(each), None if weight is None else effective_rows(weight)
    with np.errstate(over="ignore", invalid="ignore"):
        value = float(np.average(each, weights=weight)) if rows else math.nan
    reason = why_no_mean(each, weight)
    if reason:
        method = f"no interval: {reason}"
        return ErrorScore(name, value, math.nan, math.nan, level, rows, method, effective=effective)
    found = relative(as_if_alike(each, weight) / value - 1, ratio=False, known=effective)
    method = told(f"log scale{about}", effective, rows)
    score = ErrorScore(name, value, math.nan, math.nan, level, rows, method, found.error, found.skew)
    return replace(score, effective=effective).at_level(level)


def why_no_mean(each: Float[np.ndarray, " N"], weight: Weights = None) -> str:
    """Why the mean of what rows have of an error >= 0 gets no interval, or "" where it has one.

    weight: how much each row counts, [N], > 0
    """
    if not len(each):
        return "there are no rows"
    if not np.isfinite(each).all():
        return "an error is not finite"
    if len(each) < 2:
        return "one row does not say how far others are off"
    if np.ptp(each) == 0:
        return "the errors of all rows are the same"
    if weight is not None and effective_rows(weight) < FEWEST_KNOWN:
        return DOMINATED
    summed = each if weight is None else weight * each
    return "one row accounts for most of it" if summed.max() > MOST_OF_ONE * summed.sum() else ""


def _median(each: Float[np.ndarray, " N"], about: str, level: float) -> ErrorScore:
    name: ErrorName = "median absolute error"
    rows, ordered = len(each), np.sort(each)  # nan last
    value = float(np.median(each)) if rows else math.nan
    levels = [level_of_openings(openings) for openings in KEPT_OPENINGS]
    kept = []
    for one in levels:
        below = outside_median(rows, one) if rows else -1
        if below >= 0 and math.isfinite(ordered[-1 - below]):
            kept.append((one, float(ordered[below]), float(ordered[-1 - below])))
    if not kept or math.isnan(value):
        reason = "no interval: too few rows, or an error is not finite"
        return ErrorScore(name, value, math.nan, math.nan, level, rows, reason)
    method = f"{ENOUGH}{about}"
    return ErrorScore(name, value, math.nan, math.nan, level, rows, method, kept=tuple(kept)).at_level(level)
