"""Differences of two models on the same rows: against SciPy, scikit-learn, published numbers and simulation."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics

from goodfit.intervals import chernoff, of_mean, of_share_difference
from goodfit.models import TrainedNet
from goodfit.models.paired import Difference, differences, holm, mcnemar, pair_differences
from goodfit.models.row_scores import ABSOLUTE, BRIER, LOG_LOSS, SQUARED, row_scores

RNG = np.random.default_rng(5)
Z = stats.norm.ppf(0.975)


def net(task: str = "classification", outputs: int = 3, seed: int = 0) -> TrainedNet:
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=(6, 4)), rng.normal(size=(outputs, 6))
    classes = () if task == "regression" else tuple("abcdef"[:outputs])
    return TrainedNet(weights, (rng.normal(size=6), rng.normal(size=outputs)), ("tanh",), task, classes)  # type: ignore[arg-type]


def test_mcnemar_is_the_binomial_test() -> None:
    for wins, losses in ((0, 0), (0, 1), (5, 12), (12, 5), (8, 8), (0, 20)):
        expected = stats.binomtest(wins, wins + losses).pvalue if wins + losses else 1.0
        assert mcnemar(wins, losses) == pytest.approx(expected)


def test_holms_p_are_those_of_the_procedure() -> None:
    """By hand, and by the step-down rule: reject while p <= 0.05 / (those that are left)."""
    assert holm([0.01, 0.04, 0.03], 3) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.01, 0.04], 6) == pytest.approx([0.06, 0.2])
    assert holm([], 3) == []
    for _ in range(50):
        chances = (RNG.random(5) ** 4).tolist()
        rejected = set()
        for rank, place in enumerate(np.argsort(chances)):
            if chances[place] > 0.05 / (5 - rank):
                break
            rejected.add(int(place))
        assert {place for place, p in enumerate(holm(chances, 5)) if p <= 0.05} == rejected


def test_several_models_have_joint_intervals_and_holms_p() -> None:
    hits = [{"accuracy": (RNG.random(120) < share).astype(float)} for share in (0.5, 0.9, 0.6)]
    pairs = [(0, 1), (0, 2), (1, 2)]
    found = [each[0] for each in pair_differences(hits, np.zeros(120), pairs, 3, single=True)]
    alone = [
        differences(hits[one], hits[other], np.zeros(120), level=1 - 0.05 / 3, single=True)[0] for one, other in pairs
    ]
    assert [(each.low, each.high, each.chance) for each in found] == [(one.low, one.high, one.chance) for one in alone]
    assert [each.adjusted for each in found] == holm([one.chance or 0.0 for one in alone], 3)
    assert all((each.adjusted or 0) <= 0.05 for each in found if each.better)  # never the other way round
    several = pair_differences(hits, np.zeros(120), pairs[:1], 3)
    assert several[0][0].adjusted is None


def test_the_interval_of_paired_proportions_is_tangos() -> None:
    """Its ends are where the score statistic with the constrained estimate is the normal quantile: solved by SciPy."""
    from scipy.optimize import brentq, minimize_scalar

    for wins, losses, rows in ((9, 2, 50), (1, 1, 40), (12, 0, 30), (30, 25, 100)):
        each = np.zeros(rows)
        each[:wins], each[wins : wins + losses] = 1, -1
        low, high = of_share_difference(each)

        def statistic(difference: float, wins: int = wins, losses: int = losses, rows: int = rows) -> float:
            def minus_log(lost: float) -> float:  # likelihood of the cells with P(win) = lost + difference
                cells = (lost + difference, lost, 1 - 2 * lost - difference)
                counts = (wins, losses, rows - wins - losses)
                return -sum(n * math.log(max(p, 1e-300)) for n, p in zip(counts, cells, strict=True) if n)

            bounds = max(0.0, -difference), (1 - difference) / 2
            lost = minimize_scalar(minus_log, bounds=bounds, method="bounded", options={"xatol": 1e-12}).x
            error = math.sqrt((2 * lost + difference - difference**2) / rows)
            return float(((wins - losses) / rows - difference) / error)

        middle = (wins - losses) / rows
        assert low == pytest.approx(brentq(lambda at: statistic(at) - Z, -0.95, middle - 1e-6), abs=2e-4)
        assert high == pytest.approx(brentq(lambda at: statistic(at) + Z, middle + 1e-6, 0.99), abs=2e-4)


def test_means_over_nets_that_are_all_the_same_are_one_net() -> None:
    each = RNG.choice([-1.0, 0.0, 1.0], 80)
    halves = RNG.choice([-0.5, 0.0, 0.5], 80)
    assert np.diff(of_share_difference(halves)) < np.diff(of_share_difference(each))
    none = of_share_difference(np.zeros(80))
    assert none == pytest.approx((-0.0458, 0.0458), abs=1e-3)  # z² / (80 + z²)


def test_the_interval_of_a_mean_is_students_without_skewness_and_longer_with() -> None:
    even = np.array([-3.0, -1, -1, 0, 0, 1, 1, 3])
    expected = stats.t.interval(0.95, 7, even.mean(), stats.sem(even))
    assert of_mean(even) == pytest.approx(expected)
    skewed = np.array([0.0, 0, 0, 0, 0, 1, 1, 9])
    low, high = stats.t.interval(0.95, 7, skewed.mean(), stats.sem(skewed))
    assert of_mean(skewed)[0] == pytest.approx(low)
    assert of_mean(skewed)[1] > high + 1
    assert of_mean(-skewed) == pytest.approx([-end for end in of_mean(skewed)[::-1]])
    assert of_mean([2.0, 2, 2]) == (2, 2)


def test_skewed_means_are_held_more_often_than_by_student_alone() -> None:
    """Log-normal values, 30 a sample; 800 samples have a standard error of 0.01."""
    rng, held = np.random.default_rng(0), np.zeros(2)
    truth = math.exp(0.5)
    for _ in range(800):
        each = rng.lognormal(size=30)
        ends = of_mean(each), stats.t.interval(0.95, 29, each.mean(), stats.sem(each))
        held += [low <= truth <= high for low, high in ends]
    assert held[0] / 800 > 0.91 > held[1] / 800 + 0.01


def test_chernoff_holds_what_clopper_and_pearson_hold_and_goes_on_where_they_end() -> None:
    from goodfit.intervals import clopper_pearson

    for hits, rows, missing in ((30, 40, 0.05), (0, 100, 1e-6), (100, 100, 1e-6), (480, 1000, 1e-9)):
        low, high = chernoff(hits / rows, rows, math.log(missing))
        exact = clopper_pearson(hits, rows, 1 - missing)
        assert low <= exact[0] <= exact[1] <= high
        assert not hits or stats.binom.sf(hits - 1, rows, low) <= missing / 2
    assert np.diff(chernoff(0.5, 10_000, -700.0)) < 0.6
    assert chernoff(0.5, 10, -1e6) == pytest.approx((0, 1))


@pytest.mark.parametrize("nets", [1, 3])
def test_what_rows_give_is_what_scikit_learn_scores(nets: int) -> None:
    x, y = RNG.normal(size=(50, 4)).astype(np.float32), RNG.integers(0, 3, 50)
    several = [net(seed=seed) for seed in range(nets)]
    found = row_scores(several, x, y)
    chances = [each.predict_proba(x, np.float64) for each in several]
    assert found["accuracy"].mean() == pytest.approx(np.mean([(each.predict(x) == y).mean() for each in several]))
    expected = np.mean([metrics.log_loss(y, each, labels=range(3)) for each in chances])
    assert found[LOG_LOSS].mean() == pytest.approx(expected, rel=1e-5)
    expected = np.mean([((each - np.eye(3)[y]) ** 2).sum(1).mean() for each in chances])
    assert found[BRIER].mean() == pytest.approx(expected, rel=1e-5)


def test_labels_and_numbers() -> None:
    x = RNG.normal(size=(40, 4)).astype(np.float32)
    labels, one = RNG.random((40, 2)) < 0.5, net("multilabel", 2)
    found = row_scores([one], x, labels.astype(np.float32))
    assert found["exact match"].mean() == pytest.approx(metrics.accuracy_score(labels, one.predict(x)))
    chances = one.predict_proba(x)
    expected = sum(metrics.brier_score_loss(labels[:, at], chances[:, at]) for at in (0, 1))
    assert found[BRIER].mean() == pytest.approx(expected, rel=1e-4)
    numbers, two = RNG.normal(size=(40, 2)), net("regression", 2)
    found = row_scores([two], x, numbers)
    assert found[SQUARED].mean() == pytest.approx(metrics.mean_squared_error(numbers, two.predict(x)), rel=1e-5)
    assert found[ABSOLUTE].mean() == pytest.approx(metrics.mean_absolute_error(numbers, two.predict(x)), rel=1e-5)


def compared(first: TrainedNet, second: TrainedNet, x: Any, y: Any) -> dict[str, Difference]:
    found = differences(row_scores([first], x, y), row_scores([second], x, y), y, single=True)
    return {each.measure: each for each in found}


def test_the_difference_of_two_r2_is_by_the_jackknife() -> None:
    """The standard error of leaving each row out in turn, by scikit-learn's R²."""
    x, y = RNG.normal(size=(60, 4)).astype(np.float32), RNG.normal(size=(60, 2))
    one, other = net("regression", 2, 1), net("regression", 2, 2)
    found = compared(one, other, x, y)
    p, q = one.predict(x), other.predict(x)

    def gap(rows: Any) -> float:
        return float(metrics.r2_score(y[rows], q[rows]) - metrics.r2_score(y[rows], p[rows]))

    out = np.array([gap(np.arange(60) != row) for row in range(60)])
    error = math.sqrt(59 / 60 * ((out - out.mean()) ** 2).sum())
    r2 = found["R²"]
    assert r2.gain == pytest.approx(gap(slice(None)), rel=1e-4)
    assert r2.first == pytest.approx(metrics.r2_score(y, p), rel=1e-4)
    assert r2.high - r2.low >= 2 * stats.t.ppf(0.975, 59) * error * (1 - 1e-6)
    assert r2.high - r2.low < 3 * stats.t.ppf(0.975, 59) * error
    assert found[SQUARED].gain == pytest.approx(found[SQUARED].first - found[SQUARED].second)
    assert np.sign(found[SQUARED].gain) == np.sign(r2.gain)


def test_swapping_the_two_turns_the_sign() -> None:
    x, y = RNG.normal(size=(60, 4)).astype(np.float32), RNG.integers(0, 3, 60)
    there, back = compared(net(seed=1), net(seed=2), x, y), compared(net(seed=2), net(seed=1), x, y)
    for name, each in there.items():
        assert back[name].gain == pytest.approx(-each.gain)
        assert (back[name].low, back[name].high) == pytest.approx((-each.high, -each.low))
    assert there["accuracy"].chance == back["accuracy"].chance


def test_the_exact_test_has_the_last_word() -> None:
    """Of 6 rows that differ all are won: p = 2 / 64 at 95 %, but of 5 it is 2 / 32, and no difference is claimed."""
    for wins, better in ((6, 1), (5, 0)):
        hits = np.arange(200) < wins
        (found,) = differences({"accuracy": 0.0 * hits}, {"accuracy": 1.0 * hits}, hits, single=True)
        assert found.better == better
        assert found.chance == pytest.approx(2 * 0.5**wins)


def test_where_there_is_no_interval() -> None:
    same = {LOG_LOSS: np.ones(30)}
    (found,) = differences(same, same, np.zeros(30))
    assert math.isnan(found.low)
    assert found.method == "no interval: the two are equal on every row"
    assert found.better == 0
    (short,) = differences({LOG_LOSS: np.ones(29)}, {LOG_LOSS: np.zeros(29)}, np.zeros(29))
    assert short.method == "no interval: it takes 30 rows or more"
    rare = np.where(np.arange(50) < 9, 1.0, 1e-3)
    (few,) = differences({LOG_LOSS: rare}, {LOG_LOSS: 0 * rare}, rare)
    assert few.method == "no interval: the two differ noticeably on fewer than 10 rows"
    (odd,) = differences({SQUARED: np.full((30, 1), np.inf)}, {SQUARED: np.zeros((30, 1))}, np.zeros((30, 1)))
    assert odd.method == "no interval: a value is not finite"
    (flat,) = differences({"R²": np.ones((9, 1))}, {"R²": np.zeros((9, 1))}, np.zeros((9, 1)))
    assert flat.method.startswith("no interval: R² is undefined")
    assert flat.to_dict()["low"] is None
