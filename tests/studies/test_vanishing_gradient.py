"""Section 4.7.1 in its small form: the claims, slopes by formula, gradients against the theory of wide layers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from studies_help import Small

from goodfit.studies import run
from goodfit.studies.common.deep_nets import digits, flow_of, initial_nets
from goodfit.training import Recipe

pytestmark = pytest.mark.xdist_group("vanishing-gradient")  # a worker runs its small form once

HOLD = ("ends", "vanishes", "front", "relu", "maximum", "bound", "tanh-small")
FAIL = ("tanh", "extremes", "relu-small")


def test_the_claims(small: Small) -> None:
    result = small("vanishing-gradient")
    assert {name: result.claim(name).status for name in HOLD} == dict.fromkeys(HOLD, "holds")
    assert {name: result.claim(name).status for name in FAIL} == dict.fromkeys(FAIL, "does not hold")
    assert result.claim("ends").found.value == pytest.approx(4 / (2 + math.exp(8) + math.exp(-8)))


def test_slopes_by_formula(small: Small) -> None:
    table = {name: np.array(values) for name, values in small("vanishing-gradient").tables["slopes"].items()}
    x, s = table["x"], 1 / (1 + np.exp(-table["x"]))
    assert (len(x), x[0], x[-1]) == (161, -8, 8)
    np.testing.assert_allclose(table["sigmoid"], s, rtol=1e-12)
    np.testing.assert_allclose(table["sigmoid_gradient"], s * (1 - s), rtol=1e-9)
    np.testing.assert_allclose(table["tanh_gradient"], 1 - np.tanh(x) ** 2, rtol=1e-6, atol=1e-12)
    np.testing.assert_array_equal(table["relu_gradient"], x > 0)


def test_gradients_are_as_the_theory_of_wide_layers_says(small: Small) -> None:
    """16 units are few: within a factor of two over seven layers, where the gradient changes by up to 1e16."""
    table = small("vanishing-gradient").tables["starts"]
    for theory, median in zip(table["theory"], table["median"], strict=True):
        assert 0.5 < median / theory < 2


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_a_chain_of_single_sigmoids_by_hand(depth: int) -> None:
    """One unit a layer, weights 1: gradients at the first z are products of slopes."""
    recipe = Recipe(
        hidden=(1,) * depth, activation="sigmoid", init="constant", init_scale=1.0, dropout=0.0, optimizer="sgd"
    )
    examples = digits([0], 10)
    flow = flow_of(initial_nets(recipe, examples, [0]), examples, "sigmoid", 1)
    scaling = examples.scaling_of(0)
    a, product = float(((examples.x[0] - scaling.shift) * scaling.scale).sum()), 1.0
    for _ in range(depth):
        s = 1 / (1 + math.exp(-a))
        product, last, a = product * s * (1 - s), s * (1 - s), s
    assert flow.back[0, 0] / flow.back[0, depth - 1] == pytest.approx(product / last, rel=1e-5)


def test_nothing_vanishes_in_two_layers() -> None:
    """With N(0, 1) the tanh net's gradient grows, and ReLU's with He's weights stays."""
    table = run("vanishing-gradient", seeds=4, depth=4, width=64, epochs=1).tables["starts"]
    rows = {key: at for at, key in enumerate(zip(table["activation"], table["start"], table["depth"], strict=True))}
    assert table["median"][rows["tanh", "N(0, 1)", 4]] > 2
    assert table["median"][rows["relu", "He", 2]] == pytest.approx(1, rel=0.3)
