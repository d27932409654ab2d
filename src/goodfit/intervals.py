"""Confidence intervals that know their bounds: the one place that makes them of means and of proportions.

An accuracy of 1.004 or a log loss below zero says that the method did not know what it measured. What each interval
covers in simulation is in docs/statistics.md, from `python -m benchmarks.intervals`.
"""

import math
from collections.abc import Callable
from typing import Any

LEVEL = 0.95

Bounds = tuple[float, float]
"""Between which a quantity lies, both included; infinite where there is none."""

UNBOUNDED: Bounds = (-math.inf, math.inf)
SHARE: Bounds = (0.0, 1.0)
NOT_NEGATIVE: Bounds = (0.0, math.inf)
SCORE_BOUNDS: dict[str, Bounds] = {"accuracy": SHARE, "exact match": SHARE, "R²": (-math.inf, 1.0)}


def of_differences(bounds: Bounds) -> Bounds:
    """The bounds of the difference of two quantities that both have these: (-1, 1) for two shares."""
    width = bounds[1] - bounds[0]
    return -width, width


def level_of_openings(openings: int) -> float:
    """The level at which each of so many intervals is given, so that all of them hold together at LEVEL.

    1 - 0.05 / n for n intervals, whatever they have to do with one another (Bonferroni's inequality): the chances that
    each is wrong add up to 0.05 at most.
    """
    return 1 - (1 - LEVEL) / openings


def lasting_level(opening: int) -> float:
    """The level of the interval of the nth opening, so that the intervals of all openings ever hold together at LEVEL.

    1 - 0.05 / (n (n + 1)): these chances of being wrong add up to 0.05 over all n, so that nobody needs to know how
    many openings will follow, or when they stop, and what was given once is never widened (alpha spending).
    """
    return 1 - (1 - LEVEL) / (opening * (opening + 1))


def within(value: float, bounds: Bounds) -> float:
    """A value, or the bound that it is beyond; nan stays nan."""
    return value if math.isnan(value) else min(max(value, bounds[0]), bounds[1])


def about(mean: float, error: float, freedom: float, level: float = LEVEL, bounds: Bounds = UNBOUNDED) -> Bounds:
    """The interval of a mean whose standard error is `error`, by Student's t with so many degrees of freedom.

    Within two bounds, each end is the farther one of Student's interval, cut at the bound, and of the same interval on
    the scale log((m - low) / (high - m)), with the standard error by the delta method. Values near a bound are skewed
    away from it, where Student's interval is too short: of means of 5 to 30 shares from 0.95 on it held the truth in 90
    to 96 % of samples that differ among themselves, the wider of the two in 93 to 100 %. Within one bound Student's
    interval is cut there, which never loses the truth. nan gives nan; an error of 0 gives the mean twice.
    """
    from scipy.special import expit, logit, stdtrit

    if not (math.isfinite(mean) and math.isfinite(error)):
        return math.nan, math.nan
    half = float(stdtrit(freedom, (1 + level) / 2)) * error
    low, high = mean - half, mean + half
    least, most = bounds
    width = most - least
    share = (mean - least) / width if math.isfinite(width) else math.nan
    if 0 < share < 1 and half > 0:
        reach = half / width / (share * (1 - share))
        low = min(low, least + width * float(expit(logit(share) - reach)))
        high = max(high, least + width * float(expit(logit(share) + reach)))
    return max(low, least), min(high, most)


def clopper_pearson(hits: float, rows: float, level: float = LEVEL) -> Bounds:
    """The exact interval of a binomial proportion: hits of rows, 0 <= hits <= rows, not necessarily whole.

    Source: Clopper & Pearson (1934), in the form with quantiles of the beta distribution.
    """
    from scipy.special import betaincinv

    tail = (1 - level) / 2
    misses = rows - hits
    low = 0.0 if hits <= 0 else float(betaincinv(hits, misses + 1, tail))
    high = 1.0 if misses <= 0 else float(betaincinv(hits + 1, misses, 1 - tail))
    return low, high


def on_logits(value: float, error: float, freedom: float, level: float = LEVEL) -> Bounds:
    """The interval of a value in [0, 1] with a standard error, made on the scale log(v / (1 - v)) by the delta method.

    freedom: degrees of freedom of Student's t, 1 at least. At 0 and 1 it has no width.
    """
    from scipy.special import expit, logit, stdtrit

    if not 0 < value < 1:
        return value, value
    reach = float(stdtrit(max(freedom, 1), (1 + level) / 2)) * error / (value * (1 - value))
    return float(expit(logit(value) - reach)), float(expit(logit(value) + reach))


def outside_median(count: int, level: float = LEVEL) -> int:
    """How many of `count` sorted values lie below the interval of their median, and as many above it.

    The interval between the two order statistics that follow holds the median of any law at `level` or more, ties
    included. -1 where so few values have no such interval: five at 95 %.
    Source: the number of values below the median is binomial (n, 1/2), where none is equal to it.
    """
    from scipy.special import bdtr, ndtri  # scipy.stats takes half a second to import

    tail = (1 - level) / 2
    below = max(-1, math.floor(count / 2 + float(ndtri(tail)) * math.sqrt(count) / 2))
    while below >= 0 and bdtr(below, count, 0.5) > tail:
        below -= 1
    while bdtr(below + 1, count, 0.5) <= tail:
        below += 1
    return below


def of_mean(values: Any, level: float = LEVEL, bounds: Bounds = UNBOUNDED, known: float | None = None) -> Bounds:
    """The interval of a mean of independent values [N], which may be skewed, N >= 2.

    Each end is the farther one of Student's interval and of Hall's, which undoes the skewness that the values show by a
    cubic transformation of Student's t. Losses and squared errors are skewed, and there Student's interval alone ends
    too early on the side of the long tail. Few values hide the tail that they come from: what each covers is in
    docs/statistics.md. nan where a value is not finite; values that are all the same give an interval of no width.
    known: by how many values alike the mean is known, where these stand for weighted ones; None: by all.
    Source: Hall (1992), On the removal of skewness by transformation, Journal of the Royal Statistical Society B 54.
    """
    import numpy as np
    from scipy.special import stdtrit

    each = np.asarray(values, np.float64)
    rows, mean = len(each), float(each.mean())
    freedom = (rows if known is None else max(known, 2.0)) - 1
    error = float(each.std()) / math.sqrt(rows) * math.sqrt((freedom + 1) / freedom)
    low, high = about(mean, error, freedom, level, bounds)
    if not math.isfinite(error) or error == 0:
        return low, high
    skewness = float((((each - mean) / each.std()) ** 3).mean())
    if abs(skewness) > 1e-9:
        quantile = float(stdtrit(freedom, (1 + level) / 2))
        ends = [mean - error * _hall(at, skewness, rows) for at in (quantile, -quantile)]
        low, high = min(low, *ends), max(high, *ends)
    return within(low, bounds), within(high, bounds)


def _hall(at: float, skewness: float, rows: int) -> float:
    """The t that becomes `at`: the inverse of t + s t² / 3 + s² t³ / 27 + s / 6, with s = skewness / √N."""
    scaled = skewness / math.sqrt(rows)
    return 3 / scaled * (math.cbrt(1 + scaled * (at - scaled / 6)) - 1)


def of_share_difference(differences: Any, level: float = LEVEL) -> Bounds:
    """The interval of the difference of two shares of the same rows, by the rows' differences [N], each in [-1, 1].

    One net each: differences are 1 (only the second is right), -1 (only the first) and 0, and this is Tango's score
    interval for paired proportions, which has a width even where the two differ on no row.
    Means over nets: differences of the same means vary no more than those of single nets, and often much less. So the
    same interval is taken for as many rows as would vary as much: N times (S|d| + c) / (Sd² + c), where c, two rows'
    worth at 95 %, keeps chance agreement on few rows from counting.
    Source: Tango (1998), Equivalence test and confidence interval for the difference in proportions for the
    paired-sample design, Statistics in Medicine 17.
    """
    import numpy as np
    from scipy.special import ndtri

    each = np.asarray(differences, np.float64)
    quantile = float(ndtri((1 + level) / 2))
    cautious = quantile**2 / 2
    rows = len(each) * (float(np.abs(each).sum()) + cautious) / (float((each**2).sum()) + cautious)
    wins, losses = (rows * float(np.maximum(side, 0).mean()) for side in (each, -each))

    def beyond(difference: float) -> float:
        """How many standard errors the observed difference is from this one, which is in (-1, 1)."""
        half = (wins + losses - (2 * rows - wins + losses) * difference) / (4 * rows)
        lost = half + math.sqrt(max(half**2 + losses * difference * (1 - difference) / (2 * rows), 0.0))
        variance = rows * (2 * lost + difference * (1 - difference))
        apart = wins - losses - rows * difference
        return apart / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, apart)

    found = (wins - losses) / rows
    low = crossing(lambda at: beyond(at) - quantile, -1.0, found)
    return low, crossing(lambda at: beyond(at) + quantile, found, 1.0)


def crossing(falling: Callable[[float], float], low: float, high: float) -> float:
    """Where a falling function is 0 between two places, by halving; the place itself that it never reaches 0 beyond."""
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if falling(middle) > 0 else (low, middle)
    return (low + high) / 2


def chernoff(share: float, rows: float, log_missing: float) -> Bounds:
    """An interval of the mean of independent values in [0, 1], at levels so high that 1 - level is no number any more.

    share: their mean over so many rows. log_missing: the logarithm of how often the interval may miss the truth. It
    never misses more often, whatever the law of the values. It holds every p with rows * KL(share, p) <= log 2 -
    log_missing, KL being the divergence of two coins.
    Source: Hoeffding (1963), Probability inequalities for sums of bounded random variables, theorem 1.
    """
    room = (math.log(2) - log_missing) / rows

    def divergence(p: float) -> float:
        parts = ((share, p), (1 - share, 1 - p))
        return sum(a * (math.log(a / b) if b > 0 else math.inf) for a, b in parts if a > 0)

    low = crossing(lambda p: divergence(p) - room, 0.0, share)
    return low, crossing(lambda p: room - divergence(p), share, 1.0)
