"""The exact facts of sections 4.1.1, 4.7 and 4.8 that measurements must reproduce."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from inspection_help import drawn_net, random_net, subject
from scipy.special import digamma

import goodfit as gf
from goodfit.inspection.jacobians import jacobians, layer_jacobians, log_singular_values
from goodfit.inspection.measuring import measure
from goodfit.inspection.passes import run_passes
from goodfit.inspection.precision import SMALLEST
from goodfit.inspection.subject import Subject, describe_net, subject_of
from goodfit.inspection.symmetry import EXACT, NEAR, find_twins
from goodfit.inspection.variances import predicted
from goodfit.models.trained_net import TrainedNet
from lyapunov import growth_rates

DEPTH, WIDTH = 50, 100
GAINS = [("normal", 1.0, 50.0), ("xavier-normal", None, 0.5), ("he-normal", None, 1.0)]


@pytest.mark.parametrize(("init", "scale", "gain"), GAINS)
def test_the_gain_of_fifty_relu_layers(init: str, scale: float | None, gain: float) -> None:
    """Expected squared gain a layer: width * Var(w) / 2. Layers are independent, so their mean has a standard error."""
    ratios = []
    for seed in range(4):
        net = drawn_net((WIDTH,) * (DEPTH + 1) + (2,), "relu", init, seed, scale)
        passes = run_passes(subject(net, rows=1, seed=seed))
        squares = [float((a**2).sum()) for a in passes.a]
        ratios += [after / before for before, after in itertools.pairwise(squares)]
    error = np.std(ratios) / math.sqrt(len(ratios))
    assert abs(np.mean(ratios) - gain) < 4 * error
    assert error < 0.03 * gain


@pytest.mark.parametrize(("init", "scale", "gain"), GAINS)
def test_the_prediction_is_that_gain_exactly(init: str, scale: float | None, gain: float) -> None:
    recipe = gf.Recipe(hidden=(WIDTH,) * DEPTH, activation="relu", init=init, init_scale=scale, dropout=0)
    layers = predicted(recipe, WIDTH, WIDTH, 1.0)
    signals = [layer.signal for layer in layers]
    np.testing.assert_allclose(np.divide(signals[2:], signals[1:-1]), gain, rtol=1e-4)
    np.testing.assert_allclose([layer.gradient_gain for layer in layers[1:-1]], gain, rtol=1e-3)


def test_sigmoid_derivatives_leave_float32_at_64_layers() -> None:
    """A chain of single units at z = 0, where sigmoid's derivative is largest, 1/4: 2^-126 is the last normal one."""
    for depth, lost in ((63, 0.0), (64, 1.0)):
        ones = [np.ones((1, 1))] * depth
        net = describe_net([*ones, np.ones((1, 1))], [[0.0], *[[-0.5]] * (depth - 1), [0.0]], "sigmoid",
                           task="regression")  # fmt: skip
        found = measure(subject_at_zero(net), curvature=False)
        assert all(layer.ratio <= 0.25 for layer in found.layers[:-2])
        unit = found.passes.z_gradients[0] / found.passes.z_gradients[-1]
        np.testing.assert_allclose(unit, 0.25**depth, rtol=1e-9)
        assert found.layers[0].underflow == lost
        assert (0.25**depth < SMALLEST) == bool(lost)


def subject_at_zero(net: TrainedNet) -> Subject:
    """One row, 0, whose loss has the gradient 1 at the outputs: 1/2 is what the net answers."""
    return subject_of(net, np.zeros((1, 1)), np.array([[-0.5]]))


@pytest.mark.parametrize("seed", range(3))
def test_no_sigmoid_layer_passes_on_more_than_a_quarter(seed: int) -> None:
    net = drawn_net((20,) * 8 + (3,), "sigmoid", "normal", seed, 2.0)
    passes = run_passes(subject(net))
    for slopes in passes.slopes_z:
        assert slopes.max() <= 0.25
    for layer in range(7):
        assert (np.abs(passes.z_gradients[layer]) <= 0.25 * np.abs(passes.a_gradients[layer]) * (1 + 1e-12)).all()


def test_a_product_of_gaussian_matrices_grows_as_theory_says() -> None:
    """The largest Lyapunov exponent of N(0, 1) 4 x 4 matrices is the mean of log |G e|, half of log chi^2_4.

    One product of 100 factors has a standard deviation of sqrt(trigamma(2)/4/100) = 0.040; 200 of them, 0.0028.
    """
    theory = (math.log(2) + digamma(2)) / 2
    rng = np.random.default_rng(7)
    rates = [growth_rates(list(rng.standard_normal((100, 4, 4))), seed) for seed in range(200)]
    assert np.mean(rates, axis=0)[0] == pytest.approx(theory, abs=4 * 0.0028)
    whole = [log_singular_values(list(rng.standard_normal((100, 4, 4))))[0] / 100 for _ in range(50)]
    assert np.mean(whole) == pytest.approx(theory, abs=0.02 + 4 * 0.0057)  # the norm is a little above one direction's


def test_the_rates_add_up_to_the_determinant() -> None:
    factors = list(np.random.default_rng(0).standard_normal((20, 4, 4)))
    logs = [np.linalg.slogdet(factor)[1] for factor in factors]
    assert growth_rates(factors).sum() == pytest.approx(np.mean(logs))
    assert log_singular_values(factors).sum() == pytest.approx(np.sum(logs), rel=1e-4)


def test_a_net_is_such_a_product() -> None:
    """A net of identity layers with Gaussian weights: its growth a layer is that of the product."""
    rng = np.random.default_rng(1)
    weights = list(rng.standard_normal((100, 4, 4)))
    found = measure(subject(describe_net(weights, [np.zeros(4)] * 100, "identity"), rows=2), curvature=False)
    assert found.jacobians.growth == pytest.approx(log_singular_values(weights)[0] / 100, rel=1e-6)


def test_a_product_of_zeros_has_no_size() -> None:
    assert (log_singular_values([np.ones((2, 3)), np.zeros((2, 2))]) == -np.inf).all()
    assert growth_rates([np.zeros((2, 2))])[0] == -np.inf


@pytest.mark.parametrize("activation", ["tanh", "gelu", "prelu"])
def test_jacobians_are_those_of_differences(activation: str) -> None:
    net = random_net((5, 7, 6, 3), activation, slopes=(0.3, 0.2) if activation == "prelu" else ())
    found = subject(net, rows=2)
    passes = run_passes(found)
    product = np.linalg.multi_dot(layer_jacobians(net, passes, 1)[::-1])
    step = 1e-4
    moved = [net.outputs(found.raw_x[1] + sign * step * np.eye(5), np.float64) for sign in (1, -1)]
    np.testing.assert_allclose(product, (moved[0] - moved[1]).T / (2 * step), atol=2e-3)
    singular = np.linalg.svd(product, compute_uv=False)
    np.testing.assert_allclose(np.exp(jacobians(net, passes).net[1]), singular, rtol=1e-9)


def test_permuted_units_are_the_same_net() -> None:
    net, order = random_net((4, 8, 3)), np.random.default_rng(0).permutation(8)
    other = describe_net(
        (net.weights[0][order], net.weights[1][:, order]), (net.biases[0][order], net.biases[1]), "tanh"
    )
    one, two = (measure(subject(each)) for each in (net, other))
    np.testing.assert_allclose(two.passes.z[-1], one.passes.z[-1], rtol=1e-12)
    np.testing.assert_allclose(two.passes.weight_gradients[0], one.passes.weight_gradients[0][order], atol=1e-15)
    assert two.sharpness == pytest.approx(one.sharpness, rel=2e-3)
    assert two.layers[0].rank == one.layers[0].rank == 8


CONSTANT = gf.Recipe(hidden=(8,), activation="tanh", init="constant", init_scale=0.1, optimizer="sgd", epochs=30,
                     learning_rate=0.2, dropout=0, valid=0, schedule="constant")  # fmt: skip


def test_constant_units_stay_equal_for_ever_without_dropout() -> None:
    """Section 4.7.3. The net learns, but as a net of one hidden unit; dropout parts its units."""
    data = gf.data.split(gf.data.load("moons"), valid=0)
    alike = gf.train(CONSTANT, data).nets[0]
    twins = find_twins(alike.weights[0], alike.biases[0])
    assert twins.exact.all()
    assert np.abs(alike.weights[0][0] - 0.1).max() > 0.1  # far from where it began
    apart = gf.train(CONSTANT.replace(dropout=0.5), data).nets[0]
    assert not find_twins(apart.weights[0], apart.biases[0]).near.any()


def test_twins_have_equal_gradients() -> None:
    net = drawn_net((4, 6, 3), "tanh", "constant", scale=0.3)
    (twins,) = measure(subject(net), curvature=False).twins
    assert twins.exact.all()
    assert twins.gradients is True
    alone = random_net((4, 6, 3))
    assert measure(subject(alone), curvature=False).twins[0].gradients is None


def test_flipped_and_nearly_equal_units_are_found() -> None:
    rng = np.random.default_rng(0)
    weight, bias = rng.standard_normal((6, 5)), rng.standard_normal(6)
    weight[1], bias[1] = -weight[0], -bias[0]
    weight[3], bias[3] = weight[2] * (1 + 0.5 * NEAR), bias[2] * (1 + 0.5 * NEAR)
    twins = find_twins(weight, bias)
    np.testing.assert_array_equal(twins.exact, [True, True, False, False, False, False])
    np.testing.assert_array_equal(twins.near, [True, True, True, True, False, False])
    assert not twins.zero.any()
    weight[1] *= 1 + 2 * EXACT
    assert not find_twins(weight, bias).exact.any()
    assert find_twins(np.zeros((3, 2)), np.zeros(3)).zero.all()
