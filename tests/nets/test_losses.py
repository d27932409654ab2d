from __future__ import annotations

import math
from random import Random
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special
from sklearn import metrics

from goodfit.errors import InputError
from goodfit.nets import losses
from goodfit.nets.losses import DEFAULT_LOSSES, LINKS, LOSSES, softmax
from goodfit.training.devices import doubles
from goodfit.training.metrics import score_row

NAMES = [name for name in LOSSES if name != "quantile"]  # whose outputs are not those of its targets: its own file
CODES = "cross-entropy"


def example(name: str, shape: tuple[int, ...] = (2, 3, 4, 5), seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Outputs [..., C, B] and targets that suit the loss, shared by the nets of the second axis."""
    rng = np.random.default_rng(seed)
    z = 2 * rng.standard_normal(shape)
    shared = (*shape[:-3], 1, *shape[-2:]) if len(shape) > 2 else shape
    if name == CODES:
        return z, rng.integers(0, shape[-2], (*shared[:-2], shape[-1]))
    if name == "binary-cross-entropy":
        return z, rng.integers(0, 2, shared).astype(float)
    if name == "poisson":
        return z, rng.poisson(1.5, shared) * rng.choice([1.0, 0.7], shared)
    return z, rng.standard_normal(shared)


def rows_of(name: str, z: Any, target: Any, smoothing: Any = 0.0, delta: Any = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """In float64."""
    with doubles(True):
        trained, plain = LOSSES[name].per_row(jnp.asarray(z, jnp.float64), jnp.asarray(target), smoothing, delta)
        assert trained.dtype == plain.dtype == jnp.float64
        return np.asarray(trained), np.asarray(plain)


def test_names_tasks_and_links() -> None:
    assert NAMES == ["cross-entropy", "binary-cross-entropy", "squared-error", "absolute-error", "huber", "poisson"]
    for name, loss in LOSSES.items():
        assert loss.name == name
        assert loss.formula
        assert loss.source
        assert loss.link in LINKS
    for task, name in DEFAULT_LOSSES.items():
        assert task in LOSSES[name].tasks
    assert {name: LOSSES[name].link for name in DEFAULT_LOSSES.values()} == {
        "cross-entropy": "softmax",
        "binary-cross-entropy": "sigmoid",
        "squared-error": "identity",
    }


@pytest.mark.parametrize(
    ("name", "z", "target", "smoothing", "delta", "expected"),
    [
        # exp(z) = 1, 2, 5: probabilities 1/8, 2/8, 5/8
        (CODES, [0, math.log(2), math.log(5)], 2, 0.0, 1, -math.log(5 / 8)),
        (CODES, [0, math.log(2), math.log(5)], 0, 0.0, 1, math.log(8)),
        (CODES, [0, math.log(2), math.log(5)], 0, 0.3, 1, 0.7 * math.log(8) - 0.1 * math.log(1 / 8 * 2 / 8 * 5 / 8)),
        ("binary-cross-entropy", [math.log(3)], [1], 0.0, 1, -math.log(3 / 4)),
        ("binary-cross-entropy", [math.log(3)], [0], 0.0, 1, -math.log(1 / 4)),
        ("binary-cross-entropy", [math.log(3), 0], [1, 0], 0.0, 1, math.log(4 / 3) + math.log(2)),
        ("binary-cross-entropy", [math.log(3)], [1], 0.2, 1, 0.9 * math.log(4 / 3) + 0.1 * math.log(4)),
        ("binary-cross-entropy", [math.log(3)], [0], 0.2, 1, 0.9 * math.log(4) + 0.1 * math.log(4 / 3)),
        ("squared-error", [3, -1], [1, 2], 0.0, 1, (4 + 9) / 2),
        ("absolute-error", [3, -1], [1, 2], 0.0, 1, 5),
        ("huber", [3, -1], [1, 2], 0.0, 1, (2 - 0.5) + (3 - 0.5)),
        ("huber", [3, -1], [1, 2], 0.0, 2.5, 4 / 2 + 2.5 * (3 - 1.25)),
        ("huber", [3, -1], [1, 2], 0.0, 10, (4 + 9) / 2),
        ("poisson", [math.log(2), 0], [2, 0], 0.0, 1, 1),
        ("poisson", [math.log(2), 1], [3, 1], 0.0, 1, 2 - 3 * math.log(2) + 3 * math.log(3) - 3 + math.e - 2),
    ],
)
def test_by_hand(name: str, z: list[float], target: Any, smoothing: float, delta: float, expected: float) -> None:
    target = np.array([target]) if name == CODES else np.array(target, float)[:, None]
    trained, plain = rows_of(name, np.array(z, float)[:, None], target, smoothing, delta)
    assert trained == pytest.approx([expected], rel=1e-14)
    assert (plain == trained).all() == (smoothing == 0)


@pytest.mark.parametrize("name", NAMES)
def test_plain_is_the_loss_without_smoothing(name: str) -> None:
    z, target = example(name)
    smoothing = np.full((2, 3, 1), 0.4)
    without, plain = rows_of(name, z, target)
    smoothed, still_plain = rows_of(name, z, target, smoothing)
    left_out, plain_again = rows_of(name, z, target, None)
    assert plain.shape == (2, 3, 5)
    for same in (without, still_plain, left_out, plain_again):
        np.testing.assert_array_equal(same, plain)
    assert (smoothed != plain).all() == (name in (CODES, "binary-cross-entropy"))


@pytest.mark.parametrize(
    ("name", "smoothing", "delta"),
    [
        (CODES, 0.0, 1.0),
        (CODES, 0.3, 1.0),
        ("binary-cross-entropy", 0.0, 1.0),
        ("binary-cross-entropy", 0.3, 1.0),
        ("squared-error", 0.0, 1.0),
        ("absolute-error", 0.0, 1.0),
        ("huber", 0.0, 0.5),
        ("huber", 0.0, 2.0),
        ("poisson", 0.0, 1.0),
    ],
)
def test_gradients_match_central_differences(name: str, smoothing: float, delta: float) -> None:
    """With row weights, as training sums the rows; every class and both labels occur as targets."""
    z, target = example(name, (4, 12))
    weight = np.linspace(0.2, 3.0, 12)
    with doubles(True):
        target = jnp.asarray(target)

        def total(z: jax.Array) -> jax.Array:
            return (LOSSES[name].per_row(z, target, smoothing, delta)[0] * weight).sum()

        exact = np.asarray(jax.jit(jax.grad(total))(jnp.asarray(z)))
        h = 1e-6
        steps = h * jnp.eye(z.size).reshape(-1, *z.shape)
        up, down = (np.asarray(jax.jit(jax.vmap(total))(z + side * steps)) for side in (1, -1))
    np.testing.assert_allclose(exact, ((up - down) / (2 * h)).reshape(z.shape), rtol=1e-6, atol=1e-8)


def test_gradient_of_cross_entropy_is_probability_minus_target() -> None:
    z, target = example(CODES, (4, 7))
    with doubles(True):
        for smoothing in (0.0, 0.2):
            gradient = jax.grad(lambda z, s=smoothing: losses.cross_entropy(z, jnp.asarray(target), s, None)[0].sum())(
                jnp.asarray(z)
            )
            wanted = (1 - smoothing) * np.eye(4)[:, target] + smoothing / 4
            np.testing.assert_allclose(gradient, special.softmax(z, 0) - wanted, atol=1e-14)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("squared-error", 0.0), ("absolute-error", 0.0), ("huber", 0.0), ("binary-cross-entropy", 0.5)],
)
def test_gradient_at_zero(name: str, expected: float) -> None:
    """Where output and target are both 0: no pull from the distances, sigmoid(0) - 0 from the logits."""
    gradient = jax.grad(lambda z: LOSSES[name].per_row(z, jnp.zeros((1, 1)), 0.0, 1.0)[0].sum())(jnp.zeros((1, 1)))
    assert float(gradient[0, 0]) == expected


def test_gradient_of_huber_at_its_joint_is_delta() -> None:
    for side in (-1.5, 1.5):
        gradient = jax.grad(lambda z: LOSSES["huber"].per_row(z, jnp.zeros((1, 1)), 0.0, 1.5)[0].sum())
        assert float(gradient(jnp.full((1, 1), side))[0, 0]) == side


def test_cross_entropy_matches_scikit_learn() -> None:
    z, target = example(CODES, (6, 40))
    _, plain = rows_of(CODES, z, target)
    assert plain.mean() == pytest.approx(metrics.log_loss(target, special.softmax(z, 0).T, labels=range(6)), rel=1e-12)


def test_smoothing_matches_its_definition() -> None:
    """Cross-entropy against (1 - s) one-hot + s / C, one s a net."""
    z, target = example(CODES)
    smoothing = np.array([[0.0, 0.1, 0.5], [0.9, 0.2, 0.3]])
    trained, _ = rows_of(CODES, z, target, smoothing[..., None])
    one_hot = np.moveaxis(np.eye(4)[target], -1, -2)  # [2, 1, 4, 5]
    s = smoothing[..., None, None]
    expected = -(((1 - s) * one_hot + s / 4) * special.log_softmax(z, -2)).sum(-2)
    np.testing.assert_allclose(trained, expected, rtol=1e-12)


def test_binary_cross_entropy_matches_scikit_learn() -> None:
    z, target = example("binary-cross-entropy", (3, 50))
    _, plain = rows_of("binary-cross-entropy", z, target)
    expected = sum(metrics.log_loss(t, special.expit(each)) for t, each in zip(target, z, strict=True))
    assert plain.mean() == pytest.approx(expected, rel=1e-12)


def test_binary_smoothing_matches_its_definition() -> None:
    z, target = example("binary-cross-entropy")
    s = np.array([[0.0, 0.1, 0.5], [0.9, 0.2, 0.3]])[..., None]
    trained, _ = rows_of("binary-cross-entropy", z, target, s)
    soft = target * (1 - s[..., None]) + s[..., None] / 2
    expected = -(soft * special.log_expit(z) + (1 - soft) * special.log_expit(-z)).sum(-2)
    np.testing.assert_allclose(trained, expected, rtol=1e-12)


def test_two_classes_agree_with_one_binary_output() -> None:
    """softmax over (0, z) is sigmoid(z)."""
    z, target = example("binary-cross-entropy", (1, 20))
    pair = np.concatenate([np.zeros_like(z), z])
    np.testing.assert_allclose(
        rows_of(CODES, pair, target[0].astype(int))[0], rows_of("binary-cross-entropy", z, target)[0], rtol=1e-12
    )


def test_numeric_losses_match_other_libraries() -> None:
    z, target = example("squared-error", (3, 50))
    squared, absolute = (rows_of(name, z, target)[1].mean() for name in ("squared-error", "absolute-error"))
    assert squared == pytest.approx(3 / 2 * metrics.mean_squared_error(target.T, z.T), rel=1e-12)
    assert absolute == pytest.approx(3 * metrics.mean_absolute_error(target.T, z.T), rel=1e-12)
    for delta in (0.3, 1.0, 4.0):
        huber = rows_of("huber", z, target, 0.0, delta)[1]
        np.testing.assert_allclose(huber, special.huber(delta, z - target).sum(0), rtol=1e-12)


def test_huber_takes_a_delta_a_net() -> None:
    z, target = example("huber")
    delta = np.array([[0.5, 1.0, 2.0], [3.0, 0.1, 0.7]])
    found = rows_of("huber", z, target, 0.0, delta[..., None])[0]
    np.testing.assert_allclose(found, special.huber(delta[..., None, None], z - target).sum(-2), rtol=1e-12)


def test_poisson_matches_scikit_learn() -> None:
    """Half the deviance, summed over outputs."""
    z, target = example("poisson", (3, 50))
    assert (target == 0).any()
    rows = rows_of("poisson", z, target)[1]
    np.testing.assert_allclose(
        rows, (np.exp(z) - target * z + special.xlogy(target, target) - target).sum(0), rtol=1e-12
    )
    halves = sum(metrics.mean_poisson_deviance(t, np.exp(each)) / 2 for t, each in zip(target, z, strict=True))
    assert rows.mean() == pytest.approx(halves, rel=1e-12)


def test_the_gradient_of_poisson_is_prediction_minus_target() -> None:
    z, target = example("poisson", (4, 7))
    with doubles(True):
        gradient = jax.grad(lambda z: losses.poisson(z, jnp.asarray(target), None, None)[0].sum())(jnp.asarray(z))
    np.testing.assert_allclose(gradient, np.exp(z) - target, rtol=1e-13, atol=1e-13)


def test_poisson_keeps_its_precision_for_large_counts_and_its_limits() -> None:
    """In float32 the terms of the formula would cancel: 3e7 - 1e6 log(...) leaves errors of about 1."""
    counts = np.array([[1e3, 1e6, 1e6, 1e30]])
    z = np.log(counts * [[1.01, 1.01, 1.0, 1.0]])
    _, found = losses.poisson(jnp.asarray(z, jnp.float32), jnp.asarray(counts, jnp.float32), None, None)
    exact = special.xlogy(counts, counts / np.exp(z)) - counts + np.exp(z)
    np.testing.assert_allclose(found[:2], exact[0, :2], rtol=5e-4)
    assert float(found[2]) < 1e-5
    z, target = jnp.asarray([[-1e4, -1e4, 80.0]]), jnp.asarray([[0.0, 2.0, 0.0]])
    (_, plain), gradient = jax.value_and_grad(
        lambda z: (lambda rows: (rows[0].sum(), rows[1]))(losses.poisson(z, target, None, None)), has_aux=True
    )(z)
    np.testing.assert_allclose(plain, [0, 2e4 + 2 * math.log(2) - 2, math.exp(80)], rtol=1e-5)
    np.testing.assert_allclose(gradient, [[0, -2, math.exp(80)]], rtol=1e-5)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "poisson"])
@pytest.mark.parametrize("size", [0.0, 1e4])
def test_extreme_outputs_are_finite_in_float32(name: str, size: float) -> None:
    z = jnp.asarray([[size, -size, size], [-size, size, size], [0.0, 0.0, size]], jnp.float32)
    targets = [jnp.asarray([code] * 3) for code in range(3)] if name == CODES else [jnp.zeros((3, 3)), jnp.ones((3, 3))]
    for target in targets:

        def both(z: jax.Array, target: jax.Array = target) -> tuple[jax.Array, jax.Array]:
            trained, plain = LOSSES[name].per_row(z, target, jnp.full(3, 0.1), jnp.ones(3))
            return trained.sum(), plain

        (total, plain), gradient = jax.jit(jax.value_and_grad(both, has_aux=True))(z)
        assert total.dtype == plain.dtype == gradient.dtype == jnp.float32
        assert np.isfinite(total)
        assert np.isfinite(plain).all()
        assert np.isfinite(gradient).all()


def test_certain_and_right_costs_nothing_and_certain_and_wrong_costs_the_gap() -> None:
    _, plain = rows_of(CODES, [[1e4, 1e4], [-1e4, -1e4]], np.array([0, 1]))
    np.testing.assert_array_equal(plain, [0.0, 2e4])
    _, plain = rows_of("binary-cross-entropy", [[1e4, 1e4, -1e4, -1e4]], np.array([[1.0, 0.0, 0.0, 1.0]]))
    np.testing.assert_array_equal(plain, [0.0, 1e4, 0.0, 1e4])


@pytest.mark.parametrize("name", NAMES)
def test_nan_outputs_give_nan_losses(name: str) -> None:
    z, target = example(name, (4, 3))
    z[1, 2] = np.nan
    trained, plain = rows_of(name, z, target, 0.1)
    assert np.isnan(trained).tolist() == np.isnan(plain).tolist() == [False, False, True]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", [jnp.float32, jnp.float64])
def test_types_are_kept_and_jit_and_vmap_agree(name: str, kind: type) -> None:
    z, target = example(name)
    with doubles(True):
        z = jnp.asarray(z, kind)
        target = jnp.asarray(target) if name == CODES else jnp.asarray(target, kind)
        smoothing, delta = jnp.full((2, 3, 1), 0.1, kind), jnp.full((2, 3, 1), 0.7, kind)
        here = LOSSES[name].per_row(z, target, smoothing, delta)
        rtol = 1e-12 if kind is jnp.float64 else 1e-5
        compiled = jax.jit(LOSSES[name].per_row)(z, target, smoothing, delta)
        wide = jnp.broadcast_to(target, (2, 3, 5) if name == CODES else z.shape)
        mapped = jax.vmap(jax.vmap(LOSSES[name].per_row))(z, wide, smoothing, delta)
        plain_numbers = LOSSES[name].per_row(z, target, 0.1, 0.7)
        for other in (compiled, mapped, plain_numbers):
            for a, b in zip(here, other, strict=True):
                assert a.dtype == b.dtype == kind
                np.testing.assert_allclose(a, b, rtol=rtol)


def test_cross_entropy_compiles_to_no_gather() -> None:
    z, target = example(CODES)
    z, target = jnp.asarray(z), jnp.asarray(target)
    gradient = jax.grad(lambda z: losses.cross_entropy(z, target, 0.1, None)[0].sum())
    text = (
        jax.jit(gradient).lower(z).as_text()
        + jax.jit(lambda z: score_row("classification", z, target, "identity")).lower(z).as_text()
    )
    assert "gather" not in text
    assert "scatter" not in text
    assert "exponential" in text


def test_a_class_number_out_of_range_is_finite() -> None:
    for code in (-1, 4):
        z, _ = example(CODES, (4, 1))
        trained, plain = rows_of(CODES, z, np.array([code]), 0.1)
        assert np.isfinite(trained).all()
        assert np.isfinite(plain).all()


def test_score_of_classes_by_hand() -> None:
    """The first of equal outputs wins, as argmax has it."""
    z = jnp.asarray([[1.0, 2.0, 2.0, 0.0], [3.0, 2.0, 2.0, 0.0], [2.0, 1.0, 2.0, 0.0]])
    for code, expected in enumerate(([0, 1, 1, 1], [1, 0, 0, 0], [0, 0, 0, 0])):
        score = score_row("classification", z, jnp.full(4, code), "identity")
        assert score.dtype == jnp.float32
        np.testing.assert_array_equal(score, expected)


@given(st.integers(1, 5), st.integers(0, 4), st.randoms(use_true_random=False))
def test_score_of_classes_is_argmax(classes: int, code: int, random: Random) -> None:
    """On outputs that are full of ties, infinite ones too."""
    values = [-math.inf, -1.0, -0.0, 0.0, 1.0, math.inf]
    z = np.array([[random.choice(values) for _ in range(16)] for _ in range(classes)], np.float32)  # [C, B]
    code %= classes
    score = score_row("classification", jnp.asarray(z), jnp.full(16, code), "identity")
    np.testing.assert_array_equal(score, z.argmax(0) == code)


def test_score_of_nan_is_a_miss() -> None:
    for place in range(3):
        z = np.array([0.0, 1.0, 2.0], np.float32)[:, None]
        z[place] = np.nan
        for code in range(3):
            assert float(score_row("classification", jnp.asarray(z), jnp.asarray([code]), "identity")[0]) == 0.0
    z = jnp.asarray([[1.0, jnp.nan], [-1.0, -1.0]])
    for label in (0.0, 1.0):
        target = jnp.asarray([[1.0, label], [0.0, 0.0]])
        np.testing.assert_array_equal(score_row("multilabel", z, target, "identity"), [1, 0])


def test_score_of_labels_by_hand() -> None:
    """All labels right: an output says yes when it is above 0."""
    z = jnp.asarray([[1.0, 1.0, -1.0, 0.0], [-2.0, 2.0, 2.0, 0.1]])
    target = jnp.asarray([[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0]])
    np.testing.assert_array_equal(score_row("multilabel", z, target, "identity"), [1, 0, 1, 1])
    assert float(score_row("multilabel", jnp.zeros((1, 1)), jnp.ones((1, 1)), "identity")[0]) == 0.0


def test_score_of_numbers_is_the_squared_error() -> None:
    z, target = example("squared-error")
    score = score_row("regression", jnp.asarray(z, jnp.float32), jnp.asarray(target, jnp.float32), "identity")
    assert score.shape == (2, 3, 5)
    np.testing.assert_allclose(score, ((z - target) ** 2).sum(-2), rtol=1e-5)
    np.testing.assert_array_equal(
        score_row("regression", jnp.asarray([[3.0], [-1.0]]), jnp.asarray([[1.0], [2.0]]), "identity"), [13]
    )


def test_score_of_numbers_is_that_of_predictions_not_outputs() -> None:
    z = jnp.log(jnp.asarray([[3.0], [0.5]]))
    np.testing.assert_allclose(score_row("regression", z, jnp.asarray([[1.0], [2.5]]), "exp"), [4 + 4], rtol=1e-6)


@pytest.mark.parametrize("task", DEFAULT_LOSSES)
def test_scores_share_targets_and_keep_types(task: str) -> None:
    z, target = example(DEFAULT_LOSSES[task])
    with doubles(True):
        for kind in (jnp.float32, jnp.float64):
            score = jax.jit(lambda z, t: score_row(task, z, t, "identity"))(jnp.asarray(z, kind), jnp.asarray(target))
            assert score.shape == (2, 3, 5)
            if task == "classification":
                np.testing.assert_array_equal(score, z.argmax(-2) == target)
                assert score.dtype == kind


def test_links() -> None:
    z, _ = example(CODES)
    np.testing.assert_allclose(softmax(jnp.asarray(z)), special.softmax(z, -2), rtol=1e-5)
    np.testing.assert_allclose(LINKS["sigmoid"](jnp.asarray(z)), special.expit(z), rtol=1e-5)
    np.testing.assert_array_equal(LINKS["identity"](jnp.asarray(z, jnp.float32)), z.astype(np.float32))
    np.testing.assert_allclose(LINKS["exp"](jnp.asarray(z)), np.exp(z), rtol=1e-5)
    extreme = LINKS["softmax"](jnp.asarray([[1e4, 0.0], [-1e4, 0.0]]))
    np.testing.assert_array_equal(extreme, [[1, 0.5], [0, 0.5]])


def test_get() -> None:
    assert losses.get("huber") is LOSSES["huber"]
    with pytest.raises(InputError, match=r"^Net: no such loss; got 'hubber'. Did you mean 'huber'\?$"):
        losses.get("hubber")
