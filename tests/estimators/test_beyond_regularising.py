"""Dropout, L1, class weights, label smoothing and clipped gradients, each against something worked by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from estimators_help import (
    FLOWERS,
    KINDS,
    LABEL_X,
    LABELS,
    NUMBER_X,
    NUMBERS,
    UNCONVERGED,
    WEIGHTS,
    arrays,
    assert_same_net,
    forward,
    ours,
    relu,
    softmax,
    still,
    theirs,
)
from scipy.special import expit
from sklearn.utils import compute_sample_weight

pytestmark = UNCONVERGED

WIDE = 600
ONE_ROW = np.linspace(-1.0, 1.0, WIDE)[None]
FAR = np.array([1e6])  # so that the gradient of the absolute error at the output is -1, whatever is dropped


def one_step(nets: dict[str, Any]) -> tuple[Any, Any]:
    """A linear chain of two wide layers before and after one step of plain gradient descent on one row."""
    given = {
        "hidden_layer_sizes": (WIDE, WIDE), "activation": "identity", "loss": "absolute_error", "solver": "sgd",
        "momentum": 0.0, "alpha": 0.0, "max_iter": 1, "learning_rate_init": 1e-3, **nets,
    }  # fmt: skip
    net = ours("MLPRegressor", **given)
    return still(net, ONE_ROW, FAR), net.fit(ONE_ROW, FAR)


def is_rate(dropped: Any, rate: float) -> bool:
    """Whether a share of dropped units is the rate, within 4.5 standard deviations of a binomial share."""
    return bool(abs(dropped.mean() - rate) <= 4.5 * np.sqrt(rate * (1 - rate) / dropped.size))


def test_each_layer_drops_units_at_its_own_rate() -> None:
    """A unit that is dropped sends nothing on, so that the weights behind it do not move."""
    before, after = one_step({"dropout": [0.2, 0.7], "input_dropout": 0.4})
    moved = [a != b for a, b in zip(after.coefs_, before.coefs_, strict=True)]
    assert is_rate(~moved[0].any(axis=1), 0.4)
    assert is_rate(~moved[1].any(axis=1), 0.2)
    assert is_rate(~moved[2].any(axis=1), 0.7)


def test_kept_units_are_divided_by_their_share() -> None:
    """(1 - rate) times what a kept unit gives is what it gives without dropout: expectations are the same."""
    plain_before, plain = one_step({})
    before, after = one_step({"dropout": [0.0, 0.75]})
    step, whole = after.coefs_[2] - before.coefs_[2], plain.coefs_[2] - plain_before.coefs_[2]
    kept = step != 0
    np.testing.assert_allclose(step[kept] * 0.25, whole[kept], rtol=1e-6)


def test_training_drops_and_predicting_does_not() -> None:
    net = ours(dropout=0.5).fit(FLOWERS, KINDS)
    assert not np.allclose(net.coefs_[0], ours().fit(FLOWERS, KINDS).coefs_[0])
    np.testing.assert_allclose(net.predict_proba(FLOWERS), forward(FLOWERS, net, [relu], softmax), rtol=1e-12)
    assert_same_net(net, ours(dropout=[0.5]).fit(FLOWERS, KINDS))


def test_other_epochs_and_seeds_drop_other_units() -> None:
    nets = [ours(dropout=0.5, max_iter=1, n_nets=2, random_state=seed).fit(FLOWERS, KINDS) for seed in (1, 2)]
    moved = [[net.coefs[0] for net in each.nets_] for each in nets]
    np.testing.assert_allclose(moved[0][1], moved[1][0], rtol=1e-9)  # both have seed 2
    assert not np.allclose(moved[0][0], moved[0][1])
    rows = np.repeat(FLOWERS[:1], 2, axis=0), [0, 1]
    given = {"dropout": 0.5, "activation": "identity", "solver": "sgd", "momentum": 0.0, "alpha": 0.0}
    steps = [ours(**given, max_iter=epochs).fit(*rows).coefs_[1] for epochs in (1, 2)]
    start = still(ours(**given), *rows).coefs_[1]
    assert ((steps[0] != start) != (steps[1] != steps[0])).any()


def test_l1_gives_exact_zeros_and_more_of_them_the_stronger_it_is() -> None:
    zeros = []
    for l1 in (0.0, 0.03, 0.3):
        net = ours("MLPRegressor", l1=l1, max_iter=60, solver="sgd").fit(NUMBER_X, NUMBERS)
        zeros.append(sum((w == 0).sum() for w in net.coefs_))
    assert zeros[0] == 0 < zeros[1] < zeros[2]


@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_the_loss_that_is_reported_holds_both_penalties(solver: str) -> None:
    given = {"solver": solver, "alpha": 0.3, "max_iter": 1}
    net = ours(**given, l1=0.02, learning_rate_init=1e-30).fit(FLOWERS, KINDS)
    log_loss = -np.log(forward(FLOWERS, net, [relu], softmax)[np.arange(150), KINDS]).mean()
    penalties = sum(0.02 * np.abs(w).sum() + 0.3 / 2 * (w**2).sum() / 150 for w in net.coefs_)
    assert net.loss_curve_ == [pytest.approx(log_loss + penalties, rel=1e-12)]
    assert net.loss_ == net.best_loss_ == net.loss_curve_[0]


def test_one_proximal_step() -> None:
    """A step of gradient descent, then a step of learning rate times l1 towards zero, no further."""
    plain, shrunk = (
        ours("MLPRegressor", hidden_layer_sizes=(), solver="sgd", momentum=0.0, alpha=0.0, max_iter=1, l1=l1).fit(
            NUMBER_X, NUMBERS
        )
        for l1 in (0.0, 4.0)
    )
    w = plain.coefs_[0]
    np.testing.assert_allclose(shrunk.coefs_[0], np.sign(w) * relu(np.abs(w) - 0.05 * 4.0), atol=1e-12)
    assert (shrunk.coefs_[0] == 0).any()
    np.testing.assert_allclose(shrunk.intercepts_[0], plain.intercepts_[0], rtol=1e-12)


@pytest.mark.parametrize("class_weight", ["balanced", {0: 3.0, 2: 0.5}])
@pytest.mark.parametrize("more", [{}, {"early_stopping": True}, {"solver": "lbfgs", "tol": 1.0}])
def test_class_weights_are_weights_of_rows(class_weight: Any, more: dict[str, Any]) -> None:
    x, y = FLOWERS[20:], KINDS[20:]
    weights = compute_sample_weight(class_weight, y)
    assert weights.std() > 0
    assert_same_net(ours(class_weight=class_weight, **more).fit(x, y), ours(**more).fit(x, y, sample_weight=weights))


def test_class_weights_multiply_the_weights_of_rows_and_names_may_be_words() -> None:
    words = np.array(["setosa", "versicolor", "virginica"])[KINDS]
    weighted = ours(class_weight={"setosa": 3.0}).fit(FLOWERS, words, sample_weight=WEIGHTS)
    by_hand = WEIGHTS * np.where(KINDS == 0, 3.0, 1.0)
    assert_same_net(weighted, theirs().fit(FLOWERS, words, sample_weight=by_hand), rtol=1e-6, atol=1e-8)


def test_class_weights_of_several_labels() -> None:
    """One dict a label; a row weighs the product of its labels' weights, as scikit-learn has it elsewhere."""
    each = [{0: 1.0, 1: 2.0}, {0: 0.5, 1: 1.0}, {0: 1.0, 1: 1.0}]
    by_hand = np.prod([np.where(LABELS[:, k] == 1, each[k][1], each[k][0]) for k in range(3)], axis=0)
    assert_same_net(ours(class_weight=each).fit(LABEL_X, LABELS), ours().fit(LABEL_X, LABELS, sample_weight=by_hand))
    balanced = compute_sample_weight("balanced", LABELS)
    assert_same_net(
        ours(class_weight="balanced").fit(LABEL_X, LABELS), ours().fit(LABEL_X, LABELS, sample_weight=balanced)
    )


def test_class_weights_in_partial_fit() -> None:
    net = ours(class_weight={1: 5.0}).partial_fit(FLOWERS, KINDS, classes=[0, 1, 2])
    weights = np.where(KINDS == 1, 5.0, 1.0)
    assert_same_net(net, ours().partial_fit(FLOWERS, KINDS, classes=[0, 1, 2], sample_weight=weights))


def test_label_smoothing_of_classes() -> None:
    net = ours(label_smoothing=0.3, alpha=0.0, max_iter=1, learning_rate_init=1e-30).fit(FLOWERS, KINDS)
    wanted = 0.7 * np.eye(3)[KINDS] + 0.3 / 3
    by_hand = -(wanted * np.log(forward(FLOWERS, net, [relu], softmax))).sum(axis=1).mean()
    assert net.loss_ == pytest.approx(by_hand, rel=1e-12)


@pytest.mark.parametrize("labels", [LABELS, LABELS[:, 0]], ids=["several", "two classes"])
def test_label_smoothing_of_labels(labels: Any) -> None:
    net = ours(label_smoothing=0.3, alpha=0.0, max_iter=1, learning_rate_init=1e-30).fit(LABEL_X, labels)
    wanted, z = 0.7 * labels.reshape(60, -1) + 0.15, forward(LABEL_X, net, [relu])
    by_hand = -(wanted * np.log(expit(z)) + (1 - wanted) * np.log(expit(-z))).sum(axis=1).mean()
    assert net.loss_ == pytest.approx(by_hand, rel=1e-12)


@pytest.mark.parametrize("clip_norm", [1e-3, 1e9])
def test_the_longest_gradient(clip_norm: float) -> None:
    given = {"solver": "sgd", "momentum": 0.0, "max_iter": 1, "hidden_layer_sizes": (4, 3)}
    plain, clipped = (
        ours("MLPRegressor", **given, clip_norm=longest).fit(NUMBER_X, 100 * NUMBERS) for longest in (None, clip_norm)
    )
    start = still(plain, NUMBER_X, 100 * NUMBERS)
    steps = [
        np.concatenate([(a - b).ravel() for a, b in zip(arrays(net), arrays(start), strict=True)])
        for net in (plain, clipped)
    ]
    length = np.linalg.norm(steps[0]) / 0.05
    np.testing.assert_allclose(steps[1], steps[0] * min(1.0, clip_norm / length), rtol=1e-6, atol=1e-12)
    assert length > 1
