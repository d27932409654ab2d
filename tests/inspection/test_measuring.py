"""The numbers of a measurement, by hand and against other libraries."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from inspection_help import drawn_net, random_net, rows_for, subject
from jax.flatten_util import ravel_pytree

import goodfit as gf
from goodfit.inspection.constant import constant_loss
from goodfit.inspection.curvature import largest_eigenvalue
from goodfit.inspection.measuring import effective_rank, measure, saturated_share
from goodfit.inspection.passes import mean_loss, parameters_of
from goodfit.inspection.precision import exact
from goodfit.inspection.subject import Subject, describe_net, subject_of
from goodfit.inspection.variances import predicted, squares
from goodfit.models.quantile_head import split_head
from goodfit.training.initialise import initial_layers
from goodfit.training.recipe_rules import last_width

RECIPE = gf.Recipe(hidden=(6,), activation="tanh", dropout=0, optimizer="sgd", learning_rate=0.5)


def by_hand() -> Subject:
    """Two ReLU units of two inputs: one that lives on half of the rows, and one that is dead."""
    net = describe_net([[[1, 0], [0, -1]], [[2, 3]]], [[0, -10], [0.5]], "relu", task="regression")
    return subject_of(net, np.array([[1.0, 1.0], [-1.0, 2.0]]), np.array([[2.0], [0.0]]))


def test_a_net_worked_out_by_hand() -> None:
    """z1 = (1, -1; -11, -12), a1 = (1, 0; 0, 0), out = 2.5, 0.5, residuals 0.5, 0.5."""
    found = measure(by_hand(), RECIPE.replace(hidden=(2,), activation="relu"), curvature=False)
    hidden, output = found.layers
    assert (hidden.mean, hidden.variance) == (0.25, 0.1875)
    assert hidden.signal == (1 + 1 + 121 + 144) / 4
    assert (hidden.saturated, hidden.dead, hidden.rank) == (0.75, 0.5, 1)
    assert found.loss == pytest.approx(0.125)
    np.testing.assert_allclose(found.passes.weight_gradients[1], [[0.25, 0.0]])  # mean of 0.5 * a1
    np.testing.assert_allclose(found.passes.weight_gradients[0], [[0.5, 0.5], [0, 0]])  # 0.5 * 2 * x, one row of two
    assert output.weight_gradient == 0.25
    assert hidden.weight_gradient == pytest.approx(math.sqrt(0.5))
    assert (output.z_gradient, hidden.z_gradient) == (0.5, pytest.approx(math.sqrt(0.5)))
    assert hidden.ratio == pytest.approx(math.sqrt(2))
    assert hidden.activation_gradient == pytest.approx(math.sqrt(1 + 2.25))  # (2, 3) times 0.5
    assert (hidden.zeros, output.zeros) == (0.75, 0.0)
    assert output.update == pytest.approx(0.5 * 0.25 / math.sqrt(13))
    assert found.stable == 4.0
    assert found.gradient_norm == pytest.approx(math.sqrt(0.0625 + 0.5))
    assert math.isnan(output.dead)
    assert hidden.weight_variance == 0.5


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw", "rmsprop", "lion"])
def test_the_update_is_the_first_step_of_a_training(optimizer: str) -> None:
    """One epoch of one batch, trained by the engine, against what was measured before it."""
    data = gf.data.split(gf.data.load("iris"), valid=0, test=0.5)
    rows = len(data.train)
    more: dict[str, Any] = {"weight_decay": 0.1} if optimizer in ("adamw", "lion") else {}
    recipe = gf.Recipe(hidden=(6,), dropout=0, optimizer=optimizer, schedule="constant", batch_size=rows, valid=0,
                       l2=0.01, epochs=1, **more)  # fmt: skip
    after = gf.train(recipe, data).nets[0]
    from goodfit.training.initialise import initial_layers

    layers = initial_layers(recipe, 4, 3)
    before = describe_net([w for w, _ in layers], [b for _, b in layers], "gelu", shift=after.shift, scale=after.scale)
    found = measure(subject_of(before, data.x("train"), data.y("train")), recipe, curvature=False)
    for layer, (old, _), new in zip(found.layers, layers, after.weights, strict=True):
        expected = np.linalg.norm(new - old) / np.linalg.norm(old)
        assert layer.update == pytest.approx(expected, rel=1e-3)


def test_updates_without_weights_or_without_steps() -> None:
    net = drawn_net((4, 6, 3), "sigmoid", "zeros")
    first, last = measure(subject(net), RECIPE, curvature=False).layers
    assert (first.update, last.update) == (0.0, math.inf)
    quiet = measure(subject(net), gf.Recipe(hidden=(6,), optimizer="lbfgs"), curvature=False)
    assert math.isnan(quiet.layers[0].update)


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_the_largest_eigenvalue_is_that_of_the_whole_hessian(task: str) -> None:
    net = random_net((3, 5, 2), "tanh", task=task)
    found = subject(net)
    with exact():
        flat, unravel = ravel_pytree(parameters_of(net))

        def loss(values: Any) -> Any:
            x, target = jnp.asarray(found.x)[None], jnp.asarray(found.target)
            return mean_loss(unravel(values), x, target, net.activations, found.loss, 1.0)

        hessian = np.asarray(jax.jit(jax.jacrev(jax.grad(loss)))(flat))
    assert largest_eigenvalue(found, tolerance=1e-6) == pytest.approx(np.linalg.eigvalsh(hessian)[-1], rel=1e-5)


def test_the_eigenvalue_of_a_linear_net_is_that_of_its_inputs() -> None:
    """Squared error of outputs W x: the Hessian is the mean of (x, 1)(x, 1)^T, whatever the weights."""
    net = random_net((3, 1), "tanh", task="regression")
    found = subject(net)
    rows = np.concatenate([found.x, np.ones((40, 1))], axis=1)
    assert largest_eigenvalue(found) == pytest.approx(np.linalg.eigvalsh(rows.T @ rows / 40)[-1], rel=1e-3)
    tiny = describe_net([[[1.0]]], [[0.0]], (), task="regression")
    assert largest_eigenvalue(subject(tiny)) > 0.5


def test_ranks() -> None:
    values = np.outer([1.0, 2, 3], np.arange(10)) + 5
    assert effective_rank(values) == pytest.approx(1.0, abs=1e-5)
    assert effective_rank(np.ones((3, 10))) == 0.0
    orthogonal = np.linalg.qr(np.random.default_rng(0).standard_normal((10, 4)))[0].T
    orthogonal -= orthogonal.mean(1, keepdims=True)
    orthogonal = np.linalg.qr(orthogonal.T)[0].T
    assert effective_rank(orthogonal) == pytest.approx(4.0)


def test_saturated_shares_are_by_the_activations_own_limits() -> None:
    z = np.array([[-10.0, -4.0, 0.0, 4.0, 10.0]])
    assert saturated_share("sigmoid", z) == 0.4
    assert saturated_share("tanh", z) == 0.8
    assert saturated_share("relu", z) == 0.4
    assert saturated_share("identity", z) == 0.0


@pytest.mark.parametrize(
    ("activation", "init"),
    [("relu", "xavier-normal"), ("relu", "he-uniform"), ("relu", "torch"), ("tanh", "xavier-normal"),
     ("sigmoid", "torch"), ("gelu", "he-uniform"), ("selu", "torch"), ("prelu", "he-uniform")],
)  # fmt: skip
def test_predictions_hold_for_wide_nets(activation: str, init: str) -> None:
    """Mean squares of signals and gradients of a net of width 400 are within 20 % of theory's."""
    recipe = gf.Recipe(hidden=(400,) * 4, activation=activation, init=init, dropout=0)
    slopes = (0.25,) * 4 if activation == "prelu" else ()
    net = drawn_net((100, 400, 400, 400, 400, 300), activation, init, slopes=slopes)
    found = measure(subject(net, rows=100), recipe, curvature=False)
    assert found.expected is not None
    for layer, (measured, expected) in enumerate(zip(found.layers, found.expected, strict=True)):
        assert measured.signal == pytest.approx(expected.signal, rel=0.2)
        assert measured.weight_variance == pytest.approx(expected.weight, rel=0.05)
        assert expected.forward == pytest.approx(measured.inputs * expected.weight)
        assert expected.backward == pytest.approx(measured.units * expected.weight)
        if layer:
            before = found.layers[layer - 1]
            ratio = before.ratio**2 * measured.units / before.units  # of mean squares, not of sums
            assert ratio == pytest.approx(expected.gradient_gain, rel=0.2)


def test_xaviers_compromise() -> None:
    first, _ = predicted(gf.Recipe(hidden=(30,), init="xavier-normal"), 10, 5, 1.0)
    assert first.weight == first.compromise == 2 / 40
    assert (first.forward + first.backward) / 2 == pytest.approx(1.0)


def test_there_is_no_theory_of_equal_weights() -> None:
    rows = predicted(gf.Recipe(hidden=(30,), init="constant"), 10, 5, 1.0)
    assert all(math.isnan(row.signal) and math.isnan(row.gradient_gain) for row in rows)


def test_mean_squares() -> None:
    assert squares("relu", 2.0) == pytest.approx((2.0, 0.5), rel=1e-3)
    assert squares("identity", 3.0, 1.0) == pytest.approx((10.0, 1.0), rel=1e-6)
    assert math.isnan(squares("tanh", math.inf)[0])


@pytest.mark.parametrize(
    ("task", "loss"),
    [
        ("classification", "cross-entropy"),
        ("multilabel", "binary-cross-entropy"),
        ("regression", "squared-error"),
        ("regression", "absolute-error"),
        ("regression", "huber"),
        ("regression", "poisson"),
    ],
)
def test_no_constant_does_better_than_the_constant_loss(task: str, loss: str) -> None:
    from scipy.optimize import minimize

    net = random_net((4, 3), "tanh", task=task)
    x, y = rows_for(net, 31)
    found = subject_of(net, x, np.abs(y), loss=loss, huber_delta=0.3)
    with exact():

        def total(outputs: np.ndarray) -> float:
            from goodfit.nets.losses import LOSSES

            z = jnp.asarray(np.repeat(outputs[:, None], 31, 1))
            return float(LOSSES[loss].per_row(z, jnp.asarray(found.target), None, 0.3)[1].mean())

        best = minimize(total, np.zeros(3), method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-12}).fun
    assert constant_loss(found) == pytest.approx(best, rel=1e-5)


def test_a_measurement_as_json() -> None:
    found = measure(subject(random_net((4, 6, 3))), RECIPE, epoch=3).to_json()
    assert found["epoch"] == 3
    assert [layer["name"] for layer in found["layers"]] == ["hidden 1", "output"]
    assert len(found["expected"]) == 2
    assert measure(subject(random_net((4, 6, 3))), curvature=False).to_json()["expected"] is None


def test_theory_of_quantiles_is_that_of_what_is_drawn_and_of_the_medians_that_are_looked_at() -> None:
    """300 starts of 20 identity units and 3 targets of 5 levels each: the weights of medians, and a gradient through
    them. 18,000 weights, so that a standard error of their mean square is about 1 %.
    """
    recipe = gf.Recipe(hidden=(20,), activation="identity", init="xavier-normal", loss="quantile")
    last = predicted(recipe, 10, 3, 1.0)[1]
    assert last.weight == last.compromise == 2 / (20 + 3 * 5)
    found_squares, gains = [], []
    for seed in range(300):
        layers = initial_layers(recipe.replace(seed=seed), 10, last_width(recipe, 3))
        weight = split_head([w for w, _ in layers], [b for _, b in layers], recipe.levels)[0][-1]
        back = weight.T @ np.random.default_rng(seed).choice([-1.0, 1.0], 3)  # of a mean square of 1
        found_squares.append(float((weight**2).mean()))
        gains.append(float((back**2).mean()))
    assert np.mean(found_squares) == pytest.approx(last.weight, rel=0.04)
    assert np.mean(gains) == pytest.approx(last.gradient_gain, rel=0.08)
    assert (last.backward, last.gradient_gain) == (pytest.approx(6 / 35), pytest.approx(6 / 35))
