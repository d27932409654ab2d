"""Which categories of a table are embedded, by vectors of which size, and what these begin with."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from goodfit.nets.embedding import CategoryBlock, embedded_inputs, gathered, spread

if TYPE_CHECKING:
    from goodfit.data.tables.preprocessing import Preprocessing
    from goodfit.training.recipe import Recipe

LARGEST_SIZE = 600
PURPOSE = 0xE3BD  # of the random stream, beside the seed

Categories = tuple[int, int, int]
"""The first input of a column of categories, how many have one of their own, and how many the others share."""


def categories_of(preprocessing: Preprocessing | None) -> tuple[Categories, ...]:
    """The columns of categories of a table, without ordered ones; none of data that are no table."""
    return tuple(of for _, of in _categories(preprocessing))


def _categories(preprocessing: Preprocessing | None) -> Iterator[tuple[str, Categories]]:
    from goodfit.data.tables.categories import Frequent, OneHot

    at = 0
    for column in () if preprocessing is None else preprocessing.columns:
        if isinstance(column, OneHot | Frequent):
            shared = column.buckets if isinstance(column, Frequent) else 0
            yield column.name, (at, column.own_width - shared, shared)
        at += column.width


def blocks_of(recipe: Recipe, categories: Sequence[Categories]) -> tuple[CategoryBlock, ...]:
    """What a recipe embeds of these: columns of more than `embed_above` vectors, that of rare ones among them."""
    if not recipe.train_embedding:
        return ()
    found = []
    for start, own, shared in categories:
        vectors = own + (shared > 0)
        if vectors > recipe.embed_above:
            size = min(vectors, size_of(vectors) if recipe.embedding_size is None else recipe.embedding_size)
            found.append(CategoryBlock(start, own, shared, size))
    return tuple(found)


def without_vectors(
    recipe: Recipe, preprocessing: Preprocessing | None, weights: Sequence[NDArray[Any]]
) -> list[tuple[str, int]]:
    """The embedded columns, with the size of their vectors, of which first layers [H, D] came of no such vectors."""
    blocks = blocks_of(recipe, categories_of(preprocessing))
    if not blocks:
        return []
    names = {start: name for name, (start, _, _) in _categories(preprocessing)}
    fits = np.all([gathered(own, blocks)[2] for own in weights], axis=0)
    return [(names[block.start], block.size) for block, fit in zip(blocks, fits, strict=True) if not fit]


def size_of(categories: int) -> int:
    """1.6 n^0.56, rounded, at most LARGEST_SIZE. Source: fastai, `emb_sz_rule`."""
    return min(LARGEST_SIZE, round(1.6 * math.pow(categories, 0.56)))


def initial_vectors(recipe: Recipe, blocks: Sequence[CategoryBlock]) -> tuple[NDArray[Any], ...]:
    """The table [size, vectors] of every block at first: standard normal, as in PyTorch."""
    generators = (np.random.default_rng([recipe.seed, PURPOSE, number]) for number in range(len(blocks)))
    return tuple(
        generator.standard_normal((block.size, block.vectors)).astype(np.float32)
        for generator, block in zip(generators, blocks, strict=True)
    )


def embedded(x: NDArray[np.float64], recipe: Recipe, blocks: Sequence[CategoryBlock]) -> NDArray[np.float64]:
    """Rows [n, D] of inputs as a first layer sees them at first, [n, D2]: the vectors of categories in their place."""
    if not blocks:
        return x
    every = np.eye(embedded_inputs(x.shape[1], blocks))
    found: NDArray[np.float64] = x @ spread(every, initial_vectors(recipe, blocks), blocks, np).T
    return found
