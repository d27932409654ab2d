"""Products of many random matrices, scaled so that nothing overflows: what gradients go through on their way back."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma

Numbers = NDArray[np.float64]
ROUNDING = 1e-16  # ratios of singular values below it are rounding


@dataclass(frozen=True)
class Products:
    """S products of k matrices of size n. first: the first factors, [S, n, n]; largest: natural logarithm of the
    entry of largest magnitude after 1, 2, ... factors, [k, S]; column: of the norm of the first column, [S];
    unit, scale: the products are unit * exp(scale), [S, n, n] and [S].
    """

    first: Numbers
    largest: Numbers
    column: Numbers
    unit: Numbers
    scale: Numbers

    def ratios(self) -> Numbers:
        """The second singular value by the first, [S]; at least ROUNDING."""
        values = np.linalg.svd(self.unit, compute_uv=False)
        return np.maximum(values[:, 1] / values[:, 0], ROUNDING)


def multiply(seed: int, draws: int, size: int, factors: int, deviation: float = 1.0) -> Products:
    """Products M G1 G2 ... of `factors` matrices in all, each with independent entries N(0, deviation^2)."""
    rng = np.random.default_rng([seed, 0xE792, size])
    product = first = deviation * rng.standard_normal((draws, size, size))
    scale, largest = np.zeros(draws), np.empty((factors, draws))
    for at in range(factors):
        if at:
            product = product @ (deviation * rng.standard_normal((draws, size, size)))
        sizes = np.abs(product).max(axis=(1, 2))
        product, scale = product / sizes[:, None, None], scale + np.log(sizes)
        largest[at] = scale
    column = scale + np.log(np.linalg.norm(product[:, :, 0], axis=1))
    return Products(first, largest, column, product, scale)


def exponent(size: int, place: int = 1, deviation: float = 1.0) -> float:
    """The Lyapunov exponent of that place, from 1 for the largest: growth a factor, in natural logarithms.

    log deviation + (log 2 + digamma((n - place + 1) / 2)) / 2: a Gaussian matrix takes a unit vector to one whose
    squared length is chi-squared with n degrees of freedom, and one at right angles to it loses one of them.

    """
    return math.log(deviation) + (math.log(2) + float(digamma((size - place + 1) / 2))) / 2
