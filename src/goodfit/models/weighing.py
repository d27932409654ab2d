"""Rows that count differently, or not by themselves: their weighted means, and by how many rows or groups these are
known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from jaxtyping import Float, Int

Weights = NDArray[np.float64] | None
"""How much each row counts, [N], >= 0, not all 0; None where all count alike."""


def effective_rows(weight: Float[np.ndarray, " N"]) -> float:
    """Of how many rows that count alike a mean is as well known as the weighted mean of these: (sum w)² / sum w².

    From 1 to the number of rows that have a weight above 0; all of these where their weights are equal.
    Source: Kish (1965), Survey Sampling: the variance of a weighted mean of values alike in spread.
    """
    shares = np.asarray(weight, np.float64) / np.sum(weight)
    return float(1 / (shares**2).sum())


def known_alike(kinds: Int[np.ndarray, " N"], weight: Weights) -> Weights:
    """Weights that add up, in every kind of rows, to as many rows as these are worth there; None without weights.

    kinds: of every row, counted from 0
    """
    if weight is None:
        return None
    whole, squares = np.bincount(kinds, weight), np.bincount(kinds, weight**2)
    found: NDArray[np.float64] = weight * (whole / np.where(squares > 0, squares, 1.0))[kinds]
    return found


def told(method: str, weight: Weights) -> str:
    """How an interval was made, with the number of effective rows where rows are weighted."""
    if weight is None:
        return method
    return f"{method}, weighted: {effective_rows(weight):,.1f} effective rows of {len(weight):,}"


def as_if_alike(values: Float[np.ndarray, " N"], weight: Weights) -> Float[np.ndarray, " N"]:
    """Values whose plain mean is the weighted mean of these, and whose spread about it is what each row gives to it.

    m + w / mean(w) * (value - m), m being the weighted mean: the linearised values of a ratio of means, so that the
    standard error of their plain mean is that of the weighted one. Values as they are without weights.
    Source: Woodruff (1971), A simple method for approximating the variance of a complicated estimate, JASA 66.
    """
    if weight is None:
        return values
    mean = np.average(values, weights=weight)
    found: NDArray[np.float64] = mean + weight / weight.mean() * (values - mean)
    return found


def weighted_median(values: Float[np.ndarray, " N"], weight: Weights) -> float:
    """The median of values of which each counts so much: half of the weight lies on either side.

    The mean of two where half of the weight ends between them, so that whole weights count as repeated values.
    """
    if weight is None:
        return float(np.median(values))
    order = np.argsort(values, kind="stable")
    order = order[weight[order] > 0]
    upto = np.cumsum(weight[order])
    half, slack = upto[-1] / 2, 1e-12 * upto[-1]  # sums of weights are rounded
    first = int(np.searchsorted(upto, half - slack))
    last = min(first + 1, len(order) - 1) if abs(upto[first] - half) <= slack else first
    return float((values[order[first]] + values[order[last]]) / 2)


def by_group(values: Float[np.ndarray, " N"], groups: Int[np.ndarray, " N"]) -> Float[np.ndarray, " G"]:
    """One value a group, whose mean is that of the rows: rows of a group are not independent of one another.

    What a group changes in a mean over rows, to first order, as for a ratio of two sums over groups.
    """
    _, codes, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    mean = float(values.mean())
    sums = np.bincount(codes.ravel(), weights=values - mean)
    return mean + sums * len(sizes) / len(values)
