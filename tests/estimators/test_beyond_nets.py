"""Activations of every layer, initial weights, losses and the type of the arithmetic, against formulas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from estimators_help import (
    FLOWERS,
    KINDS,
    NUMBER_X,
    NUMBERS,
    UNCONVERGED,
    arrays,
    assert_same_net,
    forward,
    ours,
    relu,
    softmax,
    still,
    theirs,
)
from scipy.special import erf, expit

pytestmark = UNCONVERGED

FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "identity": lambda z: z,
    "relu": relu,
    "logistic": expit,
    "sigmoid": expit,
    "tanh": np.tanh,
    "gelu": lambda z: z / 2 * (1 + erf(z / np.sqrt(2))),
    "silu": lambda z: z * expit(z),
    "softplus": lambda z: np.logaddexp(0, z),
    "mish": lambda z: z * np.tanh(np.logaddexp(0, z)),
    "elu": lambda z: np.where(z > 0, z, np.expm1(z)),
    "leaky-relu": lambda z: np.where(z > 0, z, 0.01 * z),
    "selu": lambda z: 1.0507009873554805 * np.where(z > 0, z, 1.6732632423543772 * np.expm1(np.minimum(z, 0))),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_one_activation(name: str) -> None:
    """In training, from the loss of the first epoch, and in predictions."""
    net = ours(activation=name, alpha=0.0, max_iter=1, learning_rate_init=1e-30).fit(FLOWERS, KINDS)
    by_hand = forward(FLOWERS, net, [FUNCTIONS[name]], softmax)
    np.testing.assert_allclose(net.predict_proba(FLOWERS), by_hand, rtol=1e-9)
    assert net.loss_ == pytest.approx(-np.log(by_hand[np.arange(150), KINDS]).mean(), rel=1e-9)


def test_an_activation_a_layer() -> None:
    names = ["tanh", "gelu", "leaky-relu"]
    net = ours(hidden_layer_sizes=(7, 6, 5), activation=names).fit(FLOWERS, KINDS)
    by_hand = forward(FLOWERS, net, [FUNCTIONS[name] for name in names], softmax)
    np.testing.assert_allclose(net.predict_proba(FLOWERS), by_hand, rtol=1e-9)
    assert_same_net(ours(activation=("relu",)).fit(FLOWERS, KINDS), theirs().fit(FLOWERS, KINDS), rtol=1e-6, atol=1e-8)


def test_prelu_learns_its_slopes() -> None:
    net = ours(activation="prelu", hidden_layer_sizes=(7, 6)).fit(FLOWERS, KINDS)
    slopes = net.nets_[0].slopes
    assert slopes[0] != slopes[1] != 0.25
    bent = [lambda z, a=a: np.where(z > 0, z, a * z) for a in slopes]
    np.testing.assert_allclose(net.predict_proba(FLOWERS), forward(FLOWERS, net, bent, softmax), rtol=1e-9)


def drawn(**given: Any) -> Any:
    """A net before its first step: 300 inputs, 200 hidden units, 2 classes."""
    x = np.random.default_rng(0).normal(size=(20, 300))
    return still(ours(hidden_layer_sizes=(200,), **given), x, np.arange(20) % 2)


@pytest.mark.parametrize(
    ("given", "deviation"),
    [
        ({"init": "he-normal"}, np.sqrt(2 / 300)),
        ({"init": "lecun-normal"}, np.sqrt(1 / 300)),
        ({"init": "xavier-uniform"}, np.sqrt(2 / 500)),
        ({"init": "normal", "init_scale": 0.3}, 0.3),
        ({"init": "uniform", "init_scale": 0.3}, 0.3 / np.sqrt(3)),
        ({}, np.sqrt(2 / 500)),  # Glorot's range, uniform: a bound of sqrt(6 / 500)
    ],
)
def test_the_spread_of_initial_weights(given: dict[str, Any], deviation: float) -> None:
    """The deviation of 60,000 numbers is known to 4.5 / sqrt(2 * 60,000) of itself, and less for uniform ones."""
    first = drawn(**given).coefs_[0]
    assert first.std() == pytest.approx(deviation, rel=4.5 / np.sqrt(2 * first.size))
    assert abs(first.mean()) < 4.5 * deviation / np.sqrt(first.size)
    assert not np.array_equal(first, drawn(**given, random_state=4).coefs_[0])


def test_the_values_of_initial_weights_and_biases() -> None:
    constant = drawn(init="constant", init_scale=0.25)
    assert {value for array in constant.coefs_ for value in array.ravel()} == {0.25}
    assert max(np.abs(b).max() for b in constant.intercepts_) < 1e-290  # with `init`, biases are zeros
    assert {value for b in drawn(init_bias=-0.5).intercepts_ for value in b} == {-0.5}
    assert {value for b in drawn(init="zeros", init_bias=2.0).intercepts_ for value in b} == {2.0}
    columns = drawn(init="orthogonal").coefs_[0]
    np.testing.assert_allclose(columns.T @ columns, np.eye(200), atol=1e-6)


def test_biases_alone_leave_the_weights_as_they_were() -> None:
    plain = drawn()
    for given in ({"init_bias": 1.0}, {"init_bias": "zeros"}, {"init_bias": "torch"}):
        np.testing.assert_array_equal(drawn(**given).coefs_[0], plain.coefs_[0])
    uniform = drawn(init_bias="torch").intercepts_[0]
    assert 0.9 / np.sqrt(300) < np.abs(uniform).max() <= 1 / np.sqrt(300)


LOSSES: dict[str, Callable[[Any], Any]] = {  # of residuals
    "squared_error": lambda r: r**2 / 2,
    "absolute_error": np.abs,
    "huber": lambda r: np.where(np.abs(r) <= 0.7, r**2 / 2, 0.7 * (np.abs(r) - 0.35)),
}
SLOPES: dict[str, Callable[[Any], Any]] = {
    "squared_error": lambda r: r,
    "absolute_error": np.sign,
    "huber": lambda r: np.clip(r, -0.7, 0.7),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_a_loss_and_its_gradient(loss: str) -> None:
    """A linear net takes one step of gradient descent; both are worked by hand."""
    given = {"hidden_layer_sizes": (), "solver": "sgd", "momentum": 0.0, "alpha": 0.0, "max_iter": 1, "loss": loss}
    given |= {"huber_delta": 0.7} if loss == "huber" else {}
    net = ours("MLPRegressor", **given).fit(NUMBER_X, NUMBERS)
    start = still(net, NUMBER_X, NUMBERS)
    residual = forward(NUMBER_X, start, []).ravel() - NUMBERS
    assert (np.abs(residual) > 0.7).any()
    assert (np.abs(residual) < 0.7).any()
    assert net.loss_ == pytest.approx(LOSSES[loss](residual).mean(), rel=1e-12)
    slope = SLOPES[loss](residual)
    step = (NUMBER_X.T @ slope / 60)[:, None]
    np.testing.assert_allclose(net.coefs_[0], start.coefs_[0] - 0.05 * step, rtol=1e-9)
    np.testing.assert_allclose(net.intercepts_[0], start.intercepts_[0] - 0.05 * slope.mean(), rtol=1e-9)


def test_an_outlier_moves_the_robust_losses_less() -> None:
    x, y = np.linspace(-1, 1, 40)[:, None], np.linspace(-1, 1, 40)
    y[35] = 100.0
    found = {
        loss: ours("MLPRegressor", hidden_layer_sizes=(), loss=loss, max_iter=400, n_iter_no_change=400)
        .fit(x, y).predict(x)[:30]
        for loss in LOSSES
    }  # fmt: skip
    errors = {loss: np.abs(values - x[:30, 0]).max() for loss, values in found.items()}
    assert errors["absolute_error"] < 0.1
    assert errors["huber"] < 0.5 < 1.0 < errors["squared_error"]


def test_poisson_is_that_of_scikit_learn() -> None:
    counts = np.random.default_rng(0).poisson(np.exp(0.5 * NUMBERS))
    try:
        expected = theirs("MLPRegressor", loss="poisson").fit(NUMBER_X, counts)
    except TypeError:
        pytest.skip("scikit-learn has this loss from 1.7 on")
    net = ours("MLPRegressor", loss="poisson").fit(NUMBER_X, counts)
    assert_same_net(net, expected, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(net.predict(NUMBER_X), expected.predict(NUMBER_X), rtol=1e-7)
    np.testing.assert_allclose(net.loss_curve_, expected.loss_curve_, rtol=1e-7, atol=1e-9)
    assert net.out_activation_ == "exp"
    assert (net.predict(NUMBER_X) > 0).all()


@pytest.mark.parametrize("given", ["float32", "float64"])
@pytest.mark.parametrize("asked", ["auto", "float32", "float64"])
def test_the_type_of_the_arithmetic(given: str, asked: str) -> None:
    kind = np.dtype(given if asked == "auto" else asked)
    net = ours(dtype=asked).fit(FLOWERS.astype(given), KINDS)
    assert {array.dtype for array in arrays(net)} == {kind}
    reference = theirs().fit(FLOWERS.astype(given).astype(kind), KINDS)
    room = 1e-9 if kind == np.float64 else 2e-3
    assert_same_net(net, reference, rtol=room, atol=room)


def test_float32_rounds() -> None:
    """The types are not a label on one and the same computation."""
    single, double = (ours(dtype=kind).fit(FLOWERS, KINDS).loss_ for kind in ("float32", "float64"))
    assert 0 < abs(single - double) < 1e-4
