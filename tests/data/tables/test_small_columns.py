"""A few rows are read without Arrow, and come to the same as with it."""

from __future__ import annotations

import datetime
import sys
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from goodfit.data.tables.frames import Frame, frame_of, frame_to_encode
from goodfit.data.tables.raw import RawColumn
from goodfit.data.tables.small import MOST_ROWS, small_column

NAN = float("nan")
TEXTS = [
    " a",
    "3.0",
    "-2.00",
    "3.0.0",
    "",
    "NA",
    "n/a",
    "None",
    "-",
    ".",
    "1e5",
    "+.5",
    "5.",
    "inf",
    "-Infinity",
    "0x1A",
]
TEXTS += ["1_000", "٣", "1e999", "1e-999", "true", "FALSE", "yes", "2024-02-30", "2024-02-29", "2024/01/31 17:42"]
TEXTS += [
    "17:42",
    "25:00",
    "2024-01-31T00:00:00.5+01:00",
    "nan",
    "b\u2003",
    "\x1cc",
    "\u0130",
    "007",
    "3.0\n",
    "\ufefft",
]
TEXTS += ["0.1", "123456789.123456789", "9007199254740993", "2.2250738585072011e-308", "<NA>", "?", "\u212aey"]
COLUMNS: dict[str, Any] = {
    "texts": TEXTS,
    "texts and none": ["a", None, "b", "a"],
    "texts and nan": ["a", NAN, "7"],
    "whole": [3, -5, 2**62],
    "whole and none": [3, None, 2**53 + 1],
    "numbers": [1.5, NAN, float("inf"), -0.0],
    "both": [1, 2.5, None],
    "truths": [True, False, True],
    "truths and none": [True, None],
    "nothing": [None, None],
    "mixed": [1, "a", None],
    "too large": [2**70, 1],
    "dates": [datetime.date(2024, 1, 31), None],
    "moments": np.array(["1969-12-31T23:59:59.9999995", "2024-01-31T17:42", "NaT"], "datetime64[ns]"),
    "int8": np.array([1, -3], np.int8),
    "big-endian": np.array([1.5, 2], ">f8"),
    "uint64": np.array([2**64 - 1, 1], np.uint64),
    "half": np.array([0.1, np.inf], np.float16),
    "longdouble": np.array([0.1, 2], np.longdouble),
    "fixed texts": np.array(["a", "3.0"]),
    "objects": np.array([True, None], object),
}


def same(one: RawColumn, other: RawColumn) -> None:
    assert one.storage == other.storage
    for read in ("numbers", "booleans", "dates"):
        np.testing.assert_array_equal(getattr(one, read)(), getattr(other, read)())
    for clock in (True, False):
        np.testing.assert_array_equal(one.dates(clock), other.dates(clock))
    np.testing.assert_array_equal(one.codes, other.codes)
    np.testing.assert_array_equal(one.missing, other.missing)
    assert one.categories() == other.categories()


@pytest.mark.parametrize("name", COLUMNS)
def test_columns_are_what_arrow_makes_of_them(name: str) -> None:
    values = COLUMNS[name]
    tables: list[Any] = [{"x": values}]
    if name not in ("longdouble", "too large", "big-endian"):
        tables.append(pd.DataFrame({"x": values}))
        tables.append(pd.DataFrame({"x": pd.Series(values, dtype=object)}))
    for table in tables:
        small, whole = frame_to_encode(table), frame_of(table)
        assert small.unreadable == whole.unreadable
        for column in small.columns:
            same(small.columns[column], whole.columns[column])


@pytest.mark.parametrize("dtype", ["i8", ">i4", "u8", ">u8", ">f8", "f2", "?", "U3", "M8[D]", object])
def test_arrays_of_every_type_are_too_with_a_mask_or_without(dtype: Any) -> None:
    values = np.array([7, 2**64 - 1] if dtype in ("u8", ">u8") else [7, 1], np.uint64).astype(dtype)
    masked = np.ma.array(values, mask=[True, False])
    for given in (values, np.repeat(values, 2)[::2], masked):
        same(frame_to_encode({"x": given}).columns["x"], frame_of({"x": given}).columns["x"])
    assert frame_to_encode({"x": masked}).columns["x"].missing.tolist() == [True, False]


def test_objects_of_every_kind_are_too() -> None:
    firsts: list[Any] = [None, NAN, pd.NA, pd.NaT, True, np.True_, 7, np.int8(7), 1.5, np.float32(0.5), Decimal("1.5")]
    firsts += ["a", np.str_("a "), "a\0b", datetime.date(2024, 1, 31), b"a", np.datetime64("2020-01-01"), 2**70]
    for first in firsts:
        for second in firsts:
            objects = np.empty(2, object)
            objects[:] = [first, second]
            masked = np.ma.array(objects, mask=[True, False])
            for given in ([first, second], objects, masked):
                small, whole = frame_to_encode({"x": given}), frame_of({"x": given})
                assert small.unreadable == whole.unreadable, (first, second)
                for name in whole.columns:
                    same(small.columns[name], whole.columns[name])
            if masked.data[1] is firsts[6]:
                assert frame_of({"x": masked}).columns["x"].missing.tolist() == [True, False]
    zeros = np.array(["a\0b"])
    assert frame_of({"x": zeros}).columns["x"].categories() == ["a\0b"]
    same(frame_to_encode({"x": zeros}).columns["x"], frame_of({"x": zeros}).columns["x"])


@pytest.mark.parametrize(
    "dtype", ["category", "string", "Int64", "boolean", "Float32", "datetime64[s]", "datetime64[ns, Asia/Tokyo]"]
)
def test_columns_of_pandas_own_types_are_too(dtype: str) -> None:
    values: dict[str, list[Any]] = {
        "category": ["b", "a", None],
        "string": ["b", None, "3.0"],
        "boolean": [True, None, False],
    }
    made = pd.Series(values.get(dtype, [86_400, 5, None]), dtype=dtype)
    table = pd.DataFrame({"x": made, "whole": pd.Series([1, 2, 3], dtype="category")})
    small, whole = frame_to_encode(table), frame_of(table)
    for name in whole.columns:
        same(small.columns[name], whole.columns[name])


def test_every_sign_is_a_blank_or_not_as_arrow_has_it() -> None:
    signs = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF]
    blank = [sign for sign in signs if not sign.strip()]
    words = [f"{sign}a{sign}" for sign in blank] + [f"n{sign}" for sign in signs if sign.lower() != sign][:2000]
    small, whole = small_column(words), frame_of({"x": words}).columns["x"]
    assert small is not None
    same(small, whole)
    kept = [sign for sign in signs if sign.strip()]
    assert frame_of({"x": kept}).columns["x"].categories() == [sign for sign in kept if sign != "?"]


def test_other_tables_are_left_to_arrow() -> None:
    assert isinstance(frame_to_encode({"x": list(range(MOST_ROWS + 1))}), Frame)
    assert small_column(["\ud800"]) is None
    assert small_column({"a": 1}) is None
    assert frame_to_encode({"x": []}).rows == 0
    with pytest.raises(ValueError, match="all columns must have the same number of rows"):
        frame_to_encode({"x": [1, 2], "y": [1]})
    with pytest.raises(ValueError, match="column names must be unique; repeated: 'x'"):
        frame_to_encode(pd.DataFrame([[1, 2]], columns=["x", "x"]))
