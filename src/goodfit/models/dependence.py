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

    x: inputs, which are not changed; places: of the inputs that are set; grid: to what, one after another; rows: those
    whose own curves are wanted.
    """
    whole = np.zeros((len(nets), len(grid), nets[0].n_outputs))
    single = np.zeros((len(rows), len(grid), nets[0].n_outputs))
    x, shares = x.copy(), counts_of(nets)
    for step, values in enumerate(grid):
        x[:, places] = values
        for net, found in stacked_values(nets, x):
            with np.errstate(over="ignore", invalid="ignore"):
                whole[net, step] = found.mean(0, dtype=np.float64)
                single[:, step] += found[rows] * shares[net]
    return whole, single
