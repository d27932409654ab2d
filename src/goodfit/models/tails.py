"""Intervals of positive means over rows, and of ratios of such means, that allow for heavy tails.

They are made on the logarithmic scale. Where values are skewed, as squared errors are, the rows at hand mostly lack the
largest that there can be: mean and standard error are both too small, and the usual interval ends too early on one side
(R² with Student's noise of 3 degrees of freedom: held in 82 to 84 % of samples). So each end goes further out,

    t e (1 + sqrt(a / N)) + 3 t² max(0, g) e / sqrt(N),

e being the standard error of the logarithm, t Student's quantile with N - 1 degrees of freedom, and g the skewness of
what the rows give to the logarithm, with the sign by which it matters at that end. The second term is nine times
Johnson's correction of a mean's t for skewness; the first one's factor is for samples that do not show how skewed their
law is. Both were set by simulation, see docs/honesty.md.

No rule was found by which an interval is better withheld than widened: samples of a heavy-tailed law that look harmless
are those whose errors are too small, so that the intervals that are left hold less often. An interval is withheld only
where one row makes most of what is summed.
Source: Johnson (1978), Modified t tests and confidence intervals for asymmetrical populations.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goodfit.intervals import Bounds

if TYPE_CHECKING:
    from jaxtyping import Float

UNSEEN_MEAN = 5.0  # a, for both ends of a mean error
UNSEEN_ERRORS = 20.0  # a, for the lower end of R², where large errors are missed
UNSEEN_TARGETS = 60.0  # a, for the upper end of R², where far targets are missed, as in skewed ones
JOHNSON = 9.0  # by how much more than Johnson's the correction for skewness is
MOST_OF_ONE = 0.5  # share of what is summed: where one row holds more, there is no interval
CENTRE = 4.0  # of a ratio, added to the squared error times N²: the mean of the targets is estimated as well


@dataclass(frozen=True)
class Relative:
    """How sure the logarithm of a quantity is. error: its standard error; skew: of what the rows give to it."""

    error: float
    skew: float


def relative(given: Float[np.ndarray, " N"], *, ratio: bool, known: float | None = None) -> Relative:
    """From how far each row moves the logarithm, times N; at least two rows.

    ratio: whether it is one to the variance of the targets, whose mean is estimated. Predictions that are nearly
    constant have a first-order error near 0, and then that is what decides.
    known: as how many rows weighted ones are worth; None: all count alike. The skewness is then that of so many with
      which their mean would be as skewed.
    """
    rows, scatter = len(given), float(given.std(ddof=1))
    skew = float(((given / scatter) ** 3).mean()) * math.sqrt((known or rows) / rows) if scatter > 0 else 0.0
    return Relative(math.sqrt(scatter**2 / rows + (CENTRE / (known or rows) ** 2 if ratio else 0.0)), skew)


def about_positive(
    value: float,
    found: Relative,
    rows: float,
    level: float,
    low: float = UNSEEN_MEAN,
    high: float = UNSEEN_MEAN,
    *,
    directions: int = 1,
) -> Bounds:
    """The interval of a value > 0 over so many rows, or as many as weighted ones are worth.

    low, high: a of the module's formula for each end.

    directions: 1, or k for a model that was built from k - 1 answers about these rows: then t is sqrt(k F), F being the
    quantile of Fisher's law with k and N - k degrees of freedom, which is Student's for k = 1. k < rows.
    Source: Scheffé (1953), A method for judging all contrasts in the analysis of variance, Biometrika 40.
    """
    from scipy.special import fdtri, stdtrit

    t = float(stdtrit(rows - 1, (1 + level) / 2))
    if directions > 1:
        t = math.sqrt(directions * float(fdtri(directions, rows - directions, level)))
    skewed = JOHNSON / 3 * t**2 * found.skew / math.sqrt(rows)
    down = found.error * (t * (1 + math.sqrt(low / rows)) + max(0.0, -skewed))
    up = found.error * (t * (1 + math.sqrt(high / rows)) + max(0.0, skewed))
    return value * math.exp(-down), value * math.exp(min(up, 700.0))


def why_none(value: float, squares: Float[np.ndarray, "N C"], deviations: Float[np.ndarray, "N C"]) -> str:
    """Why R² has no interval, or "" where it has one.

    squares, deviations: the squared errors, and those of the targets' own mean, of every row and output.
    """
    if not (math.isfinite(value) and np.isfinite(squares).all() and np.isfinite(deviations).all()):
        return "R² is not finite"
    if value >= 1:
        return "every prediction is exact, which does not say how far off others would be"
    for what, each in (("squared error", squares), ("variance of the targets", deviations)):
        whole = each.sum(0)
        if (each.max(0) > MOST_OF_ONE * whole)[whole > 0].any():
            return f"one row accounts for most of the {what}; see the median absolute error"
    return ""
