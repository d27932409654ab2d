"""Trained embeddings of categories: vectors in the place of inputs of 0 and 1. They fold into the first layer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

LOST = 1e-4  # of the norm of a block's weights: rounding, where they came of vectors of this size


@dataclass(frozen=True)
class CategoryBlock:
    """Neighbouring inputs that are the categories of one column, one of them 1 or none.

    start: the first of them; own: how many stand for a category each; shared: how many behind them stand for rare and
    unseen ones, which have one vector together; size: of the vectors.
    """

    start: int
    own: int
    shared: int
    size: int

    @property
    def width(self) -> int:
        """Its inputs."""
        return self.own + self.shared

    @property
    def vectors(self) -> int:
        """Its vectors."""
        return self.own + (self.shared > 0)


def embedded_inputs(inputs: int, blocks: Sequence[CategoryBlock]) -> int:
    """How many numbers the first layer takes in the place of so many inputs."""
    return inputs - sum(block.width - block.size for block in blocks)


def spread(weights: Any, tables: Sequence[Any], blocks: Sequence[CategoryBlock], numbers: Any) -> Any:
    """The weights [..., H, D] of a first layer that sees inputs, of those [..., H, D2] of one that sees vectors.

    tables: [..., size, vectors] of every block; numbers: the module of arrays, NumPy or JAX's.
    """
    pieces, at, end = [], 0, 0
    for block, table in zip(blocks, tables, strict=True):
        between = block.start - end
        of_vectors = weights[..., at + between : at + between + block.size]
        made = numbers.matmul(of_vectors, table)  # [..., H, vectors]
        pieces += [weights[..., at : at + between], made[..., : block.own]]
        pieces += [numbers.repeat(made[..., block.own :], block.shared, axis=-1)] if block.shared else []
        at, end = at + between + block.size, block.start + block.width
    return numbers.concatenate([*pieces, weights[..., at:]], axis=-1)


def gathered(
    weights: NDArray[Any], blocks: Sequence[CategoryBlock]
) -> tuple[NDArray[Any], tuple[NDArray[Any], ...], tuple[bool, ...]]:
    """(weights [H, D2], table of every block, whether they give what was there) of weights [H, D]: `spread` back.

    By the largest singular values of each block, each side taking its square root.
    """
    pieces, tables, whole, end = [], [], [], 0
    for block in blocks:
        own = weights[:, block.start : block.start + block.width].astype(np.float64)
        given = own[:, : block.vectors]
        left, values, right = np.linalg.svd(given, full_matrices=False)
        kept = min(block.size, len(values))
        roots = np.sqrt(values[:kept])
        made, table = np.zeros((len(weights), block.size)), np.zeros((block.size, block.vectors))
        made[:, :kept], table[:kept] = left[:, :kept] * roots, roots[:, None] * right[:kept]
        pieces += [weights[:, end : block.start], made.astype(weights.dtype)]
        tables.append(table.astype(weights.dtype))
        back = np.concatenate([given[:, : block.own], given[:, block.own :].repeat(block.shared, axis=1)], axis=1)
        lost = np.linalg.norm(back - own) + np.linalg.norm(values[kept:])
        whole.append(bool(lost <= LOST * np.linalg.norm(own)))
        end = block.start + block.width
    return np.concatenate([*pieces, weights[:, end:]], axis=1), tuple(tables), tuple(whole)
