"""How well scores put rows of one class before all others: ROC AUC and average precision, with intervals over rows.

Each measure comes with `moves`: how far every row moves it (its derivative by the weight of the row), whose squares add
up to the variance. For ROC AUC that is DeLong's variance; for means over classes the moves of a row are added up first,
so that the variance knows that classes share their rows.
Sources: DeLong, DeLong & Clarke-Pearson (1988), Comparing the areas under two or more correlated receiver operating
characteristic curves, Biometrics 44; on the logit scale as in Perme & Manevski (2019), Confidence intervals for the
Mann-Whitney test, Statistical Methods in Medical Research 28.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goodfit.intervals import SHARE, Bounds, clopper_pearson, crossing, on_logits, within
from goodfit.models.weighing import Weights

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int

ENOUGH = 5  # rows of each kind for DeLong's variance: with fewer it says next to nothing


@dataclass(frozen=True)
class Moved:
    """A measure in [0, 1] and how far each row moves it. value: nan where it is undefined; moves: [N], sum 0."""

    value: float
    moves: Float[np.ndarray, " N"]

    @property
    def error(self) -> float:
        """The standard error."""
        rows = len(self.moves)
        return math.sqrt(float((self.moves**2).sum()) * rows / max(rows - 1, 1))

    def freedom(self, kinds: Int[np.ndarray, " N"]) -> float:
        """Degrees of freedom of the variance, which is a sum of one part for each kind of rows, such as their class.

        A part of few rows is not well known, which matters as much as it is large.
        Source: Satterthwaite (1946), An approximate distribution of estimates of variance components, Biometrics
        Bulletin 2.
        """
        parts, rows = np.bincount(kinds, self.moves**2), np.bincount(kinds)
        whole = float((parts[rows > 0] ** 2 / np.maximum(rows[rows > 0] - 1, 0.5)).sum())
        return float(parts.sum()) ** 2 / whole if whole > 0 else 1.0


def roc_auc(scores: Float[np.ndarray, " N"], positive: Bool[np.ndarray, " N"], weight: Weights = None) -> Moved:
    """The probability that a row of the class has a larger score than another row, ties counted half.

    scores: the larger, the likelier; positive: whether a row is of the class. nan without rows of both kinds.
    weight: how much each row counts, > 0.
    It is `sklearn.metrics.roc_auc_score`.
    """
    each = np.ones(len(scores)) if weight is None else weight
    many, few = float(each[positive].sum()), float(each[~positive].sum())
    moves = np.zeros(len(scores))
    if not many or not few:
        return Moved(math.nan, moves)
    _, place = np.unique(scores, return_inverse=True)
    counts = np.bincount(place, weights=each)
    hits = np.bincount(place, weights=each * positive)  # rows of the class at each score
    below, level = np.cumsum(counts - hits) - (counts - hits), counts - hits
    above = many - np.cumsum(hits)
    moves[positive] = ((below + level / 2) / few)[place[positive]]  # share of others that it is before
    moves[~positive] = ((above + hits / 2) / many)[place[~positive]]
    value = float(np.average(moves[positive], weights=each[positive]))
    moves[positive] = (moves[positive] - value) / many
    moves[~positive] = (moves[~positive] - value) / few
    return Moved(min(max(value, 0.0), 1.0), each * moves)


def average_precision(
    scores: Float[np.ndarray, " N"], positive: Bool[np.ndarray, " N"], weight: Weights = None
) -> Moved:
    """The mean, over the rows of a class, of the precision at their score: the share of it among all rows from there.

    It is `sklearn.metrics.average_precision_score`: the area under the steps of the precision-recall curve. nan without
    rows of the class. weight: how much each row counts, > 0.
    """
    each = np.ones(len(scores)) if weight is None else weight
    many = float(each[positive].sum())
    if not many:
        return Moved(math.nan, np.zeros(len(scores)))
    _, place = np.unique(-scores, return_inverse=True)  # the largest score first
    counts = np.bincount(place, weights=each)
    hits = np.bincount(place, weights=each * positive)
    taken, all_taken = np.cumsum(hits), np.cumsum(counts)
    precision = taken / all_taken
    value = min(1.0, float((hits * precision).sum() / many))
    # A row changes the precision at its own score and at every lower one.
    gained = np.cumsum((hits / all_taken * (1 - precision))[::-1])[::-1]
    lost = np.cumsum((hits / all_taken * precision)[::-1])[::-1]
    moves = each * np.where(positive, (precision - value + gained)[place], -lost[place]) / many
    return Moved(value, moves)


def auc_interval(found: Moved, many: float, few: float, level: float) -> Bounds:
    """The interval of one ROC AUC of so many rows of the class and so few others: the wider of two at each end.

    DeLong's on the logit scale, and Newcombe's, which solves |AUC - a| = z sd(a) for a, sd being Hanley and McNeil's:
    it has a width where no row is out of order. With fewer than 5 rows of either kind Newcombe's alone.
    Source of the latter: Newcombe (2006), Confidence intervals for an effect size measure based on the Mann-Whitney
    statistic, part 2, Statistics in Medicine 25, method 5.
    """
    least, most = _newcombe(found.value, many, few, level)
    if min(many, few) < ENOUGH:
        return least, most
    low, high = on_logits(found.value, found.error, min(many, few) - 1, level)
    return min(low, least), max(high, most)


def _newcombe(value: float, many: float, few: float, level: float) -> Bounds:
    from scipy.special import ndtri

    z, star = float(ndtri((1 + level) / 2)), (many + few) / 2 - 1

    def beyond(at: float) -> float:
        spread = at * (1 - at) * (1 + star * (1 - at) / (2 - at) + star * at / (1 + at)) / (many * few)
        return abs(value - at) - z * math.sqrt(spread)

    return crossing(beyond, 0.0, value), crossing(beyond, 1.0, value)


def precision_interval(found: Moved, many: float, level: float) -> Bounds:
    """The interval of one average precision over so many rows of the class: the wider of two at each end.

    That of its moves on the logit scale, and Clopper-Pearson's of a share of so many rows.
    """
    low, high = on_logits(found.value, found.error, many - 1, level)
    least, most = clopper_pearson(found.value * many, many, level)
    return min(low, least), max(high, most)


def mean_interval(found: Moved, single: list[tuple[float, Bounds]], freedom: float, level: float) -> Bounds:
    """The interval of a mean over classes: the wider of that of its moves on the logit scale, and of `mover`."""
    low, high = on_logits(found.value, found.error, freedom, level)
    least, most = mover(single)
    return min(low, least), max(high, most)


def mover(single: list[tuple[float, Bounds]]) -> Bounds:
    """The interval of the mean of independent quantities from (value, interval) of each.

    Each end is as far as the root of the sum of the squares of how far the single ones are.
    Source: Zou & Donner (2008), Construction of confidence limits about effect measures: a general approach, Statistics
    in Medicine 27 (the method of variance estimates recovery, MOVER).
    """
    many = len(single)
    mean = sum(value for value, _ in single) / many
    down = math.sqrt(sum((value - low) ** 2 for value, (low, _) in single)) / many
    up = math.sqrt(sum((high - value) ** 2 for value, (_, high) in single)) / many
    return within(mean - down, SHARE), within(mean + up, SHARE)
