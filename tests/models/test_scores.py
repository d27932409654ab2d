from __future__ import annotations

import json
import math

import numpy as np
import pytest

from goodfit.errors import InputError
from goodfit.intervals import clopper_pearson
from goodfit.models.scores import Score, score_classification, score_regression
from goodfit.models.tails import JOHNSON, UNSEEN_ERRORS, UNSEEN_TARGETS


@pytest.mark.parametrize("level", [0.9, 0.95, 0.995])
@pytest.mark.parametrize(("hits", "rows"), [(0, 1), (1, 1), (0, 30), (30, 30), (7, 30), (9012, 10_000)])
def test_clopper_pearson_is_scipy_s_exact_interval(hits: int, rows: int, level: float) -> None:
    from scipy.stats import binomtest

    expected = binomtest(hits, rows).proportion_ci(confidence_level=level, method="exact")
    np.testing.assert_allclose(clopper_pearson(hits, rows, level), (expected.low, expected.high), rtol=1e-9)


def test_no_hit_of_n_has_the_upper_limit_that_is_worked_by_hand() -> None:
    # (1 - p)^n = 0.025  =>  p = 1 - 0.025^(1/n)
    low, high = clopper_pearson(0, 20)
    assert low == 0
    assert high == pytest.approx(1 - 0.025 ** (1 / 20))


def test_the_accuracy_of_one_net_has_the_exact_interval() -> None:
    correct = np.arange(200)[None] < 180
    score = score_classification(correct)
    assert (score.name, score.value, score.rows, score.level, score.spread) == ("accuracy", 0.9, 200, 0.95, None)
    assert (score.low, score.high) == clopper_pearson(180, 200)
    assert score.method == "Clopper-Pearson"
    assert str(score) == "0.9000 [0.8498, 0.9378]"


def test_nets_that_agree_are_worth_one_net() -> None:
    one = np.random.default_rng(0).random((1, 300)) < 0.8
    alone, together = score_classification(one), score_classification(np.repeat(one, 5, axis=0))
    assert (together.value, together.low, together.high) == pytest.approx((alone.value, alone.low, alone.high))
    assert together.spread == pytest.approx(0)


def test_several_nets_count_as_many_rows_as_there_are() -> None:
    correct = np.random.default_rng(1).random((4, 500)) < 0.8
    together = score_classification(correct)
    assert (together.low, together.high) == clopper_pearson(float(correct.mean(0).sum()), 500)
    assert together.value == pytest.approx(correct.mean())
    assert together.spread == pytest.approx(np.std(correct.mean(1), ddof=1))
    assert together.method == "Clopper-Pearson, mean of 4 nets"
    opposed = np.array([[True, False] * 50, [False, True] * 50])  # every row: one net right, one wrong
    assert (score_classification(opposed).low, score_classification(opposed).high) == clopper_pearson(50, 100)


def test_a_worse_score_has_no_shorter_interval_near_its_bound() -> None:
    """All of 30 x 20 right, and one wrong: the one that is wrong tells nothing that the others do not."""
    perfect, nearly = np.ones((30, 20), bool), np.ones((30, 20), bool)
    nearly[3, 5] = False
    assert score_classification(nearly).low < score_classification(perfect).low == pytest.approx(0.025 ** (1 / 20))


def test_scores_of_older_files_are_capped_at_their_rows() -> None:
    old = Score("accuracy", 0.9, 0.89, 0.91, 0.95, 100, "at 800 effective rows", 0.01, 800.0)
    assert (old.at_level(0.95).low, old.at_level(0.95).high) == clopper_pearson(90, 100)


@pytest.mark.parametrize(("right", "low", "high"), [(True, 1 - 0.025**0.1, 1.0), (False, 0.0, 1 - 0.025**0.1)])
def test_several_nets_all_right_or_all_wrong_still_have_an_interval(right: bool, low: float, high: float) -> None:
    score = score_classification(np.full((3, 10), right), name="exact match")
    expected = (1 - high if right else low, 1 - low if right else high)
    assert (score.low, score.high) == pytest.approx((0.025**0.1, 1.0) if right else expected)
    assert score.name == "exact match"


def test_a_wider_level_gives_a_wider_interval() -> None:
    correct = np.random.default_rng(2).random((3, 100)) < 0.7
    narrow, wide = (score_classification(correct, level=level) for level in (0.95, 0.99))
    assert wide.low < narrow.low < narrow.high < wide.high


@pytest.mark.parametrize("rows", [20, 100])
@pytest.mark.parametrize("nets", [1, 8, 30])
@pytest.mark.parametrize("hardness", [0.0, 1.5, 6.0])
@pytest.mark.parametrize("bias", [0.8, 2.5, 4.0])
def test_intervals_of_accuracy_hold_the_truth_in_95_of_100_samples(
    rows: int, nets: int, hardness: float, bias: float
) -> None:
    """Rows differ in difficulty, shared by the nets. 1500 draws: the standard error is 0.6 %; 1.8 % are allowed for."""
    rng = np.random.default_rng(3)
    nodes, weights = np.polynomial.hermite_e.hermegauss(200)
    truth = float((weights / weights.sum()) @ (1 / (1 + np.exp(-(bias + hardness * nodes)))))
    held = 0
    for _ in range(1500):
        chance = 1 / (1 + np.exp(-(bias + hardness * rng.normal(size=rows))))
        score = score_classification(rng.random((nets, rows)) < chance)
        assert 0 <= score.low <= score.high <= 1
        held += score.low <= truth <= score.high
    assert held / 1500 > 0.95 - 0.018


def gaussian(rng: np.random.Generator, rows: int, noise: float) -> tuple[np.ndarray, np.ndarray, float]:
    """Predictions that are right but for noise: R² is 1 / (1 + noise²)."""
    signal = rng.normal(size=(rows, 1))
    return signal[None], signal + noise * rng.normal(size=(rows, 1)), 1 / (1 + noise**2)


def constant(rng: np.random.Generator, rows: int, noise: float) -> tuple[np.ndarray, np.ndarray, float]:
    """Always saying the true mean: R² is 0. This is where a percentile bootstrap fails."""
    return np.zeros((1, rows, 1)), rng.normal(size=(rows, 1)) * noise, 0.0


@pytest.mark.parametrize("rows", [20, 100, 400])
@pytest.mark.parametrize(("draw", "noise"), [(gaussian, 0.3), (gaussian, 1.0), (constant, 1.0)])
def test_intervals_of_r2_hold_the_truth_in_about_95_of_100_samples(draw: object, noise: float, rows: int) -> None:
    """1000 draws: the standard error is 0.7 %; the approximation may cost 1 % more."""
    rng, held = np.random.default_rng(4), 0
    for _ in range(1000):
        prediction, target, truth = draw(rng, rows, noise)  # type: ignore[operator]
        score = score_regression(prediction, target)
        held += score.low <= truth <= score.high
    assert held / 1000 > 0.95 - 0.03


def test_r2_is_scikit_learn_s_and_its_interval_by_numerical_derivatives() -> None:
    from scipy.stats import t
    from sklearn.metrics import r2_score

    rng = np.random.default_rng(5)
    target = rng.normal(size=(80, 3)) * [1.0, 5.0, 0.2]
    prediction = target + rng.normal(size=(4, 80, 3)) * [0.5, 2.0, 0.3]
    score = score_regression(prediction, target)
    each = [r2_score(target, one) for one in prediction]
    assert score.value == pytest.approx(np.mean(each))
    assert score.spread == pytest.approx(np.std(each, ddof=1))
    assert (score.rows, score.method) == (80, "log scale of 1 - R², mean of 4 nets")

    def logarithm(row: int, weight: float) -> float:
        weights = np.ones(80)
        weights[row] = weight
        return math.log(1 - np.mean([r2_score(target, one, sample_weight=weights) for one in prediction]))

    given = np.array([80 * (logarithm(row, 1 + 1e-4) - logarithm(row, 1 - 1e-4)) / 2e-4 for row in range(80)])
    error = math.sqrt(given.var(ddof=1) / 80 + 4 / 80**2)
    skew = ((given / given.std(ddof=1)) ** 3).mean()
    assert (score.basis, score.skew) == (pytest.approx(error, rel=1e-5), pytest.approx(skew, rel=1e-4))
    quantile = t(79).ppf(0.975)
    more = JOHNSON / 3 * quantile**2 * skew / math.sqrt(80)
    up = error * (quantile * (1 + math.sqrt(UNSEEN_ERRORS / 80)) + max(0, more))
    down = error * (quantile * (1 + math.sqrt(UNSEEN_TARGETS / 80)) + max(0, -more))
    ends = (1 - (1 - score.value) * math.exp(up), 1 - (1 - score.value) * math.exp(-down))
    assert (score.low, score.high) == pytest.approx(ends, rel=1e-4)


def test_r2_worked_by_hand() -> None:
    target = np.array([[0.0], [1.0], [2.0], [3.0]])  # sum of squares about 1.5: 5
    score = score_regression(np.array([[[0.0], [1.0], [2.0], [2.0]]]), target)
    assert score.value == pytest.approx(1 - 1 / 5)
    assert score.method == "no interval: one row accounts for most of the squared error; see the median absolute error"
    exact = score_regression(target[None], target)
    assert str(exact) == (
        "1.0000 [no interval: every prediction is exact, which does not say how far off others would be]"
    )


def test_a_target_that_one_row_makes_has_no_interval() -> None:
    target = np.array([[0.0], [1.0], [0.0], [1.0], [90.0]])
    score = score_regression(target[None] + np.array([[1.0], [1.0], [1.0], [1.0], [-1.0]]), target)
    assert score.method.startswith("no interval: one row accounts for most of the variance of the targets")


@pytest.mark.parametrize(("rows", "target"), [(0, 1.0), (1, 1.0), (5, 2.0)])
def test_where_r2_is_not_defined_the_score_says_why_it_has_no_interval(rows: int, target: float) -> None:
    score = score_regression(np.zeros((1, rows, 1)), np.full((rows, 1), target))
    assert math.isnan(score.value)
    assert str(score).startswith("nan [no interval: R² is undefined for fewer than two rows or")


def test_predictions_that_overflow_have_no_interval() -> None:
    score = score_regression(np.full((2, 3, 1), 1e200), np.arange(3.0)[:, None])
    assert score.value == -math.inf
    assert str(score) == "-inf [no interval: R² is not finite]"
    assert json.loads(json.dumps(score.to_dict(), allow_nan=False))["value"] is None


def test_where_one_row_makes_all_the_variance_there_is_no_interval() -> None:
    score = score_regression(np.zeros((1, 4, 1)), np.array([[0.0], [0.0], [0.0], [1.0]]))
    assert score.value == pytest.approx(1 - 1 / 0.75)
    assert math.isnan(score.low)


def test_no_rows_no_interval() -> None:
    score = score_classification(np.zeros((2, 0), bool))
    assert str(score) == "nan [no interval: there are no rows]"


def test_to_dict_has_every_field() -> None:
    score = Score("accuracy", 0.5, 0.4, 0.6, 0.95, 100, "Clopper-Pearson")
    assert score.to_dict() == {
        "name": "accuracy",
        "value": 0.5,
        "low": 0.4,
        "high": 0.6,
        "level": 0.95,
        "rows": 100,
        "method": "Clopper-Pearson",
        "spread": None,
        "basis": None,
    }


def test_shapes_that_do_not_fit_are_input_errors() -> None:
    with pytest.raises(InputError, match=r"'correct' must be a table of nets by rows; got \(3,\)"):
        score_classification(np.zeros(3, bool))
    with pytest.raises(InputError, match=r"those of 'target' \(4, 1\); got \(1, 3, 1\)"):
        score_regression(np.zeros((1, 3, 1)), np.zeros((4, 1)))
