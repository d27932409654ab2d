from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from table_help import raw
from test_fitted import filled

from goodfit.data import table
from goodfit.data.robust import ColumnScaling
from goodfit.data.tables.dates import Moments, unused_parts

ROWS = 1200
MINUTES = np.random.default_rng(0).integers(0, 3 * 365 * 24 * 60, ROWS).astype("timedelta64[m]")
STAMPS = np.datetime64("2021-03-05T00:00") + MINUTES
DAYS = np.unique(STAMPS.astype("datetime64[D]"))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (STAMPS, ("trend", "year", "week", "day")),
        (DAYS, ("trend", "year", "week")),
        ([f"{day} 00:00" for day in DAYS], ("trend", "year", "week")),
        ([f"{day}T12:30:00" for day in DAYS], ("trend", "year", "week")),
        (["2024-03-05 10:00", "2024-03-05 17:42"], ("trend", "day")),
        (DAYS[0] + 7 * np.arange(30), ("trend", "year")),
        (["2019-05-01", "2020-05-01", "2024-05-01"], ("trend", "week")),
        ([f"{1804 + 28 * k}-02-28" for k in range(4)] , ("trend",)),
        (["2024-01-31", "2024-02-29", "2024-03-31"], ("trend", "year", "week")),
        (["17:42", "08:00:30", "0:15"], ("trend", "day")),
        ([time(17, 42), time(8)], ("trend", "day")),
        (["2024-01-01", "2024-01-01"], ("trend",)),
        ([None, None, "2024-01-01"], ("trend",)),
    ],
)  # fmt: skip
def test_inputs_tell_what_varies_in_the_training_rows(values: Any, expected: tuple[str, ...]) -> None:
    column = Moments.fit("t", raw(values))
    assert column.parts == expected
    assert column.width == len(column.features) == filled(column, values)[0].shape[1]


def test_the_rows_at_hand_count() -> None:
    values = ["2024-03-05", "2024-03-06", "2024-03-07 17:42"]
    column = Moments.fit("t", raw(values).take(np.arange(2)))
    assert column.parts == ("trend", "year", "week")
    assert unused_parts(raw(values[:2])) == "time of day does not vary"
    assert unused_parts(raw(["17:42", "8:00"])) == "day of year and weekday do not vary"
    assert unused_parts(raw(values)) == ""


def test_every_part_by_hand() -> None:
    values = [date(2024, 1, 1), datetime(2024, 1, 4, 6), "2024-01-07T18:00:00", None, datetime(2024, 7, 1, 21)]
    column = Moments.fit("t", raw([str(value or "") for value in values]))
    assert column.features == (
        "t days", "t year sine", "t year cosine", "t week sine", "t week cosine", "t day sine", "t day cosine",
        "t is missing",
    )  # fmt: skip
    out, _ = filled(column, [str(value or "") for value in values])
    noon = 2 * np.pi * np.array([0, 6, 18, np.nan, 21]) / 24
    week = 2 * np.pi * np.array([0, 3, 6, np.nan, 0]) / 7  # from Monday
    passed = np.array([19723, 19726, 19729, np.nan, 19905])  # whole days since 1970-01-01
    year = 2 * np.pi * passed / 365.2425
    angles = np.stack([np.sin(year), np.cos(year), np.sin(week), np.cos(week), np.sin(noon), np.cos(noon)], axis=1)
    assert np.allclose(out[:, 1:7], np.nan_to_num(angles), atol=1e-6)
    days = passed + np.nan_to_num([0, 0.25, 0.75, 0, 0.875])
    known = days[[0, 1, 2, 4]]
    z = (days - np.median(known)) / np.subtract(*np.quantile(known, (0.75, 0.25)))
    assert np.allclose(out[:, 0], np.nan_to_num(z / np.sqrt(1 + (z / 3) ** 2)), atol=1e-6)
    assert out[:, 7].tolist() == [0, 0, 0, 1, 0]


@pytest.mark.parametrize(
    ("one", "other", "close"),
    [
        ("2023-12-31 00:00", "2024-01-01 00:00", True),
        ("2023-03-01 00:00", "2023-09-01 00:00", False),
        ("2023-03-01 23:59", "2023-03-02 00:01", True),
        ("2023-03-01 12:00", "2023-03-02 00:00", False),
    ],
)
def test_parts_are_cycles(one: str, other: str, close: bool) -> None:
    column = Moments("t", False, ColumnScaling(0.0, 0.0), ("year", "day"))
    out, _ = filled(column, [one, other])
    assert bool(np.linalg.norm(out[0] - out[1]) < 0.05) is close


def test_a_time_zone_is_converted_whatever_wrote_it() -> None:
    """One moment, written in five ways, is one moment."""
    berlin = pd.Series(STAMPS.astype("datetime64[ns]")).dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin")
    east = timezone(timedelta(hours=5, minutes=30))
    written = [str(stamp) for stamp in STAMPS]
    forms: list[Any] = [
        berlin,
        [str(stamp) for stamp in berlin],
        [datetime.fromisoformat(stamp + "+00:00").astimezone(east) for stamp in written],
        [f"{stamp}Z" for stamp in written],
        pa.array(STAMPS.astype("datetime64[us]")),
    ]
    first = Moments.fit("t", raw(STAMPS))
    expected, _ = filled(first, STAMPS)
    for form in forms:
        assert Moments.fit("t", raw(form)) == first
        assert np.array_equal(filled(first, form)[0], expected)


HOURS = (STAMPS - STAMPS.astype("datetime64[D]")) / np.timedelta64(1, "h")
YEAR_DAYS = (STAMPS.astype("datetime64[D]") - STAMPS.astype("datetime64[Y]")) / np.timedelta64(1, "D")
WEEKDAYS = (STAMPS.astype("datetime64[D]").astype(int) + 3) % 7
SIGNALS = {
    "hour": np.sin(2 * np.pi * HOURS / 24),
    "weekday": np.sin(2 * np.pi * WEEKDAYS / 7),
    "yearly": np.cos(2 * np.pi * YEAR_DAYS / 365.25),
    "trend": MINUTES.astype(float) / MINUTES.astype(float).max(),
}


@pytest.mark.parametrize("signal", SIGNALS)
def test_least_squares_on_the_inputs_finds_each_signal(signal: str) -> None:
    """Independent of any net: a plane through the inputs explains the rows that it was not fitted on."""
    noise = np.random.default_rng(1).normal(0, 0.1, ROWS)
    made = table({"at": [str(stamp) for stamp in STAMPS], "y": 50 + 30 * (SIGNALS[signal] + noise)}, "y").split().data
    x = np.hstack([made.x, made.x[:, :1] ** 3, np.ones((ROWS, 1))]).astype(np.float64)  # the trend is squashed
    y = made.y[:, 0].astype(np.float64)
    half = ROWS // 2
    weights = np.linalg.lstsq(x[:half], y[:half], rcond=None)[0]
    left = y[half:] - x[half:] @ weights
    assert 1 - left.var() / y[half:].var() > 0.85


def test_inputs_by_hand_without_the_time_of_day() -> None:
    column = Moments("t", True, ColumnScaling(19_000.0, 1 / 250), ("trend", "year", "week"))
    out, _ = filled(column, ["2024-01-04 17:42", None])
    assert column.features == ("t days", "t year sine", "t year cosine", "t week sine", "t week cosine", "t is missing")
    z = (19_726 + (17 + 42 / 60) / 24 - 19_000) / 250
    year, week = 2 * np.pi * 19_726 / 365.2425, 2 * np.pi * 3 / 7
    expected = [z / np.sqrt(1 + (z / 3) ** 2), np.sin(year), np.cos(year), np.sin(week), np.cos(week), 0]
    assert out[0] == pytest.approx(expected, abs=1e-6)
    assert out[1].tolist() == [0, 0, 0, 0, 0, 1]


@pytest.mark.parametrize("text", ["24:00", "12:60", "12", "12:5", "noon", "12:30:61"])
def test_what_is_no_time_of_day_is_unread(text: str) -> None:
    column = raw([text, "12:30"])
    assert column.unread(column.dates()).tolist() == [True, False]


def test_beside_dates_a_time_of_day_lacks_its_date() -> None:
    column = raw(["2024-01-01", "12:30"])
    assert column.unread(column.dates()).tolist() == [False, True]


MOMENT = datetime(2020, 1, 1, 9, 8)
FORMS: dict[str, tuple[Any, Any]] = {  # times of day, and dates, in every storage
    "texts": (["09:08", "17:42"], ["2020-01-01", "2020-01-01 09:08"]),
    "values": ([time(9, 8), time(17, 42)], [MOMENT, date(2020, 1, 1)]),
    "arrays": (
        np.array(["1970-01-01T09:08", "1970-01-01T17:42"], "M8[us]"),
        np.array(["2020-01-01", "1969-12-31"], "M8[us]"),
    ),
}


@pytest.mark.parametrize("trained", FORMS)
@pytest.mark.parametrize("given", FORMS)
def test_a_date_is_no_time_of_day_in_any_storage(trained: str, given: str) -> None:
    times = Moments.fit("t", raw(FORMS[trained][0]))
    assert times.words == "times of day, as 17:42"
    assert times.read(raw(FORMS[given][0]))[1].tolist() == [False, False]
    assert times.read(raw(FORMS[given][1]))[1].tolist() == [True, True]
    dates = Moments.fit("t", raw(FORMS[trained][1]))
    assert dates.words == "dates, as 2024-01-31"
    assert dates.read(raw(FORMS[given][0]))[1].tolist() == [given != "arrays"] * 2  # which are dates there


def test_where_training_had_no_value_a_date_is_read() -> None:
    nothing = Moments.fit("t", raw([None, "2024-01-01"]).take(np.array([0])))
    assert nothing.read(raw(["2024-01-01", "17:42"]))[1].tolist() == [False, False]
