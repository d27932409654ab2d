"""Differences of two models on the same rows, with intervals: paired, for what makes a row hard for both cancels."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.intervals import LEVEL, level_of_openings, of_mean, of_share_difference
from goodfit.models.row_scores import Values
from goodfit.plain_json import plain
from goodfit.training.metrics import variances

Value = tuple[float, float, float]
"""Of the first, of the second, and how much the second is better."""

HITS = "accuracy", "exact match"
LEAST_ROWS = 30  # for an interval of losses: with 20, intervals of the log loss held the truth in 89 % of draws
FEWEST = 10  # rows on which the two must differ: with fewer, intervals of the mean held the truth in 85 % of draws
FEWEST_WRONG = 5  # rows that each classifier has wrong: these make most of a loss, and with fewer its tail is unseen
NOTICEABLE = 0.01  # of the largest difference, from which on a row's counts


@dataclass(frozen=True)
class Difference:
    """How much better the second of two models is than the first, by one measure.

    measure: its name; first, second: their values. gain: by how much the second is better, which for errors is first -
    second; negative where the first is better. low, high: its interval at `level`, nan where there is none. chance: the
    two-sided p of McNemar's exact test, None where it does not apply; adjusted: the same for as many comparisons as
    were made, by Holm's method. method: how the interval was made, or why there is none.
    """

    measure: str
    first: float
    second: float
    gain: float
    low: float
    high: float
    level: float
    rows: int
    method: str
    chance: float | None = None
    adjusted: float | None = None

    @property
    def better(self) -> int:
        """1 where the second is better, -1 where the first is, 0 where the interval does not tell."""
        return 0 if math.isnan(self.low) else int(self.low > 0) - int(self.high < 0)

    def to_dict(self) -> dict[str, Any]:
        """The fields, as JSON has them: numbers that are not finite become None."""
        found: dict[str, Any] = plain(asdict(self))
        return found


def mcnemar(wins: int, losses: int) -> float:
    """The two-sided p of McNemar's exact test: wins and losses are rows that only one of two nets has right.

    Were both equally good, each such row would be a fair coin's. p = 1 without such rows.
    Source: McNemar (1947), Note on the sampling error of the difference between correlated proportions or percentages;
    in its exact form with the binomial distribution.
    """
    from scipy.special import bdtr

    return min(1.0, 2 * float(bdtr(min(wins, losses), wins + losses, 0.5))) if wins + losses else 1.0


def holm(chances: Sequence[float], comparisons: int) -> list[float]:
    """The p of several tests, each so large that those below 0.05 hold together: one is false in 5 % of cases at most.

    comparisons: how many tests there are, at least as many as p; those without a p here count as not significant.
    The smallest p counts `comparisons` times, the next once less, and none less than a smaller one.
    Source: Holm (1979), A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6.
    """
    found, largest = [1.0] * len(chances), 0.0
    for rank, place in enumerate(sorted(range(len(chances)), key=chances.__getitem__)):
        largest = max(largest, min(1.0, (comparisons - rank) * chances[place]))
        found[place] = largest
    return found


def pair_differences(
    scores: Sequence[Mapping[str, Values]],
    targets: NDArray[Any],
    pairs: Sequence[tuple[int, int]],
    comparisons: int,
    *,
    single: bool = False,
) -> list[tuple[Difference, ...]]:
    """The differences of pairs of several models, corrected for how many comparisons there are, pairs or more.

    scores: of each model, as in `differences`; pairs: places of the first and the second among them. Intervals are
    given at 1 - 0.05 / comparisons, so that those of one measure hold together at 95 %; p by Holm's method.
    """
    level = level_of_openings(comparisons)
    found = [differences(scores[one], scores[other], targets, level=level, single=single) for one, other in pairs]
    mains = [each[0] for each in found]
    known = [(place, main.chance) for place, main in enumerate(mains) if main.chance is not None]
    for (place, _), adjusted in zip(known, holm([chance for _, chance in known], comparisons), strict=True):
        found[place][0] = replace(mains[place], adjusted=adjusted)
    return [tuple(each) for each in found]


def differences(
    first: Mapping[str, Values],
    second: Mapping[str, Values],
    targets: NDArray[Any],
    *,
    level: float = LEVEL,
    single: bool = False,
) -> list[Difference]:
    """The differences of two models by every measure.

    first, second: what `row_scores` gives for the same rows in the same order; targets: of these rows, as a data set
    has them. single: whether each model is one net, so that its hits are 0 or 1.
    """
    found = []
    wrong = min(
        (float((1 - each[name]).sum()) for each in (first, second) for name in HITS if name in each), default=None
    )
    for name, mine in first.items():
        if name in HITS:
            found.append(_of_hits(name, mine, second[name], level, single))
        elif name == "R²":
            found.append(_of_r2(name, mine, second[name], targets, level))
        elif wrong is not None and wrong < FEWEST_WRONG:
            value = _means(mine, second[name])
            why = f"one of the two is wrong on fewer than {FEWEST_WRONG} rows, which say too little of its losses"
            found.append(_none(name, value, len(mine), level, why))
        else:
            found.append(_of_values(name, mine, second[name], level))
    return found


def _of_hits(name: str, first: Values, second: Values, level: float, single: bool) -> Difference:
    apart = second - first
    value = float(first.mean()), float(second.mean()), float(apart.mean())
    if not len(apart):
        return _none(name, value, len(apart), level, "there are no rows")
    low, high = of_share_difference(apart, level)
    if not single:
        method = "Tango's score interval, as many rows as means over nets are worth"
        return Difference(name, *value, low, high, level, len(apart), method)
    chance = mcnemar(int((apart > 0).sum()), int((apart < 0).sum()))
    if chance > 1 - level:  # the exact test has the last word on whether there is a difference at all
        low, high = min(low, 0.0), max(high, 0.0)
    return Difference(name, *value, low, high, level, len(apart), "Tango's score interval", chance)


def _of_values(name: str, first: Values, second: Values, level: float) -> Difference:
    """Of errors, whose means over outputs and rows are compared."""
    mine, other = (np.reshape(each, (len(each), -1)).mean(1) for each in (first, second))
    with np.errstate(invalid="ignore"):
        apart = mine - other  # errors that are spared
    return _of_rows(
        name, _means(first, second), apart, level, "Student's and Hall's t of the rows' differences, the wider"
    )


def _means(first: Values, second: Values) -> Value:
    with np.errstate(invalid="ignore"):
        mine, other = float(first.mean()), float(second.mean())
        return mine, other, mine - other


def _of_r2(name: str, first: Values, second: Values, targets: NDArray[Any], level: float) -> Difference:
    """Of two R², by the jackknife: what every row changes in their difference when it is left out."""
    rows = len(targets)
    spread = variances(np.asarray(targets))  # [C]
    if np.isnan(spread).any():
        return _none(name, (math.nan,) * 3, rows, level, "R² is undefined for fewer than two rows or constant targets")
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        one, other = (float((1 - each.mean(0) / spread).mean()) for each in (first, second))
        gain = first - second  # [N, C] squared errors that are spared
        deviations = (targets - targets.mean(0, dtype=np.float64)) ** 2
        variation = deviations.sum(0) - deviations * rows / (rows - 1)  # about the mean of the rows that are left
        left_out = ((gain.sum(0) - gain) / variation).mean(1)
        whole = float((gain.sum(0) / deviations.sum(0)).mean())
        apart = rows * whole - (rows - 1) * left_out  # the jackknife's pseudo-values
    return _of_rows(name, (one, other, whole), apart, level, "jackknife over rows; Student's and Hall's t, the wider")


def _of_rows(name: str, value: Value, apart: Values, level: float, method: str) -> Difference:
    rows = len(apart)
    if not np.isfinite(apart).all():
        return _none(name, value, rows, level, "a value is not finite")
    if rows < LEAST_ROWS:
        return _none(name, value, rows, level, f"it takes {LEAST_ROWS} rows or more")
    largest = float(np.abs(apart).max(initial=0))
    if not largest:
        return _none(name, value, rows, level, "the two are equal on every row")
    if (np.abs(apart) > NOTICEABLE * largest).sum() < FEWEST:
        return _none(name, value, rows, level, f"the two differ noticeably on fewer than {FEWEST} rows")
    low, high = of_mean(apart, level)
    if name == "R²":  # pseudo-values have another mean than the difference itself: the jackknife's bias
        shift = value[2] - float(apart.mean())
        low, high = min(low, low + shift), max(high, high + shift)
    return Difference(name, *value, low, high, level, rows, method)


def _none(name: str, value: Value, rows: int, level: float, why: str) -> Difference:
    return Difference(name, *value, math.nan, math.nan, level, rows, f"no interval: {why}")
