"""Measures of predicted numbers: R², root mean squared error and absolute errors, of each target."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from goodfit.models.error_scores import why_no_mean
from goodfit.models.measures import MAE, MEDIAN, R2, RMSE, Measure
from goodfit.models.scores import score_regression
from goodfit.models.tails import about_positive, relative

if TYPE_CHECKING:
    from jaxtyping import Float


def number_measures(
    predicted: Float[np.ndarray, "N C"], targets: Float[np.ndarray, "N C"], level: float
) -> list[Measure]:
    """R² over all targets, then every measure of each target, in its unit; of a single target without its name."""
    several = targets.shape[1] > 1
    found = []
    if several:
        score = score_regression(predicted[None], targets, level=level)
        found.append(Measure(R2, score.value, score.low, score.high, _constant_r2(targets), score.method))
    for place in range(targets.shape[1]):
        of = f"target {place + 1}" if several else ""
        found += _of_target(predicted[:, [place]], targets[:, [place]], level, of)
    return found


def _of_target(
    predicted: Float[np.ndarray, "N 1"], targets: Float[np.ndarray, "N 1"], level: float, of: str
) -> list[Measure]:
    score = score_regression(predicted[None], targets, level=level)
    about_median = np.abs(targets - np.median(targets))
    baselines = {MAE: float(about_median.mean()), MEDIAN: float(np.median(about_median))}
    errors = [
        Measure(each.name, each.value, each.low, each.high, baselines[each.name], each.method, of)
        for each in score.errors
    ]
    first = Measure(R2, score.value, score.low, score.high, _constant_r2(targets), score.method, of)
    return [first, _root(predicted, targets, level, of), *errors]


def _constant_r2(targets: Float[np.ndarray, "N C"]) -> float:
    return 0.0 if (np.ptp(targets, axis=0) > 0).all() else math.nan


def _root(predicted: Float[np.ndarray, "N 1"], targets: Float[np.ndarray, "N 1"], level: float, of: str) -> Measure:
    """The interval is that of the mean squared error on the logarithmic scale, see `goodfit.models.tails`."""
    with np.errstate(over="ignore", invalid="ignore"):
        each = ((predicted - targets) ** 2)[:, 0]
        value = float(each.mean())
    baseline, reason = float(targets.std()), why_no_mean(each)
    if reason:
        return Measure(RMSE, math.sqrt(value), math.nan, math.nan, baseline, f"no interval: {reason}", of)
    low, high = about_positive(value, relative(each / value - 1, ratio=False), len(each), level)
    return Measure(RMSE, math.sqrt(value), math.sqrt(low), math.sqrt(high), baseline, "log scale", of)
