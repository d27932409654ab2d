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


@dataclass(frozen=True, eq=False)
class Differenced:
    """Numbers of one tensor. size: how many it has; at: [K] places of these in it, row by row; gradient: [K] of the
    mean loss, by JAX; differences: [K] the same by central differences.
    """

    name: str
    size: int
    at: np.ndarray
    gradient: np.ndarray
    differences: np.ndarray

    @property
    def error(self) -> float:
        """As in `CheckedTensor`."""
        return _error(self.gradient, self.differences)


@public
def check_gradient(subject: Subject, seed: int = 0, rows: int = ROWS) -> tuple[CheckedTensor, ...]:
    """Check the gradient of the mean loss of a subject's first rows by every tensor, at numbers drawn with `seed`.

    subject: a net with rows, as `subject_of` gives it
    seed: which numbers of each tensor are checked
    rows: how many of the subject's, at most
    """
    return tuple(
        CheckedTensor(each.name, each.size, len(each.at), float(np.linalg.norm(each.gradient)), each.error)
        for each in difference_gradient(subject, seed, rows)
    )


@public
def difference_gradient(subject: Subject, seed: int = 0, rows: int = ROWS) -> tuple[Differenced, ...]:
    """The numbers that `check_gradient` compares, of every tensor: by the one of STEPS that has the least error.

    subject, rows, seed: as in `check_gradient`
    """
    part, rng = subject.head(rows), np.random.default_rng(seed)
    tensors = _tensors(part)
    at = [np.sort(rng.choice(size, min(NUMBERS, size), replace=False)) for _, size in tensors]
    starts = np.cumsum([0, *(size for _, size in tensors)])
    places = np.concatenate([start + own for start, own in zip(starts, at, strict=False)])
    with exact():
        x, target = jnp.asarray(part.x)[None], jnp.asarray(part.target)
        keys = (part.net.activations, part.loss, part.huber_delta)
        found = _gradients(parameters_of(part.net), places, jnp.asarray(STEPS), x, target, *keys)
    bounds = np.cumsum([len(own) for own in at])[:-1]
    own, *tried = (np.split(values, bounds) for values in (np.asarray(found[0]), *np.asarray(found[1])))
    return tuple(
        Differenced(name, size, at[k], own[k], min((each[k] for each in tried), key=partial(_error, own[k])))
        for k, (name, size) in enumerate(tensors)
    )


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


@partial(jax.jit, static_argnums=(5, 6))
def _gradients(
    parameters: Any,
    places: Array,
    steps: Array,
    x: Array,
    target: Array,
    activations: tuple[str, ...],
    loss: str,
    delta: float,
) -> tuple[Array, Array]:
    """The gradient at K places of the numbers of a net in a row, [K], and the central differences there, [steps, K]."""
    flat, whole = ravel_pytree(parameters)

    def at(numbers: Array) -> Array:
        return mean_loss(whole(numbers), x, target, activations, loss, delta)

    def difference(place: Array) -> Array:
        sides = [jax.lax.map(lambda by: at(flat.at[place].add(by)), sign * steps) for sign in (1, -1)]
        found: Array = (sides[0] - sides[1]) / (2 * steps)
        return found

    own: Array = jax.grad(at)(flat)[places]
    return own, jax.lax.map(difference, places).T  # in turn: a copy of the net for each place is large
