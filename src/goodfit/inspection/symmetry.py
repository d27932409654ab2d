"""Hidden units that are the same unit: equal or sign-flipped incoming weights (4.7.3)."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

EXACT = 1e-6  # relative distance of incoming weights up to which units are equal: some roundings of float32
NEAR = 1e-3  # and up to which they are nearly equal


@dataclass(frozen=True, eq=False)
class TwinUnits:
    """Units of one layer with a twin. exact, near: [H] units with incoming weights and bias equal to, or the negative
    of, those of another unit; near counts exact ones too. zero: [H] units without incoming weights.
    gradients: whether the gradients of all exact twins are equal too (up to sign), so that training cannot part them;
    None without twins.
    """

    exact: Bool[np.ndarray, " H"]
    near: Bool[np.ndarray, " H"]
    zero: Bool[np.ndarray, " H"]
    gradients: bool | None


def find_twins(
    weight: Float[np.ndarray, "H D"],
    bias: Float[np.ndarray, " H"],
    weight_gradient: Float[np.ndarray, "H D"] | None = None,
    bias_gradient: Float[np.ndarray, " H"] | None = None,
) -> TwinUnits:
    """The twins of a layer. The distance of two units is relative to the longer one's incoming weights and bias."""
    rows = np.concatenate([weight, bias[:, None]], axis=1).astype(np.float64)
    distances = relative_distances(rows)
    np.fill_diagonal(distances, np.inf)
    closest = distances.min(axis=1)
    exact: Bool[np.ndarray, " H"] = closest <= EXACT
    near: Bool[np.ndarray, " H"] = closest <= NEAR
    equal: bool | None = None
    if exact.any() and weight_gradient is not None and bias_gradient is not None:
        gradients = np.concatenate([weight_gradient, bias_gradient[:, None]], axis=1)
        apart = relative_distances(gradients)
        equal = bool((apart[distances <= EXACT] <= NEAR).all())
    return TwinUnits(exact, near, (rows == 0).all(axis=1), equal)


def relative_distances(rows: Float[np.ndarray, "H D"]) -> Float[np.ndarray, "H H"]:
    """min(|u - v|, |u + v|) / max(|u|, |v|) of all pairs of rows; 0 for two rows of zeros."""
    sizes = np.sqrt((rows * rows).sum(1))
    longer = np.maximum(sizes[:, None], sizes[None])
    scale = float(sizes.max()) or 1.0
    unit = rows / scale
    square = (unit * unit).sum(1)
    inner = np.abs(unit @ unit.T)
    apart = np.sqrt(np.maximum(square[:, None] + square[None] - 2 * inner, 0.0)) * scale
    # The difference of squares loses digits where units are nearly equal: those pairs are measured directly.
    first, second = np.nonzero(apart <= 1e-5 * longer)
    for start in range(0, len(first), 4096):
        u, v = rows[first[start : start + 4096]], rows[second[start : start + 4096]]
        gap = np.minimum(np.linalg.norm(u - v, axis=1), np.linalg.norm(u + v, axis=1))
        apart[first[start : start + 4096], second[start : start + 4096]] = gap
    distances: Float[np.ndarray, "H H"] = np.divide(apart, longer, out=np.zeros_like(apart), where=longer > 0)
    return distances
