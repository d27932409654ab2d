"""Measures of predicted numbers: R², root mean squared error and absolute errors, of each target."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from goodfit.models.error_scores import why_no_mean
from goodfit.models.measures import MAE, MEDIAN, R2, RMSE, Measure
from goodfit.models.scores import score_regression
from goodfit.models.tails import about_positive, relative
from goodfit.models.weighing import Weights, as_if_alike, effective_rows, told, weighted_median

if TYPE_CHECKING:
    from jaxtyping import Float


def number_measures(
    predicted: Float[np.ndarray, "N C"],
    targets: Float[np.ndarray, "N C"],
    level: float,
    weight: Weights = None,
    names: Sequence[str] = (),
) -> list[Measure]:
    """R², the mean over all targets, then every measure of each, in its unit; of a single target without its name.

    weight: how much each row counts, [N]
    names: of the targets, where they have any
    """
    several = targets.shape[1] > 1
    found = []
    if several:
        score = score_regression(predicted[None], targets, level=level, weight=weight)
        found.append(Measure(R2, score.value, score.low, score.high, _constant_r2(targets), score.method))
    for place in range(targets.shape[1]):
        of = (names[place] if names else f"target {place + 1}") if several else ""
        found += _of_target(predicted[:, [place]], targets[:, [place]], level, of, weight)
    return found


def _of_target(
    predicted: Float[np.ndarray, "N 1"], targets: Float[np.ndarray, "N 1"], level: float, of: str, weight: Weights
) -> list[Measure]:
    score = score_regression(predicted[None], targets, level=level, weight=weight)
    apart = np.abs(targets[:, 0] - weighted_median(targets[:, 0], weight))
    baselines = {MAE: float(np.average(apart, weights=weight)), MEDIAN: weighted_median(apart, weight)}
    errors = [
        Measure(each.name, each.value, each.low, each.high, baselines[each.name], each.method, of)
        for each in score.errors
    ]
    first = Measure(R2, score.value, score.low, score.high, _constant_r2(targets), score.method, of)
    return [first, _root(predicted, targets, level, of, weight), *errors]


def _constant_r2(targets: Float[np.ndarray, "N C"]) -> float:
    return 0.0 if (np.ptp(targets, axis=0) > 0).all() else math.nan


def _root(
    predicted: Float[np.ndarray, "N 1"], targets: Float[np.ndarray, "N 1"], level: float, of: str, weight: Weights
) -> Measure:
    """The interval is that of the mean squared error on the logarithmic scale, see `goodfit.models.tails`."""
    with np.errstate(over="ignore", invalid="ignore"):
        each = ((predicted - targets) ** 2)[:, 0]
        value = float(np.average(each, weights=weight))
        about_mean = (targets[:, 0] - np.average(targets[:, 0], weights=weight)) ** 2
    baseline, reason = math.sqrt(np.average(about_mean, weights=weight)), why_no_mean(each, weight)
    if reason:
        return Measure(RMSE, math.sqrt(value), math.nan, math.nan, baseline, f"no interval: {reason}", of)
    known = None if weight is None else effective_rows(weight)
    found = relative(as_if_alike(each, weight) / value - 1, ratio=False, known=known)
    low, high = about_positive(value, found, known or len(each), level)
    method = told("log scale", known, len(each))
    return Measure(RMSE, math.sqrt(value), math.sqrt(low), math.sqrt(high), baseline, method, of)
