"""How far rows move a measure, against finite differences of scikit-learn's weighted ones; intervals by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm
from sklearn import metrics

from goodfit.intervals import clopper_pearson, on_logits
from goodfit.models import agreement, ranking

STEP = 1e-5


def moved(measure: Callable[..., float], rows: int) -> np.ndarray:
    """The derivative of a weighted measure by the weight of each row."""
    found = []
    for row in range(rows):
        more, less = (1 + sign * STEP * (np.arange(rows) == row) for sign in (1, -1))
        found.append((measure(more) - measure(less)) / (2 * STEP))
    return np.array(found)


@pytest.mark.parametrize("seed", range(3))
def test_moves_are_derivatives_by_the_weights_of_rows(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = rng.random(40) < 0.3
    scores: Any = np.round(rng.standard_normal(40) + truth, 1)  # with ties
    said = scores > 0.8
    for found, measure in (
        (ranking.roc_auc(scores, truth), lambda w: metrics.roc_auc_score(truth, scores, sample_weight=w)),
        (
            ranking.average_precision(scores, truth),
            lambda w: metrics.average_precision_score(truth, scores, sample_weight=w),
        ),
        (agreement.f1(truth, said), lambda w: metrics.f1_score(truth, said, sample_weight=w)),
    ):
        np.testing.assert_allclose(found.moves, moved(measure, 40), atol=1e-7)
        assert found.value == pytest.approx(measure(np.ones(40)))


def test_the_error_of_one_auc_is_delongs() -> None:
    rng = np.random.default_rng(4)
    truth = np.arange(60) < 20
    scores = rng.standard_normal(60) + truth
    pairs = (scores[truth][:, None] > scores[~truth]).astype(float)
    delong = pairs.mean(1).var() / 20 + pairs.mean(0).var() / 40
    assert ranking.roc_auc(scores, truth).error ** 2 == pytest.approx(delong * 60 / 59)


def test_newcombes_interval_solves_its_equation() -> None:
    perfect = ranking.Moved(1.0, np.zeros(30))
    low, high = ranking.auc_interval(perfect, 10, 20, 0.95)
    assert high == 1
    for value, many, few in ((1.0, 10, 20), (0.7, 4, 90)):
        low, high = ranking.auc_interval(ranking.Moved(value, np.zeros(many + few)), many, few, 0.95)
        for end in (low, high):
            if 0 < end < 1:
                star = (many + few) / 2 - 1
                spread = end * (1 - end) * (1 + star * (1 - end) / (2 - end) + star * end / (1 + end)) / (many * few)
                assert abs(value - end) == pytest.approx(norm.ppf(0.975) * math.sqrt(spread))


def test_f1_has_the_exact_interval_of_its_share() -> None:
    truth, said = np.arange(20) < 8, (np.arange(20) > 2) & (np.arange(20) < 11)  # 5 hits, 3 misses, 3 false alarms
    assert agreement.f1(truth, said).value == pytest.approx(10 / 16)
    low, high = clopper_pearson(5, 11)
    assert agreement.f1_interval(truth, said, 0.95) == pytest.approx((2 * low / (1 + low), 2 * high / (1 + high)))


def test_combined_ends_are_roots_of_sums_of_squares() -> None:
    low, high = ranking.mover([(0.5, (0.2, 0.9)), (0.8, (0.4, 1.0))])
    assert (low, high) == pytest.approx((0.65 - math.hypot(0.3, 0.4) / 2, 0.65 + math.hypot(0.4, 0.2) / 2))
    assert ranking.mover([(1.0, (0.1, 1.0))]) == (pytest.approx(0.1), 1.0)


def test_the_logit_scale_is_the_delta_method() -> None:
    low, high = on_logits(0.9, 0.02, 1e9)
    reach = norm.ppf(0.975) * 0.02 / 0.09
    assert (low, high) == pytest.approx([1 / (1 + 1 / 9 * math.exp(reach)), 1 / (1 + 1 / 9 * math.exp(-reach))])
    assert on_logits(1.0, 0.1, 5) == (1.0, 1.0)


def test_degrees_of_freedom_are_those_of_the_smallest_part_that_matters() -> None:
    kinds = np.repeat([0, 1], [2, 50])
    even = ranking.Moved(0.5, np.ones(52))
    assert even.freedom(kinds) == pytest.approx(52**2 / (2**2 / 1 + 50**2 / 49))
    assert ranking.Moved(0.5, np.where(kinds == 0, 1.0, 0.0)).freedom(kinds) == pytest.approx(1)
    assert ranking.Moved(1.0, np.zeros(52)).freedom(kinds) == 1
