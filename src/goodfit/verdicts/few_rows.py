"""Whether few rows decide a squared error: targets with heavy tails."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.data.target_transform import auto_kind
from goodfit.training.recipe import Recipe

FEW = 0.02  # of the rows: where they hold half of the targets' variance, R² rests on few rows


def rows_that_decide(targets: NDArray[Any]) -> float:
    """The least share of the rows that holds half of the variance of numeric targets [N, C], of the worst output.

    0.12 where targets are normal, 0.05 where they are exponential, 0.01 where their logarithms are standard normal.
    """
    values = targets.astype(np.float64)  # before they are squared: squares of large float32 are infinite
    squares = -np.sort(-((values - values.mean(axis=0)) ** 2), axis=0)  # largest first
    held = squares.cumsum(axis=0)
    total = held[-1]
    counts = (held < 0.5 * total).sum(axis=0) + 1
    return float(counts.min() / len(targets))


def evening_transform(targets: NDArray[Any], recipe: Recipe) -> str:
    """The target transform that makes more of the rows of targets [N, C] count; "" where one is set, or has no effect.

    log where it evens them out and all are > 0, else the power transform, which takes any number.
    """
    if recipe.target_transform != "none" or recipe.loss not in ("auto", "squared-error", "absolute-error", "huber"):
        return ""
    values = targets.astype(np.float64)
    able = values.min() > 0 and "log" in {auto_kind(own) for own in values.T}
    return "log" if able else "yeo-johnson"
