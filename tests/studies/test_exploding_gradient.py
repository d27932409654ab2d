"""Section 4.7.2 in its small form: the claims, products against JAX-free theory, gradients against the inspection's."""

from __future__ import annotations

import math

import numpy as np
import pytest
from studies_help import Small

from goodfit.inspection import describe_net, subject_of
from goodfit.inspection.jacobians import log_singular_values
from goodfit.inspection.measuring import measure
from goodfit.studies import run
from goodfit.studies.common.deep_nets import digits, flow_of, initial_nets
from goodfit.studies.exploding_gradient.measure import FIRST, PRODUCT
from goodfit.studies.exploding_gradient.products import exponent, multiply
from goodfit.training import Recipe
from lyapunov import growth_rates

pytestmark = pytest.mark.xdist_group("exploding-gradient")  # a worker runs its small form once

HOLD = ("infinite", "both", "step", "unstable", "lyapunov", "notes-usual", "rank-one", "notes-rank-one")
FAIL = ("large-alone", "deep-alone", "clipping-learns")


def test_the_claims(small: Small) -> None:
    result = small("exploding-gradient")
    assert {name: result.claim(name).status for name in HOLD} == dict.fromkeys(HOLD, "holds")
    assert {name: result.claim(name).status for name in FAIL} == dict.fromkeys(FAIL, "does not hold")
    assert result.claim("grows").found.value == 1


def test_the_notes_matrices_are_as_printed() -> None:
    assert np.abs(FIRST).max() == 2.7090
    assert np.abs(PRODUCT).max() == 8.8308e26
    assert np.array(FIRST).shape == np.array(PRODUCT).shape == (4, 4)


def test_the_exponents_of_a_long_product() -> None:
    """All four, by orthogonalising a frame after each of 20,000 factors; the error is about 1/sqrt(20,000)."""
    rng = np.random.default_rng(0)
    rates = growth_rates([rng.standard_normal((4, 4)) for _ in range(20_000)])
    np.testing.assert_allclose(rates, [exponent(4, place) for place in range(1, 5)], atol=0.02)
    assert exponent(4) == pytest.approx((math.log(2) + 1 - 0.5772156649) / 2)
    assert exponent(4, deviation=2.0) == pytest.approx(exponent(4) + math.log(2))


def test_a_scaled_product_is_the_product() -> None:
    found = multiply(0, 3, 4, 20)
    rng = np.random.default_rng([0, 0xE792, 4])
    factors = [rng.standard_normal((3, 4, 4)) for _ in range(20)]
    for draw in range(3):
        product = np.linalg.multi_dot([factor[draw] for factor in factors])
        np.testing.assert_allclose(found.unit[draw] * math.exp(found.scale[draw]), product, rtol=1e-9)
        assert found.largest[-1, draw] == pytest.approx(math.log(np.abs(product).max()))
        assert found.column[draw] == pytest.approx(math.log(np.linalg.norm(product[:, 0])))
        logs = log_singular_values([factor[draw] for factor in factors[::-1]])
        assert found.ratios()[draw] == pytest.approx(math.exp(logs[1] - logs[0]), rel=1e-6)


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh"])
def test_flows_are_those_of_the_inspection(activation: str) -> None:
    recipe = Recipe(hidden=(8, 8, 8), activation=activation, dropout=0.0, optimizer="sgd")
    examples = digits(range(2), 20)
    nets = initial_nets(recipe, examples, range(2))
    flow = flow_of(nets, examples, activation, 10)
    for seed, net in enumerate(nets):
        scaling, start = examples.scaling_of(seed), seed * examples.set_rows
        shown = describe_net(net.weights, net.biases, activation, shift=scaling.shift, scale=scaling.scale)
        rows = slice(start, start + 10)
        layers = measure(subject_of(shown, examples.x[rows], examples.y[rows]), curvature=False).layers
        np.testing.assert_allclose(flow.back[seed], [layer.z_gradient for layer in layers], rtol=1e-5)
        np.testing.assert_allclose(flow.weights[seed], [layer.weight_gradient for layer in layers], rtol=1e-5)
        np.testing.assert_allclose(flow.saturated[seed], [layer.saturated for layer in layers[:-1]], atol=0.02)


def test_growth_is_the_gain_to_the_power_of_the_depth(small: Small) -> None:
    """ReLU nets with He's weights, times 2: the gradient's norm doubles a layer, from seed to seed by chance."""
    table = small("exploding-gradient").tables["depths"]
    for theory, median in zip(table["theory"], table["median"], strict=True):
        assert 0.5 < median / theory < 2
    large = [theory for gain, theory in zip(table["gain"], table["theory"], strict=True) if gain == 2]
    np.testing.assert_allclose(large, [2.0 ** (depth) for depth in (2, 4, 8)], rtol=1e-6)


def test_entries_too_small_make_the_product_vanish() -> None:
    few = {"seeds": 6, "draws": 50, "depth": 4, "width": 8, "epochs": 1}
    result = run("exploding-gradient", deviation=0.3, **few)
    assert result.claim("grows").status == "does not hold"
    assert result.claim("infinite").found.value == math.inf
    assert result.claim("notes-usual").status == "cannot tell"
    assert result.claim("lyapunov").found.value == pytest.approx(0, abs=0.03)
