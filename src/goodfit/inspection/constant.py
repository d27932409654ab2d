"""The loss of the best constant prediction: what a net must beat to have learned anything."""

from collections.abc import Sequence
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Shaped

from goodfit.inspection.precision import exact
from goodfit.inspection.subject import Subject
from goodfit.nets.losses import LOSSES


def constant_loss(subject: Subject) -> float:
    """The least loss of a net whose outputs are the same for every row, on the subject's rows."""
    return least_constant(subject.loss, subject.target, subject.net.n_outputs, subject.huber_delta)


def least_constant(loss: str, target: Shaped[np.ndarray, "... B"], outputs: int, huber_delta: float = 1.0) -> float:
    """The least mean loss of outputs that are the same for every row.

    loss: a name in LOSSES. target: class codes [B], or numbers as trained, [C, B]. outputs: C.
    """
    found = _constant_outputs(loss, target, outputs, huber_delta)
    with exact():
        rows = jnp.asarray(np.repeat(found[:, None], target.shape[-1], axis=1))
        return float(np.asarray(_losses(rows, jnp.asarray(target), huber_delta, loss)).mean())


@partial(jax.jit, static_argnames="loss")
def _losses(outputs: Array, target: Array, huber_delta: float, loss: str) -> Array:
    return LOSSES[loss].per_row(outputs, target, None, huber_delta)[1]


def least_pinball(target: Shaped[np.ndarray, "C B"], levels: Sequence[float]) -> float:
    """The least mean loss of quantiles that are the same for every row, summed over targets and levels."""
    share = np.asarray(levels)[:, None, None]
    difference = target - np.quantile(target, levels, axis=1)[..., None]  # [L, C, B]
    return float(np.maximum(share * difference, (share - 1) * difference).sum((0, 1)).mean())


def _constant_outputs(loss: str, target: np.ndarray, outputs: int, huber_delta: float) -> np.ndarray:
    """The outputs, one for all rows, with the least loss."""
    tiny = 1e-12
    if loss == "cross-entropy":
        return np.asarray(np.log(np.bincount(target, minlength=outputs) / len(target) + tiny))
    if loss == "binary-cross-entropy":
        share = target.mean(1)
        return np.asarray(np.log(share + tiny) - np.log(1 - share + tiny))
    if loss == "poisson":
        return np.asarray(np.log(np.maximum(target.mean(1), tiny)))
    if loss == "absolute-error":
        return np.asarray(np.median(target, axis=1))
    if loss == "huber":
        return np.asarray([_huber_centre(row, huber_delta) for row in target])
    return np.asarray(target.mean(1))


def _huber_centre(row: np.ndarray, delta: float) -> float:
    """The number with the least Huber loss. Searched for in units of the row's spread, so that small targets, whose
    spread is below the search's own tolerance, are no exception."""
    from scipy.optimize import minimize_scalar

    low, spread = float(row.min()), float(np.ptp(row))
    if not spread > 0:
        return low
    scaled, width = (row - low) / spread, delta / spread

    def total(centre: float) -> float:
        r = np.abs(scaled - centre)
        return float(np.where(r <= width, r * r / 2, width * (r - width / 2)).mean())

    return low + spread * float(minimize_scalar(total, bounds=(0.0, 1.0), method="bounded").x)
