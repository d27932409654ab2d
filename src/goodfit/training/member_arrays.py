"""What members have of their own, at first and at the end: laid on a cohort's grid, and taken off as nets alone."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from goodfit.data.encoding import PiecewiseEncoding
from goodfit.data.periodic import PeriodicColumns
from goodfit.nets.forward import Architecture
from goodfit.nets.member_parts import FULL, Members
from goodfit.training.examples import Examples
from goodfit.training.recipe import Recipe

PURPOSE = 0x3E3B  # of the random stream, beside the seed


def initial_members(recipe: Recipe, sources: NDArray[np.integer]) -> Members:
    """What the members of one net begin with, without the axes of nets.

    sources: [inputs] the number of the input that each of the first layer's comes from; those of one have one scaling.
    """
    generator, count = np.random.default_rng([recipe.seed, PURPOSE]), recipe.members
    shape = count, int(sources.max()) + 1
    drawn = generator.choice([-1.0, 1.0], shape) if recipe.member_init == "signs" else generator.standard_normal(shape)
    first: Any = drawn[:, sources].astype(np.float32)
    if recipe.member_form != FULL:
        return Members((first,))
    ones = [np.ones((count, units), np.float32) for units in recipe.hidden]
    offsets = tuple(map(np.zeros_like, ones)) if recipe.bias else ()
    arrays: Any = ((first, *ones[:-1]), tuple(ones), offsets)
    return Members(*arrays)


def laid_members(
    recipes: Sequence[Recipe], architecture: Architecture, examples: Examples, lay: Callable[..., Any], dtype: Any
) -> Any:
    """The same of every net of a cohort, padded by ones and zeros, [K, S, M, ...]; None where nets have one member.

    lay: [P, ...] to that
    """
    if architecture.members == 1:
        return None
    sources = sources_of(examples)
    nets = [initial_members(recipe, sources) for recipe in recipes]
    sizes, count = (len(sources), *architecture.widths), (len(recipes), architecture.members)

    def padded(part: str, layers: Sequence[int], filling: float) -> tuple[Any, ...]:
        laid = []
        for layer, units in enumerate(layers):
            table = np.full((*count, units), filling, dtype)
            for net, own in enumerate(nets):
                if layer < len(getattr(own, part)):
                    array = getattr(own, part)[layer]
                    table[net, :, : array.shape[1]] = array
            laid.append(lay(table))
        return tuple(laid)

    full = recipes[0].member_form == FULL
    return Members(
        padded("inputs", sizes[:-1] if full else sizes[:1], 1.0),
        padded("outputs", sizes[1:] if full else (), 1.0),
        padded("offsets", sizes[1:] if full and recipes[0].bias else (), 0.0),
    )


def sources_of(examples: Examples) -> NDArray[np.integer]:
    """The number of the input that each number comes from which the first layer sees, [D2]."""
    encoding, seen = examples.scaling.encoding, examples.inputs
    if not isinstance(encoding, PiecewiseEncoding | PeriodicColumns):
        return np.arange(seen)
    columns = np.asarray(encoding.columns)
    inputs = examples.x.shape[1]
    return np.concatenate([np.arange(inputs), np.repeat(columns, (seen - inputs) // max(1, len(columns)))])


def taken_members(members: Members | None, recipe: Recipe, at: tuple[Any, ...]) -> Members | None:
    """Cut what one net's members have out of padded arrays [K, S, M, ...] on the host; at: the net's place."""
    if members is None:
        return None
    sizes = (members.inputs[0].shape[-1], *recipe.hidden)
    layers = {"inputs": sizes[:-1], "outputs": sizes[1:], "offsets": sizes[1:]}
    parts: Any = {
        name: tuple(np.asarray(own)[at][:, :units] for own, units in zip(getattr(members, name), of, strict=False))
        for name, of in layers.items()
    }
    return Members(**parts)


def numbers_of(members: Members | None) -> int:
    """How many numbers the members of one net train beside its weights and their output layers."""
    return sum(int(np.asarray(each).size) for each in jax.tree.leaves(members))
