"""Leaks of wide data, of very few rows, of several targets, and of tables of two features."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from test_leaks_and_chance import last_quarter, statuses

import goodfit.data as gd
from goodfit.data import Dataset, Split
from goodfit.data.agreement import MOST_COLUMNS, partial_twins, tail_of
from goodfit.leaks import guard
from goodfit.leaks.check import LeakCheck, check_split
from goodfit.leaks.guarding import LeakFinding, why_equal
from goodfit.leaks.telling_inputs import telling_inputs

PAIR = "gives the target exactly with another column: "


def told(x: Any, y: Any, **fields: Any) -> dict[str, tuple[str, str]]:
    data = Dataset.from_arrays(x, y, **fields)
    return {name: (why, status) for name, why, status in telling_inputs(data, np.arange(len(data), dtype=np.int32))}


@pytest.mark.parametrize("without", [None, 5.0])
def test_a_tail_of_many_columns_stays_small(without: float | None) -> None:
    x = np.random.default_rng(0).integers(0, 3, (200, 50_000)).astype(np.int8)
    tracemalloc.start()
    tail = tail_of(x, np.arange(150, dtype=np.int32), np.arange(150, 200, dtype=np.int32), 5.0, without)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert tail is not None
    assert len(tail.weights) == MOST_COLUMNS
    assert peak < 200e6


def test_copies_are_told_in_more_columns_than_are_weighed() -> None:
    x = np.random.default_rng(0).integers(0, 3, (60, 4 * MOST_COLUMNS)).astype(np.float32)
    x[50], x[50, 7] = x[3], 9
    found = partial_twins(x, np.arange(60, dtype=np.int32))
    assert {*found.rows.tolist(), *found.partners.tolist()} == {3, 50}


def test_a_copy_among_very_few_pairs_is_told() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((41, 5)), rng.integers(0, 2, 41)
    x[40], y[40] = x[7], y[7]
    rows = np.arange(41, dtype=np.int32)
    (found,) = guard(Split(Dataset.from_arrays(x, y), rows[:40], rows[:0], rows[40:]))
    assert (found.code, found.status, found.pairs) == ("exact", "issue", ((40, 7),))


def test_what_gives_one_target_away_is_an_issue_whatever_it_is_for_another() -> None:
    rng = np.random.default_rng(0)
    exact = rng.lognormal(4, 0.4, 400)
    close = 1000 * exact + 2600 * rng.standard_normal(400)
    for targets in ([close, exact], [exact, close]):
        found = told(np.column_stack([exact, rng.standard_normal((400, 2))]), np.column_stack(targets))
        assert found["0"][1] == "issue"


def test_one_row_tells_nothing() -> None:
    data = Dataset("one", np.ones((1, 4)), np.array([0]), "classification", ("a", "b"))
    assert telling_inputs(data, np.arange(1, dtype=np.int32)) == ()


def test_both_of_a_pair_are_called_by_their_names() -> None:
    a, b, c = np.random.default_rng(0).lognormal(size=(3, 400))
    found = told(np.column_stack([c, a, b]), a * b, features=("odd", "{width}", "height"))
    assert found == {"{width}": (PAIR + "a product or ratio of it and 'height'", "issue")}


def test_two_features_in_all_are_not_accused_together() -> None:
    a, b, c = np.random.default_rng(0).lognormal(size=(3, 400))
    assert gd.table({"a": a, "b": b, "y": a * b}, "y").leaks == ()
    assert gd.table({"a": a, "b": b, "id": np.arange(400), "y": a * b}, "y", ids="id").leaks == ()
    assert [leak.column for leak in gd.table({"a": a, "b": b, "c": c, "y": a * b}, "y").leaks] == ["a"]
    assert told(np.column_stack([a, b]), a * b) == {}


def test_a_rare_class_that_two_columns_give_away() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 4, (2, 600))
    y = ((a == 1) & (b == 2)).astype(int)  # the other class has 94 % of the rows, whatever one column says
    found = told(np.column_stack([rng.standard_normal((600, 2)), a, b]), y)
    assert found == {"2": (PAIR + "its combination with '3'", "issue")}


def test_equal_rows_of_other_targets_all_count_as_evidence() -> None:
    """A column is the target in the first 200 rows, and wrong in 100 that repeat them with the other class."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 200)
    x = np.column_stack([y, rng.standard_normal((200, 6))])
    columns: dict[str, Any] = {f"c{i}": np.concatenate([x[:, i], x[:100, i]]) for i in range(7)}
    both = np.concatenate([y, 1 - y[:100]])
    first = {name: values[:200] for name, values in columns.items()}
    assert [leak.column for leak in gd.table({**first, "y": [f"k{each}" for each in y]}, "y").leaks] == ["c0"]
    assert gd.table({**columns, "y": [f"k{each}" for each in both]}, "y").leaks == ()


def test_a_doubt_is_not_called_none() -> None:
    doubt = LeakFinding("near", "cannot tell", ("test", "train"), 0, 0.0, (), (), "Cannot tell whether a: b.", "Look.")
    assert "data: cannot tell: whether a: b." in str(LeakCheck((doubt,), True, None, 0.1))
    assert "data: none found." in str(LeakCheck((), True, None, 0.1))
    rng = np.random.default_rng(0)
    check = check_split(last_quarter(rng.integers(0, 3, (400, 3)), rng.integers(0, 2, 400)))
    assert check is not None
    assert ("exact", "cannot tell") in statuses(check.findings)
    assert "cannot tell: 100 rows of the test set (100 %) also occur in the training set, where about" in str(check)


def test_few_values_of_one_column_are_equal_by_chance_and_a_copied_one_is_not() -> None:
    random = np.random.default_rng(0)
    for values, right in ((np.arange(60) % 7 + 0.5, False), (random.normal(size=60), True)):
        if right:
            values[50:] = values[:10]
        data = Dataset("one", values[:, None].astype(np.float32), np.arange(60) % 2, "classification", ("n", "y"))
        parts = Split(data, np.arange(40), np.arange(40, 45), np.arange(45, 60))
        assert any(found.status == "issue" for found in guard(parts)) == right


def test_a_chance_below_one_row_is_no_zero_and_one_row_in_doubt_is_too_few_to_matter() -> None:
    end, _ = why_equal(1, 0.12, None)
    assert end == (
        ", where about 0.12 would by chance, since the features have few distinct values: copies cannot be told from "
        "chance."
    )
    text = f"1 row of the test set (0.6 %) also occurs in the training set{end}"
    one = LeakFinding("exact", "cannot tell", ("test", "train"), 1, 1 / 160, ((0, 1),), (), text, "Look.")
    summary = str(LeakCheck((one,), True, None, 0.1))
    assert "1 row of the test set (0.6 %) also occurs in the training set: too few to matter." in summary
    many = replace(one, count=40, share=0.25)
    assert ": cannot tell: 1 row of" in str(LeakCheck((one, many), True, None, 0.1))
