"""Piecewise-linear encoding of inputs: bins at quantiles of the training rows, a component a bin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from goodfit.errors import Problems

if TYPE_CHECKING:
    from jaxtyping import Float, Int

FEWEST_DISTINCT = 3  # values of an input that is encoded: those with two are one step already
NARROW = 1e-5  # of the edges' magnitude; a bin that is narrower is rounding in float32, and has no width
NARROWEST = 1e-30  # a width whose inverse float32 can hold
LARGEST_EDGE = 1e15  # as far as scaled inputs are told apart, see `robust.LARGEST`


@dataclass(frozen=True, eq=False)
class PiecewiseEncoding:
    """Components appended to scaled inputs z, `bins` for each encoded column.

    columns: [E] numbers of the encoded columns, rising, int32; edges: [E, bins + 1] of their bins, in scaled units,
    not falling, float32.
    Component k of a column is clip((z - edges[k]) / (edges[k + 1] - edges[k]), 0, 1), and 0 where the bin has no width:
    0 below its bin, 1 above it, linear inside. z itself stays, so that what is beyond the edges is seen.
    Source: Gorishniy, Rubachev & Babenko (2022), On Embeddings for Numerical Features in Tabular Deep Learning, whose
    first and last components are not clipped outward, and whose encoding takes the place of z.
    """

    columns: Int[np.ndarray, " E"]
    edges: Float[np.ndarray, "E K1"]

    def __post_init__(self) -> None:
        """Convert."""
        object.__setattr__(self, "columns", np.asarray(self.columns, np.int32))
        object.__setattr__(self, "edges", np.asarray(self.edges, np.float32))

    @property
    def bins(self) -> int:
        """Components of an encoded column."""
        return int(self.edges.shape[1]) - 1

    @property
    def width(self) -> int:
        """Components in all."""
        return int(self.edges.shape[0]) * self.bins

    @property
    def bare(self) -> PiecewiseEncoding:
        """What is known of it before training: all."""
        return self

    @property
    def fixed(self) -> tuple[NDArray[Any], ...]:
        """What training does not change."""
        return self.columns, self.edges

    @property
    def trained(self) -> tuple[NDArray[Any], ...]:
        """What training changes: nothing."""
        return ()

    def of(self, trained: tuple[NDArray[Any], ...]) -> PiecewiseEncoding:
        """The encoding of a net that has trained these."""
        return self

    def apply(self, z: NDArray[Any]) -> NDArray[Any]:
        """Scaled inputs [N, D] with their components behind them, [N, D + E * bins], in the type of z."""
        low, high = self.edges[:, :-1].astype(z.dtype), self.edges[:, 1:].astype(z.dtype)
        slopes = inverse_widths(low, high)
        parts = np.clip((z[:, self.columns, None] - low) * slopes, 0, 1).reshape(len(z), -1)
        found: NDArray[Any] = np.concatenate([z, parts.astype(z.dtype, copy=False)], axis=1)
        return found

    def problems(self, seen: int) -> Problems:
        """What is wrong with it for a first layer that sees so many numbers, inputs and components."""
        found, columns, edges = Problems(), self.columns, self.edges
        if edges.ndim != 2 or columns.shape != edges.shape[:1] or edges.shape[0] < 1 or edges.shape[1] < 2:
            rule = "the encoding must have two edges or more for each of its columns"
            found.add("Net", rule, got=f"columns {columns.shape}, edges {edges.shape}")
            return found
        found.found += columns_problem(columns, seen, self.width).found
        with np.errstate(invalid="ignore"):
            widths = np.diff(edges.astype(np.float64), axis=1)
        if not (np.abs(edges) <= LARGEST_EDGE).all() or not ((widths == 0) | (widths >= NARROWEST)).all():
            rule = (
                f"the edges of an encoded column must not fall, lie within ±{LARGEST_EDGE:g}, and be equal or at least "
            )
            found.add("Net", f"{rule}{NARROWEST:g} apart")
        return found


def columns_problem(columns: NDArray[Any], seen: int, width: int) -> Problems:
    """What is wrong with the numbers of encoded columns. seen: numbers of the first layer; width: components of it."""
    found, inputs = Problems(), seen - width
    if inputs < 1:
        rule = f"the first layer must see more than the {width} components of encoded inputs"
        found.add("Net", rule, got=seen)
    elif (np.diff(columns) <= 0).any() or columns[0] < 0 or columns[-1] >= inputs:
        found.add("Net", f"the encoded columns must be rising numbers below {inputs}", got=columns.tolist())
    return found


def inverse_widths(low: NDArray[Any], high: NDArray[Any]) -> NDArray[Any]:
    """1 / (high - low) of every bin, 0 where it has no width."""
    widths = high - low
    found: NDArray[Any] = np.divide(1, widths, out=np.zeros_like(widths), where=widths > 0)
    return found


def encoded_columns(x: NDArray[Any]) -> NDArray[np.int32]:
    """The columns of training rows [n, D] that are encoded, [E]: those with FEWEST_DISTINCT values or more."""
    between = (x != x.min(axis=0)) & (x != x.max(axis=0))
    return np.flatnonzero(between.any(axis=0)).astype(np.int32)


def edges_of(values: NDArray[Any], bins: int) -> NDArray[np.float32]:
    """The edges [bins + 1] of one column's scaled training rows [n].

    They are the quantiles 0, 1/bins, ..., 1. Where a value is so frequent that it is several of them, the others are
    taken from the distinct values that are none yet, evenly by their number; a column of bins + 1 distinct values or
    fewer has an edge at each. What is left are bins of no width behind the last.
    """
    values = np.clip(values.astype(np.float64), -LARGEST_EDGE, LARGEST_EDGE)
    distinct = np.unique(values)
    chosen = distinct
    if len(distinct) > bins + 1:
        chosen = np.unique(np.quantile(values, np.linspace(0, 1, bins + 1)))
        missing = bins + 1 - len(chosen)
        rest = np.setdiff1d(distinct, chosen)
        places = ((np.arange(missing) + 0.5) * len(rest) / max(missing, 1)).astype(np.intp)
        chosen = np.union1d(chosen, rest[places])
    rising = _apart(chosen.astype(np.float32))
    return np.concatenate([rising, np.full(bins + 1 - len(rising), rising[-1])])


def _apart(edges: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rising edges without those that are so close to the one before that rounding would decide the bin between."""
    usual = float(np.median(np.abs(edges)))
    kept = [edges[0]]
    for edge in edges[1:]:
        least = max(NARROW * max(usual, abs(float(edge)), abs(float(kept[-1]))), NARROWEST)
        if float(edge) - float(kept[-1]) >= least:
            kept.append(edge)
    return np.asarray(kept, np.float32)
