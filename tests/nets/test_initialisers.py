from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from goodfit.errors import InputError
from goodfit.nets import initialisers
from goodfit.nets.initialisers import BIAS_INITIALISERS, INITIALISERS, Initialiser

FANS = (60, 40)  # fan_in, fan_out
SCALE = 0.7
# Variances by hand for fan_in 60, fan_out 40 and scale 0.7.
VARIANCE = {
    "torch": 1 / 180,
    "normal": 0.49,
    "uniform": 0.49 / 3,
    "constant": 0.0,
    "zeros": 0.0,
    "xavier-normal": 0.49 * 2 / 100,
    "xavier-uniform": 0.49 * 2 / 100,
    "he-normal": 0.49 / 60,
    "he-uniform": 0.49 / 60,
    "lecun-normal": 0.49 / 60,
    "orthogonal": 0.49 / 60,
}
# Half-widths by hand: torch 1/sqrt(fan_in); Xavier gain sqrt(6 / (fan_in + fan_out)); He gain sqrt(3 / fan_in).
HALF_WIDTH = {
    "torch": 1 / math.sqrt(60),
    "uniform": 0.7,
    "xavier-uniform": 0.7 * math.sqrt(0.06),
    "he-uniform": 0.7 * math.sqrt(0.05),
}
NORMAL = ("normal", "xavier-normal", "he-normal", "lecun-normal")


def draw(name: str, seed: int = 0, fans: tuple[int, int] = FANS, scale: float = SCALE) -> np.ndarray:
    return INITIALISERS[name].draw(np.random.default_rng(seed), *fans, scale)


def many(name: str, count: int = 50) -> np.ndarray:
    """[count, fan_out, fan_in]"""
    rng = np.random.default_rng(1)
    return np.stack([INITIALISERS[name].draw(rng, *FANS, SCALE) for _ in range(count)]).astype(np.float64)


@pytest.fixture(params=list(INITIALISERS))
def initialiser(request: pytest.FixtureRequest) -> Initialiser:
    return INITIALISERS[request.param]


def test_names_and_facts() -> None:
    assert set(INITIALISERS) == set(VARIANCE)
    assert set(BIAS_INITIALISERS) == {"torch", "constant", "zeros"}
    for name, each in [*INITIALISERS.items(), *BIAS_INITIALISERS.items()]:
        assert each.name == name
        assert each.formula
        assert each.source
        assert ("scale" in each.formula) is bool(each.scale_means)


def test_default_scales() -> None:
    """0.01 is section 4.2's deviation; sqrt(2) is He's gain for relu; 1 and 0 where the scale is ignored."""
    he = math.sqrt(2)
    assert {name: each.default_scale for name, each in INITIALISERS.items()} == {
        "torch": 1.0,
        "normal": 0.01,
        "uniform": 0.01,
        "constant": 0.01,
        "zeros": 0.0,
        "xavier-normal": 1.0,
        "xavier-uniform": 1.0,
        "he-normal": he,
        "he-uniform": he,
        "lecun-normal": 1.0,
        "orthogonal": 1.0,
    }
    assert {name: each.default_scale for name, each in BIAS_INITIALISERS.items()} == {
        "torch": 1.0,
        "constant": 0.0,
        "zeros": 0.0,
    }


def test_stated_variance_by_hand(initialiser: Initialiser) -> None:
    assert initialiser.variance(*FANS, SCALE) == pytest.approx(VARIANCE[initialiser.name], rel=1e-14)


def test_shape_type_and_layout(initialiser: Initialiser) -> None:
    weights = draw(initialiser.name)
    assert weights.shape == (40, 60)
    assert weights.dtype == np.float32
    assert weights.flags.c_contiguous


def test_measured_variance_and_mean(initialiser: Initialiser) -> None:
    """120,000 entries: the tolerances are five standard errors (kurtosis 3 at most for those drawn independently)."""
    values = many(initialiser.name)
    if initialiser.name in ("constant", "zeros"):
        assert values.std() < 1e-7
        assert values.mean() == pytest.approx(SCALE if initialiser.name == "constant" else 0.0, abs=1e-7)
        return
    variance = VARIANCE[initialiser.name]
    assert values.var() == pytest.approx(variance, rel=5 * math.sqrt(2 / values.size))
    assert abs(values.mean()) < 5 * math.sqrt(variance / values.size)


@pytest.mark.parametrize("name", HALF_WIDTH)
def test_uniform_distribution(name: str) -> None:
    values, half = many(name).ravel(), HALF_WIDTH[name]
    assert np.abs(values).max() <= half * (1 + 1e-6)
    assert np.abs(values).max() > 0.9999 * half
    assert stats.kstest(values, stats.uniform(-half, 2 * half).cdf).pvalue > 1e-3


@pytest.mark.parametrize("name", NORMAL)
def test_normal_distribution(name: str) -> None:
    values = many(name).ravel()
    assert stats.kstest(values, stats.norm(0, math.sqrt(VARIANCE[name])).cdf).pvalue > 1e-3


@given(st.integers(1, 30), st.integers(1, 30), st.floats(0.1, 5), st.integers(0, 99))
def test_orthogonal(fan_in: int, fan_out: int, gain: float, seed: int) -> None:
    """Every singular value is the gain, and the squares of the entries sum to gain^2 min(fans)."""
    weights = draw("orthogonal", seed, (fan_in, fan_out), gain)
    assert weights.shape == (fan_out, fan_in)
    np.testing.assert_allclose(np.linalg.svd(weights.astype(float), compute_uv=False), gain, rtol=1e-5)
    mean_square = (weights.astype(float) ** 2).mean()
    assert mean_square == pytest.approx(INITIALISERS["orthogonal"].variance(fan_in, fan_out, gain), rel=1e-5)


def test_orthogonal_matrices_are_uniform() -> None:
    """Haar measure: entries have mean 0, also on the diagonal, and the trace of Q in O(n) has mean 0 and variance 1.

    Without the correction of signs, LAPACK's Q has a diagonal of one sign (its mean would be far from 0).
    """
    rng = np.random.default_rng(2)
    several = np.stack([INITIALISERS["orthogonal"].draw(rng, 4, 4, 1.0) for _ in range(4000)])
    error = 1 / math.sqrt(4 * 4000)  # of an entry's mean: its variance is 1/4
    assert np.abs(several.mean(0)).max() < 4.5 * error
    traces = np.trace(several, axis1=1, axis2=2)
    assert abs(traces.mean()) < 4 / math.sqrt(4000)
    assert traces.var() == pytest.approx(1.0, rel=0.1)
    flat = np.stack([INITIALISERS["orthogonal"].draw(rng, 1, 1, 1.0) for _ in range(400)])
    assert set(np.unique(flat)) == {-1.0, 1.0}
    assert abs(flat.mean()) < 0.2


def test_what_is_drawn_depends_on_the_generator_alone(initialiser: Initialiser) -> None:
    first, again, other = draw(initialiser.name, 3), draw(initialiser.name, 3), draw(initialiser.name, 4)
    np.testing.assert_array_equal(first, again)
    assert (first == other).all() == (initialiser.name in ("constant", "zeros"))


def test_bits_are_pinned() -> None:
    """A change here changes every training: it belongs in the changelog."""
    sums = {
        name: float(np.abs(draw(name, 5, (3, 2), each.default_scale)).sum(dtype=np.float64))
        for name, each in INITIALISERS.items()
    }
    rng = np.random.default_rng(5)
    normal = rng.standard_normal((2, 3), dtype=np.float32)
    share = np.random.default_rng(5).random((2, 3), dtype=np.float32).astype(float)
    spread = np.abs(normal.astype(float)).sum()
    assert sums["normal"] == pytest.approx(0.01 * spread, rel=1e-6)
    assert sums["he-normal"] == pytest.approx(math.sqrt(2 / 3) * spread, rel=1e-6)
    assert sums["torch"] == pytest.approx(np.abs(2 * share - 1).sum() / math.sqrt(3), rel=1e-6)


def test_bias_initialisers() -> None:
    def biases(name: str, scale: float = 0.3) -> np.ndarray:
        drawn = BIAS_INITIALISERS[name].draw(np.random.default_rng(0), 25, 20000, scale)
        assert drawn.shape == (20000,)
        assert drawn.dtype == np.float32
        return drawn

    assert (biases("zeros") == 0).all()
    assert (biases("constant") == np.float32(0.3)).all()
    values = biases("torch").astype(float)
    assert np.abs(values).max() <= 0.2 * (1 + 1e-6)  # 1 / sqrt(25)
    assert stats.kstest(values, stats.uniform(-0.2, 0.4).cdf).pvalue > 1e-3
    assert BIAS_INITIALISERS["torch"].variance(25, 20000, 1.0) == pytest.approx(0.04 / 3)
    assert values.var() == pytest.approx(0.04 / 3, rel=0.03)
    assert {BIAS_INITIALISERS[name].variance(25, 7, 3.0) for name in ("zeros", "constant")} == {0.0}


def test_get() -> None:
    assert initialisers.get("torch") is INITIALISERS["torch"]
    assert initialisers.get("torch", BIAS_INITIALISERS) is BIAS_INITIALISERS["torch"]
    with pytest.raises(InputError, match=r"^Net: no such initialiser; got 'he-norml'. Did you mean 'he-normal'\?$"):
        initialisers.get("he-norml")
    with pytest.raises(InputError, match=r"got 'orthogonal'. Valid: torch, constant, zeros.$"):
        initialisers.get("orthogonal", BIAS_INITIALISERS)
