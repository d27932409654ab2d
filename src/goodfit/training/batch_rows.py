"""Rows as nets see them in a program: scaled, each with its weight."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import Array

from goodfit.nets.encoding import Edges
from goodfit.nets.forward import bend_inputs
from goodfit.training.own_tables import own_bins, own_scaling, own_squares, own_weights
from goodfit.training.scoring import Scoring, scoring_of
from goodfit.training.state import OwnScaling, Program, ProgramRows, Settings


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Batch:
    """Rows as the nets see them.

    x: [S, B, D]; target: [S, 1, B] codes or [S, 1 or M, C, B] numbers; weight: [S, 1 or M, B]; own: the scaling of
    every net on top, which the targets have had and the inputs have not; squares: [S, M, C], see `ProgramRows`;
    scoring: of transformed targets; bins: of encoded inputs, which x has not had.
    """

    x: Array
    target: Array
    weight: Array
    own: OwnScaling | None = None
    squares: Array | None = None
    scoring: Scoring | None = None
    bins: Edges | None = None


def batch_of(program: Program, settings: Settings, rows: ProgramRows, index: Array) -> Batch:
    """The rows of one step, index [S, B], scaled; -1 marks a place that no row fills, of weight zero."""
    real = index >= 0
    own = own_scaling(rows, settings)
    # row 0 stands in where no row is; its weight there is 0
    at = of_own_set(program, settings, jnp.maximum(index, 0))
    x, target = examples_of(program, rows, at, own)
    weight = real[:, None].astype(x.dtype)  # [S, 1, B]
    if program.uses_row_weights:
        weight = weight * own_weights(rows.weights, settings, jnp.maximum(index, 0))
    squares = own_squares(rows, 0, settings)
    return Batch(x, target, weight, own, squares, scoring_of(rows, at), own_bins(rows, settings))


def of_own_set(program: Program, settings: Settings, index: Array) -> Array:
    """Rows of one data set, [S or 1, B], as rows of all that are stacked: each group has its own set."""
    return index + program.set_rows * settings.row_weights[:, :1] if program.set_rows else index


def examples_of(program: Program, rows: ProgramRows, index: Array, own: OwnScaling | None) -> tuple[Array, Array]:
    """Scaled inputs [S, B, D] and targets, [S, 1, B] codes or [S, 1 or M, C, B] numbers, of rows [S, B].

    own: is applied to the targets; the forward pass applies it to the inputs.
    """
    # no index is out of bounds: -1 was taken out before, so that XLA need not check or clamp any
    x = (rows.x.at[index].get(mode="promise_in_bounds").astype(rows.scale.dtype) - rows.shift) * rows.scale
    x = x if rows.bend is None else bend_inputs(x, rows.bend)
    y = rows.y.at[index].get(mode="promise_in_bounds")
    if program.task == "classification":
        return x, y[:, None]
    numbers = (y.astype(x.dtype) - rows.target_shift) * rows.target_scale  # [S, B, C]
    numbers = numbers.swapaxes(-1, -2)[:, None]
    if own is not None:
        numbers = (numbers - own.target_shift[..., None]) * own.target_scale[..., None]
    return x, numbers
