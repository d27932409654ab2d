"""Encodings of inputs, in the program: piecewise linear, and periodic with trained frequencies."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Edges:
    """Which of D inputs are encoded, and by which bins.

    columns: [E]; edges: [E, K + 1] of K bins each, not falling, or [S, M, E, K + 1] where every net has its own; None
    where every net's own `Waves` encode them.
    """

    columns: Int[Array, " E"]
    edges: Float[Array, "E K1"] | Float[Array, "S M E K1"] | None


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Waves:
    """What a net trains of a periodic encoding of E inputs, by F cosines each, in O sums of them.

    frequencies, phases: [S, M, E, F]; weights: [S, M, E, O, F]; offsets: [S, M, E, O].
    """

    frequencies: Float[Array, "S M E F"]
    phases: Float[Array, "S M E F"]
    weights: Float[Array, "S M E O F"]
    offsets: Float[Array, "S M E O"]


def encode(z: Float[Array, "... D B"], bins: Edges, waves: Waves | None = None) -> Float[Array, "... D2 B"]:
    """Scaled inputs with K components behind them for each encoded one, D2 = D + E * K; of waves, with O."""
    chosen = z[..., bins.columns, :]
    parts = _pieces(chosen, bins) if waves is None else _periodic(chosen, waves)
    return jnp.concatenate([z, parts.reshape(*z.shape[:-2], -1, z.shape[-1])], axis=-2)


def _pieces(z: Float[Array, "... E B"], bins: Edges) -> Float[Array, "... E K B"]:
    """Component k is 0 below its bin, 1 above and linear inside; 0 where the bin has no width.

    Source: Gorishniy, Rubachev & Babenko (2022), On Embeddings for Numerical Features in Tabular Deep Learning; there
    the outer components are not clipped outward. Here the input itself stays beside them.
    """
    assert bins.edges is not None
    low, widths = bins.edges[..., :-1], jnp.diff(bins.edges)
    slopes = jnp.where(widths > 0, 1 / jnp.where(widths > 0, widths, 1), 0)
    return jnp.clip((z[..., None, :] - low[..., None]) * slopes[..., None], 0, 1)


def _periodic(z: Float[Array, "S M E B"], waves: Waves) -> Float[Array, "S M E O B"]:
    """A cos(2 pi z w + p) + c of every input.

    Source: Holzmüller, Grinsztajn & Steinwart (2024), Better by Default, arXiv 2407.04491, appendix A: periodic, bias,
    linear, and "dense", which is that the input itself stays beside them.
    """
    turns = 2 * jnp.pi * z[..., None, :] * waves.frequencies[..., None] + waves.phases[..., None]  # [S, M, E, F, B]
    return jnp.einsum("smeof,smefb->smeob", waves.weights, jnp.cos(turns)) + waves.offsets[..., None]


def sources(inputs: int, seen: int, bins: Edges) -> Int[Array, " D2"]:
    """The input that each of the D2 numbers of `encode` comes from. seen: D2."""
    each = (seen - inputs) // len(bins.columns)
    return jnp.concatenate([jnp.arange(inputs), jnp.repeat(bins.columns, each)])
