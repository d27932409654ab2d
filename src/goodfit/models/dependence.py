"""Partial dependence: the mean prediction over rows as some inputs are set to one value after another, net by net.

Pure functions of arrays. Source: Friedman, "Greedy function approximation: a gradient boosting machine" (2001), section
8.2; the curves of single rows are those of Goldstein et al., "Peeking inside the black box" (2015).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from goodfit.models.stacked import stacked_values
from goodfit.models.trained_net import TrainedNet, counts_of

if TYPE_CHECKING:
    from jaxtyping import Float, Int


def dependence(
    nets: Sequence[TrainedNet],
    x: Float[np.ndarray, "N D"],
    places: Int[np.ndarray, " W"],
    grid: Float[np.ndarray, "G W"],
    rows: Int[np.ndarray, " R"],
) -> tuple[Float[np.ndarray, "P G C"], Float[np.ndarray, "R G C"]]:
    """(mean over all rows by each net, what all nets together predict for some rows): probabilities, or numbers in the
    targets' unit.

    Nets count in the latter as often as they do where they predict together.

    x: inputs, which are not changed; places: of the inputs that are set; grid: to what, one after another; rows: those
    whose own curves are wanted.
    """
    whole = np.zeros((len(nets), len(grid), nets[0].n_outputs))
    single, shares = np.zeros((len(rows), len(grid), nets[0].n_outputs)), counts_of(nets)
    x = x.copy()
    for step, values in enumerate(grid):
        x[:, places] = values
        for net, found in stacked_values(nets, x):
            with np.errstate(over="ignore", invalid="ignore"):
                whole[net, step] = found.mean(0, dtype=np.float64)
                single[:, step] += found[rows] * shares[net]
    return whole, single


def mean_and_spread(
    each: Float[np.ndarray, "P G C"], shares: Float[np.ndarray, " P"]
) -> tuple[Float[np.ndarray, "G C"], Float[np.ndarray, "G C"]]:
    """(mean over nets, their standard deviation about it), both as often as each net counts; 0 of a single net.

    shares: of one, see `counts_of`
    The variance is unbiased for nets that are drawn alike, whatever their shares: the sum of squares is divided by
    1 - sum of shares², which for equal shares is the divisor P - 1.
    """
    mean = np.tensordot(shares, each, 1)
    if len(each) == 1:
        return mean, np.zeros_like(mean)
    return mean, np.sqrt(np.tensordot(shares, (each - mean) ** 2, 1) / (1 - (shares**2).sum()))
