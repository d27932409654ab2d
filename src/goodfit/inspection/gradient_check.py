"""Whether gradients are right: JAX's against central differences, in float64."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array

from goodfit.arguments import public
from goodfit.inspection.passes import mean_loss, parameters_of
from goodfit.inspection.precision import exact
from goodfit.inspection.subject import Subject

ALLOWED = 1e-6  # relative error: float64 gives about 1e-9 where no kink lies between two differences
STEPS = (1e-5, 1e-6, 1e-7)  # of a parameter; the one with the least error counts
NUMBERS = 64  # of each tensor that are checked, all of smaller ones
ROWS = 64


@dataclass(frozen=True)
class CheckedTensor:
    """One tensor. checked: how many of its numbers; gradient: norm of their gradient; error: norm of the difference,
    relative to the sum of both norms, 0 where both are 0.
    """

    name: str
    numbers: int
    checked: int
    gradient: float
    error: float

    @property
    def right(self) -> bool:
        """Whether the error is allowed."""
        return self.error <= ALLOWED


@public
def check_gradient(subject: Subject, seed: int = 0, rows: int = ROWS) -> tuple[CheckedTensor, ...]:
    """Check the gradient of the mean loss of a subject's first rows by every tensor, at numbers drawn with `seed`."""
    part, rng = subject.head(rows), np.random.default_rng(seed)
    found = []
    with exact():
        x, target = jnp.asarray(part.x)[None], jnp.asarray(part.target)
        parameters = parameters_of(part.net)
        keys = (part.net.activations, part.loss, part.huber_delta)
        gradient = jax.grad(mean_loss)(parameters, x, target, *keys)
        flat = np.asarray(ravel_pytree(parameters)[0])
        of_flat = np.asarray(ravel_pytree(gradient)[0])
        start = 0
        for name, size in _tensors(part):
            at = start + np.sort(rng.choice(size, min(NUMBERS, size), replace=False))
            start += size
            own = of_flat[at]
            errors = [_error(own, _differences(parameters, flat, at, step, x, target, *keys)) for step in STEPS]
            found.append(CheckedTensor(name, size, len(at), float(np.linalg.norm(own)), min(errors)))
    return tuple(found)


def _tensors(subject: Subject) -> list[tuple[str, int]]:
    """Name and size of every tensor, in the order in which parameters are laid out."""
    net = subject.net
    weights = [(f"W{layer + 1}", array.size) for layer, array in enumerate(net.weights)]
    biases = [(f"b{layer + 1}", array.size) for layer, array in enumerate(net.biases)]
    slopes = [(f"slope{layer + 1}", 1) for layer, slope in enumerate(net.slopes) if slope is not None]
    mixtures = [(f"mixture{layer + 1}", share.size) for layer, share in enumerate(net.mixtures)]
    return [*weights, *biases, *slopes, *mixtures]


def _error(own: np.ndarray, other: np.ndarray) -> float:
    size = float(np.linalg.norm(own) + np.linalg.norm(other))
    return float(np.linalg.norm(own - other)) / size if size > 0 else 0.0


def _differences(
    parameters: Any, flat: np.ndarray, at: np.ndarray, step: float, x: Array, target: Array, *keys: Any
) -> np.ndarray:
    """Central differences of the loss by the numbers at these places."""
    unravel = ravel_pytree(parameters)[1]
    losses = []
    for sign in (step, -step):
        moved = [_loss(unravel(jnp.asarray(_moved(flat, int(place), sign))), x, target, *keys) for place in at]
        losses.append(np.asarray(moved))
    return np.asarray((losses[0] - losses[1]) / (2 * step))


def _moved(flat: np.ndarray, place: int, by: float) -> np.ndarray:
    other = flat.copy()
    other[place] += by
    return other


@partial(jax.jit, static_argnums=(3, 4))
def _loss(parameters: Any, x: Array, target: Array, activations: tuple[str, ...], loss: str, delta: float) -> Array:
    return mean_loss(parameters, x, target, activations, loss, delta)
