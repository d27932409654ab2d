"""What elementwise functions cost, measured fairly: in one process, in turns, with the order reversed every round."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from goodfit.studies.estimates import Estimate, median_of

ELEMENTS = 1 << 14  # 64 KB in float32: they stay in the cache, so that arithmetic is measured rather than memory
SWEEPS = 100  # over the elements, in one call, so that the call itself costs next to nothing
WARM_CALLS = 2
CALLS = 5  # of a program in a round, of which the fastest counts: another process may interrupt some
LONG, SHORT = 48, 16  # multiplications of a chain; the difference of two chains leaves loading and storing out

Program = Callable[[], Any]


def forward(function: Callable[..., Any]) -> Program:
    """A program that computes f(z) for every element, SWEEPS times."""
    return _swept(function)


def both_ways(function: Callable[..., Any]) -> Program:
    """A program that computes f(z), and f'(z) times a gradient that comes from above."""

    def passes(z: Any) -> Any:
        value, back = jax.vjp(function, z)
        return value + back(z)[0]

    return _swept(passes)


def chain(length: int) -> Program:
    """A program that multiplies every element by a number so many times, one after another, in registers."""

    def applied(z: Any) -> Any:
        product = z
        for _ in range(length):
            product = product * z
        return product

    return _swept(applied)


def _swept(function: Callable[[Any], Any]) -> Program:
    z = jnp.asarray(np.random.default_rng(0).normal(size=ELEMENTS), jnp.float32)
    shifts = jnp.linspace(-0.01, 0.01, SWEEPS, dtype=jnp.float32)

    def sweep(total: Any, shift: Any) -> tuple[Any, None]:
        return total + function(z + shift), None

    run = jax.jit(lambda start: jax.lax.scan(sweep, start, shifts)[0]).lower(jnp.zeros_like(z)).compile()
    start = jnp.zeros_like(z)
    return lambda: run(start).block_until_ready()


def rounds_of(programs: Mapping[Any, Program], rounds: int) -> dict[Any, NDArray[np.float64]]:
    """Seconds of every program, [rounds]. All are timed in each round, every other round backwards."""
    names, seconds = list(programs), {name: np.zeros(rounds) for name in programs}
    for program in programs.values():
        for _ in range(WARM_CALLS):
            program()
    for number in range(rounds):
        for name in names if number % 2 == 0 else reversed(names):
            seconds[name][number] = min(_once(programs[name]) for _ in range(CALLS))
    return seconds


def _once(program: Program) -> float:
    began = time.perf_counter()
    program()
    return time.perf_counter() - began


def ratio(over: NDArray[np.float64], under: NDArray[np.float64]) -> Estimate:
    """The median over rounds of the ratio of two times within a round: what slows a whole round leaves it as it is."""
    return median_of(over / under)


def nanoseconds(seconds: NDArray[np.float64]) -> float:
    """The median over rounds, for one element."""
    return float(np.median(seconds)) * 1e9 / (ELEMENTS * SWEEPS)
