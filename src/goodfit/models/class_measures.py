"""Measures of the probabilities of classes and labels, each with an interval and beside a constant prediction's."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from goodfit.intervals import Bounds
from goodfit.models import agreement, ranking
from goodfit.models.calibration import of_top_class, probability_scores, rows_of_probabilities
from goodfit.models.measures import AUC, BALANCED, BRIER, ECE, F1, LOG_LOSS, PRECISION, Measure
from goodfit.models.ranking import Moved
from goodfit.models.weighing import Weights, effective_rows
from goodfit.training.metrics import SCORE_NAMES

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int, Num

NOWHERE: Bounds = (math.nan, math.nan)
ROWS_A_CLASS = 10  # on average, for an interval of macro F1: with 5 it held the truth in 91 % of samples
FEWEST_RANKED = 3  # rows of each kind for an interval of ROC AUC or average precision
MOST_RANKED = 100  # classes or labels, each of which takes two sorts of all rows
RARE = 1 / 3  # share below which the first of two classes is the positive one
Single = Callable[[int], tuple[Moved, Bounds]]


def positive_class(codes: Int[np.ndarray, " N"]) -> int:
    """Of two classes, that which average precision and F1 are of: the second, as in scikit-learn, unless the first is
    less than a third of the rows.
    """
    return 0 if float((codes == 0).mean()) < RARE else 1


def proper_measures(
    task: str, chances: Float[np.ndarray, "N C"], y: np.ndarray, level: float, weight: Weights = None
) -> list[Measure]:
    """Accuracy or exact match, log loss and Brier score, as `goodfit.models.calibration` has them.

    weight: here and below, how much each row counts, > 0
    """
    name = SCORE_NAMES[task]
    if task == "classification":
        counts = np.bincount(y, weight, minlength=chances.shape[1])
        shares = counts / counts.sum()
        known = shares[shares > 0]
        constant = {name: shares.max(), LOG_LOSS: 0.0 - (known * np.log(known)).sum(), BRIER: 1 - (shares**2).sum()}
    else:
        shares = np.average(y > 0.5, axis=0, weights=weight)
        either = np.stack([shares, 1 - shares])
        entropy = 0.0 - np.where(either > 0, either * np.log(np.where(either > 0, either, 1)), 0).sum()
        constant = {name: most_frequent(y, weight)[1], LOG_LOSS: entropy, BRIER: (shares * (1 - shares)).sum()}
    scores = probability_scores(rows_of_probabilities(task, chances, y), level, weight)
    return [
        Measure(each.name, each.value, each.low, each.high, float(constant[each.name]), each.method)
        for each in scores
        if each.name in constant
    ]


def most_frequent(y: Float[np.ndarray, "N C"], weight: Weights = None) -> tuple[np.ndarray, float]:
    """The combination of labels that most rows have, and their share."""
    those, kinds = np.unique(y > 0.5, axis=0, return_inverse=True)
    counts = np.bincount(kinds.reshape(-1), weight)
    return those[counts.argmax()], float(counts.max() / counts.sum())


def balanced_accuracy(counts: Num[np.ndarray, "C C"], level: float) -> Measure:
    """The mean of the classes' recalls; a class without rows is left out, and then there is no interval."""
    found = agreement.recalls(counts, level)
    value = sum(recall for recall, _ in found) / len(found)
    if len(found) < len(counts):
        return Measure(BALANCED, value, *NOWHERE, 1 / len(found), f"no interval: {_absent(len(counts) - len(found))}")
    method = "Clopper-Pearson's of each class, combined (MOVER)"
    return Measure(BALANCED, value, *ranking.mover(found), 1 / len(found), method)


def _absent(count: int) -> str:
    return f"{count} class{'es have' if count > 1 else ' has'} no rows"


def ranking_measures(
    chances: Float[np.ndarray, "N C"],
    truth: Bool[np.ndarray, "N C"],
    kinds: Int[np.ndarray, " N"],
    level: float,
    weight: Weights = None,
) -> list[Measure]:
    """ROC AUC and average precision, the mean over classes (one against the rest) or labels that have rows of both
    kinds; [] with more than 100 classes. truth: whether each row is of each class; kinds: of every row, for the degrees
    of freedom.
    """
    if truth.shape[1] > MOST_RANKED:
        return []
    many = truth.sum(0)
    places = [place for place in range(truth.shape[1]) if 0 < many[place] < len(truth)]
    absent = truth.shape[1] - len(places)

    def auc(place: int) -> tuple[Moved, Bounds]:
        found = ranking.roc_auc(chances[:, place], truth[:, place], weight)
        return found, ranking.auc_interval(
            found, _worth(truth[:, place], weight), _worth(~truth[:, place], weight), level
        )

    def precision(place: int) -> tuple[Moved, Bounds]:
        found = ranking.average_precision(chances[:, place], truth[:, place], weight)
        return found, ranking.precision_interval(found, _worth(truth[:, place], weight), level)

    shares = float(np.average(truth[:, places], axis=0, weights=weight).mean()) if places else math.nan
    one, other = "DeLong on the logit scale and Newcombe, the wider", "logit scale and Clopper-Pearson, the wider"
    found = [
        _mean(AUC, auc, places, kinds, level, 0.5, one),
        _mean(PRECISION, precision, places, kinds, level, shares, other),
    ]
    if len(places) == 1 and min(many[places[0]], len(truth) - many[places[0]]) < FEWEST_RANKED:
        return [_without(each, f"fewer than {FEWEST_RANKED} rows of a class") for each in found]
    return [_without(each, _absent(absent)) if places and absent else each for each in found]


def _worth(those: Bool[np.ndarray, " N"], weight: Weights) -> float:
    """By how many rows these are known."""
    return float(those.sum()) if weight is None else effective_rows(weight[those])


def f1_measure(
    predicted: Bool[np.ndarray, "N C"],
    truth: Bool[np.ndarray, "N C"],
    constant: Bool[np.ndarray, " C"],
    kinds: Int[np.ndarray, " N"],
    level: float,
    weight: Weights = None,
) -> Measure:
    """F1, the mean over classes or labels that some row has or is predicted to have.

    constant: which classes or labels the constant prediction has.
    """
    places = [place for place in range(truth.shape[1]) if truth[:, place].any() or predicted[:, place].any()]
    known = [place for place in range(truth.shape[1]) if truth[:, place].any() or constant[place]]
    shares = np.average(truth, axis=0, weights=weight)
    always = [2 * shares[place] / (1 + shares[place]) if constant[place] else 0.0 for place in known]

    def single(place: int) -> tuple[Moved, Bounds]:
        ends = agreement.f1_interval(truth[:, place], predicted[:, place], level, weight)
        return agreement.f1(truth[:, place], predicted[:, place], weight), ends

    baseline = float(np.mean(always)) if always else math.nan
    found = _mean(F1, single, places, kinds, level, baseline, "Clopper-Pearson of TP / (TP + FP + FN)")
    if truth.shape[1] == 1 or not places:
        return found
    absent = truth.shape[1] - int(truth.any(0).sum())
    if absent:
        return _without(found, _absent(absent))
    if len(truth) < ROWS_A_CLASS * truth.shape[1]:
        return _without(found, f"fewer than {ROWS_A_CLASS} rows a class")
    return found


def _mean(
    name: str, single: Single, places: Sequence[int], kinds: np.ndarray, level: float, baseline: float, method: str
) -> Measure:
    """Of one class by its own interval, of several the mean."""
    if not places:
        return Measure(name, math.nan, *NOWHERE, math.nan, "no interval: no class has rows beside those of others")
    each, moves = list[tuple[float, Bounds]](), np.zeros(len(kinds))
    for place in places:  # one after another: there may be a thousand classes
        moved, ends = single(place)
        each.append((moved.value, ends))
        moves += moved.moves
    if len(places) == 1:
        return Measure(name, each[0][0], *each[0][1], baseline, method)
    whole = Moved(float(np.mean([value for value, _ in each])), moves / len(places))
    ends = ranking.mean_interval(whole, each, whole.freedom(kinds), level)
    told = "logit scale, and those of the classes combined (MOVER), the wider"
    return Measure(name, whole.value, *ends, baseline, told)


def _without(each: Measure, why: str) -> Measure:
    return replace(each, low=math.nan, high=math.nan, method=f"no interval: {why}")


def calibration_measure(chances: Float[np.ndarray, "N C"], y: Int[np.ndarray, " N"]) -> list[Measure]:
    """The calibration error of the predicted class, beside what chance shows; [] with fewer than 40 rows."""
    found = of_top_class(chances, y)
    if found is None:
        return []
    told = (
        f"a perfectly calibrated model would show {found.by_chance:.4f}, and up to {found.limit:.4f} in 95 % of draws"
    )
    return [Measure(ECE, found.error, *NOWHERE, math.nan, f"no interval: {told}")]
