"""Jacobians of layers and of the net: how far a change of the input reaches, and at which rate a product grows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from goodfit.inspection.passes import Passes
from goodfit.models.trained_net import TrainedNet

Matrix = Float[np.ndarray, "out in"]
ROWS = 4  # at which the Jacobians are taken: each costs a singular value decomposition a layer


@dataclass(frozen=True, eq=False)
class Jacobians:
    """Singular values at some rows. layers: of each layer's d a_l / d a_(l-1) [rows, k] (the last: of the outputs);
    net: of the whole net's d outputs / d inputs, natural logarithms [rows, k], largest first, -inf for 0;
    growth: of the product's largest singular value, natural logarithm a layer, mean over the rows.
    """

    layers: tuple[np.ndarray, ...]
    net: Float[np.ndarray, "rows k"]
    growth: float


def jacobians(net: TrainedNet, passes: Passes, rows: int = ROWS) -> Jacobians:
    """The Jacobians at the first rows of a pass."""
    used = min(rows, passes.z[0].shape[1])
    layers: list[list[np.ndarray]] = [[] for _ in net.weights]
    of_net, growth = [], []
    for row in range(used):
        factors = layer_jacobians(net, passes, row)
        for layer, factor in enumerate(factors):
            layers[layer].append(_singular_values(factor))
        logs = log_singular_values(factors)
        of_net.append(logs)
        growth.append(logs[0] / len(factors))
    return Jacobians(tuple(np.stack(each) for each in layers), np.stack(of_net), float(np.mean(growth)))


def _singular_values(factor: Matrix) -> np.ndarray:
    """Largest first; nan where an entry is not finite."""
    if not np.isfinite(factor).all():
        return np.full(min(factor.shape), np.nan)
    return np.linalg.svd(factor, compute_uv=False)


def layer_jacobians(net: TrainedNet, passes: Passes, row: int) -> list[Matrix]:
    """d a_l / d a_(l-1) of every layer at one row: diag(f'(z)) W, and W for the outputs."""
    slopes = [passes.slopes_z[layer][:, row, None] for layer in range(len(net.activations))]
    weights = [weight.astype(np.float64) for weight in net.weights]
    return [*(s * w for s, w in zip(slopes, weights, strict=False)), weights[-1]]


def log_singular_values(factors: Sequence[Matrix]) -> Float[np.ndarray, " k"]:
    """Natural logarithms of the singular values of the product ... F2 F1 F0, largest first; -inf for 0.

    The product is scaled to size 1 after every factor, so that none that is long overflows. Values below 1e-16 of the
    largest are rounding.
    """
    product, scale = np.eye(factors[0].shape[1]), 0.0
    for factor in factors:
        with np.errstate(over="ignore", invalid="ignore"):
            product = factor @ product
        size = float(np.abs(product).max())
        if size == 0 or not np.isfinite(size):
            shape = min(len(factors[-1]), factors[0].shape[1])
            return np.full(shape, -np.inf if size == 0 else np.nan)
        product, scale = product / size, scale + float(np.log(size))
    values = np.linalg.svd(product, compute_uv=False)
    with np.errstate(divide="ignore"):
        logs: Float[np.ndarray, " k"] = np.log(values) + scale
    return logs
