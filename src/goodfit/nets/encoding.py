"""Piecewise-linear encoding of inputs, in the program."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Edges:
    """Which of D inputs are encoded, and by which bins.

    columns: [E]; edges: [E, K + 1] of K bins each, not falling, or [S, M, E, K + 1] where every net has its own.
    """

    columns: Int[Array, " E"]
    edges: Float[Array, "E K1"] | Float[Array, "S M E K1"]


def encode(z: Float[Array, "... D B"], bins: Edges) -> Float[Array, "... D2 B"]:
    """Scaled inputs with K components behind them for each encoded one, D2 = D + E * K.

    Component k is 0 below its bin, 1 above and linear inside; 0 where the bin has no width.
    Source: Gorishniy, Rubachev & Babenko (2022), On Embeddings for Numerical Features in Tabular Deep Learning; there
    the outer components are not clipped outward. Here the input itself stays beside them.
    """
    low, widths = bins.edges[..., :-1], jnp.diff(bins.edges)
    slopes = jnp.where(widths > 0, 1 / jnp.where(widths > 0, widths, 1), 0)
    inside = (z[..., bins.columns, :][..., None, :] - low[..., None]) * slopes[..., None]  # [..., E, K, B]
    parts = jnp.clip(inside, 0, 1).reshape(*z.shape[:-2], -1, z.shape[-1])
    return jnp.concatenate([z, parts], axis=-2)


def sources(inputs: int, bins: Edges) -> Int[Array, " D2"]:
    """The input that each of the D2 numbers of `encode` comes from."""
    return jnp.concatenate([jnp.arange(inputs), jnp.repeat(bins.columns, bins.edges.shape[-1] - 1)])
