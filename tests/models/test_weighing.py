"""Intervals of weighted scores hold, and neither the unit of weights nor a row without weight changes anything."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from goodfit.data import Dataset, split
from goodfit.intervals import clopper_pearson
from goodfit.models.measuring import measured
from goodfit.models.number_measures import number_measures
from goodfit.models.scores import Score, score_classification, score_regression
from goodfit.models.weighing import effective_rows, known_share
from goodfit.runs.telling import interval_methods


def rows_of(task: str, count: int = 120, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(outputs, targets, weights)."""
    rng = np.random.default_rng(seed)
    weight = rng.integers(1, 9, count).astype(float)
    if task == "regression":
        y = rng.normal(size=(count, 1))
        return y + rng.normal(size=(count, 1)), y, weight
    y = rng.integers(0, 2, count)
    one = np.clip(0.5 + 0.3 * (y - 0.5) + rng.normal(0, 0.25, count), 0.02, 0.98)
    return np.stack([1 - one, one], 1), y, weight


def measures_of(task: str, given: tuple[np.ndarray, np.ndarray, np.ndarray], weight: Any = None) -> list[tuple]:
    outputs, y, own = given
    names = () if task == "regression" else ("no", "yes")
    found = measured(task, outputs, y, names, weight=own if weight is None else weight)
    return [(each.value, each.low, each.high, each.baseline) for each in found.measures]


@pytest.mark.parametrize("task", ["classification", "regression"])
@pytest.mark.parametrize("unit", [1e307, 1e-290, 7.0])
def test_only_ratios_of_weights_matter(task: str, unit: float) -> None:
    given = rows_of(task)
    for ours, theirs in zip(measures_of(task, given, given[2] * unit), measures_of(task, given), strict=True):
        assert ours == pytest.approx(theirs, rel=1e-9, nan_ok=True)
    data = Dataset.from_arrays(np.arange(120.0)[:, None], given[1], task=task, weight=given[2] * unit)
    np.testing.assert_allclose(data.weight_of(np.arange(5)), given[2][:5] / given[2].max(), rtol=1e-12)


def test_a_row_of_weight_zero_is_a_row_left_out_of_scores() -> None:
    outputs, y, weight = rows_of("regression")
    weight[::3] = 0
    some, wild = weight > 0, outputs.copy()
    wild[0] = 1e200  # whose square is not finite
    assert score_regression(wild[None], y, weight=weight) == score_regression(
        outputs[None, some], y[some], weight=weight[some]
    )
    right = np.abs(outputs - y)[:, 0] < 1
    assert score_classification(right[None], weight=weight) == score_classification(
        right[None, some], weight=weight[some]
    )
    test = np.arange(90, 120)
    data = Dataset.from_arrays(np.eye(120), y, task="regression", test=test, weight=weight)
    assert split(data).rows("test").tolist() == [row for row in test if weight[row]]


def test_a_weighted_share_is_known_by_fewer_rows_where_heavy_rows_are_wrong_more_often() -> None:
    """Kish's effective rows alone held the truth in 90 % of draws, and 92 % in those with 200 rows."""
    rng = np.random.default_rng(0)
    for rows, heavy, wrong in ((1000, 0.5, 0.01), (200, 0.4, 0.05)):
        truth, held = (0.1 * 10 * heavy + 0.9 * wrong) / (0.1 * 10 + 0.9), 0
        for _ in range(400):
            heavies = rng.random(rows) < 0.1
            hits = rng.random(rows) < np.where(heavies, heavy, wrong)
            share, known = known_share(hits.astype(float), np.where(heavies, 10.0, 1.0))
            low, high = clopper_pearson(share * known, known)
            held += low <= truth <= high
        assert held / 400 >= 0.94, rows
    weight = np.array([1.0, 2.0, 3.0])
    assert known_share(np.ones(3), weight) == (1.0, pytest.approx(36 / 14))
    # by hand: the share is 1/2, its linearised variance (1 + 4 + 9) / 36 / 4, a coin's in n rows 1 / (4 n)
    assert known_share(np.array([0.0, 0.0, 1.0]), weight) == (0.5, pytest.approx(36 / 14))
    # a heavy row is wrong: 20/81 over (5 (4/9)² + 1 (5/9)² + 9 (5/9)²) / 81, which is fewer than 81 / 15
    heavy = np.array([1.0] * 6 + [3.0])
    assert known_share(np.array([1.0] * 5 + [0.0] * 2), heavy) == (pytest.approx(5 / 9), pytest.approx(1620 / 330))


def test_intervals_of_weighted_errors_hold_and_are_of_use() -> None:
    """Weights as uneven as those of surveys: 1,000 rows of them are worth about 370."""
    rng, held, widths = np.random.default_rng(1), [0, 0, 0], np.zeros(3)
    truths = 0.5, 0.7071, 0.7071 * 0.7979  # of noise with variance 1/2: of |normal|, the mean is 0.7979
    for _ in range(100):
        y = rng.normal(size=(1000, 1))
        found = number_measures(y + np.sqrt(0.5) * rng.normal(size=(1000, 1)), y, 0.95, np.exp(rng.normal(size=1000)))
        for place, (each, truth) in enumerate(zip(found, truths, strict=False)):
            held[place] += each.low <= truth <= each.high
            widths[place] += (each.high - each.low) / 100
    assert min(held) >= 92
    assert widths[0] < 0.5
    assert widths[1:].max() < 0.2


def test_where_one_row_has_most_of_the_weight_there_is_no_interval() -> None:
    for task in ("classification", "regression"):
        outputs, y, weight = rows_of(task)
        weight[3] = 1e6
        names = () if task == "regression" else ("no", "yes")
        found = measured(task, outputs, y, names, weight=weight)
        means = [each for each in found.measures if each.name in ("log loss", "Brier score", "mean absolute error")]
        assert means
        for each in means:
            assert np.isnan(each.low), each
            assert each.method.split(": ")[1] in (
                "one row has most of the weight",
                "it takes 30 effective rows or more",
            )
    score = score_regression(outputs[None], y, weight=weight)
    assert np.isnan([score.low, *(each.low for each in score.errors)]).all()
    assert effective_rows(weight) == pytest.approx(1.0, abs=1e-2)


def test_scores_keep_by_how_many_rows_they_are_known() -> None:
    outputs, y, weight = rows_of("regression")
    score = score_regression(outputs[None], y, weight=weight)
    mean = score.errors[0]
    assert score.effective == mean.effective == pytest.approx(weight.sum() ** 2 / (weight**2).sum())
    assert f"{mean.effective:.1f} effective rows of 120" in mean.method
    again = Score.from_dict(score.to_dict())
    assert again.at_level(0.99).errors[0] == score.at_level(0.99).errors[0]
    assert again.at_level(0.95).errors[0].low == mean.low
    plain = score_regression(outputs[None], y).to_dict()
    assert "effective" not in str(plain)


def test_numbers_in_which_methods_differ_are_told_whole() -> None:
    outputs, y, weight = rows_of("classification", 1200)
    right = outputs.argmax(1) == y
    scores = {
        "train": score_classification(right[None], weight=weight),
        "valid": score_classification(right[None, :300], weight=weight[:300]),
    }
    rows = " / ".join(f"{score.effective:,.1f}" for score in scores.values())
    assert interval_methods(scores) == f"Intervals: Clopper-Pearson, weighted: {rows} effective rows of 1,200 / 300."
