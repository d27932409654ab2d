"""Prediction intervals and sets: by hand, against slow code, and their coverage by simulation."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from goodfit.errors import InputError
from goodfit.models.conformal import (
    ENTRY,
    FEWEST_NEAR,
    MOST_NUMBERS,
    MOST_SCORES,
    Conformal,
    checked_coverage,
    conformal_classes,
    conformal_numbers,
    conformal_of,
    conformal_quantiles,
    kept_ranks,
    rank,
    threshold,
)

DRAWS = 400


def numbers(values: Any, targets: Any) -> Conformal:
    found = conformal_numbers(np.asarray(values, float), np.asarray(targets, float), "out-of-fold")
    assert found is not None
    return found


def classes(values: Any, codes: Any) -> Conformal:
    found = conformal_classes(np.asarray(values, float), np.asarray(codes), "validation")
    assert found is not None
    return found


def test_intervals_by_hand() -> None:
    found = numbers(np.zeros((9, 2)), np.array([[3, -1, 2, 9, -4, 5, 8, -7, 6], [10] * 9]).T)
    np.testing.assert_array_equal(found.intervals(np.array([[1.0, 1.0]]), 0.9), [[[-8, 10], [-9, 11]]])  # the 9th of 9
    np.testing.assert_array_equal(found.intervals(np.array([[1.0, 1.0]]), 0.5), [[[-4, 6], [-9, 11]]])  # the 5th
    assert found.intervals(np.array([[1.0, 1.0]]), 0.91).tolist() == [[[-np.inf, np.inf]] * 2]
    assert found.note(0.9) is None
    assert found.note(0.95) == (
        "A coverage of 0.95 needs 19 rows with out-of-fold predictions, and there are 9: all intervals are infinite."
    )
    assert np.isnan(found.intervals(np.full((1, 2), np.nan), 0.9)).all()


def test_intervals_end_where_no_target_of_many_rows_was() -> None:
    """By hand: targets of each sign, of both, and of too few rows."""
    rng = np.random.default_rng(0)
    y = np.abs(rng.normal(size=(60, 3))) * [1, -1, 1]
    y[0, 2] = -0.1
    found = numbers(np.zeros((60, 3)), y)
    assert found.signs == (1, -1, 0)
    ends = found.intervals(np.array([[0.5, -0.5, 0.5]]), 0.9)[0]
    assert ends[0, 0] == ends[1, 1] == 0.0
    assert ends[2, 0] == 0.5 - found.scores[2][54] < 0  # the rank ceil(61 * 0.9) = 55
    assert found.intervals(np.array([[0.5, -0.5, 0.5]]), 0.999)[0].tolist() == [
        [0, np.inf], [-np.inf, 0], [-np.inf, np.inf]
    ]  # fmt: skip
    assert found.cut_note() == (
        "Intervals of 2 of 3 targets are cut off at 0, below or above which none of 60 rows with out-of-fold "
        "predictions has a target."
    )
    assert numbers(np.zeros((49, 1)), np.ones((49, 1))).signs == (0,)
    assert conformal_of({ENTRY: json.loads(json.dumps(found.to_json()))}, "file", "regression", 3).signs == (1, -1, 0)


@pytest.mark.parametrize("least", [0.0, -0.02])
def test_cutting_costs_next_to_no_coverage(least: float) -> None:
    """Also where a new target may be on the other side of 0: in 2 % of rows, of which n = 50 had none by chance."""
    rng = np.random.default_rng(1)
    held = []
    while len(held) < DRAWS:
        y = rng.uniform(least, 1, size=(51, 1)) ** 3
        if (y[:50] < 0).any():
            y[:50] = np.where(y[:50] < 0, rng.uniform(0, 1, size=(50, 1)) ** 3, y[:50])
        centre = np.full((51, 1), 0.2)
        low, high = numbers(centre[:50], y[:50]).intervals(centre[50:], 0.9)[0, 0]
        assert low >= 0
        held.append(low <= y[50, 0] <= high)
    assert np.mean(held) > 0.9 - 1 / 51 - 2 * np.sqrt(0.09 / DRAWS)


def test_intervals_of_quantiles_by_hand() -> None:
    """The score of a row is how far it is outside of its quantiles, negative inside; of nine for 0.8 the 8th."""
    low, high = np.zeros((9, 1)), np.full((9, 1), 10.0)
    y = np.array([[-3.0], [1], [2], [5], [9], [10], [11], [12], [4]])  # scores 3, -1, -2, -5, -1, 0, 1, 2, -4
    levels = (0.1, 0.5, 0.9)
    found = conformal_quantiles(np.stack([low, (low + high) / 2, high], axis=2), y, levels, "validation")
    assert found is not None
    assert found.scores.tolist() == [[-5, -4, -2, -1, -1, 0, 1, 2, 3]]
    new = np.array([[[20.0, 25.0, 30.0]]])
    assert found.intervals(new, 0.8).tolist() == [[[18, 32]]]
    assert found.intervals(new, 0.5).tolist() == [[[21, 29]]]  # the 5th: both ends move inwards
    assert found.intervals(np.array([[[20.0, 20.5, 21.0]]]), 0.2).tolist() == [[[20.5, 20.5]]]  # they would pass
    assert (
        conformal_of({ENTRY: json.loads(json.dumps(found.to_json()))}, "file", "regression", 1, levels).levels == levels
    )
    with pytest.raises(InputError, match="must be as goodfit writes it"):
        conformal_of({ENTRY: {**found.to_json(), "levels": [0.1, 0.9]}}, "file", "regression", 1, (0.1, 0.9))


def test_coverage_of_quantiles_with_unequal_noise() -> None:
    """90 % in 200 data sets, whose quantiles are estimated too narrow by half, and wide where the noise is."""
    rng, held, levels = np.random.default_rng(2), [], (0.05, 0.25, 0.5, 0.75, 0.95)
    for _ in range(200):
        x = rng.uniform(0, 1, 400)
        spread = 0.1 + 3 * x
        y = spread * rng.standard_t(4, 400)
        ends = 0.5 * spread[:, None, None] * norm.ppf(levels)
        found = conformal_quantiles(ends[:200], y[:200, None], levels, "out-of-fold")
        assert found is not None
        low, high = found.intervals(ends[200:], 0.9)[:, 0].T
        held.append(np.mean((low <= y[200:]) & (y[200:] <= high)))
    assert 0.88 < np.mean(held) < 0.93


def test_sets_by_hand() -> None:
    true = [0.9, 0.8, 0.7, 0.6]  # probabilities of the true class: scores 0.1, 0.2, 0.3, 0.4
    found = classes([[1 - p, p] for p in true], [1, 1, 1, 1])
    new = np.array([[0.65, 0.35], [0.55, 0.45], [0.35, 0.65], [0.25, 0.75]])
    assert found.sets(new, 0.6).tolist() == [[False, False], [False, False], [False, False], [False, True]]  # the 3rd
    assert found.sets(new, 0.8).tolist() == [[True, False], [False, False], [False, True], [False, True]]
    assert found.sets(new, 0.81).all()
    assert "all sets hold every class" in str(found.note(0.81))


@pytest.mark.parametrize(("rows", "coverage", "expected"), [(9, 0.9, 9), (99, 0.9, 90), (9, 0.7, 7), (10, 0.9, 10)])
def test_the_rank_is_that_of_exact_arithmetic(rows: int, coverage: float, expected: int) -> None:
    assert rank(rows, coverage) == expected


@pytest.mark.parametrize("rows", [1, 7, 999, 1000, 1001, 12_345, 1_000_000])
@pytest.mark.parametrize("coverage", [0.01, 0.5, 0.9, 0.9995])
def test_what_is_kept_of_many_rows_covers_no_less_and_hardly_more(rows: int, coverage: float) -> None:
    scores = np.arange(1, rows + 1)[None].astype(float)
    kept = scores[:, kept_ranks(rows, min(rows, MOST_SCORES)) - 1]
    found, exact = threshold(kept, rows, coverage)[0], rank(rows, coverage)
    assert np.isinf(found) if exact > rows else exact <= found <= exact + rows / MOST_SCORES


def test_local_sizes_are_means_over_the_nearest_other_rows() -> None:
    rng = np.random.default_rng(0)
    predicted, rows = rng.normal(size=150), 150
    targets = predicted + rng.normal(size=rows) * np.exp(predicted)
    near = max(FEWEST_NEAR, round(2 * np.sqrt(rows)))
    residuals, order, scaled = np.abs(targets - predicted), np.argsort(predicted), []
    for place, row in enumerate(order):
        first = min(max(place - near // 2, 0), rows - near)
        others = [other for other in order[first : first + near] if other != row]
        scaled.append(residuals[row] / max(residuals[others].mean(), residuals.mean() / 10))
    found = numbers(predicted[:, None], targets[:, None])
    np.testing.assert_allclose(found.scaled[0], np.sort(scaled), rtol=1e-12)
    ends = found.intervals(np.array([[predicted.min() - 1], [predicted.max() + 1]]), 0.9, adaptive=True)
    widths = np.diff(ends[:, 0])[:, 0]
    half = np.sort(scaled)[rank(rows, 0.9) - 1]
    assert widths[1] > 3 * widths[0]  # and beyond the rows as at the last of them
    np.testing.assert_allclose(widths[1], 2 * half * residuals[order[-near:]].mean(), rtol=1e-12)


def test_rows_that_are_met_exactly_divide_nothing_by_zero() -> None:
    found = numbers(np.zeros((12, 1)), np.zeros((12, 1)))
    assert found.intervals(np.ones((1, 1)), 0.9, adaptive=True).tolist() == [[[1, 1]]]
    assert numbers([[1.0]], [[3.0]]).intervals(np.ones((1, 1)), 0.5, adaptive=True).shape == (1, 1, 2)


@pytest.mark.parametrize("rows", [30, 100, 400])
@pytest.mark.parametrize("adaptive", [False, True])
def test_coverage_of_intervals(rows: int, adaptive: bool) -> None:
    """Of exchangeable rows it is rank / (rows + 1) in the mean, whatever the noise; adaptive ones nearly."""
    rng, inside = np.random.default_rng(rows), []
    for _ in range(DRAWS):
        predicted = rng.normal(size=(rows + 200, 1))
        y = predicted + rng.standard_t(4, size=predicted.shape) * np.exp(0.7 * predicted)
        low, high = np.moveaxis(
            numbers(predicted[:rows], y[:rows]).intervals(predicted[rows:], 0.9, adaptive=adaptive), -1, 0
        )
        inside.append(((low <= y[rows:]) & (y[rows:] <= high)).mean())
    expected = rank(rows, 0.9) / (rows + 1)
    deviation = np.std(inside) / np.sqrt(DRAWS)
    assert abs(np.mean(inside) - expected) < 4 * deviation + (0.015 if adaptive else 0)


@pytest.mark.parametrize("count", [2, 5])
def test_coverage_of_sets(count: int) -> None:
    rng, inside, rows = np.random.default_rng(count), [], 100
    for _ in range(DRAWS):
        p = rng.dirichlet(np.full(count, 0.7), size=rows + 200)
        y = (p.cumsum(1) < rng.random((len(p), 1))).sum(1)
        wrong = p**0.5 / (p**0.5).sum(1, keepdims=True)  # coverage does not ask for true probabilities
        inside.append(classes(wrong[:rows], y[:rows]).sets(wrong[rows:], 0.9)[np.arange(200), y[rows:]].mean())
    assert abs(np.mean(inside) - rank(rows, 0.9) / (rows + 1)) < 4 * np.std(inside) / np.sqrt(DRAWS)


def test_what_a_file_holds_gives_the_same() -> None:
    rng = np.random.default_rng(1)
    for found, give in (
        (numbers(rng.normal(size=(3000, 2)), rng.normal(size=(3000, 2))), "intervals"),
        (classes(rng.dirichlet(np.ones(2), size=50), rng.integers(0, 2, 50)), "sets"),
    ):
        text = json.dumps(found.to_json(), allow_nan=False)
        again = conformal_of({ENTRY: json.loads(text)}, "Model", found.task, 2)
        new = rng.random((10, 2))
        np.testing.assert_array_equal(getattr(again, give)(new, 0.9), getattr(found, give)(new, 0.9))
        assert len(text) < 30 * MOST_NUMBERS


def test_a_stranger_can_put_nothing_else_into_a_file() -> None:
    good = numbers(np.zeros((20, 1)), np.arange(20.0)[:, None]).to_json()
    changes: list[Any] = [3, {}, {**good, "more": 1}, {**good, "rows": True}, {**good, "rows": 19}, {**good, "rows": 0}]
    changes += [{**good, "task": "classification"}, {**good, "source": 1}]
    for name in ("scores", "scaled", "at", "size"):
        wrong = [None, [], [[]], [1], [["a"]], [[2, 1]], [[-1]], [good[name][0], good[name][0]], [[10**400]], [[[1]]]]
        changes += [{**good, name: value} for value in [*wrong, [[True] * 20]]]
    for change in changes:
        with pytest.raises(InputError, match="'conformal' in 'about' must be as goodfit writes it"):
            conformal_of({ENTRY: change}, "Model", "regression", 1)


def test_what_cannot_be_kept_is_none() -> None:
    assert conformal_numbers(np.zeros((0, 1)), np.zeros((0, 1)), "validation") is None
    assert conformal_numbers(np.full((20, 1), np.nan), np.zeros((20, 1)), "validation") is None
    assert conformal_numbers(np.zeros((20, 5000)), np.zeros((20, 5000)), "validation") is None  # more than a file takes
    assert conformal_classes(np.full((3, 2), np.nan), np.zeros(3, int), "validation") is None
    assert conformal_classes(np.zeros((0, 2)), np.zeros(0, int), "validation") is None


@pytest.mark.parametrize("coverage", [0, 1, -0.1, 1.5, float("nan"), True, "0.9", None])
def test_a_coverage_is_a_probability(coverage: Any) -> None:
    with pytest.raises(InputError, match="Coverage: must be above 0 and below 1; got"):
        checked_coverage(coverage)
