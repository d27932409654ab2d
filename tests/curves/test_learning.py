from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from goodfit.curves import learning_curve
from goodfit.curves.learning import _fewer, _sizes
from goodfit.data import Dataset
from goodfit.data.folds import make_folds
from goodfit.errors import InputError
from goodfit.training import Recipe

RECIPE = Recipe(
    hidden=(16,),
    activation="tanh",
    dropout=0,
    l2=0.05,  # against learning by heart, which costs the more the longer it lasts
    optimizer="adam",
    learning_rate=0.01,
    schedule="constant",
    batch_size=20,
    epochs=40,
)


def dataset(rows: int = 300) -> Dataset:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(rows, 8)).astype(np.float32)
    y = (x[:, 0] + 0.5 * x[:, 1] + rng.normal(scale=0.7, size=rows) > 0.4).astype(np.int32)
    return Dataset("d", x, y, "classification", ("a", "b"), test=np.arange(rows - 60, rows, dtype=np.int32))


def test_more_rows_learn_better_and_know_less_by_heart() -> None:
    curve = learning_curve(RECIPE, dataset(), rows=[20, 60, 190], folds=5, seeds=2, by="loss")
    assert curve.field == "rows"
    assert curve.values == (20, 60, 190)
    assert (np.diff(curve.valid.mean) < 0).all()
    assert (np.diff(curve.train.mean) > 0).all()
    assert curve.best == 2
    assert curve.figure().axes[0].get_xlabel() == "rows"
    assert np.isfinite(curve.valid.low).all()


def test_the_default_numbers_of_rows_reach_from_few_to_all() -> None:
    assert _sizes(None, 1600) == [16, 40, 101, 254, 637, 1600]
    assert _sizes(None, 10) == [10]
    assert _sizes([50, 20, 50], 60) == [20, 50]


def test_fewer_rows_are_a_part_of_more_and_classes_keep_their_shares() -> None:
    data, rows = dataset(), np.arange(240, dtype=np.int32)
    folds = make_folds(data, rows, folds=4)
    few, many = (_fewer(data, folds, size, 0, latest=False) for size in (30, 90))
    for whole, a, b in zip(folds.all, few.all, many.all, strict=True):
        assert set(a.train) < set(b.train) < set(whole.train)
        np.testing.assert_array_equal(a.valid, whole.valid)
        share = data.y[whole.train].mean()
        assert abs(data.y[a.train].sum() - 30 * share) <= 1
        assert abs(data.y[b.train].sum() - 90 * share) <= 1


def test_by_time_the_latest_rows_are_taken() -> None:
    data, rows = dataset(), np.arange(240, dtype=np.int32)
    folds = make_folds(data, rows, folds=3, time=np.arange(240))
    for whole, fewer in zip(folds.all, _fewer(data, folds, 20, 0, latest=True).all, strict=True):
        np.testing.assert_array_equal(fewer.train, np.arange(whole.valid[0] - 20, whole.valid[0]))


def test_the_largest_number_is_the_whole_fold() -> None:
    """With every row of a fold the score is that of a search without a choice."""
    from goodfit.selection import select

    data = dataset(120)
    recipe = RECIPE.replace(batch_size=48, epochs=5)  # all rows of a fold, so that their order does not matter
    curve = learning_curve(recipe, data, rows=[48], folds=5)
    found = select(recipe, data, vary={"l2": [recipe.l2]}, folds=5)
    np.testing.assert_allclose(curve.valid.mean[0], found.scores.mean(), atol=1e-6)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rows": []}, "'rows' must be integers from 2 to 192"),
        ({"rows": [1, 20]}, "'rows' must be integers from 2 to 192"),
        ({"rows": [500]}, "'rows' must be integers from 2 to 192"),
        ({"rows": [0.5]}, r"'rows' must be a sequence, each a whole number or None; got \[0\.5\]"),
        ({"by": "accuracy"}, "'by' must be score or loss; got 'accuracy'"),
        ({"folds": 1}, "there must be at least two folds"),
        ({"seeds": 0}, "'seeds' must be an integer >= 1"),
    ],
)
def test_curves_that_cannot_be(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        learning_curve(RECIPE, dataset(), **changes)
