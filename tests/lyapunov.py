"""Growth of long products of matrices, found otherwise than goodfit does."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float


def growth_rates(factors: Sequence[np.ndarray], seed: int = 0) -> Float[np.ndarray, " k"]:
    """Lyapunov exponents of the product ... F2 F1 F0: natural logarithm of the growth a factor, largest first.

    By orthogonalising after each factor a frame that is drawn with `seed`, which neither over- nor underflows:
    Benettin et al. (1980). k: the least number of rows or columns of any factor. A product that is singular has -inf.
    """
    width = min(min(factor.shape) for factor in factors)
    start = np.random.default_rng(seed).standard_normal((factors[0].shape[1], width))
    frame, total = np.linalg.qr(start)[0], np.zeros(width)
    for factor in factors:
        frame, upper = np.linalg.qr(factor @ frame)
        with np.errstate(divide="ignore"):
            total = total + np.log(np.abs(np.diagonal(upper)))
    rates: Float[np.ndarray, " k"] = total / len(factors)
    return rates
