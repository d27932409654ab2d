from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, optimize, special, stats

from goodfit.errors import InputError
from goodfit.nets import activations
from goodfit.nets.activations import ACTIVATIONS, SATURATED_DERIVATIVE, SELU_ALPHA, SELU_SCALE, Activation
from goodfit.training.devices import doubles

NAMES = list(ACTIVATIONS)
REFERENCE: dict[str, Callable[[np.ndarray], np.ndarray]] = {  # written anew with SciPy
    "identity": lambda z: z,
    "relu": lambda z: np.maximum(0, z),
    "sigmoid": special.expit,
    "tanh": np.tanh,
    "leaky-relu": lambda z: np.where(z > 0, z, 0.01 * z),
    "elu": lambda z: np.where(z > 0, z, np.exp(np.minimum(z, 0)) - 1),
    "selu": lambda z: 1.0507009873554805 * np.where(z > 0, z, 1.6732632423543772 * (np.exp(np.minimum(z, 0)) - 1)),
    "gelu": lambda z: z * stats.norm.cdf(z),
    "silu": lambda z: z * special.expit(z),
    "softplus": lambda z: np.logaddexp(0, z),
    "mish": lambda z: z * np.tanh(np.logaddexp(0, z)),
    "prelu": lambda z: np.where(z > 0, z, 0.25 * z),
}
# f'(0) by hand; at a kink, from the left.
AT_ZERO = {
    "identity": 1.0,
    "relu": 0.0,
    "sigmoid": 0.25,
    "tanh": 1.0,
    "leaky-relu": 0.01,
    "elu": 1.0,
    "selu": SELU_ALPHA * SELU_SCALE,
    "gelu": 0.5,
    "silu": 0.5,
    "softplus": 0.5,
    "mish": 0.6,  # tanh(log 2) = (4 - 1) / (4 + 1)
    "prelu": 0.25,
}
KINKED = {"relu", "leaky-relu", "selu", "prelu"}


def of_one_argument(activation: Activation) -> Callable[[jax.Array], jax.Array]:
    if activation.slope is None:
        return activation.function
    return lambda z: activation.function(z, jnp.asarray(activation.slope, z.dtype))


def derivative(activation: Activation) -> Callable[[jax.Array], jax.Array]:
    return jax.jit(jax.vmap(jax.grad(of_one_argument(activation))))


def in_float64(function: Callable[[jax.Array], jax.Array], z: np.ndarray | list[float]) -> np.ndarray:
    with doubles(True):
        out = function(jnp.asarray(z, jnp.float64))
        assert out.dtype == jnp.float64
        return np.asarray(out)


@pytest.fixture(params=NAMES)
def activation(request: pytest.FixtureRequest) -> Activation:
    return ACTIVATIONS[request.param]


def test_the_names_are_those_of_the_issue() -> None:
    assert set(NAMES) == set(REFERENCE)
    assert all(each.name == name and each.formula and each.source for name, each in ACTIVATIONS.items())


def test_values_match_an_independent_definition(activation: Activation) -> None:
    z = np.linspace(-30, 30, 12001)
    expected = REFERENCE[activation.name](z)
    np.testing.assert_allclose(
        in_float64(of_one_argument(activation), z), expected, rtol=1e-13, atol=1e-14, err_msg=activation.name
    )
    with doubles(False):
        single = of_one_argument(activation)(jnp.asarray(z, jnp.float32))
    assert single.dtype == jnp.float32
    np.testing.assert_allclose(single, REFERENCE[activation.name](z.astype(np.float32)), rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize(
    ("name", "z", "expected"),
    [
        ("relu", -2.0, 0.0),
        ("relu", 3.0, 3.0),
        ("sigmoid", math.log(3.0), 0.75),
        ("tanh", math.log(2.0), 0.6),
        ("leaky-relu", -2.0, -0.02),
        ("elu", -math.log(4.0), -0.75),
        ("selu", -math.log(2.0), -0.5 * 1.7580993408473766),
        ("silu", math.log(3.0), 0.75 * math.log(3.0)),
        ("softplus", 0.0, math.log(2.0)),
        ("mish", 0.0, 0.0),
        ("mish", math.log(2.0), 0.8 * math.log(2.0)),  # softplus = log 3, tanh(log 3) = (9 - 1) / (9 + 1)
        ("prelu", -2.0, -0.5),
    ],
)
def test_values_by_hand(name: str, z: float, expected: float) -> None:
    assert in_float64(of_one_argument(ACTIVATIONS[name]), [z])[0] == pytest.approx(expected, rel=1e-14, abs=1e-15)


def test_derivatives_match_central_differences(activation: Activation) -> None:
    z = np.concatenate([np.linspace(-8, 8, 401), [-1e-3, 1e-3]])
    z = z[np.abs(z) > 1e-4]
    h = 1e-5
    f = of_one_argument(activation)
    difference = (in_float64(f, z + h) - in_float64(f, z - h)) / (2 * h)
    np.testing.assert_allclose(in_float64(derivative(activation), z), difference, rtol=1e-7, atol=1e-9)


def test_derivative_at_zero(activation: Activation) -> None:
    (found,) = in_float64(derivative(activation), [0.0])
    assert found == pytest.approx(AT_ZERO[activation.name], abs=1e-15)
    if activation.name not in KINKED:
        f, h = of_one_argument(activation), 1e-6
        assert found == pytest.approx(np.diff(in_float64(f, [-h, h]))[0] / (2 * h), abs=1e-6)


@pytest.mark.parametrize("kind", [jnp.float32, jnp.float64])
def test_extreme_values_are_finite_and_keep_their_type(activation: Activation, kind: type) -> None:
    z = [-1e30, -1e4, -100.0, -0.0, 0.0, 1e-30, 100.0, 1e4, 1e30]
    with doubles(kind is jnp.float64):
        z = jnp.asarray(z, kind)
        value, slope = of_one_argument(activation)(z), derivative(activation)(z)
    assert value.dtype == slope.dtype == kind
    assert np.isfinite(value).all()
    assert np.isfinite(slope).all()
    np.testing.assert_allclose(
        slope[-1], {"sigmoid": 0, "tanh": 0, "selu": SELU_SCALE}.get(activation.name, 1), rtol=1e-6
    )


def test_nan_is_let_through(activation: Activation) -> None:
    assert np.isnan(of_one_argument(activation)(jnp.asarray([jnp.nan, 1.0]))).tolist() == [True, False]


def test_range(activation: Activation) -> None:
    values = in_float64(of_one_argument(activation), np.linspace(-60, 60, 240001))
    assert values.min() >= activation.lowest
    assert values.max() <= activation.highest
    for bound, reached in ((activation.lowest, values.min()), (activation.highest, values.max())):
        assert reached == pytest.approx(bound, abs=1e-8) if math.isfinite(bound) else abs(reached) >= 0.01 * 60


def test_largest_derivative(activation: Activation) -> None:
    """The grid's maximum comes within 1e-8 of the stated one, and no point exceeds it by more than rounding."""
    grid = np.concatenate([np.linspace(-40, 40, 400001), [-1e-9, 0.0, 1e-9]])
    found = np.abs(in_float64(derivative(activation), grid)).max()
    assert found == pytest.approx(activation.largest_derivative, rel=1e-8)
    assert found <= activation.largest_derivative * (1 + 1e-12)


def test_saturation(activation: Activation) -> None:
    """|f'| crosses the limit at the stated places, is below it beyond them, and nowhere where None is stated."""
    d = partial(in_float64, derivative(activation))
    for side, limit in zip((-1.0, 1.0), activation.saturation, strict=True):
        if limit is None:
            assert np.abs(d(side * np.linspace(0.01, 60, 6001))).min() >= SATURATED_DERIVATIVE or limit_is_inside(
                d, side
            )
            assert np.abs(d(side * np.linspace(30, 60, 3001))).min() >= SATURATED_DERIVATIVE
            continue
        beyond = limit + side * np.linspace(1e-6, 60, 60001)
        assert np.abs(d(beyond)).max() < SATURATED_DERIVATIVE
        assert np.abs(d([limit - side * 1e-6]))[0] >= SATURATED_DERIVATIVE
        if activation.name != "relu":
            assert np.abs(d([limit]))[0] == pytest.approx(SATURATED_DERIVATIVE, rel=1e-9)


def limit_is_inside(d: Callable[[np.ndarray], np.ndarray], side: float) -> bool:
    """Whether |f'| dips below the limit only between two places where it is above, which is not saturation."""
    low = np.abs(d(side * np.linspace(0.01, 60, 6001))) < SATURATED_DERIVATIVE
    return not low[-1]


def under_normal(function: Callable[[np.ndarray], np.ndarray]) -> float:
    """E function(Z), Z ~ N(0, 1), by quadrature on both sides of the kink."""

    def weighted(z: float) -> float:
        return float(function(np.asarray(z))) * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)

    return sum(integrate.quad(weighted, a, b, epsabs=1e-13, epsrel=1e-12)[0] for a, b in ((-12, 0), (0, 12)))


def test_zero_mean(activation: Activation) -> None:
    assert (abs(under_normal(REFERENCE[activation.name])) < 1e-9) is activation.zero_mean


def test_gain(activation: Activation) -> None:
    """torch.nn.init.calculate_gain's documented table; where it has none, 1 / sqrt(E f(Z)^2)."""
    table = {
        "identity": 1.0,
        "sigmoid": 1.0,
        "tanh": 5 / 3,
        "relu": math.sqrt(2),
        "leaky-relu": math.sqrt(2 / (1 + 0.01**2)),
        "selu": 3 / 4,
    }
    he = under_normal(lambda z: REFERENCE[activation.name](z) ** 2) ** -0.5
    assert activation.gain == pytest.approx(table.get(activation.name, he), rel=1e-9)


def test_lowest_of_the_humped_ones_is_their_minimum() -> None:
    for name in ("gelu", "silu", "mish"):
        found = optimize.minimize_scalar(REFERENCE[name], bounds=(-3, 0), method="bounded", options={"xatol": 1e-10})
        assert ACTIVATIONS[name].lowest == pytest.approx(found.fun, rel=1e-12)


def test_prelu_trains_its_slope() -> None:
    """d f/d slope is z below zero and 0 above; slopes of several nets broadcast."""
    prelu = ACTIVATIONS["prelu"].function
    z = jnp.asarray([[-2.0, 3.0], [-4.0, -1.0]])
    slope = jnp.asarray([0.5, 2.0])
    np.testing.assert_array_equal(prelu(z, slope[:, None]), [[-1.0, 3.0], [-8.0, -2.0]])
    gradient = jax.grad(lambda s: prelu(z, s[:, None]).sum())(slope)
    np.testing.assert_array_equal(gradient, [-2.0, -5.0])
    with doubles(True):
        z, h = jnp.asarray([-1.5, 2.0, 0.0], jnp.float64), 1e-6
        exact = jax.grad(lambda s: prelu(z, s).sum())(jnp.float64(0.3))
        difference = (prelu(z, jnp.float64(0.3 + h)) - prelu(z, jnp.float64(0.3 - h))).sum() / (2 * h)
    assert float(exact) == pytest.approx(float(difference), rel=1e-8)


def test_only_prelu_has_a_slope_that_starts_at_a_quarter() -> None:
    assert {name: each.slope for name, each in ACTIVATIONS.items() if each.slope is not None} == {"prelu": 0.25}


@given(st.sampled_from(NAMES), st.lists(st.floats(-1e6, 1e6, width=32), min_size=4, max_size=4))
def test_elementwise_under_jit_and_vmap(name: str, values: list[float]) -> None:
    f = of_one_argument(ACTIVATIONS[name])
    z = jnp.asarray(values, jnp.float32)
    alone = [float(f(each)) for each in z]
    np.testing.assert_allclose(jax.jit(f)(z[None])[0], alone, rtol=2e-6, atol=1e-7)
    np.testing.assert_allclose(jax.vmap(f)(z), alone, rtol=2e-6, atol=1e-7)


def test_get() -> None:
    assert activations.get("tanh") is ACTIVATIONS["tanh"]
    with pytest.raises(InputError, match=r"^Net: no such activation; got 'rleu'. Did you mean 'relu'\?$"):
        activations.get("rleu")
