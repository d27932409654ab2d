from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import GroupKFold, ShuffleSplit, StratifiedKFold, TimeSeriesSplit

from goodfit.data import Dataset
from goodfit.data.folds import Folds, make_folds
from goodfit.errors import InputError


def dataset(counts: tuple[int, ...] = (20, 13, 9)) -> Dataset:
    y = np.random.default_rng(0).permutation(np.repeat(np.arange(len(counts)), counts))
    x = np.arange(len(y), dtype=np.float32)[:, None]
    return Dataset("d", x, y.astype(np.int32), "classification", tuple(f"c{i}" for i in range(len(counts))))


def numbers(rows: int) -> Dataset:
    return Dataset("n", np.arange(rows, dtype=np.float32)[:, None], np.arange(rows, dtype=np.float32), "regression")


def check_partition(found: Folds, rows: np.ndarray[Any, Any]) -> None:
    assert found.partitions
    for repeat in found.repeats:
        np.testing.assert_array_equal(np.sort(np.concatenate([fold.valid for fold in repeat])), np.sort(rows))
        for fold in repeat:
            np.testing.assert_array_equal(np.sort(np.concatenate([fold.train, fold.valid])), np.sort(rows))


@given(counts=st.lists(st.integers(5, 40), min_size=2, max_size=5), folds=st.integers(2, 5), seed=st.integers(0, 1000))
def test_no_row_is_dropped_and_classes_are_spread_evenly(counts: list[int], folds: int, seed: int) -> None:
    data = dataset(tuple(counts))
    rows = np.random.default_rng(seed).permutation(len(data)).astype(np.int32)
    found = make_folds(data, rows, folds=folds, seed=seed, repeats=2)
    check_partition(found, rows)
    assert len(found.repeats) == 2
    for repeat in found.repeats:
        sizes = [len(fold.valid) for fold in repeat]
        assert max(sizes) - min(sizes) <= 1
        for code in range(len(counts)):
            held = [int((data.y[fold.valid] == code).sum()) for fold in repeat]
            assert max(held) - min(held) <= 1


def test_the_same_seed_gives_the_same_folds_and_repeats_differ() -> None:
    data, rows = dataset(), np.arange(42, dtype=np.int32)
    one, two, other = (make_folds(data, rows, seed=seed, repeats=2) for seed in (1, 1, 2))
    assert all(np.array_equal(a.valid, b.valid) for a, b in zip(one.all, two.all, strict=True))
    assert not all(np.array_equal(a.valid, b.valid) for a, b in zip(one.all, other.all, strict=True))
    first, second = one.repeats
    assert not all(np.array_equal(a.valid, b.valid) for a, b in zip(first, second, strict=True))
    assert one.test_share == pytest.approx(np.mean([len(fold.valid) / 42 for fold in one.all]))


def test_rows_of_a_part_of_the_data_are_divided() -> None:
    data = dataset()
    rows = np.arange(0, 42, 2, dtype=np.int32)
    check_partition(make_folds(data, rows, folds=3), rows)


def test_a_group_stands_in_one_fold_and_folds_are_of_like_size() -> None:
    data, rng = numbers(100), np.random.default_rng(3)
    groups = rng.integers(0, 12, 100)
    found = make_folds(data, np.arange(100, dtype=np.int32), folds=4, groups=groups)
    check_partition(found, np.arange(100))
    for fold in found.all:
        assert not set(groups[fold.train]) & set(groups[fold.valid])
    sizes = [len(fold.valid) for fold in found.all]
    assert max(sizes) - min(sizes) <= np.bincount(groups).max()


def test_by_time_what_is_held_out_comes_later() -> None:
    time = np.random.default_rng(1).permutation(60) // 3  # three rows of every time
    found = make_folds(numbers(60), np.arange(60, dtype=np.int32), folds=4, time=time)
    assert not found.partitions
    assert len(found.all) == 4
    for fold in found.all:
        assert time[fold.train].max() < time[fold.valid].min()
    held_out = np.concatenate([fold.valid for fold in found.all])
    np.testing.assert_array_equal(np.sort(np.concatenate([found.all[0].train, held_out])), np.arange(60))
    assert [len(fold.valid) for fold in found.all] == [12] * 4


def test_time_with_many_equal_values_still_gives_every_fold_rows() -> None:
    time = np.array([0] * 40 + [1, 2, 3, 4])
    found = make_folds(numbers(44), np.arange(44, dtype=np.int32), folds=4, time=time)
    assert [len(fold.train) for fold in found.all] == [40, 41, 42, 43]


@pytest.mark.parametrize(
    ("splitter", "partitions"),
    [
        (StratifiedKFold(4, shuffle=True, random_state=0), True),
        (TimeSeriesSplit(3), False),
        (ShuffleSplit(3, test_size=0.3, random_state=0), False),
    ],
)
def test_splitters_of_scikit_learn(splitter: Any, partitions: bool) -> None:
    data = dataset()
    rows = np.arange(41, -1, -1, dtype=np.int32)  # places are not row numbers
    found = make_folds(data, rows, folds=splitter)
    assert found.partitions is partitions
    for fold, (train, valid) in zip(found.all, splitter.split(data.x[rows], data.y[rows]), strict=True):
        np.testing.assert_array_equal(fold.train, rows[train])
        np.testing.assert_array_equal(fold.valid, rows[valid])


def test_a_grouping_splitter_is_given_the_groups() -> None:
    groups = np.arange(42) % 6
    found = make_folds(dataset(), np.arange(42, dtype=np.int32), folds=GroupKFold(3), groups=groups)
    assert all(not set(groups[fold.train]) & set(groups[fold.valid]) for fold in found.all)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"folds": 1}, "there must be at least two folds; got 1"),
        ({"folds": True}, "there must be at least two folds"),
        ({"repeats": 0}, "'repeats' must be an integer >= 1; got 0"),
        ({"folds": 43}, "43 folds need at least 43 rows; got 42"),
        ({"folds": 10}, "every class must have at least 10 rows for 10 folds; 'c2' has fewer; got 9. Use 9 folds"),
        ({"groups": np.arange(42) % 3}, "5 folds need at least 5 groups; got 3"),
        ({"groups": np.arange(41)}, "'groups' must have one value for each of the 42 rows"),
        ({"time": np.zeros(42)}, "5 folds by time need 6 distinct times; got 1"),
        ({"time": np.arange(42), "repeats": 2}, "'time' cannot be combined with 'groups' or 'repeats'"),
        ({"folds": "five"}, "'folds' must be a number, or a scikit-learn splitter"),
        ({"folds": GroupKFold(3)}, "'folds' must be a number, or a scikit-learn splitter that fits the data"),
        ({"folds": []}, "every fold must have a training and a validation set"),
        ({"folds": [([0, 1], [1, 2])]}, "no row can be in the training and the validation set of one fold"),
    ],
)
def test_folds_that_cannot_be(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        make_folds(dataset(), np.arange(42, dtype=np.int32), **changes)
