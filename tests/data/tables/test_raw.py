from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from table_help import raw

from goodfit.data.tables.raw import MISSING_WORDS, UnreadableColumn, raw_column

NAN = float("nan")


def test_texts_lose_blanks_and_words_for_missing() -> None:
    column = raw(["  a", "a ", "NA", "n/a", "", " ", "NULL", "?", "b", None])
    assert column.storage == "text"
    assert [None if code < 0 else column.categories()[code] for code in column.codes] == [
        "a",
        "a",
        *[None] * 6,
        "b",
        None,
    ]
    assert column.missing.tolist() == [False, False, *[True] * 6, False, True]


@pytest.mark.parametrize("word", sorted(MISSING_WORDS))
def test_every_word_for_missing_counts_in_any_case(word: str) -> None:
    assert raw(["x", word, word.upper(), word.title()]).missing.tolist() == [False, True, True, True]


def test_words_that_are_missing_only_among_numbers() -> None:
    column = raw(["1", "none", "-", ".", "x"])
    assert not column.missing.any()
    assert column.unread(column.numbers()).tolist() == [False, False, False, False, True]
    assert column.unread(column.numbers(), lenient=False).tolist() == [False, True, True, True, True]


@pytest.mark.parametrize(
    ("text", "number"),
    [("1", 1), (" -2.5 ", -2.5), ("+3", 3), (".5", 0.5), ("5.", 5), ("1e3", 1000), ("1E-2", 0.01), ("inf", np.inf),
     ("-Infinity", -np.inf), ("1e400", np.inf), ("1,5", NAN), ("0x10", NAN), ("1_000", NAN), ("1 2", NAN), ("e5", NAN),
     (".", NAN), ("١", NAN), ("nan", NAN)],
)  # fmt: skip
def test_texts_as_numbers(text: str, number: float) -> None:
    assert np.array_equal(raw([text, "x"]).numbers()[:1], [number], equal_nan=True)


@given(st.lists(st.floats() | st.none(), min_size=1))
def test_numbers_written_as_text_are_the_numbers(values: list[float | None]) -> None:
    read = raw([None if value is None else repr(value) for value in values]).numbers()
    assert np.array_equal(read, [NAN if value is None else value for value in values], equal_nan=True)


def test_whole_numbers_are_the_same_category_from_any_source() -> None:
    for values in (
        [3, None, 20],
        [3.0, None, 20.0],
        ["3", None, "20"],
        ["3.0", None, "20.00"],
        pa.array([3, None, 20]),
    ):
        column = raw(values)
        words = [None if code < 0 else column.categories()[code] for code in column.codes]
        assert words == ["3", None, "20"]
    assert raw([2.5, 1e300, -0.0]).categories() == ["0", "2.5", "1e+300"]
    assert raw([2**60 + 1, 2**60]).categories() == [str(2**60), str(2**60 + 1)]
    assert raw(["007", "7"]).categories() == ["007", "7"]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-01-31", datetime(2024, 1, 31)),
        ("2024/01/31", datetime(2024, 1, 31)),
        ("1850-12-01", datetime(1850, 12, 1)),
        ("2024-01-31 10:30", datetime(2024, 1, 31, 10, 30)),
        ("2024-01-31T10:30:15.25", datetime(2024, 1, 31, 10, 30, 15, 250000)),
        ("2024-01-31T10:30:00Z", datetime(2024, 1, 31, 10, 30)),
        ("2024-01-31T10:30:00+02:00", datetime(2024, 1, 31, 8, 30)),
    ],
)
def test_texts_as_dates(text: str, moment: datetime) -> None:
    expected = (moment.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(days=1)
    assert raw([text]).dates()[0] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("text", ["2024-02-31", "31.01.2024", "2024-1-5", "2024", "20240131", "24-01-31", "noon"])
def test_other_texts_are_no_dates(text: str) -> None:
    column = raw([text])
    assert np.isnan(column.dates()).all()
    assert column.unread(column.dates()).all()


def test_dates_of_every_type_agree() -> None:
    east = timezone(timedelta(hours=2))
    day = 50 * 365 + 12  # 2020-01-01: 50 years on, 12 of them leap years
    for values in (
        [date(2020, 1, 1)],
        [datetime(2020, 1, 1)],
        [datetime(2020, 1, 1, 2, tzinfo=east)],
        np.array(["2020-01-01"], "datetime64[D]"),
        np.array(["2020-01-01"], "datetime64[ns]"),
        ["2020-01-01"],
    ):
        assert raw(values).dates().tolist() == [day]


def test_times_of_day_of_every_type_agree() -> None:
    for values in (
        [time(17, 42)],
        ["17:42"],
        [" 17:42:00.0 "],
        pa.array([time(17, 42)], pa.time32("s")),
        pa.array([time(17, 42)], pa.time64("ns")),
    ):
        assert raw(values).dates().tolist() == [(17 * 60 + 42) / 1440]
    assert raw(["17:42"]).shown(0) == "17:42"
    assert raw([time(17, 42)]).shown(0) == "17:42:00"


def test_yes_and_no() -> None:
    column = raw(["yes", "NO", "True", "f", "1", "0.0", "on", "?", "maybe", "2"])
    assert np.array_equal(column.booleans(), [1, 0, 1, 0, 1, 0, 1, NAN, NAN, NAN], equal_nan=True)
    assert column.unread(column.booleans()).tolist() == [False] * 8 + [True] * 2
    assert raw([True, None, False]).booleans()[[0, 2]].tolist() == [1, 0]
    assert raw([0, 1, 5]).unread(raw([0, 1, 5]).booleans()).tolist() == [False, False, True]


def test_infinite_numbers_count_as_missing() -> None:
    for column in (raw([1.0, np.inf, -np.inf, NAN]), raw([1, float("inf"), float("-inf"), None])):
        assert column.missing.tolist() == [False, True, True, True]
        assert column.infinite.tolist() == [False, True, True, False]
    assert raw(["1", "inf"]).infinite.tolist() == [False, True]


def test_dates_are_no_numbers_and_numbers_no_dates() -> None:
    days, numbers = raw([date(2020, 1, 1)]), raw([1.5])
    assert days.unread(days.numbers()).all()
    assert days.unread(days.booleans()).all()
    assert numbers.unread(numbers.dates()).all()


@pytest.mark.parametrize(
    "array",
    [pa.array([[1]]), pa.array([{"a": 1}]), pa.array([b"x"]), pa.array([timedelta(1)])],
    ids=lambda array: str(array.type),
)
def test_other_types_are_refused(array: pa.Array) -> None:
    with pytest.raises(UnreadableColumn, match=r"list|struct|binary|duration"):
        raw_column(array)


@pytest.mark.parametrize(
    ("array", "storage"),
    [
        (pa.array(["a", None]).dictionary_encode(), "text"),
        (pa.array([1, None]).dictionary_encode(), "number"),
        (pa.array(["a"], pa.string_view()), "text"),
        (pa.array([None, None]), "text"),
        (pa.array([2**64 - 1], pa.uint64()), "number"),
        (pa.array([1.5], pa.float16()), "number"),
        (pa.array([Decimal("1.50")]), "number"),
        (pa.chunked_array([], pa.string()), "text"),
        (pa.chunked_array([["a"], ["b", "a"]]), "text"),
        (pa.chunked_array([], pa.int64()), "number"),
    ],
    ids=lambda value: str(getattr(value, "type", value)),
)
def test_types_of_arrow(array: Any, storage: str) -> None:
    column = raw_column(array)
    assert column.storage == storage
    assert len(column) == len(array)
    assert len(column.missing) == len(array)
    assert int(column.missing.sum()) == array.null_count


def test_cells_are_shown_as_they_were_meant() -> None:
    assert raw([5.0]).shown(0) == "5"
    assert raw(["x"]).shown(0) == "x"
    assert raw([True]).shown(0) == "True"
    assert raw([datetime(2020, 1, 1, 12, 30)]).shown(0) == "2020-01-01T12:30:00"
    assert raw([date(2020, 1, 1)]).shown(0) == "2020-01-01"
