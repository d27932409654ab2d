"""Rows to validate on: given or set aside, what is measured on them, and what stops a training."""

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
    assert_same_bits,
    assert_same_net,
    ours,
)
from sklearn.metrics import accuracy_score, f1_score, log_loss, mean_squared_error, r2_score
from sklearn.model_selection import train_test_split

import goodfit as gf

pytestmark = UNCONVERGED

TRAIN_X, VALID_X, TRAIN_Y, VALID_Y = train_test_split(FLOWERS, KINDS, test_size=50, random_state=0)
VALID = (VALID_X, VALID_Y)
EPOCHS = 6


def after_each_epoch(kind: str, x: Any, y: Any, **given: Any) -> list[Any]:
    """The same net after 1, 2, ... epochs."""
    return [ours(kind, **given, max_iter=epochs).fit(x, y) for epochs in range(1, EPOCHS + 1)]


def test_classes_are_measured_on_rows_of_ones_own() -> None:
    net = ours(validation_data=VALID, max_iter=EPOCHS).fit(TRAIN_X, TRAIN_Y)
    nets = after_each_epoch("MLPClassifier", TRAIN_X, TRAIN_Y)
    assert_same_net(net, nets[-1])  # they do not train
    by_hand = [log_loss(VALID_Y, each.predict_proba(VALID_X)) for each in nets]
    np.testing.assert_allclose(net.validation_loss_curve_, by_hand, rtol=1e-9)
    scores = [accuracy_score(VALID_Y, each.predict(VALID_X)) for each in nets]
    np.testing.assert_allclose(net.validation_scores_, scores)
    assert net.best_validation_score_ == pytest.approx(max(scores))
    assert net.best_loss_ == min(net.loss_curve_)


def test_rows_of_ones_own_may_have_weights() -> None:
    weights = WEIGHTS[:50]
    net = ours(validation_data=(*VALID, weights), max_iter=1).fit(TRAIN_X, TRAIN_Y)
    loss = log_loss(VALID_Y, net.predict_proba(VALID_X), sample_weight=weights)
    score = accuracy_score(VALID_Y, net.predict(VALID_X), sample_weight=weights)
    assert net.validation_loss_curve_ == [pytest.approx(loss)]
    assert net.validation_scores_ == [pytest.approx(score)]


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error"])
def test_numbers_are_measured_on_rows_of_ones_own(loss: str) -> None:
    x, y = NUMBER_X[40:], 7 * NUMBERS[40:] + 100
    net = ours("MLPRegressor", validation_data=(x, y), max_iter=EPOCHS, loss=loss).fit(NUMBER_X[:40], 7 * NUMBERS[:40])
    found = [each.predict(x) for each in after_each_epoch("MLPRegressor", NUMBER_X[:40], 7 * NUMBERS[:40], loss=loss)]
    absolute = loss == "absolute_error"
    by_hand = [np.abs(z - y).mean() if absolute else mean_squared_error(y, z) / 2 for z in found]
    np.testing.assert_allclose(net.validation_loss_curve_, by_hand, rtol=1e-9)
    np.testing.assert_allclose(net.validation_scores_, [r2_score(y, z) for z in found], rtol=1e-7)


def test_several_labels_are_measured_on_rows_of_ones_own() -> None:
    net = ours(validation_data=(LABEL_X[:20], LABELS[:20]), max_iter=1).fit(LABEL_X[20:], LABELS[20:])
    probability = net.predict_proba(LABEL_X[:20])
    by_hand = -np.log(np.where(LABELS[:20] == 1, probability, 1 - probability)).sum(axis=1).mean()
    assert net.validation_loss_curve_ == [pytest.approx(by_hand)]
    assert net.validation_scores_ == [pytest.approx(net.score(LABEL_X[:20], LABELS[:20]))]


def test_without_validation_rows_there_are_no_curves() -> None:
    net = ours().fit(FLOWERS, KINDS)
    assert net.validation_loss_curve_ is net.validation_scores_ is net.best_validation_score_ is None
    assert net.history_.metrics == ("train_loss", "train_score")


def test_words_are_understood_in_validation_rows() -> None:
    words = np.array(["no", "yes"])
    net = ours(validation_data=(VALID_X, words[(VALID_Y > 0) * 1]), early_stopping=True)
    net.fit(TRAIN_X, words[(TRAIN_Y > 0) * 1])
    assert net.best_validation_score_ == pytest.approx(net.score(VALID_X, words[(VALID_Y > 0) * 1]))


@pytest.mark.parametrize("early_stopping", [True, "loss", "balanced_accuracy"])
def test_rows_of_ones_own_equal_the_same_rows_set_aside(early_stopping: Any) -> None:
    """scikit-learn's generator draws the weights (4 x 8, 8, 8 x 3, 3 numbers), and then the rows that validate."""
    draws = np.random.RandomState(3)
    for count in (32, 8, 24, 3):
        draws.uniform(size=count)
    train, valid = train_test_split(np.arange(150), test_size=0.2, random_state=draws)
    given = {"shuffle": False, "early_stopping": early_stopping, "max_iter": 20}
    aside = ours(**given, validation_fraction=0.2).fit(FLOWERS, KINDS)
    own = ours(**given, validation_data=(FLOWERS[valid], KINDS[valid])).fit(FLOWERS[train], KINDS[train])
    assert_same_bits(aside, own)
    assert aside.validation_scores_ == own.validation_scores_
    assert aside.validation_loss_curve_ == own.validation_loss_curve_


def stop_by_hand(values: list[float], patience: int, tol: float) -> tuple[int, int]:
    """(epoch of the stop, epoch of the best) of values that are better high, by scikit-learn's rule."""
    best, since, place = -np.inf, 0, 0
    for epoch, value in enumerate(values, start=1):
        since = since + 1 if value < best + tol else 0
        if value > best:
            best, place = value, epoch
        if since > patience:
            return epoch, place
    return len(values), place


def macro_f1(net: Any, x: Any, y: Any) -> float:
    return float(f1_score(y, net.predict(x), average="macro", zero_division=0.0))


@pytest.mark.parametrize("watched", ["score", "loss", "f1_macro", macro_f1, True])
def test_what_is_watched_stops_and_keeps_the_best(watched: Any) -> None:
    given = {"learning_rate_init": 0.2, "n_iter_no_change": 3, "tol": 1e-3, "validation_data": VALID}
    net = ours(**given, early_stopping=watched, max_iter=200).fit(TRAIN_X, TRAIN_Y)
    curve = [-loss for loss in net.validation_loss_curve_] if watched == "loss" else net.validation_scores_
    stopped, best = stop_by_hand(curve, patience=3, tol=1e-3)
    assert net.n_iter_ == len(curve) == stopped < 200
    assert net.history_.best_epoch.tolist() == [best]
    expected = ours(max_iter=best, learning_rate_init=0.2).fit(TRAIN_X, TRAIN_Y)
    np.testing.assert_allclose(net.predict_proba(VALID_X), expected.predict_proba(VALID_X), rtol=1e-7, atol=1e-12)
    assert net.best_loss_ is None
    if "f1" in str(watched):
        assert net.best_validation_score_ == max(curve) == macro_f1(net, *VALID)


@pytest.mark.parametrize("columns", [1, 2])
def test_the_score_of_numbers_is_watched_in_its_own_unit(columns: int) -> None:
    """`tol` is of R², whatever the targets' unit: thousands stop where ones do."""
    y = NUMBERS if columns == 1 else np.column_stack([NUMBERS, NUMBERS**2])
    given = {"hidden_layer_sizes": (), "early_stopping": True, "solver": "lion", "max_iter": 400, "tol": 0.01}
    net = ours("MLPRegressor", **given).fit(NUMBER_X, y)
    stopped, best = stop_by_hand(net.validation_scores_, patience=10, tol=0.01)
    assert net.n_iter_ == stopped < 400
    assert net.history_.best_epoch.tolist() == [best]


def test_a_scorer_is_given_a_fitted_net_and_the_validation_rows() -> None:
    seen = []

    def scorer(net: Any, x: Any, y: Any) -> float:
        seen.append((net.predict(x).shape, x.shape, len(y), net.n_features_in_))
        return float(len(seen))

    net = ours(early_stopping=scorer, max_iter=4).fit(FLOWERS, KINDS)
    assert seen == [((15,), (15, 4), 15, 4)] * 4
    assert net.validation_scores_ == [1.0, 2.0, 3.0, 4.0]


def test_a_scorer_of_words_and_of_weighted_rows() -> None:
    words = np.array(["setosa", "versicolor", "virginica"])[KINDS]
    net = ours(early_stopping="accuracy", max_iter=3).fit(FLOWERS, words, sample_weight=WEIGHTS)
    reference = ours(early_stopping=True, max_iter=3).fit(FLOWERS, words, sample_weight=WEIGHTS)
    np.testing.assert_allclose(net.validation_scores_, reference.validation_scores_)


def test_the_weights_of_the_best_epoch_are_kept_even_at_the_last() -> None:
    """Training ends at `max_iter`, long after the validation loss was least."""
    given = {"learning_rate_init": 0.3, "n_iter_no_change": 1000, "validation_data": VALID}
    net = ours(**given, early_stopping="loss", max_iter=30, solver="sgd").fit(TRAIN_X, TRAIN_Y)
    assert log_loss(VALID_Y, net.predict_proba(VALID_X)) == pytest.approx(min(net.validation_loss_curve_))
    assert min(net.validation_loss_curve_) < net.validation_loss_curve_[-1]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"validation_data": (VALID_X,)}, r"'validation_data' must be \(X, y\) or \(X, y, sample_weight\); got 1\."),
        ({"validation_data": (VALID_X[:, :2], VALID_Y)}, "must fit the training data: X has 2 features, but"),
        ({"validation_data": (VALID_X, VALID_Y[:-1])}, "must fit the training data: X has 50 rows, and y has 49"),
        (
            {"validation_data": (VALID_X, VALID_Y + 9)},
            r"y has classes that are not in the training data: \[9, 10, 11\]",
        ),
        ({"validation_data": (VALID_X, VALID_Y, WEIGHTS)}, "must fit the training data: sample_weight.shape =="),
        ({"validation_data": (VALID_X, None)}, "must fit the training data: Input should have at least 1 dimension"),
        ({"validation_data": VALID, "solver": "lbfgs"}, "'validation_data' is not supported by solver 'lbfgs'"),
        ({"early_stopping": "acuracy"}, "'early_stopping' must be a boolean, 'score', 'loss' or a scikit-learn scorer"),
    ],
)
def test_what_cannot_be_watched(given: dict[str, Any], message: str) -> None:
    with pytest.raises(gf.InputError, match=message):
        ours(**given).fit(TRAIN_X, TRAIN_Y)


def test_a_share_that_is_too_small() -> None:
    with pytest.raises(ValueError, match="The validation set is too small"):
        ours(early_stopping=True, validation_fraction=0.005).fit(FLOWERS, KINDS)
