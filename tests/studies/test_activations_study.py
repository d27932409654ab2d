"""Section 4.1.2 in its small form: the claims, and what is measured against formulas, finite differences, counts."""

from __future__ import annotations

import math

import numpy as np
import pytest
from studies_help import Small

from goodfit.studies import run
from goodfit.studies.activations.facts import mean_output, saturated, with_derivative
from goodfit.studies.activations.measure import NAMES, Z
from goodfit.studies.activations.timing import ratio, rounds_of

pytestmark = pytest.mark.xdist_group("activations")  # a worker runs its small form once

EXACT = ("passes-or-blocks", "kink", "kink-matters", "sigmoid-flat", "tanh-flat", "sigmoid-mean", "tanh-mean")
SURE = (*EXACT, "relu-eases", "tanh-faster", "relu-faster")


def test_the_claims(small: Small) -> None:
    result = small("activations")
    assert {name: result.claim(name).status for name in SURE} == dict.fromkeys(SURE, "holds")
    assert result.claim("sigmoid-flat").found.value == pytest.approx(math.exp(-10), rel=1e-3)
    assert result.claim("exponential").found.value < 50


def test_every_activation_is_there(small: Small) -> None:
    from goodfit.nets.activations import ACTIVATIONS

    assert set(small("activations").tables["facts"]["name"]) == set(ACTIVATIONS) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_derivatives_are_finite_differences(name: str) -> None:
    z = Z[Z != 0]
    step = 1e-6
    low, high = (with_derivative(name, z + move)[0] for move in (-step, step))
    np.testing.assert_allclose(with_derivative(name, z)[1], (high - low) / (2 * step), atol=1e-7)


@pytest.mark.parametrize(
    ("name", "mean"), [("relu", 1 / math.sqrt(2 * math.pi)), ("sigmoid", 0.5), ("tanh", 0.0), ("identity", 0.0)]
)
def test_means_are_the_textbook_s(name: str, mean: float) -> None:
    assert mean_output(name) == pytest.approx(mean, abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("deviation", [1.0, 4.0])
def test_saturation_is_a_count_of_draws(name: str, deviation: float) -> None:
    """200,000 draws: a standard error of at most 0.0011."""
    z = np.random.default_rng(0).normal(scale=deviation, size=200_000)
    limit = np.abs(with_derivative(name, z)[1]) < 0.01
    if name in ("gelu", "silu", "mish"):
        limit &= z < -2.5  # their derivatives pass through 0 once more, on their way to the lowest value
    assert saturated(name, deviation) == pytest.approx(limit.mean(), abs=0.005)


def test_programs_are_timed_in_turns() -> None:
    order: list[str] = []
    seconds = rounds_of({name: lambda name=name: order.append(name) for name in "abc"}, 6)
    assert {name: len(each) for name, each in seconds.items()} == {"a": 6, "b": 6, "c": 6}
    changes = [name for name, before in zip(order, ["", *order], strict=False) if name != before]
    assert "".join(changes).startswith("abcabcbabcbabcba")
    assert ratio(np.arange(1.0, 11), np.arange(1.0, 11)).value == 1


def test_deep_sigmoid_nets_do_not_learn_and_divergence_is_told() -> None:
    result = run("activations", seeds=6, rounds=6, layers=6, width=8, epochs=3, rates=(0.1, 10.0))
    assert result.claim("relu-eases").found.value > 100
    rows = [*zip(*result.tables["training"].values(), strict=True)]
    assert all(learned == 0 for name, _, _, _, _, learned, *_ in rows if name == "sigmoid")
