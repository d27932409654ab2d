from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize

from goodfit.nets.penalties import l1_penalty, l2_penalty, soft_threshold
from goodfit.training.devices import doubles

WEIGHTS = np.array([[[1.0, -2.0], [0.5, 0.0]], [[3.0, -0.1], [0.2, -4.0]]])  # [2 nets, 2, 2]


def test_soft_threshold_by_hand() -> None:
    found = soft_threshold(jnp.asarray([3.0, -3.0, 0.5, -0.5, 1.0, -1.0, 0.0]), 1.0)
    np.testing.assert_array_equal(found, [2.0, -2.0, 0.0, 0.0, 0.0, 0.0, 0.0])


def test_soft_threshold_has_a_strength_a_net() -> None:
    found = soft_threshold(jnp.asarray(WEIGHTS), jnp.asarray([1.0, 0.25]))
    np.testing.assert_allclose(found, [[[0, -1], [0, 0]], [[2.75, 0], [0, -3.75]]])
    np.testing.assert_array_equal(soft_threshold(jnp.asarray(WEIGHTS), 0.0), WEIGHTS.astype(found.dtype))


@given(st.floats(-5, 5, width=32), st.floats(0, 3, width=32))
def test_soft_threshold_minimises_its_objective(weight: float, strength: float) -> None:
    """prox(v) = argmin_w strength |w| + (w - v)^2 / 2, found by a scalar minimiser."""
    found = float(soft_threshold(jnp.float32(weight), strength))
    best = optimize.minimize_scalar(
        lambda w: strength * abs(w) + 0.5 * (w - weight) ** 2, bounds=(-6, 6), method="bounded", options={"xatol": 1e-9}
    )
    assert found == pytest.approx(best.x, abs=1e-4)
    if abs(weight) <= strength:
        assert found == 0.0


@pytest.mark.parametrize("kind", [jnp.float32, jnp.float64])
def test_types_are_kept(kind: type) -> None:
    with doubles(kind is jnp.float64):
        weights = jnp.asarray(WEIGHTS, kind)
        strengths = (0.1, np.float64(0.1), jnp.asarray([0.1, 0.2], jnp.float32))
        for strength in strengths:
            assert soft_threshold(weights, strength).dtype == kind
            assert l1_penalty(weights, strength).dtype == kind
            assert l2_penalty(weights, strength).dtype == kind


def test_nan_weights_stay_nan() -> None:
    found = soft_threshold(jnp.asarray([jnp.nan, 2.0, jnp.inf]), 1.0)
    np.testing.assert_array_equal(found, [np.nan, 1.0, np.inf])


def test_soft_threshold_in_jit_and_vmap() -> None:
    weights, strengths = jnp.asarray(WEIGHTS), jnp.asarray([1.0, 0.25])
    expected = soft_threshold(weights, strengths)
    np.testing.assert_array_equal(jax.jit(soft_threshold)(weights, strengths), expected)
    np.testing.assert_array_equal(jax.vmap(soft_threshold)(weights, strengths), expected)


def test_penalties_by_hand() -> None:
    """l1 sum|w| and l2/2 sum w^2: |w| sums to 3.5 and 7.3, w^2 to 5.25 and 25.05."""
    weights = jnp.asarray(WEIGHTS)
    np.testing.assert_allclose(l1_penalty(weights, jnp.asarray([2.0, 0.5])), [7.0, 3.65], rtol=1e-6)
    np.testing.assert_allclose(l2_penalty(weights, jnp.asarray([2.0, 0.5])), [5.25, 6.2625], rtol=1e-6)
    assert float(l1_penalty(weights, 1.0)) == pytest.approx(10.8)
    assert float(l2_penalty(weights, 1.0)) == pytest.approx(15.15)


@pytest.mark.parametrize("penalty", [l1_penalty, l2_penalty])
def test_gradients_match_central_differences(penalty: object) -> None:
    with doubles(True):
        weights = jnp.asarray(WEIGHTS + 0.05, jnp.float64)  # away from the kink of |w|
        strength = jnp.asarray([0.3, 2.0], jnp.float64)
        exact = np.asarray(jax.grad(lambda w: penalty(w, strength).sum())(weights))
        h = 1e-6
        for index in np.ndindex(weights.shape):
            up, down = (penalty(weights.at[index].add(step), strength).sum() for step in (h, -h))
            assert exact[index] == pytest.approx(float(up - down) / (2 * h), rel=1e-7, abs=1e-9)


def test_gradient_of_l2_is_strength_times_weight() -> None:
    gradient = jax.grad(lambda w: l2_penalty(w, 0.3).sum())(jnp.asarray(WEIGHTS))
    np.testing.assert_allclose(gradient, 0.3 * WEIGHTS, rtol=1e-6)
