"""Transforms of numeric targets against scikit-learn's and SciPy's, and by hand."""

from __future__ import annotations

import warnings

import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats
from sklearn.preprocessing import PowerTransformer, QuantileTransformer

from goodfit.data.target_transform import (
    MOST_KNOTS,
    TargetTransform,
    auto_kind,
    best_lambda,
    fit_transform,
    inverse_parts,
    inverted,
    yeo_johnson,
)
from goodfit.errors import InputError

RNG = np.random.default_rng(0)
SHAPES = {
    "log-normal": np.exp(1.6 * RNG.standard_normal(500)),
    "normal": 5 + RNG.standard_normal(500),
    "t3": RNG.standard_t(3, 500),
    "counts": RNG.poisson(3.0, 500).astype(float),
    "bounded": RNG.beta(0.5, 0.5, 500),
    "negative": -np.exp(RNG.standard_normal(500)),
    "large": 1e6 + 1e3 * RNG.standard_normal(500),
    "small": 1e-6 * RNG.gamma(1.0, 1.0, 500),
}


def fitted(y: np.ndarray, kind: str) -> TargetTransform:
    made = fit_transform(y, kind)
    assert made is not None
    assert not made.problems(y.shape[1]).found
    return made


@pytest.mark.parametrize("shape", [-2.0, -0.5, 0.0, 0.7, 1.0, 2.0, 3.5])
def test_the_power_transform_is_that_of_scipy(shape: float) -> None:
    y = np.concatenate([RNG.standard_normal(50) * 3, [0.0, 1e-9, -1e-9, 40.0, -40.0]])
    np.testing.assert_allclose(yeo_johnson(y, shape), stats.yeojohnson(y, lmbda=shape), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", ["log-normal", "normal", "t3", "counts", "bounded", "negative", "small"])
def test_its_parameter_is_that_of_scikit_learn_in_the_unit_of_the_median_magnitude(name: str) -> None:
    y = SHAPES[name][:, None]
    y = y / np.median(np.abs(y[y != 0]))
    theirs = PowerTransformer(standardize=False).fit(y)
    if -3 < theirs.lambdas_[0] < 5:
        assert best_lambda(y[:, 0]) == pytest.approx(theirs.lambdas_[0], abs=1e-3)
        mine = fitted(y, "yeo-johnson")
        np.testing.assert_allclose(mine.forward(y), theirs.transform(y), rtol=2e-2, atol=2e-2)


@pytest.mark.parametrize("name", ["log-normal", "normal", "t3", "bounded", "large"])
def test_quantiles_become_normal_as_in_scikit_learn(name: str) -> None:
    """Away from the ends, which scikit-learn moves out to 5.2 whatever the rows, and which stay at 1/2 rank here."""
    y = SHAPES[name][:, None]
    theirs = QuantileTransformer(n_quantiles=len(y), output_distribution="normal").fit_transform(y)
    mine = fitted(y, "quantile").forward(y)
    middle = np.abs(theirs) < 2
    np.testing.assert_allclose(mine[middle], theirs[middle], atol=0.05)
    assert np.abs(mine).max() == pytest.approx(stats.norm.ppf(1 - 0.5 / MOST_KNOTS), rel=1e-5)


@pytest.mark.parametrize("kind", ["log", "log1p", "yeo-johnson", "quantile"])
@pytest.mark.parametrize("name", SHAPES)
def test_the_inverse_gives_training_targets_back_in_numpy_and_in_a_program(kind: str, name: str) -> None:
    y = SHAPES[name][:, None]
    if y.min() <= {"log": 0, "log1p": -1}.get(kind, -np.inf):
        with pytest.raises(InputError, match=rf"Recipe: 'target_transform' {kind} needs training targets > .*target 0"):
            fit_transform(y, kind)
        return
    made = fitted(y, kind)
    scale = np.abs(y).max()
    back = made.inverse(made.forward(y))
    # between two knots the quantile transform is a straight line, and float32 holds the knots
    np.testing.assert_allclose(back, y, rtol=1e-5, atol=(2e-7 if kind != "quantile" else 1e-6) * scale)
    single = made.forward(y).astype(np.float32)
    program = inverted(jnp, jnp.asarray(single.T), inverse_parts(made, np.float32)).T
    np.testing.assert_allclose(program, made.inverse(single), rtol=2e-4, atol=1e-6 * scale)


@pytest.mark.parametrize("kind", ["log", "log1p", "yeo-johnson", "quantile"])
@pytest.mark.parametrize("name", SHAPES)
def test_whatever_a_net_says_the_inverse_is_finite_and_within_the_training_targets(kind: str, name: str) -> None:
    y = SHAPES[name][:, None]
    if y.min() <= {"log": 0, "log1p": -1}.get(kind, -np.inf):
        return
    made = fitted(y, kind)
    wild = np.concatenate([np.linspace(-1e4, 1e4, 2001), [-1e30, 1e30, -np.inf, np.inf]])[:, None]
    for found in (made.inverse(wild), np.asarray(inverted(jnp, jnp.asarray(wild.T), inverse_parts(made, float)).T)):
        slack = 1e-3 * np.abs(y).max()
        assert (found >= y.min() - slack).all()
        assert (found <= y.max() + slack).all()
        assert (np.diff(found[:2001, 0]) >= 0).all()


def test_every_target_has_its_own_and_none_leaves_it_alone() -> None:
    y = np.stack([SHAPES["log-normal"], SHAPES["normal"], SHAPES["t3"]], axis=1)
    assert fit_transform(y, "none") is None
    assert fit_transform(y[:, 1:], "auto") is None
    made = fitted(y, "auto")
    assert made.kinds == ("log", "none", "none")
    np.testing.assert_allclose(made.forward(y), np.stack([np.log(y[:, 0]), y[:, 1], y[:, 2]], axis=1), rtol=1e-12)
    wild = np.array([[0.5, 1e20, -1e20]])
    np.testing.assert_allclose(made.inverse(wild), [[np.exp(0.5), 1e20, -1e20]], rtol=1e-6)


def test_it_is_the_same_in_another_unit() -> None:
    y = SHAPES["log-normal"][:, None]
    for kind in ("log", "yeo-johnson", "quantile"):
        one, other = fitted(y, kind).forward(y), fitted(1000 * y, kind).forward(1000 * y)
        standard = [(t - t.mean()) / t.std() for t in (one, other)]
        np.testing.assert_allclose(standard[0], standard[1], atol=1e-4)


def test_held_out_targets_without_a_logarithm_count_as_the_least_training_target() -> None:
    made = fitted(np.array([[2.0], [3.0], [8.0]]), "log")
    np.testing.assert_allclose(made.forward(np.array([[0.0], [-5.0], [1.0]])), np.log([[2.0], [2.0], [1.0]]), rtol=1e-6)


def test_auto_takes_logarithms_of_heavy_positive_tails_alone() -> None:
    found = {name: auto_kind(y) for name, y in SHAPES.items()}
    assert found == dict.fromkeys(SHAPES, "none") | {"log-normal": "log"}
    assert auto_kind(SHAPES["log-normal"][:29]) == "none"  # too few to judge by
    assert auto_kind(np.exp(0.5 * RNG.standard_normal(500))) == "none"
    assert auto_kind(np.exp(-RNG.gamma(0.5, 3.0, 500))) == "none"  # its logarithms have the long tail
    assert auto_kind(np.append(SHAPES["log-normal"], 0.0)) == "none"


@pytest.mark.parametrize("kind", ["log", "log1p", "yeo-johnson", "quantile", "auto"])
@pytest.mark.parametrize("y", [[[3.0]], [[3.0], [3.0]], [[1e-38], [1e38]], [[1.0], [2.0], [1e30]]])
def test_few_equal_or_extreme_targets_give_finite_numbers_and_no_warning(kind: str, y: list[list[float]]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = fit_transform(np.array(y), kind)
        if made is not None:
            assert not made.problems(1).found
            assert np.isfinite(made.inverse(made.forward(np.array(y)))).all()
