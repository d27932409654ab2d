"""Reliability and proper scores, against scikit-learn, binomial laws, work by hand, and simulations."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binom
from sklearn.metrics import log_loss

from goodfit.models.calibration import (
    CONFIDENCE,
    OVERCONFIDENCE,
    Reliability,
    by_output,
    of_top_class,
    probability_scores,
    reliability,
    rows_of_probabilities,
)
from goodfit.models.row_scores import BRIER, LOG_LOSS

Table = NDArray[np.float64]


def calibrated(rng: np.random.Generator, rows: int, classes: int = 3, spread: float = 2.0) -> tuple[Table, Table]:
    """(probabilities [N, C], codes [N] that are drawn from them)."""
    odds = np.exp(spread * rng.normal(size=(rows, classes)))
    chances = odds / odds.sum(1, keepdims=True)
    codes = (chances.cumsum(1) < rng.random((rows, 1))).sum(1)
    return chances, np.minimum(codes, classes - 1)


def found_in(chances: Table, codes: Table) -> Reliability:
    found = of_top_class(chances, codes)
    assert found is not None
    return found


def test_scores_are_those_of_scikit_learn() -> None:
    chances, codes = calibrated(np.random.default_rng(0), 200)
    found = {each.name: each for each in probability_scores(rows_of_probabilities("classification", chances, codes))}
    right = chances.argmax(1) == codes
    assert found["accuracy"].value == pytest.approx(right.mean())
    assert found[LOG_LOSS].value == pytest.approx(log_loss(codes, chances))
    assert found[BRIER].value == pytest.approx(((chances - np.eye(3)[codes]) ** 2).sum(1).mean())
    assert found[CONFIDENCE].value == pytest.approx(chances.max(1).mean())
    assert found[OVERCONFIDENCE].value == pytest.approx(chances.max(1).mean() - right.mean())
    assert all(each.low < each.value < each.high for each in found.values())
    narrow, wide = (
        probability_scores(rows_of_probabilities("classification", chances, codes), level) for level in (0.95, 0.999)
    )
    assert all(one.low > other.low and one.high < other.high for one, other in zip(narrow, wide, strict=True))


def test_scores_of_labels_are_sums_over_labels() -> None:
    rng = np.random.default_rng(1)
    chances = rng.random((60, 2))
    labels = (rng.random((60, 2)) < chances).astype(np.float32)
    found = {each.name: each.value for each in probability_scores(rows_of_probabilities("multilabel", chances, labels))}
    losses = [log_loss(labels[:, place], chances[:, place]) for place in (0, 1)]
    assert list(found) == ["exact match", LOG_LOSS, BRIER]
    assert found[LOG_LOSS] == pytest.approx(sum(losses))
    assert found["exact match"] == pytest.approx(((chances > 0.5) == labels).all(1).mean())


@pytest.mark.parametrize(
    ("rows", "wrong", "why"), [(29, 20, "30 rows or more"), (200, 4, "fewer than 5 rows are misclassified")]
)
def test_few_rows_or_errors_give_no_interval_of_a_loss(rows: int, wrong: int, why: str) -> None:
    chances = np.tile([0.8, 0.2], (rows, 1)) + np.linspace(0, 0.01, rows)[:, None] * [1, -1]
    codes = (np.arange(rows) < wrong).astype(int)
    found = {each.name: each for each in probability_scores(rows_of_probabilities("classification", chances, codes))}
    assert why in found[LOG_LOSS].method
    assert math.isnan(found[BRIER].low)
    assert math.isfinite(found["accuracy"].low)
    assert found[LOG_LOSS].to_dict()["low"] is None


def test_bins_and_errors_by_hand() -> None:
    chances = np.repeat([0.5, 0.9, 0.7, 0.99], 20)  # unsorted; ten rows a bin would cut through equal ones
    true = np.concatenate([np.arange(20) < count for count in (11, 16, 14, 20)])
    found = reliability("it", chances, true)
    assert found is not None
    assert [(each.predicted, each.observed, each.rows) for each in found.bins] == [
        (pytest.approx(0.5), 0.55, 20),
        (pytest.approx(0.7), 0.7, 20),
        (pytest.approx(0.9), 0.8, 20),
        (pytest.approx(0.99), 1.0, 20),
    ]
    assert found.error == pytest.approx((0.05 + 0 + 0.1 + 0.01) / 4)
    assert found.lean == pytest.approx((-0.05 + 0 + 0.1 - 0.01) / 4)


def test_chance_is_that_of_binomial_laws() -> None:
    chances = np.repeat([0.3, 0.8], [100, 150])
    found = reliability("it", chances, np.arange(250) % 10 < 5)
    assert found is not None
    means = []
    for each, share in zip(found.bins, (0.3, 0.8), strict=True):
        law, counts = binom(each.rows, share), np.arange(each.rows + 1)
        assert each.low == pytest.approx(law.ppf(0.05) / each.rows, abs=1.01 / each.rows)  # from 999 resamples
        assert each.high == pytest.approx(law.ppf(0.95) / each.rows, abs=1.01 / each.rows)
        means.append(each.rows * (law.pmf(counts) * np.abs(counts / each.rows - share)).sum())
    assert found.by_chance == pytest.approx(sum(means) / 250, rel=0.05)
    assert found.by_chance < found.limit < 0.1


def test_few_rows_have_no_diagram_and_bins_grow_with_them() -> None:
    rng = np.random.default_rng(2)
    assert [None if (each := reliability("it", rng.random(rows), np.ones(rows, bool))) is None else len(each.bins)
            for rows in (39, 40, 79, 199, 200, 5000)] == [None, 2, 3, 9, 10, 10]  # fmt: skip
    same = reliability("it", np.full(100, 0.7), np.arange(100) < 70)
    assert same is not None
    assert (len(same.bins), same.error, same.chance) == (1, pytest.approx(0), 1.0)


def test_true_probabilities_raise_no_more_alarms_than_promised_and_stay_in_their_bands() -> None:
    rng, alarms, inside = np.random.default_rng(3), [], []
    for rows in (60, 250) * 100:
        found = found_in(*calibrated(rng, rows))
        alarms.append(found.chance <= 0.05)
        inside += [each.low <= each.observed <= each.high for each in found.bins]
    assert np.mean(alarms) <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 200)  # two standard errors of 200 samples
    assert np.mean(inside) >= 0.9 - 0.02


def test_overconfidence_is_seen_once_there_are_the_rows_that_are_named() -> None:
    rng = np.random.default_rng(4)
    few, codes = calibrated(rng, 200)
    assert found_in(few, codes).chance > 0.05
    needed = found_in(few, codes).needed(0.05)
    seen = []
    for _ in range(40):
        chances, codes = calibrated(rng, needed, 2)
        top = chances.max(1)
        surer = np.minimum(top + 0.05, 1 - 1e-9)  # too sure by 0.05
        found = reliability("it", surer, chances.argmax(1) == codes)
        assert found is not None
        seen.append(found.chance <= 0.05)
    assert 0.3 < np.mean(seen) <= 1  # about that many begin to tell


def test_each_class_and_label_by_itself() -> None:
    chances, codes = calibrated(np.random.default_rng(5), 400)
    found = by_output("classification", ("a", "b", "c"), chances, codes)
    assert [each.of for each in found] == ["a", "b", "c"]
    shares = [sum(each.observed * each.rows for each in one.bins) / one.rows for one in found]
    assert shares == pytest.approx(np.bincount(codes) / 400)
    labels = (chances > 0.3).astype(np.float32)
    told = by_output("multilabel", ("a", "b", "c"), chances, labels)
    assert [sum(each.observed * each.rows for each in one.bins) for one in told] == pytest.approx(labels.sum(0))
    assert found_in(chances, codes).to_dict()["needed"]["error"] == 0.02
    assert found_in(chances, codes) == found_in(chances, codes)  # the same resamples
