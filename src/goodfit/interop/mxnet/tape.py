"""What was computed while recording, and the way back through it: each step is one compiled function of JAX.

A step keeps the values that it was given, so that arrays may be changed in place afterwards.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import jax
import jax.numpy as jnp

from goodfit.errors import InputError, problem

_jit: Any = jax.jit
Static = tuple[tuple[str, Any], ...]


@dataclass
class TapeState:
    """Whether steps are kept for gradients, and whether dropout drops."""

    recording: bool = False
    training: bool = False


STATE = TapeState()


class Leaf(Protocol):
    """An array that a gradient is kept for."""

    def receive(self, gradient: Any) -> None:
        """Take the gradient of one backward pass, summed over all its uses."""


@dataclass(eq=False)
class TapeStep:
    """One operation that was recorded.

    values: its inputs as they were; parents: the step or the leaf that each of them came from, None without a gradient.
    """

    function: Callable[..., Any]
    static: Static
    values: tuple[Any, ...]
    parents: tuple[TapeStep | Leaf | None, ...]
    done: bool = False


@contextmanager
def mode(*, recording: bool | None = None, training: bool | None = None) -> Iterator[None]:
    """Set one or both of the switches inside a with statement; None leaves one as it is."""
    before = STATE.recording, STATE.training
    STATE.recording = before[0] if recording is None else recording
    STATE.training = before[1] if training is None else training
    try:
        yield
    finally:
        STATE.recording, STATE.training = before


def computed(function: Callable[..., Any], static: Static, values: tuple[Any, ...]) -> Any:
    """The function's result. function: of a module, not made anew at each call, for its compiled form is kept."""
    return _forward(function, static)(*values)


def pulled_back(heads: Sequence[tuple[Any, Any]], *, keep: bool = False) -> None:
    """Give every leaf that the heads depend on its gradient.

    heads: pairs of the step or leaf that a head came from, and its cotangent; keep: whether the tape can be gone
    through again.
    """
    waiting: dict[int, Any] = {}
    leaves: dict[int, Leaf] = {}

    def add(to: TapeStep | Leaf, cotangent: Any) -> None:
        if not isinstance(to, TapeStep):
            leaves[id(to)] = to
        waiting[id(to)] = cotangent if id(to) not in waiting else waiting[id(to)] + cotangent

    for origin, cotangent in heads:
        add(origin, cotangent)
    for step in _last_first([origin for origin, _ in heads if isinstance(origin, TapeStep)]):
        cotangent = waiting.pop(id(step))
        wanted = tuple(place for place, parent in enumerate(step.parents) if parent is not None)
        found = _backward(step.function, step.static, wanted)(step.values, cotangent)
        for place, gradient in zip(wanted, found, strict=True):
            parent = step.parents[place]
            assert parent is not None  # wanted leaves the others out
            add(parent, gradient)
        if not keep:
            step.values, step.parents, step.done = (), (), True
    for name, leaf in leaves.items():
        leaf.receive(waiting[name])


def _last_first(ends: Sequence[TapeStep]) -> list[TapeStep]:
    """All steps that the ends depend on, each before those that it depends on."""
    order: list[TapeStep] = []
    seen: set[int] = set()
    stack: list[tuple[TapeStep, bool]] = [(each, False) for each in ends]
    while stack:
        step, left = stack.pop()
        if left:
            order.append(step)
            continue
        if id(step) in seen:
            continue
        if step.done:
            fix = "Call the first with backward(retain_graph=True), or compute the value anew."
            raise InputError(problem("backward", "the graph was freed by an earlier backward pass", fix=fix))
        seen.add(id(step))
        stack.append((step, True))
        stack += [(parent, False) for parent in step.parents if isinstance(parent, TapeStep)]
    return order[::-1]


@functools.cache
def _forward(function: Callable[..., Any], static: Static) -> Any:
    return _jit(functools.partial(function, **dict(static)))


@functools.cache
def _backward(function: Callable[..., Any], static: Static, wanted: tuple[int, ...]) -> Any:
    """(values, cotangent) -> the gradient of each wanted input."""

    def pulled(values: tuple[Any, ...], cotangent: Any) -> tuple[Any, ...]:
        def of(*active: Any) -> Any:
            given = list(values)
            for place, value in zip(wanted, active, strict=True):
                given[place] = value
            return function(*given, **dict(static))

        return tuple(jax.vjp(of, *(jnp.asarray(values[place]) for place in wanted))[1](cotangent))

    return _jit(pulled)
