"""Mean and median absolute errors: their values, their intervals, other levels, and what files hold of them."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from benchmarks.regression_laws import DEVELOPMENT, absolute
from scipy.stats import binom

from goodfit.intervals import lasting_level, level_of_openings, outside_median
from goodfit.models.error_scores import KEPT_OPENINGS, absolute_errors
from goodfit.models.score_fields import ScoreFields
from goodfit.models.scores import Score, score_regression


@pytest.mark.parametrize("level", [0.9, 0.95, 0.9995])
@pytest.mark.parametrize("count", [1, 5, 6, 7, 20, 101, 5000])
def test_order_statistics_hold_the_median_as_often_as_is_asked_for(count: int, level: float) -> None:
    below = outside_median(count, level)
    assert binom.cdf(below, count, 0.5) <= (1 - level) / 2  # nothing for -1
    assert binom.cdf(below + 1, count, 0.5) > (1 - level) / 2  # and no narrower interval would


def regression(rows: int = 60, nets: int = 3, outputs: int = 2) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    target = 1000 * rng.normal(size=(rows, outputs))
    return target + 100 * rng.normal(size=(nets, rows, outputs)), target


def test_errors_are_scikit_learn_s_and_numpy_s() -> None:
    from sklearn.metrics import mean_absolute_error

    prediction, target = regression()
    mean, median = absolute_errors(prediction, target)
    assert mean.value == pytest.approx(np.mean([mean_absolute_error(target, one) for one in prediction]))
    each = np.abs(prediction - target).mean(axis=(0, 2))
    assert median.value == pytest.approx(np.median(each))
    ordered, below = np.sort(each), outside_median(60)
    assert (median.low, median.high) == (ordered[below], ordered[-1 - below])
    assert (mean.method, median.method) == (
        "log scale, mean of 3 nets and 2 targets",
        "order statistics, mean of 3 nets and 2 targets",
    )
    assert 0 < mean.low < mean.value < mean.high


def test_errors_are_in_the_unit_of_the_targets() -> None:
    """A thousand times the target: a thousand times the errors and their bounds, the same R²."""
    prediction, target = regression()
    one, thousand = score_regression(prediction, target), score_regression(1000 * prediction, 1000 * target)
    assert (thousand.value, thousand.low, thousand.high) == pytest.approx((one.value, one.low, one.high))
    for small, large in zip(one.errors, thousand.errors, strict=True):
        assert (large.value, large.low, large.high) == pytest.approx(
            (1000 * small.value, 1000 * small.low, 1000 * small.high)
        )


def test_every_opening_widens_them_and_back() -> None:
    score = score_regression(*regression())
    previous = score
    for openings in KEPT_OPENINGS[1:5]:
        wider = score.at_level(level_of_openings(openings))
        for before, after in zip(previous.errors, wider.errors, strict=True):
            assert after.low <= before.low
            assert before.high <= after.high
            assert after.level == wider.level
        previous = wider
    assert previous.at_level(0.95) == score
    four = score.at_level(level_of_openings(4)).errors[1]  # the next wider one that is kept
    assert (four.low, four.high) == score.errors[1].kept[3][1:]
    beyond = score.at_level(1 - 1e-9).errors[1]
    assert math.isnan(beyond.low)
    assert beyond.method == "no interval: none was kept at this level, mean of 3 nets and 2 targets"
    assert beyond.at_level(0.95) == score.errors[1]


@pytest.mark.parametrize("nth", [1, 31, 32, 100, 999])
def test_a_median_has_an_interval_at_the_level_of_every_opening(nth: int) -> None:
    """Wide enough by the binomial distribution, with rows enough, and none is said to be too few."""
    median = absolute_errors(np.random.default_rng(0).normal(size=(1, 200, 1)), np.zeros((200, 1)))[1]
    for level in (lasting_level(nth), level_of_openings(nth), level_of_openings(40 * nth)):
        found = median.at_level(level)
        assert found.low <= median.low < median.high <= found.high
        assert found.method == "order statistics"
    few = absolute_errors(np.arange(8.0)[None, :, None], np.zeros((8, 1)))[1]
    assert few.at_level(lasting_level(nth + 5)).method == "no interval: too few rows for one at this level"
    beyond = median.at_level(1 - 1e-10)
    assert (math.isnan(beyond.low), beyond.method) == (True, "no interval: none was kept at this level")


def test_files_hold_them_and_older_files_load_without() -> None:
    score = score_regression(*regression())
    told = json.loads(json.dumps(score.to_dict(), allow_nan=False))
    assert Score.from_dict(told) == score
    assert Score.from_dict(ScoreFields.model_validate_json(json.dumps(told)).model_dump()) == score
    old = {name: value for name, value in told.items() if name not in ("skew", "errors")} | {"basis": 0.02}
    assert Score.from_dict(old).errors == ()
    assert score.value - Score.from_dict(old).at_level(0.95).low == pytest.approx(0.02 * 2.001, rel=1e-3)  # t(59)
    with pytest.raises(ValueError, match="no error to make an interval of"):
        Score.from_dict({**told, "errors": [{**told["errors"][0], "skew": None}]})
    with pytest.raises(ValueError, match="no interval to be skewed"):
        Score.from_dict({**told, "basis": None})


@pytest.mark.parametrize(
    ("errors", "mean", "median"),
    [
        ([], "there are no rows", "too few rows"),
        ([1.0], "one row does not say", "too few rows"),
        ([2.0] * 9, "the errors of all rows are the same", "order statistics"),
        ([1.0] * 8 + [100.0], "one row accounts for most of it", "order statistics"),
        ([1.0] * 8 + [math.inf], "an error is not finite", "order statistics"),
        ([1.0] * 8 + [math.nan], "an error is not finite", "an error is not finite"),
    ],
)
def test_where_there_is_no_interval_it_says_why(errors: list[float], mean: str, median: str) -> None:
    found = absolute_errors(np.array(errors)[None, :, None], np.zeros((len(errors), 1)))
    assert mean in found[0].method
    assert median in found[1].method
    assert math.isnan(found[0].low)


@pytest.mark.parametrize("rows", [20, 100])
@pytest.mark.parametrize("name", ["normal", "t3", "log-normal", "skewed target"])
def test_intervals_hold_with_heavy_tails(name: str, rows: int) -> None:
    """500 draws: the standard error is 1.2 % at 92 %; 2.4 % are allowed for."""
    rng, law = np.random.default_rng(6), DEVELOPMENT[name]
    truths = (law.r2(rows, 1.0), *absolute(law, 0, 1, 1.0))
    scores = [score_regression(*law.sample(rng, rows, 1, 1.0)) for _ in range(500)]
    for kind, truth in enumerate(truths):
        each = [score if kind == 0 else score.errors[kind - 1] for score in scores]
        made = [one for one in each if not math.isnan(one.low)]
        assert len(made) > 300
        assert np.mean([one.low <= truth <= one.high for one in made]) > 0.92 - 0.024
