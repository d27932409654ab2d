"""What every net takes of tables that have a line for each set of row weights, in the program."""

import jax
import jax.numpy as jnp
from jaxtyping import Array

from goodfit.nets.encoding import Edges
from goodfit.training.state import OwnScaling, ProgramRows, Settings


def own_weights(table: Array, settings: Settings, index: Array) -> Array:
    """Row weights of every net for rows [S or 1, B], from a table [G, N]: [S, M, B]."""
    sets = jnp.moveaxis(table[:, index], 0, 1)  # [S or 1, G, B]: every set's weights, of which each net takes a row
    sets = jnp.broadcast_to(sets, (len(settings.row_weights), *sets.shape[1:]))
    mine = jnp.minimum(settings.row_weights, len(table) - 1)  # one row where all nets weigh rows alike
    own: Array = jax.vmap(lambda of_sets, mine: of_sets[mine])(sets, mine)
    return own


def own_scaling(rows: ProgramRows, settings: Settings) -> OwnScaling | None:
    """The scaling of every net, [S, M, D] and [S, M, C], where nets have their own."""
    if rows.own is None:
        return None
    own: OwnScaling = jax.tree.map(lambda table: table[settings.row_weights], rows.own)
    return own


def own_squares(rows: ProgramRows, at: int, settings: Settings) -> Array | None:
    """What every net's squared errors are weighed by, [S, M, C], on the training rows (0) or a part (1, ...)."""
    if not rows.squares:
        return None
    table = rows.squares[at]  # one row where all nets are scored alike, whatever their weights in training
    return table[jnp.minimum(settings.row_weights, len(table) - 1)]


def own_bins(rows: ProgramRows, settings: Settings) -> Edges | None:
    """How inputs are encoded: by the same edges for all nets, or by [S, M, E, K + 1] where nets have their own."""
    if rows.bins is None or rows.bins.edges is None or rows.bins.edges.ndim == 2:
        return rows.bins
    return Edges(rows.bins.columns, rows.bins.edges[settings.row_weights])


def bins_a_net(bins: Edges | None, nets: tuple[int, ...]) -> Edges | None:
    """The same with a copy for each of [S, M] nets, so that they can be taken apart."""
    if bins is None:
        return None
    columns = jnp.broadcast_to(bins.columns, (*nets, *bins.columns.shape))
    edges = bins.edges
    return Edges(columns, None if edges is None else jnp.broadcast_to(edges, (*nets, *edges.shape[-2:])))
