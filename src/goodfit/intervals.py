"""Confidence intervals that know their bounds: the one place that makes them of means and of proportions.

An accuracy of 1.004 or a log loss below zero says that the method did not know what it measured. What each interval
covers in simulation is in docs/statistics.md, from `python -m benchmarks.intervals`.
"""

import math

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
