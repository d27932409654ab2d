"""How large a verdict is in the time that there is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from goodfit import Recipe
from goodfit.data import Dataset
from goodfit.selection.preparing import LearningRows
from goodfit.verdicts.few_rows import FEW, evening_transform, rows_that_decide
from goodfit.verdicts.sizing import Sizes, choose_sizes, sampled, shortened, steps_of

RECIPE = Recipe(hidden=(8,), epochs=40)


def sized(seconds: float, rows: int = 50_000, repeats: int | None = None, **how: Any) -> Sizes:
    """With a second for every 1,000 rows and 40 epochs, and one to compile."""

    def predicted(sizes: Sizes) -> float:
        return 1 + (sizes.rows or rows) / 1000 * (sizes.epochs or 40) / 40

    return choose_sizes(predicted, rows, RECIPE, seconds, repeats, 3, **how)


def test_what_fits_is_measured_whole_and_repeated_as_far_as_there_is_time() -> None:
    assert sized(1e6) == Sizes(None, None, 3, 51.0)
    assert sized(115.0).repeats == 2  # in 80 of them: a repeat more takes half of the first
    assert sized(115.0).rows is None
    assert sized(1e6, repeats=7).repeats == 7
    assert sized(np.inf) == sized(1e6)


def test_fewer_rows_then_fewer_epochs() -> None:
    found = sized(20.0 / 0.7)
    assert found.rows is not None
    assert 1 + found.rows / 1000 <= 0.7 * 20
    assert found.rows > 10_000  # nor much fewer than would fit
    assert (found.epochs, found.whole) == (None, 51.0)
    few = sized(2.0 / 0.7)
    assert (few.rows, few.epochs) == (1000, pytest.approx(16, abs=3))
    assert sized(0.1).epochs == 4
    assert sized(0.5, rows=600).rows is None


def test_rows_are_drawn_by_class_and_rare_classes_stay() -> None:
    y = np.repeat([0, 1, 2], [8000, 1988, 12])
    data = Dataset("d", np.arange(10_000, dtype=np.float32)[:, None], y, "classification", classes=("a", "b", "c"))
    given = LearningRows(data, np.arange(10_000, dtype=np.int32))
    found = sampled(given, 500).rows
    counts = np.bincount(y[found])
    np.testing.assert_allclose(counts[:2] / 500, [0.8, 0.2], atol=0.02)
    assert counts[2] >= 10
    assert (np.diff(found) > 0).all()
    assert sampled(given, None) is given


@pytest.mark.parametrize("folds", [3, 25])
def test_rare_rows_are_one_a_fold_and_not_the_first(folds: int) -> None:
    y = np.repeat([0, 1], [9700, 300])
    data = Dataset("d", np.arange(10_000, dtype=np.float32)[:, None], y, "classification", classes=("a", "b"))
    given = LearningRows(data, np.arange(10_000, dtype=np.int32))
    found = sampled(given, 100, folds).rows
    rare = found[y[found] == 1]
    assert len(rare) == max(10, folds)
    assert rare.max() > 9700 + 150
    np.testing.assert_array_equal(found, sampled(given, 100, folds).rows)


def test_the_latest_rows_are_taken_of_data_in_time() -> None:
    time = np.random.default_rng(0).permutation(100).astype(float)
    data = Dataset("d", np.ones((100, 1), np.float32), time, "regression", time=time)
    found = sampled(LearningRows(data, np.arange(100, dtype=np.int32)), 20).rows
    assert sorted(time[found]) == list(range(80, 100))


def test_batches_shrink_with_the_rows() -> None:
    recipe = RECIPE.replace(batch_size=256)
    assert shortened(recipe, Sizes(1000), 1000).batch_size == 31
    assert shortened(recipe, Sizes(20_000), 20_000).batch_size == 256
    assert shortened(recipe, Sizes(None, 10), 500) == recipe.replace(epochs=10)
    assert shortened(recipe, Sizes(), 500) is recipe


def test_tails_are_told_by_the_rows_that_hold_half_of_the_variance() -> None:
    rng = np.random.default_rng(0)
    normal, heavy = rng.normal(size=(200_000, 1)), np.exp(rng.normal(size=(200_000, 1)))
    # E[x^2; |x| > c] = 1/2 at c = 1.538, and P(|x| > c) = 0.124
    assert rows_that_decide(normal) == pytest.approx(0.124, abs=0.003)
    assert rows_that_decide(rng.exponential(size=(200_000, 1))) > FEW
    assert rows_that_decide(heavy) < FEW
    assert rows_that_decide(np.concatenate([normal, heavy], axis=1)) == rows_that_decide(heavy)


def test_tails_of_large_numbers_are_told_as_those_of_small_ones() -> None:
    values = np.random.default_rng(0).normal(size=(1000, 1)).astype(np.float32)
    assert rows_that_decide(values * np.float32(1e30)) == pytest.approx(rows_that_decide(values))


def test_the_transform_that_is_advised_can_be_applied() -> None:
    heavy = np.exp(np.random.default_rng(0).normal(size=(500, 1)))
    signed = heavy * np.where(np.arange(500) % 2, 1, -1)[:, None]
    assert evening_transform(heavy, RECIPE) == "log"
    for targets in (signed, heavy - heavy.min(), np.hstack([heavy, signed])):
        assert evening_transform(targets, RECIPE) == "yeo-johnson"
    assert evening_transform(heavy, RECIPE.replace(target_transform="log1p")) == ""


def test_steps_are_those_of_the_batches_that_are_trained() -> None:
    assert steps_of(RECIPE.replace(batch_size=100), 5000) == 40 * 50
    assert steps_of(Recipe(epochs=25), 60_000) == pytest.approx(25 * 60_000 / 256)
    assert steps_of(Recipe(epochs=25), 1600) == 25 * 32
    assert steps_of(Recipe(epochs=25), 10) == 25
