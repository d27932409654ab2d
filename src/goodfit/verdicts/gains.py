"""What a probe gains over a recipe: paired differences of the logarithms of errors, with their intervals.

All tables are errors, [.., J] over the columns (folds, repeats), lower is better, paired: same rows, seeds and orders.
Errors are compared on a logarithmic scale, log(error + offset): a net that blows up on one fold would otherwise drown
the others, and what is better on every fold, but not by the same amount, would not count as surely better. The
offset lets ratios of errors that are next to nothing count next to nothing. Gains are given in the errors' own unit
again, as (e + offset) (1 - exp(-mean difference of logarithms)), e being the recipe's error by the same mean.

The mean over J columns, R repeats of K folds, is given the standard error s / sqrt(K), s being the standard deviation
over the columns: repeats average the luck of dividing and starting, but bring no new rows. It speaks of the rows at
hand: of nets that learn from K - 1 of K parts of them, on new rows. s^2 is moderated: five folds tell it badly, and the
probes' variances are alike, so that each is drawn towards what all of them say (`moderated`).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from goodfit.intervals import LEVEL, Bounds, within

Status = Literal["better", "worse", "no better", "open", "diverged"]

OWN_MARGIN = 0.05  # of the recipe's own error, where that is more
NEXT_DOUBLING = 0.5  # of what the last doubling of the rows gained, that the next is expected to: errors fall as 1/n
MOST_REPEATS = 20  # of the folds, beyond which more rows are the better advice
MOST_ROWS = 1024  # times as many, beyond which nothing is said
FEWEST_ALIKE = 3  # probes whose variances can be moderated

Errors = NDArray[np.float64]


@dataclass(frozen=True)
class Gain:
    """What a probe gains over the recipe, in the unit of the errors; below zero where it loses.

    mean, low, high: over the columns, with the interval at the level of all probes together: "better" is decided by
    low, "worse" by high.
    at_most: the one-sided 95 % limit, for the probe alone: what "no better" is decided by.
    claim: what is expected of it on fresh data: the mean, shrunk by what its standard error adds to the gains that are
    picked out because they are large.
    nan where one of the two diverged.
    status: better (surely, and by the margin), no better (surely not by the margin), worse (surely), open, or diverged.
    """

    mean: float
    low: float
    high: float
    at_most: float
    claim: float
    status: Status


@dataclass(frozen=True, eq=False)
class Rival:
    """One comparison. values: [J] differences of logarithms, positive is better; error: of their mean; freedom: degrees
    that the error has; least: the margin on that scale; unit: a difference of logarithms as a gain.
    """

    values: Errors
    gain: Gain
    error: float
    freedom: float
    level: float
    least: float
    folds: int
    unit: Callable[[float], float]

    @property
    def open(self) -> bool:
        """Whether it is not known if it is better by the margin."""
        return self.gain.status == "open"

    @property
    def better(self) -> bool:
        """Whether it surely is."""
        return self.gain.status == "better"

    def needed(self) -> int | None:
        """How many repeats of the folds would settle it, if mean and spread stay as they are; None if too many."""
        now = len(self.values) // self.folds
        more = range(now + 1, MOST_REPEATS + 1)
        freedom = [self.freedom + (count - now) * self.folds for count in more]
        settled = (count for count, each in zip(more, freedom, strict=True) if self._settled(self.error, each))
        return next(settled, None)

    def rows_needed(self) -> int | None:
        """How many times the rows would settle it, if mean and spread of a row stay as they are; None if too many."""
        times = 2
        while times <= MOST_ROWS:
            if self._settled(self.error / math.sqrt(times), self.freedom):
                return times
            times *= 2
        return None

    def _settled(self, error: float, freedom: float) -> bool:
        mean = float(self.values.mean())
        both, alone = (quantile(freedom, share) for share in ((1 + self.level) / 2, LEVEL))
        return (mean - both * error > 0 and shrunk(mean, error) >= self.least) or mean + alone * error < self.least


def quantile(freedom: float, share: float) -> float:
    """Of Student's distribution."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, share))


def shrunk(mean: float, error: float) -> float:
    """A mean that was picked out because it is large, less what its error is expected to have added to it.

    The mean square of gains is that of the true ones and the error's; their ratio is by how much a gain is too large
    (James and Stein's estimator, positive part, with the one gain at hand).
    """
    return mean * max(0.0, 1.0 - (error / mean) ** 2) if mean else 0.0


def moderated(variances: Errors, freedom: float) -> tuple[Errors, float]:
    """Variances drawn towards what all of them say, and the degrees of freedom that they then have.

    The prior is estimated by the spread of their logarithms, and given no more weight than each variance itself.
    Source: Smyth (2004), Linear models and empirical Bayes methods for assessing differential expression in microarray
    experiments, section 6.
    """
    from scipy.special import digamma, polygamma

    known = variances[np.isfinite(variances) & (variances > 0)]
    if len(known) < FEWEST_ALIKE or freedom <= 0:
        return variances, freedom
    logs = np.log(known) - digamma(freedom / 2) + math.log(freedom / 2)
    excess = float(logs.var(ddof=1) - polygamma(1, freedom / 2))
    prior = freedom if excess <= 0 else min(freedom, 2 * _trigamma_inverse(excess))
    centre = math.exp(float(logs.mean()) + (float(digamma(prior / 2)) - math.log(prior / 2)) * (excess > 0))
    return (prior * centre + freedom * variances) / (prior + freedom), prior + freedom


def _trigamma_inverse(value: float) -> float:
    """Where the trigamma function has a value, by Newton's method."""
    from scipy.special import polygamma

    found = 0.5 + 1.0 / value
    for _ in range(50):
        now = float(polygamma(1, found))
        step = now * (1 - now / value) / float(polygamma(2, found))
        found += step
        if -step < 1e-10 * found:
            break
    return found


class Scale:
    """The logarithmic scale on which errors are compared, about the recipe's own.

    own: [J] errors of the recipe.
    offset: what is added to errors before their logarithm.
    margin: in the unit of the errors.
    folds: of one repeat.
    most: the largest error that there can be.
    careful: whether few rows decide the errors, so that "better" must hold on every fold.
    """

    def __init__(
        self, own: Errors, offset: float, margin: float, folds: int, most: float, *, careful: bool = False
    ) -> None:
        self.offset, self.folds, self.most, self.careful = offset, folds, most, careful
        self.own = self.of(own)
        low, mean, high = (within(math.exp(value) - offset, (0.0, most)) for value in self._limits(self.own))
        self.remaining = low, mean, high  # of the recipe's error
        self.margin = max(margin, OWN_MARGIN * mean) if math.isfinite(mean) else margin

    def of(self, values: Errors | float) -> Errors:
        """Errors on the scale."""
        return np.log(np.asarray(values, np.float64) + self.offset)

    def compare(self, probes: Errors, level: float) -> list[Rival]:
        """Probes [P, J] with the recipe. Gains are (e + m)(1 - exp(-d)) for a difference d of logarithms."""
        whole = self.remaining[1] + self.offset
        least = math.inf if self.margin >= whole else -math.log1p(-self.margin / whole)  # more than there is to gain
        bounds = self._gains(self.remaining[1])
        values = self.own - self.of(probes)
        variances, freedom = moderated(values.var(axis=1, ddof=1), values.shape[1] - 1)
        return [
            self._rival(each, (variance, freedom), level, least, lambda d: -whole * math.expm1(-d), bounds)
            for each, variance in zip(values, variances, strict=True)
        ]

    def doubling(self, half: Errors) -> Rival:
        """The recipe with itself on half the rows: what the last doubling gained, (e + m)(exp(d) - 1)."""
        whole = self.remaining[1] + self.offset
        least = math.log1p(self.margin / NEXT_DOUBLING / whole)
        worst, best = self._gains(self.remaining[1])
        values, bounds = self.of(half) - self.own, (-best, -worst)
        own = float(values.var(ddof=1)), len(values) - 1.0
        return self._rival(values, own, LEVEL, least, lambda d: whole * math.expm1(min(d, 700.0)), bounds)

    def over_constant(self, probe: Errors, constant: float, level: float) -> Rival:
        """A probe with the best constant prediction."""
        values = self.of(constant) - self.of(probe)
        whole, own = constant + self.offset, (float(values.var(ddof=1)), len(values) - 1.0)
        return self._rival(values, own, level, 0.0, lambda d: -whole * math.expm1(-d), self._gains(constant))

    def _gains(self, error: float) -> Bounds:
        """What can be gained over an error at worst and at best."""
        return error - self.most, error

    def _limits(self, values: Errors) -> tuple[float, float, float]:
        """The mean of the columns between the ends of its interval, nan where a column has none."""
        mean, error = float(values.mean()), float(values.std(ddof=1)) / math.sqrt(self.folds)
        half = quantile(len(values) - 1, (1 + LEVEL) / 2) * error
        return mean - half, mean, mean + half

    def _rival(
        self,
        values: Errors,
        spread: tuple[float, float],
        level: float,
        least: float,
        unit: Callable[[float], float],
        bounds: Bounds,
    ) -> Rival:
        """spread: (variance over the columns, its degrees of freedom)."""
        variance, freedom = spread
        mean, error = float(values.mean()), math.sqrt(variance / self.folds)
        half = quantile(freedom, (1 + level) / 2) * error
        low, high = mean - half, mean + half
        at_most, claim = mean + quantile(freedom, LEVEL) * error, shrunk(mean, error)
        if not math.isfinite(mean):
            status: Status = "diverged"
        elif low > 0 and claim >= least and not (self.careful and self._rests_on_few(values, least)):
            status = "better"
        elif at_most < least or (least > 0 and self.remaining[2] < self.margin):  # no more than the margin remains
            status = "worse" if high < 0 else "no better"
        else:
            status = "open"
        ends = [within(unit(each), bounds) for each in (mean, low, high, at_most, claim)]
        found = Gain(ends[0], ends[1], ends[2], ends[3], ends[4], status)
        return Rival(values, found, error, freedom, level, least, self.folds, unit)

    def _rests_on_few(self, values: Errors, least: float) -> bool:
        """Whether a gain is not seen on every fold, or is below the margin without the fold that shows most of it."""
        by_fold = values.reshape(-1, self.folds).mean(axis=0)
        rest = (by_fold.sum() - by_fold.max()) / (self.folds - 1)
        return bool(by_fold.min() <= 0 or rest < least)
