from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from table_help import people

from goodfit.data.tables.frames import Frame, frame_of
from goodfit.errors import InputError

COLUMNS = people(30)


def same(one: Frame, other: Frame) -> bool:
    assert list(one.columns) == list(other.columns)
    return all(
        a.storage == b.storage
        and np.array_equal(a.codes, b.codes)
        and a.categories() == b.categories()
        and np.array_equal(a.numbers(), b.numbers(), equal_nan=True)
        for a, b in zip(one.columns.values(), other.columns.values(), strict=True)
    )


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table], ids=["pandas", "polars", "arrow"])
def test_every_library_gives_the_same(make: Any) -> None:
    assert same(frame_of(make(COLUMNS)), frame_of(COLUMNS))


def test_types_of_pandas() -> None:
    data = pd.DataFrame(
        {
            "category": pd.Categorical(["u", "v", None]),
            "object": pd.Series([1, "x", None], dtype=object),
            "nullable": pd.array([1, None, 3], dtype="Int64"),
            "truth": pd.array([True, None, False], dtype="boolean"),
            "when": pd.to_datetime(["2020-01-01", None, "2020-01-02"]),
            7: [1.5, 2.5, np.nan],
        }
    )
    data.index = [5, 5, 9]  # type: ignore[assignment]
    found = frame_of(data)
    assert list(found.columns) == ["category", "object", "nullable", "truth", "when", "7"]
    assert [column.storage for column in found.columns.values()] == [
        "text",
        "text",
        "number",
        "boolean",
        "date",
        "number",
    ]
    assert all(column.missing.any() for column in found.columns.values())
    assert found.columns["object"].categories() == ["1", "x"]


def test_columns_of_mixed_values_become_text() -> None:
    values = [
        1,
        2.0,
        2.5,
        "x",
        True,
        None,
        float("nan"),
        pd.NA,
        Decimal("1.5"),
        datetime.date(2020, 1, 2),
        np.int8(4),
        np.float32(0.5),
    ]
    column = frame_of({"a": values}).columns["a"]
    words = [None if code < 0 else column.categories()[code] for code in column.codes]
    assert words == ["1", "2", "2.5", "x", "True", None, None, None, "1.5", "2020-01-02", "4", "0.5"]


@pytest.mark.parametrize(
    ("values", "got"),
    [
        ([[1, 2], [3]], "list"),
        (np.zeros((2, 2)), r"an array of shape \(2, 2\)"),
        ([object(), object()], "object"),
        ([b"x", b"y"], "binary"),
        ("ab", "str"),
        (5, "int"),
        ([{"a": 1}, {"a": 2}], "struct"),
        ([1, {"a": 1}], "dict"),
        (np.array([1j, 2]), "complex"),
    ],
)
def test_what_cannot_be_read_is_kept_by_name(values: Any, got: str) -> None:
    found = frame_of({"good": [1, 2], "bad": values})
    assert list(found.columns) == ["good"]
    assert found.names == ["good", "bad"]
    with pytest.raises(AssertionError, match=got):
        raise AssertionError(found.unreadable["bad"])


def test_arrays_of_any_layout() -> None:
    found = frame_of(
        {"big": np.array([1, 2], ">i4"), "half": np.array([1, 2], np.float16), "view": np.arange(4.0)[::2]}
    )
    assert [column.numbers().tolist() for column in found.columns.values()] == [[1, 2], [1, 2], [0, 2]]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({}, "table: must have columns; there are none"),
        ({"a": [1, 2], "b": [1]}, r"table: all columns must have the same number of rows; got \{'a': 2, 'b': 1\}"),
        (3, r"table: must be a data frame \(pandas, polars, Arrow\) or a dict of columns; got 'int'"),
        (np.zeros((2, 2)), "got 'ndarray'. Collect a lazy frame first; arrays without column names go into Dataset"),
        (pd.Series([1.0], ["a"]), r"got 'Series'. A frame of one row has it as frame.iloc\[\[0\]\]"),
        ([{"a": 1}], r"got 'list'. A list of rows becomes one by pandas.DataFrame\(rows\)"),
        ({"a": 1.5, "b": "x"}, r"must be a list of values, also for one row; 'a' is none; got 1.5. Write \["),
        (pl.LazyFrame(COLUMNS), "got 'LazyFrame'. Collect a lazy frame first"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "names must be unique; repeated: 'a'. Rename one of them"),
        (pa.table([[1], [2]], names=["a", "a"]), "column names must be unique; repeated: 'a'"),
        (pd.DataFrame([[1, 2]], columns=[1, "1"]), "names must be unique; repeated: '1'"),
        ({1: [1], "1": [2]}, "names must be unique; repeated: '1'"),
    ],
)  # fmt: skip
def test_what_is_no_table(data: Any, text: str) -> None:
    with pytest.raises(InputError, match=text):
        frame_of(data)


def test_rows_are_taken_by_number() -> None:
    taken = frame_of(COLUMNS).take(np.array([3, 0]))
    assert taken.rows == 2
    assert taken.columns["school"].categories()[taken.columns["school"].codes[0]] == COLUMNS["school"][3]
