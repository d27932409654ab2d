from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goodfit.data import Dataset, split
from goodfit.data.dividing import group_codes, own_groups, with_division
from goodfit.errors import InputError

PARTS: tuple[Any, ...] = ("train", "valid", "test")


def dataset(n: int, **division: Any) -> Dataset:
    x = np.random.default_rng(0).normal(size=(n, 3))
    return Dataset.from_arrays(x, np.arange(n) % 3, **division)


@settings(max_examples=60)
@given(st.lists(st.integers(0, 12), min_size=20, max_size=80), st.integers(0, 5))
def test_groups_stay_whole_and_no_row_is_dropped(groups: list[int], seed: int) -> None:
    if len(set(groups)) < 4:
        return
    parts = split(dataset(len(groups), groups=groups), valid=0.2, test=0.25, seed=seed)
    rows = {part: parts.rows(part) for part in PARTS}
    assert np.array_equal(np.sort(np.concatenate(list(rows.values()))), np.arange(len(groups)))
    of = {part: {groups[row] for row in rows[part]} for part in PARTS}
    assert sum(map(len, of.values())) == len(set(groups))
    assert all(len(each) for each in of.values())
    share = round(0.25 * len(groups) + 1e-9)
    smallest = min(np.bincount(groups)[np.bincount(groups) > 0])
    assert len(rows["test"]) <= max(share + 1, smallest)
    again = split(dataset(len(groups), groups=groups), valid=0.2, test=0.25, seed=seed)
    assert np.array_equal(again.rows("test"), rows["test"])


def test_a_part_gets_about_its_share_of_small_groups() -> None:
    groups = np.repeat(np.arange(100), 3)
    assert split(dataset(300, groups=groups), valid=0.1, test=0.2).sizes == {"train": 216, "valid": 24, "test": 60}


def test_rows_without_a_group_stand_for_themselves() -> None:
    groups = ["a", None, "a", float("nan"), "b", None, np.str_("b")]
    assert group_codes(groups).tolist() == [0, -1, 0, -1, 1, -1, 1]
    assert own_groups(group_codes(groups)).tolist() == [0, 2, 0, 3, 1, 4, 1]
    parts = split(dataset(7, groups=groups), valid=0, test=0.4)
    assert parts.sizes["train"] + parts.sizes["test"] == 7
    held = set(parts.rows("test").tolist())
    assert not ({0, 2} & held) or {0, 2} <= held


@settings(max_examples=60)
@given(st.lists(st.integers(0, 30), min_size=20, max_size=80), st.integers(0, 5))
def test_by_time_the_later_rows_are_held_out(time: list[int], seed: int) -> None:
    if len(set(time)) < 6 or max(np.bincount(time)) > len(time) / 4:
        return
    parts = split(dataset(len(time), time=time), valid=0.2, test=0.25, seed=seed)
    rows = {part: parts.rows(part) for part in PARTS}
    assert np.array_equal(np.sort(np.concatenate(list(rows.values()))), np.arange(len(time)))
    when = np.array(time)
    assert when[rows["train"]].max() < when[rows["valid"]].min()
    assert when[rows["valid"]].max() < when[rows["test"]].min()
    assert abs(len(rows["test"]) - 0.25 * len(time)) <= max(np.bincount(time))


def test_times_may_be_dates_and_official_test_rows_stay() -> None:
    days = np.datetime64("2024-01-31") - np.arange(20)
    parts = split(dataset(20, time=days), valid=0.25, test=0.2)
    assert sorted(parts.rows("test").tolist()) == [0, 1, 2, 3]
    assert sorted(parts.valid.tolist()) == [4, 5, 6, 7]
    official = Dataset.from_arrays(np.eye(20), np.arange(20) % 2, time=days, test=np.array([10, 11]))
    parts = split(official, valid=0.1)
    assert parts.rows("test").tolist() == [10, 11]
    assert sorted(parts.valid.tolist()) == [0, 1]


@pytest.mark.parametrize(
    ("division", "message"),
    [
        ({"groups": ["a"] * 20}, "split: 'test' needs 3 distinct groups or times among the 20 rows"),
        ({"time": [3] * 20}, "split: 'test' needs 3 distinct groups or times .*; got '1 time'"),
        ({"groups": list("ab") * 10}, "split: 'test' needs 3 distinct groups .* among the 20 rows .*; got '2 gr"),
    ],
)
def test_too_few_groups_or_times(division: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        split(dataset(20, **division), valid=0.2, test=0.5)


@pytest.mark.parametrize(
    ("division", "message"),
    [
        ({"groups": ["a"] * 3}, "Dataset 'table': 'groups' must hold a value for each of the 20 rows; got 3"),
        ({"groups": "a" * 20}, "'groups' must hold a value for each of the 20 rows; got 'aaaa"),
        ({"groups": [["a"]] * 20}, r"'groups' must hold one label for each row, a text or a number; got \['a'\]"),
        ({"time": [1.0] * 19 + [float("nan")]}, "'time' must hold a number or a date for each row"),
        ({"time": ["monday"] * 20}, "'time' must hold a number or a date for each row"),
        ({"time": 3}, "'time' must hold a value for each of the 20 rows; got 3"),
        ({"time": np.zeros((20, 2))}, "'time' must hold a number or a date for each row"),
        ({"time": [np.datetime64("NaT")] * 20}, "'time' must hold a number or a date for each row"),
        ({"groups": list("ab") * 10, "time": range(20)}, "'groups' and 'time' cannot both define the split"),
    ],
)
def test_what_rows_cannot_be_divided_by(division: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        dataset(20, **division)


def test_columns_by_name_are_for_tables() -> None:
    with pytest.raises(InputError, match="'groups' can be a column name only for a table; 'table' is a data set"):
        with_division(dataset(20), "person")
    data = dataset(20, groups=list("ab") * 10)
    assert with_division(data) is data
    assert with_division(data, np.arange(20)).groups.tolist() == list(range(20))  # type: ignore[union-attr]
