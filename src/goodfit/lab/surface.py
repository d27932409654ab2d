"""A slice of the loss surface: the plane in which the paths of some nets lie best, and the loss above it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from goodfit.data import Split
from goodfit.errors import InputError, problem
from goodfit.models.trained_net import TrainedNet
from goodfit.training.recipe import Recipe

MOST_NUMBERS = 100_000  # of a net whose surface is drawn
GRID = 31  # points a side
ROOM = 0.15  # of the paths' range, around them
WORK = 2**24  # numbers times rows of one net's loss
FEWEST_ROWS, MOST_ROWS = 64, 1024
AT_ONCE = 16  # points whose losses are computed together


@dataclass(frozen=True)
class Slice:
    """A plane through weight space and the loss above it.

    origin: [N] all weights and biases at (0, 0), the common start of the paths
    axes: [2, N] orthonormal
    x, y: what is shown of the two directions
    loss: [GRID, GRID] the mean loss of training rows without penalties, rows from the lowest y up
    paths: [F, 2] each, where a net was after the epochs that were kept
    share: of the paths' squared distance from the start that lies in the plane
    rows: training rows that the loss is the mean of
    """

    origin: Float[np.ndarray, " N"]
    axes: Float[np.ndarray, "2 N"]
    x: tuple[float, float]
    y: tuple[float, float]
    loss: Float[np.ndarray, "G G"]
    paths: tuple[Float[np.ndarray, "F 2"], ...]
    share: float
    rows: int


def slice_of(paths: Sequence[Sequence[TrainedNet]], parts: Split, recipe: Recipe) -> Slice:
    """The slice in which these paths lie best.

    paths: [F] nets each, in order; all begin with the same net
    parts: whose training rows the loss is measured on, at most MOST_ROWS of them
    recipe: of the loss

    The two directions are those of the largest squared distance from the start, over all nets of all paths: singular
    vectors, not centred, so that the start itself lies in the plane. InputError for nets of more than MOST_NUMBERS.
    """
    numbers = paths[0][0].n_parameters
    if numbers > MOST_NUMBERS:
        rule = f"the loss surface is drawn of nets of at most {MOST_NUMBERS:,} weights and biases"
        raise InputError(problem("Race", rule, got=numbers, fix="Use fewer hidden units or layers."))
    flat = [np.stack([_flat(net) for net in path]) for path in paths]  # [F, N] each
    origin = flat[0][0]
    axes, share = _directions(np.concatenate(flat) - origin)
    at = tuple((each - origin) @ axes.T for each in flat)
    (left, right), (low, high) = (_range(np.concatenate(at)[:, axis]) for axis in (0, 1))
    across, up = np.linspace(left, right, GRID), np.linspace(low, high, GRID)
    points = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
    loss, rows = _losses(paths[0][0], origin, axes, points, parts, recipe)
    return Slice(origin, axes, (left, right), (low, high), loss.reshape(GRID, GRID), at, share, rows)


def _flat(net: TrainedNet) -> NDArray[np.float64]:
    """All weights and biases, in the order of `passes.parameters_of`."""
    from jax.flatten_util import ravel_pytree

    from goodfit.inspection.passes import parameters_of
    from goodfit.inspection.precision import exact

    with exact():
        return np.asarray(ravel_pytree(parameters_of(net))[0])


def _directions(moved: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """(two orthonormal directions [2, N], the share of the squared distance that they hold) of moves [F, N]."""
    _, sizes, found = np.linalg.svd(moved, full_matrices=False)
    whole = float((sizes**2).sum())
    axes: Any = found[: np.count_nonzero(sizes[:2] > 1e-9 * sizes[0])] if whole else found[:0]
    drawn = np.random.default_rng(0)
    while len(axes) < 2:  # the paths lie on a line: any other direction will do
        other = drawn.standard_normal(moved.shape[1])
        other = other - axes.T @ (axes @ other)
        axes = np.concatenate([axes, (other / np.linalg.norm(other))[None]])
    return axes, float((sizes[:2] ** 2).sum()) / whole if whole else 1.0


def _range(values: NDArray[np.float64]) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    room = ROOM * (high - low) or 1.0
    return low - room, high + room


def _losses(
    net: TrainedNet, origin: Any, axes: Any, points: NDArray[np.float64], parts: Split, recipe: Recipe
) -> tuple[NDArray[np.float64], int]:
    """(the loss at points [M, 2] of the plane, how many rows it is the mean of)."""
    import jax
    import jax.numpy as jnp
    from jax.flatten_util import ravel_pytree

    from goodfit.inspection.passes import mean_loss, parameters_of
    from goodfit.inspection.precision import exact
    from goodfit.inspection.subject import subject_of

    data, most = parts.data, int(np.clip(WORK // len(origin), FEWEST_ROWS, MOST_ROWS))
    x, y = data.x[parts.train], data.y[parts.train]
    subject = subject_of(net, x, y, loss=recipe.loss, huber_delta=recipe.huber_delta, rows=most)
    with exact():
        unravel = ravel_pytree(parameters_of(net))[1]
        rows, target = jnp.asarray(subject.x[None]), jnp.asarray(subject.target)
        start, directions = jnp.asarray(origin), jnp.asarray(axes)

        def loss(at: Any) -> Any:
            own = unravel(start + at @ directions)
            return mean_loss(own, rows, target, net.activations, subject.loss, subject.huber_delta)

        found = jax.jit(lambda all_points: jax.lax.map(loss, all_points, batch_size=AT_ONCE))(jnp.asarray(points))
        return np.asarray(found), len(subject.rows)
