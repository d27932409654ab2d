from __future__ import annotations

import math
import subprocess
import sys
from collections import Counter
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from goodfit.data import Dataset, Split, split, table
from goodfit.errors import InputError


def classes_of(sizes: list[int], n_test: int = 0, order: int = 0) -> Dataset:
    """A data set whose input is its row number; the last rows are official test rows, on top of `sizes`."""
    codes = np.repeat(np.arange(len(sizes)), sizes)
    codes = np.concatenate([np.random.default_rng(order).permutation(codes), np.arange(n_test) % len(sizes)])
    n = len(codes)
    names = tuple(f"c{i}" for i in range(len(sizes)))
    test = np.arange(n - n_test, n)
    return Dataset("s", np.arange(n)[:, None], codes, "classification", names, test=test)


shares = st.integers(0, 95).map(lambda percent: percent / 100)
sizes_of_classes = st.lists(st.integers(0, 60), min_size=2, max_size=8)


@settings(max_examples=150, deadline=None)
@given(sizes_of_classes, shares, shares, st.integers(0, 2**40), st.booleans())
def test_no_row_is_lost_and_classes_keep_their_share(
    sizes: list[int], valid: float, test: float, seed: int, official: bool
) -> None:
    n = sum(sizes)
    assume(n > 0)
    data = classes_of(sizes, n_test=7 if official else 0)
    n_test = 0 if official else math.floor(Fraction(str(test)) * n + Fraction(1, 2))
    n_valid = math.floor(Fraction(str(valid)) * (n - n_test) + Fraction(1, 2))
    assume(n - n_test > 0 and (official or test == 0 or n_test > 0))
    assume(n - n_test - n_valid > 0 and (valid == 0 or n_valid > 0))
    parts = split(data, valid=valid, test=None if official else test, seed=seed)
    rows = np.concatenate([parts.train, parts.valid, parts.test])
    assert Counter(rows.tolist()) == Counter(range(len(data)))
    assert parts.sizes == {"train": n - n_test - n_valid, "valid": n_valid, "test": 7 if official else n_test}
    left = Counter(np.repeat(np.arange(len(sizes)), sizes).tolist())
    if official:
        assert parts.rows("test").tolist() == data.test.tolist()
    else:
        _within_one_row(parts.data.y[parts.rows("test")], left, Fraction(str(test)))
        left -= Counter(parts.data.y[parts.rows("test")].tolist())
    _within_one_row(parts.y("valid"), left, Fraction(str(valid)))


def _within_one_row(codes: np.ndarray, of: Counter[int], share: Fraction) -> None:
    taken = Counter(codes.tolist())
    for code, size in of.items():
        assert math.floor(size * share) <= taken[code] <= math.ceil(size * share)


def test_the_same_bits_twice_and_in_another_process() -> None:
    data = classes_of([30, 20, 10])
    first, second = split(data, seed=5), split(data, seed=5)
    for part in ("train", "valid", "test"):
        assert first.rows(part).tobytes() == second.rows(part).tobytes()
    assert split(data, seed=6).valid.tolist() != first.valid.tolist()
    program = (
        "import numpy as np; from goodfit.data import Dataset, split;"
        "d = Dataset('r', np.arange(50)[:, None], np.arange(50.0), 'regression');"
        "print(split(d, seed=3).valid.tolist())"
    )
    command = [sys.executable, "-c", program]
    printed = {subprocess.check_output(command, text=True) for _ in range(2)}
    regression = Dataset("r", np.arange(50)[:, None], np.arange(50.0), "regression")
    assert printed == {f"{split(regression, seed=3).valid.tolist()}\n"}


def test_the_validation_share_does_not_move_the_test_rows() -> None:
    data = classes_of([30, 30])
    assert split(data, valid=0.1).rows("test").tolist() == split(data, valid=0.5).rows("test").tolist()


def test_defaults() -> None:
    assert split(classes_of([50, 50])).sizes == {"train": 72, "valid": 8, "test": 20}
    assert split(classes_of([50, 50], n_test=10)).sizes == {"train": 90, "valid": 10, "test": 10}
    assert split(classes_of([50, 50]), valid=0, test=0).sizes == {"train": 100, "valid": 0, "test": 0}


def test_every_row_is_as_likely_as_any_other() -> None:
    """Each row is taken with chance 0.3; over 400 seeds the count is binomial, so 5 deviations are a wide margin."""
    data = classes_of([20, 20])
    counts = np.zeros(40)
    for seed in range(400):
        counts[split(data, valid=0.3, test=0, seed=seed).valid] += 1
    deviation = math.sqrt(400 * 0.3 * 0.7)
    assert np.abs(counts - 120).max() < 5 * deviation
    assert 0.5 * deviation < counts.std() < 1.5 * deviation


def test_train_rows_are_shuffled() -> None:
    train = split(classes_of([500, 500]), test=0).train
    assert abs(np.corrcoef(np.arange(len(train)), train)[0, 1]) < 0.15  # 4.5 deviations of 1 / sqrt(900)


def test_a_single_row_of_a_class_stays_in_training() -> None:
    data = classes_of([1, 1, 1, 22, 23])
    for seed in range(20):
        assert set(split(data, valid=0.2, test=0.2, seed=seed).y("train").tolist()) == {0, 1, 2, 3, 4}


def test_equal_remainders_are_shared_out_at_random() -> None:
    data = classes_of([5] * 10)
    counts = np.zeros(10)
    for seed in range(200):
        counts += np.bincount(split(data, valid=0.1, test=0, seed=seed).y("valid"), minlength=10)
    assert counts.sum() == 1000  # 50 rows * 0.1, halves up: 5 of the 10 classes give a row
    assert counts.min() > 60  # mean 100, deviation about 7


def test_regression_and_multilabel_are_not_stratified() -> None:
    x = np.arange(40)[:, None]
    assert split(Dataset("r", x, x, "regression")).sizes == {"train": 29, "valid": 3, "test": 8}
    labels = Dataset("m", x, np.eye(40, 3), "multilabel", ("a", "b", "c"))
    assert split(labels, valid=0.25, test=0.5).sizes == {"train": 15, "valid": 5, "test": 20}


def test_x_and_y_of_a_part() -> None:
    data = classes_of([10, 10])
    parts = split(data)
    assert parts.x("valid")[:, 0].tolist() == parts.valid.tolist()
    assert parts.data.y[parts.rows("test")].tolist() == data.y[parts.rows("test")].tolist()
    assert repr(parts) == "Split('s', 14 train, 2 valid, 4 test, seed 0)"
    with pytest.raises(ValueError, match="read-only"):
        parts.train[0] = 1
    with pytest.raises(InputError, match=r"unknown part; got 'validate'\. Did you mean 'valid'"):
        parts.x("validate")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"valid": 1}, r"split: 'valid' must be a fraction in \[0, 1\); got 1"),
        ({"valid": -0.1}, r"'valid' must be a fraction in \[0, 1\); got -0\.1"),
        ({"valid": float("nan")}, r"'valid' must be a fraction"),
        ({"valid": "0.1"}, r"'valid' must be a number; got '0.1'"),
        ({"valid": True}, r"'valid' must be a fraction"),
        ({"test": 1.5}, r"'test' must be a fraction"),
        ({"valid": 0.01}, r"'valid' must leave rows for every part; of 16 rows none are left for that part; got 0\.01"),
        ({"valid": 0.99}, r"of 16 rows none are left for training; got 0\.99"),
        ({"test": 0.99}, r"'test' must leave rows.*of 20 rows none are left for training"),
        ({"seed": -1}, r"split: 'seed' must be an integer >= 0; got -1"),
        ({"seed": 1.5}, r"'seed' must be a whole number; got 1.5"),
        ({"seed": True}, r"'seed' must be an integer"),
    ],
)
def test_shares_that_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        split(classes_of([10, 10]), **arguments)


def test_numpy_numbers_are_numbers() -> None:
    parts = split(classes_of([10, 10]), valid=np.float32(0.25), test=np.int64(0), seed=np.uint8(3))  # type: ignore[arg-type]
    assert parts.sizes == {"train": 15, "valid": 5, "test": 0}
    assert type(parts.seed) is int


def test_all_problems_of_the_shares_at_once() -> None:
    with pytest.raises(InputError) as caught:
        split(classes_of([10, 10]), valid=2, test=2)
    assert len(caught.value.problems) == 2


def test_official_test_rows_take_no_other_share() -> None:
    with pytest.raises(
        InputError, match=r"'s' has an official test set, which cannot be changed; got 0\.1\. Omit 'test'"
    ):
        split(classes_of([10, 10], n_test=5), test=0.1)


@pytest.mark.parametrize(
    ("train", "valid", "test", "message"),
    [
        ([0, 1], [1], [], r"every row must be in one part only; a row is in two or more; got 1"),
        ([], [1], [], r"'train' must have rows"),
        ([0], [40], [], r"'valid' must hold different row numbers from 0 to 24; got 'row 40'"),
        ([0, 24], [], [], r"official test rows of 's' must stay in the test set; some are in another part; got 1"),
        ([0], [24, 23], [22], r"some are in another part; got 2"),
    ],
)
def test_a_split_by_hand_is_checked(train: list[int], valid: list[int], test: list[int], message: str) -> None:
    data = classes_of([10, 10], n_test=5)
    with pytest.raises(InputError, match=message):
        Split(data, np.array(train, int), np.array(valid, int), np.array(test, int))


def test_empty_lists_are_rows_too() -> None:
    parts = Split(classes_of([2, 2]), [0, 1], [], [3])  # type: ignore[arg-type]
    assert parts.sizes == {"train": 2, "valid": 0, "test": 1}


def test_only_a_data_set_is_split_here() -> None:
    with pytest.raises(InputError, match=r"split: 'data' must be a Dataset; got {'x': \[1\]}\."):
        split({"x": [1]})  # type: ignore[arg-type]
    rows = table({"a": [1.0, 2.0, 3.5, 4.0], "b": [0.5, 1.5, 2.5, 3.5]}, target="b")
    with pytest.raises(InputError, match=r"must be a Dataset; .* A Table does that itself, by its method 'split'\."):
        split(rows)  # type: ignore[arg-type]
