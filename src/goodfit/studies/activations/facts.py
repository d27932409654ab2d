"""Every activation measured: its curve and derivative, its mean and saturation for N(0, s^2), what it costs."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from goodfit.inspection.precision import exact
from goodfit.nets.activations import ACTIVATIONS
from goodfit.studies.activations.timing import LONG, SHORT, Program, both_ways, chain, forward, rounds_of

Numbers = NDArray[np.float64]


def _function(name: str) -> Callable[[Any], Any]:
    found = ACTIVATIONS[name]
    return found.function if found.slope is None else lambda z: found.function(z, z.dtype.type(found.slope))


def with_derivative(name: str, z: Sequence[float] | Numbers) -> tuple[Numbers, Numbers]:
    """f(z) and f'(z) in float64, f' as the engine takes it; a trained slope has its starting value."""
    with exact():
        at = jnp.asarray(np.asarray(z, np.float64))
        values, slopes = jax.jvp(_function(name), (at,), (jnp.ones_like(at),))
        return np.asarray(values), np.asarray(slopes)


def mean_output(name: str) -> float:
    """E f(Z) for Z from N(0, 1)."""
    z = np.linspace(-9.0, 9.0, 36_000)  # 0, where kinks are, is no point
    density = np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)
    return float((with_derivative(name, z)[0] * density).sum() * (z[1] - z[0]))


def saturated(name: str, deviation: float) -> float:
    """P(|f'(Z)| < 0.01) for Z from N(0, deviation^2)."""
    below, above = ACTIVATIONS[name].saturation
    left = 0.0 if below is None else float(norm.cdf(below, scale=deviation))
    return left + (0.0 if above is None else float(norm.sf(above, scale=deviation)))


def costs(names: Sequence[str], rounds: int) -> dict[tuple[str, str], Numbers]:
    """(activation, "forward" or "both"), ("exp", one), ("multiply", one) -> seconds for the same work, [rounds].

    An exponential is timed as the difference between a program with it and one without; a multiplication as the
    difference between a long and a short chain of them, shared out.
    """
    programs: dict[Any, Program] = {(name, "forward"): forward(_function(name)) for name in names}
    programs |= {(name, "both"): both_ways(_function(name)) for name in names}
    programs["exp"], programs["plain"] = forward(lambda z: jnp.exp(-z)), forward(lambda z: -z)
    programs["long"], programs["short"] = chain(LONG), chain(SHORT)
    seconds = rounds_of(programs, rounds)
    exp = seconds.pop("exp") - seconds.pop("plain")
    multiply = (seconds.pop("long") - seconds.pop("short")) / (LONG - SHORT)
    return {**seconds, ("exp", "one"): exp, ("multiply", "one"): multiply}
