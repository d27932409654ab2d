"""Scores in a program whose targets are transformed: told of the targets in their own unit."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import Array

from goodfit.data.target_transform import inverted
from goodfit.training.state import ProgramRows


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Scoring:
    """How rows are scored whose targets are transformed. y: [S, 1, C, B] in their own unit; rest: of all rows."""

    y: Array
    target_shift: Array
    target_scale: Array
    unit: Array
    inverse: dict[str, Array]

    def values(self, z: Array) -> tuple[Array, Array]:
        """Predictions and targets in their own unit, of outputs z [S, M, C, B]."""
        predicted = inverted(jnp, z / self.target_scale[:, None] + self.target_shift[:, None], self.inverse)
        return predicted * self.unit[:, None], self.y * self.unit[:, None]


def scoring_of(rows: ProgramRows, index: Array) -> Scoring | None:
    """What scores need of rows [S, B] whose targets are transformed."""
    if rows.unit is None:
        return None
    y = rows.unit.y.at[index].get(mode="promise_in_bounds").swapaxes(-1, -2)[:, None]
    return Scoring(y, rows.target_shift, rows.target_scale, rows.unit.scale, rows.unit.inverse)
