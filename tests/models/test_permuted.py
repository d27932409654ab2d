"""Permutation importance: by hand for a linear net, beside scikit-learn's, and how often its intervals hold."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks import importance
from benchmarks.importance import FITTED, TRUE
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression, LogisticRegression

from goodfit.models.permuted import changes, together

ALONE = [np.array([place]) for place in range(4)]


def drawn(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((rows, 4))
    return x, (x @ TRUE + rng.standard_normal(rows))[:, None]


def test_a_linear_net_by_hand() -> None:
    """Without noise, permuting adds (slope (x - x'))² to the squared error: twice slope² times the variance."""
    x, _ = drawn(400, 0)
    y = (x @ FITTED)[:, None] + 1.0
    found = changes(lambda rows: (rows @ FITTED)[:, None], x, y, "regression", ALONE, repeats=200, seed=1)
    for place, (score, loss) in enumerate(found):
        rise = 2 * FITTED[place] ** 2 * x[:, place].var()
        assert loss.value == pytest.approx(np.sqrt(1 + rise) - 1, rel=0.02)
        assert score.value == pytest.approx(rise / y.var(), rel=0.02)
    (pair,) = changes(lambda rows: (rows @ FITTED)[:, None], x, y, "regression", [np.arange(4)], repeats=200, seed=1)
    assert pair[0].value == pytest.approx(2.0, rel=0.02)  # all together: the predictions of another row


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_the_same_as_scikit_learn_up_to_monte_carlo_error(task: str) -> None:
    x, y = drawn(300, 2)
    if task == "regression":
        model = LinearRegression().fit(x, y)
        predict, metrics = model.predict, ("r2", "neg_root_mean_squared_error")
    else:
        y = (y[:, 0] > 0).astype(int)
        model = LogisticRegression().fit(x, y)
        predict, metrics = model.predict_proba, ("accuracy", "neg_log_loss")
    found = changes(predict, x, y, task, ALONE, repeats=60, seed=0)
    for at, metric in enumerate(metrics):
        other = permutation_importance(model, x, y, scoring=metric, n_repeats=30, random_state=0)
        error = other.importances_std / np.sqrt(30)
        for place, pair in enumerate(found):
            assert abs(pair[at].value - other.importances_mean[place]) <= 6 * error[place] + 1e-3


def test_intervals_hold_the_value_on_all_rows() -> None:
    assert (importance.held(100, 10, 200) >= 0.92).all()  # 0.95 less two standard errors


def test_no_interval_says_why() -> None:
    x, y = drawn(9, 0)
    ((score, loss),) = changes(lambda rows: rows[:, :1], x, y, "regression", ALONE[:1], repeats=2, seed=0)
    assert score.method == loss.method == "no interval: fewer than 10 rows"
    assert not score.told
    assert score.shown[1] == "none"
    x, y = drawn(20, 0)
    ((score, loss),) = changes(lambda rows: rows[:, :1], x, 0 * y, "regression", ALONE[:1], repeats=2, seed=0)
    assert score.method == "no interval: the targets do not vary"
    assert np.isnan(score.value)
    assert np.isfinite(loss.low)


def test_an_accuracy_that_no_row_moves_is_bounded_all_the_same() -> None:
    x = np.linspace(-0.1, 0.1, 50)[:, None]
    y = np.ones(50, int)

    def predict(rows: np.ndarray) -> np.ndarray:
        return np.hstack([0.3 + rows, 0.7 - rows])

    ((score, loss),) = changes(predict, x, y, "classification", ALONE[:1], repeats=3, seed=0)
    assert (score.value, score.high) == (0, pytest.approx(1 - 0.025 ** (1 / 50)))
    assert loss.low < 0 < loss.high
    ((score, loss),) = changes(lambda rows: predict(0 * rows), x, y, "classification", ALONE[:1], repeats=3, seed=0)
    assert (score.low, score.high, loss.low, loss.high) == (0, 0, 0, 0)  # it does not enter at all


def test_columns_are_linked_by_ranks_one_by_one() -> None:
    rng = np.random.default_rng(0)
    first = rng.standard_normal(200)
    second = np.exp(3 * first)  # the same ranks
    third = second.argsort().argsort() + 25 * rng.standard_normal(200)
    rare = np.zeros(200)
    rare[:3] = 1
    x = np.stack([first, rng.standard_normal(200), second, third, rare, rare], 1)
    inputs = [np.array([0]), np.array([1]), np.array([2]), np.array([3]), np.array([4]), np.array([5])]
    assert together(x, inputs, 0.7) == [(0, 2, 3)]
    assert together(x, inputs, 1.0) == []
    assert together(x[:5], inputs, 0.7) == []
