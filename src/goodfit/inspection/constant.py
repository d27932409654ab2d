"""The loss of the best constant prediction: what a net must beat to have learned anything."""

import jax.numpy as jnp
import numpy as np

from goodfit.inspection.precision import exact
from goodfit.inspection.subject import Subject
from goodfit.nets.losses import LOSSES


def constant_loss(subject: Subject) -> float:
    """The least loss of a net whose outputs are the same for every row, on the subject's rows."""
    outputs = _constant_outputs(subject)
    with exact():
        rows = jnp.asarray(np.repeat(outputs[:, None], len(subject.rows), axis=1))
        losses = LOSSES[subject.loss].per_row(rows, jnp.asarray(subject.target), None, subject.huber_delta)[1]
        return float(np.asarray(losses).mean())


def _constant_outputs(subject: Subject) -> np.ndarray:
    """The outputs, one for all rows, with the least loss."""
    outputs, target = subject.net.n_outputs, subject.target
    tiny = 1e-12
    if subject.loss == "cross-entropy":
        return np.asarray(np.log(np.bincount(target, minlength=outputs) / len(target) + tiny))
    if subject.loss == "binary-cross-entropy":
        share = target.mean(1)
        return np.asarray(np.log(share + tiny) - np.log(1 - share + tiny))
    if subject.loss == "poisson":
        return np.asarray(np.log(np.maximum(target.mean(1), tiny)))
    if subject.loss == "absolute-error":
        return np.asarray(np.median(target, axis=1))
    if subject.loss == "huber":
        from scipy.optimize import minimize_scalar

        delta = subject.huber_delta

        def total(c: float, row: np.ndarray) -> float:
            r = np.abs(row - c)
            return float(np.where(r <= delta, r * r / 2, delta * (r - delta / 2)).mean())

        bounds = [(float(row.min()), float(row.max()) + tiny) for row in target]
        found = [
            minimize_scalar(total, args=(row,), bounds=bound, method="bounded").x
            for row, bound in zip(target, bounds, strict=True)
        ]
        return np.asarray(found)
    return np.asarray(target.mean(1))
