"""Rows that count differently, or not by themselves: their weighted means, and by how many rows or groups these are
known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int

Weights = NDArray[np.float64] | None
"""How much each row counts, [N], >= 0, not all 0; None where all count alike."""


FEWEST_KNOWN = 2.0  # effective rows for an interval of a mean: with fewer, one row has most of the weight
DOMINATED = "one row has most of the weight"


def ratios(weight: Float[np.ndarray, " N"]) -> Float[np.ndarray, " N"]:
    """The same weights with the largest 1. Only ratios matter, and sums and squares of these are finite."""
    found: Float[np.ndarray, " N"] = weight / weight.max()
    return found


def effective_rows(weight: Float[np.ndarray, " N"]) -> float:
    """Of how many rows that count alike a mean is as well known as the weighted mean of these: (sum w)² / sum w².

    From 1 to the number of rows that have a weight above 0; all of these where their weights are equal.
    Source: Kish (1965), Survey Sampling: the variance of a weighted mean of values alike in spread.
    """
    each = ratios(np.asarray(weight, np.float64))
    return float(each.sum() ** 2 / (each**2).sum())


def known_share(hits: Float[np.ndarray, " N"], weight: Weights) -> tuple[float, float]:
    """(the weighted share of hits in [0, 1], by how many rows that count alike it is known).

    The fewer of `effective_rows` and of the share's binomial variance over its linearised one: where rows that weigh
    much are hit less or more often than others, the first alone makes intervals too short.
    Source: Korn & Graubard (1998), Confidence intervals for proportions with small expected number of positive counts
    estimated from survey data, Survey Methodology 24.
    """
    if weight is None:
        return min(1.0, float(hits.mean())), float(len(hits))
    share = min(1.0, float(np.average(hits, weights=weight)))  # which rounding may exceed
    squares = float(((weight / weight.sum() * (hits - share)) ** 2).sum())
    rows = effective_rows(weight)
    return share, min(rows, share * (1 - share) / squares) if 0 < share < 1 and squares > 0 else rows


def known_alike(kinds: Int[np.ndarray, " N"], hits: Bool[np.ndarray, " N"], weight: Weights) -> Weights:
    """Weights that add up, in every kind of rows, to as many rows as `known_share` says of the hits among these.

    kinds: of every row, counted from 0. None without weights
    """
    if weight is None:
        return None
    found = np.zeros(len(weight))
    for kind in np.unique(kinds):
        own = kinds == kind
        found[own] = weight[own] / weight[own].sum() * known_share(hits[own].astype(np.float64), weight[own])[1]
    return found


def told(method: str, known: float | None, rows: int) -> str:
    """How an interval was made, with the number of effective rows where rows are weighted. known: None where not."""
    return method if known is None else f"{method}, weighted: {known:,.1f} effective rows of {rows:,}"


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
