"""What follows from the confusion matrix: balanced accuracy and F1, with intervals over rows.

F1 = 2 TP / (2 TP + FP + FN) is 2 q / (1 + q), where q is the share of true positives among the rows that are of the
class or predicted to be. That is a binomial proportion, so that F1 of one class has an exact interval.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from goodfit.intervals import Bounds, clopper_pearson
from goodfit.models.ranking import Moved
from goodfit.models.weighing import Weights, known_share

if TYPE_CHECKING:
    from jaxtyping import Bool, Int, Num


def confusion(
    truth: Int[np.ndarray, " N"], predicted: Int[np.ndarray, " N"], classes: int, weight: Weights = None
) -> Num[np.ndarray, "C C"]:
    """How many rows of each class (down) are predicted as each class (across), or what they weigh together."""
    counts = np.bincount(truth.astype(np.int64) * classes + predicted, weight, minlength=classes**2)
    return counts.reshape(classes, classes)


def recalls(counts: Num[np.ndarray, "C C"], level: float) -> list[tuple[float, Bounds]]:
    """The share of right rows of every class that has any, each with Clopper-Pearson's interval."""
    rows = counts.sum(1)
    pairs = [(float(counts[place, place]), float(rows[place])) for place in np.flatnonzero(rows)]
    return [(hits / of, clopper_pearson(min(hits, of), of, level)) for hits, of in pairs]


def f1(truth: Bool[np.ndarray, " N"], predicted: Bool[np.ndarray, " N"], weight: Weights = None) -> Moved:
    """F1 of one class, `sklearn.metrics.f1_score`: nan where no row is of the class or predicted to be.

    weight: how much each row counts, its `sample_weight`.
    """
    each = np.ones(len(truth)) if weight is None else weight
    both, whole = truth & predicted, float(each[truth].sum()) + float(each[predicted].sum())
    if not whole:
        return Moved(math.nan, np.zeros(len(truth)))
    value = 2 * float(each[both].sum()) / whole
    return Moved(value, each * (2 * both - value * (truth.astype(np.float64) + predicted)) / whole)


def f1_interval(
    truth: Bool[np.ndarray, " N"], predicted: Bool[np.ndarray, " N"], level: float, weight: Weights = None
) -> Bounds:
    """The interval of F1 of one class, from Clopper-Pearson's of q; with weights, of as many rows as they are worth."""
    either = truth | predicted
    share, rows = known_share((truth & predicted)[either].astype(float), None if weight is None else weight[either])
    low, high = clopper_pearson(share * rows, rows, level)
    return 2 * low / (1 + low), 2 * high / (1 + high)
