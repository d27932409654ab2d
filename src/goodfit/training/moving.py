"""Nets on the move: each one's state is cut out of one cohort and laid into another, so that it trains on there."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from goodfit.data.periodic import TRAINED
from goodfit.nets.forward import Parameters
from goodfit.nets.member_parts import member_parts
from goodfit.training.cohort import Cohort
from goodfit.training.compile import fresh_state
from goodfit.training.state import State

NetState = Mapping[str, NDArray[Any]]
"""What a training knows of one net, at the net's own size: weights, the optimiser's memory, counters; by name."""


def take_states(state: State, cohort: Cohort) -> list[NetState]:
    """The state of every net of a cohort, [P], from the cohort's state on the host."""
    found: list[dict[str, NDArray[Any]]] = [{} for _ in cohort.jobs]
    for name, leaf, inner in _leaves(state):
        for net, at in enumerate(cohort.grid.place):
            own = _own_name(name, inner, cohort, net)
            if own is not None:
                found[net][own] = np.array(leaf[(*at, *_own_part(inner, leaf.ndim - 3, cohort, net))])
    return list(found)


def lay_states(states: Sequence[NetState], cohort: Cohort) -> State:
    """The state of a cohort whose nets have come so far elsewhere, one a job, as `take_states` gave them.

    The cohort may be padded to other sizes than those that the nets come from, and its program may keep less for them
    (no momentum, where none of its nets has any) or more, which then starts from zero. A net that was frozen stays so;
    the others train up to their epochs.
    """
    fresh = fresh_state(cohort.program, cohort.settings(), cohort.initial_parameters())
    laid: State = jax.tree.map(np.array, fresh)
    for name, leaf, inner in _leaves(laid):
        for net, at in enumerate(cohort.grid.place):
            own = _own_name(name, inner, cohort, net)
            if own is not None and own in states[net]:
                leaf[(*at, *_own_part(inner, leaf.ndim - 3, cohort, net))] = states[net][own]
    return replace(laid, active=fresh.active & ~laid.frozen)


def _leaves(state: State) -> Iterator[tuple[str, NDArray[Any], tuple[str, int] | None]]:
    """(name, array, which part of which layer it is, None where it belongs to no layer) of everything in a state.

    Optimisers nest their states in chains whose places depend on the program; the names leave the places out.
    """
    leaves, _ = jax.tree_util.tree_flatten_with_path(state, is_leaf=lambda each: isinstance(each, Parameters))
    for path, leaf in leaves:
        name = ".".join(key.name for key in path if isinstance(key, jax.tree_util.GetAttrKey))
        if not isinstance(leaf, Parameters):
            yield name, leaf, None
            continue
        for part in ("weights", "biases", "slopes"):
            for layer, array in enumerate(getattr(leaf, part)):
                if array is not None:
                    yield f"{name}.{part}", array, (part, layer)
        for layer, shares in enumerate(leaf.mixtures or ()):
            own: Any = shares
            yield f"{name}.mixtures", own, ("mixtures", layer)
        if leaf.input_scale is not None:
            scale: Any = leaf.input_scale
            yield f"{name}.input_scale", scale, ("input_scale", 0)
        for number, table in enumerate(leaf.embeddings or ()):
            vectors: Any = table
            yield f"{name}.embeddings.{number}", vectors, None
        for name_of, layer, own in () if leaf.members is None else member_parts(leaf.members):
            yield f"{name}.members.{name_of}", own, (name_of, layer)
        if leaf.waves is not None:
            for trained in TRAINED:
                yield f"{name}.waves.{trained}", getattr(leaf.waves, trained), None


def _own_name(name: str, inner: tuple[str, int] | None, cohort: Cohort, net: int) -> str | None:
    """The name of an array by the net's own layers, None for a layer that it does not have."""
    if inner is None:
        return name
    own, last = len(cohort.jobs[net].recipe.hidden), len(cohort.architecture.widths)
    part, layer = inner
    if layer < own:
        return f"{name}.{layer}"
    return f"{name}.{own}" if layer == last and part in ("weights", "biases", "input_scale") else None


def _own_part(inner: tuple[str, int] | None, axes: int, cohort: Cohort, net: int) -> tuple[slice, ...]:
    """Where the net's own numbers stand in its padded array of so many axes; axes before the layer's are taken whole"""
    if inner is None or inner[0] in ("slopes", "input_scale"):
        return ()
    hidden, layer = cohort.jobs[net].recipe.hidden, inner[1]
    sizes = [cohort.architecture.inputs, *hidden, cohort.architecture.outputs]
    layer = min(layer, len(hidden))
    if inner[0] == "inputs":  # of members; those of the first layer are no padding
        return (*(slice(None),) * (axes - 1), slice(None if layer == 0 else sizes[layer]))
    own = (slice(sizes[layer + 1]), slice(sizes[layer])) if inner[0] == "weights" else (slice(sizes[layer + 1]),)
    return (slice(None),) * (axes - len(own)) + own
