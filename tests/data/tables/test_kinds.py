from __future__ import annotations

from datetime import date, timedelta
from itertools import combinations
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from table_help import raw

from goodfit.data.tables import kinds, table
from goodfit.data.tables import raw as raw_module
from goodfit.data.tables.kinds import find_kind
from goodfit.data.tables.preprocessing import Preprocessing
from goodfit.data.tables.raw import FALSE_WORDS, TRUE_WORDS, raw_column

DAYS = [date(2020, 1, 1) + timedelta(days=i) for i in range(60)]
SIGNS = "holds numbers that are written with commas or signs"
COMMAS = "holds numbers that are written with a comma"
OTHER = "holds dates that are not written as 2024-01-31"
NUMBERS = [f"{i}.5" for i in range(60)]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([True, False, None], "boolean"),
        ([0, 1, 1, None], "boolean"),
        ([0.0, 1.0], "boolean"),
        (["yes", "no", ""], "boolean"),
        (["T", "f"], "boolean"),
        (["on", "on", "?"], "categorical"),
        (["off", "On", "ON", "-"], "boolean"),
        (["yes", "0"], "boolean"),
        (["yes", "y", "no"], "categorical"),
        (["0", "1"], "boolean"),
        (["0.0", "1.0", ""], "boolean"),
        ([1, 1, None], "numeric"),
        (["1", "1", ""], "numeric"),
        ([0, 1, 2], "numeric"),
        ([-1, 1], "numeric"),
        ([1.5, float("inf")], "numeric"),
        (NUMBERS, "numeric"),
        (["1", "-", "none", "2e3"], "numeric"),
        (DAYS, "date"),
        ([str(day) for day in DAYS] + ["n/a"], "date"),
        (["2020-01-01T10:00:00Z", "2020-01-01"], "date"),
        (["a", "b", "a"], "categorical"),
        (["m", "f"], "categorical"),
        (["yes", "no", "perhaps"], "categorical"),
        (["0", "1", "2", "3+"] * 15, "categorical"),
        (["1"] * 99 + ["?!"], "categorical"),
        ([f"town {i % 45}" for i in range(90)], "categorical"),
        ([f"name {i}" for i in range(kinds.ID_ROWS - 1)], "categorical"),
    ],
)
def test_kinds_are_found(values: Any, kind: str) -> None:
    assert find_kind(raw(values)).kind == kind


@pytest.mark.parametrize(
    ("values", "rule", "got", "text"),
    [
        ([*NUMBERS, "unknown"], "holds numbers but for row 60", "unknown", False),
        (["unknown"] * 60 + NUMBERS, "holds numbers but for 60 rows (0, 1, 2, 3, 4, ...)", "unknown", False),
        ([*map(str, DAYS), "2020-02-30", "soon"], "holds dates but for 2 rows (60, 61)", "2020-02-30", False),
        ([f"{i},5" for i in range(30)], COMMAS, "0,5", False),
        (["3,5", "4", "1.250,75"] * 9, COMMAS, "3,5", False),
        ([f"${i},500.00" for i in range(30)], SIGNS, "$0,500.00", False),
        ([f"{i} %" for i in range(30)], SIGNS, "0 %", False),
        ([f"31/12/{1950 + i}" for i in range(30)], OTHER, "31/12/1950", False),
        ([f"{1 + i}.12.1950" for i in range(28)], OTHER, "1.12.1950", False),
        ([f"name {i}" for i in range(20)], "holds a different text in every row, like an id or a name", "name 0", True),
        ([f"name {i}" for i in range(90)] + ["name 0"] * 10,
         "holds a different text in 90 of 100 rows, like an id or a name", "name 0", True),
        ([f"{'long ' * 10}{i % 25}" for i in range(100)],
         "holds free text (25 different texts, of 52 characters on average)", "long " * 10 + "0", True),
    ],
)  # fmt: skip
def test_columns_that_need_a_person_are_refused(values: Any, rule: str, got: str, text: bool) -> None:
    found = find_kind(raw(values))
    assert found.kind is None
    assert (found.rule, found.got, found.text) == (rule, got, text)


def test_the_share_of_numbers_at_its_threshold() -> None:
    words = [f"word {i % 7}" for i in range(100)]
    numbers = [str(i % 30 + 0.5) for i in range(1000)]
    count = round(len(numbers) / kinds.NUMBER_SHARE * (1 - kinds.NUMBER_SHARE))
    at = (words * 10)[:count]
    assert find_kind(raw(numbers + at)).kind is None
    assert find_kind(raw(numbers + at + ["word x", "word x"])).kind == "categorical"


def test_few_different_numbers_beside_words_are_categories() -> None:
    for distinct, kind in ((kinds.FEW_VALUES, "categorical"), (kinds.FEW_VALUES + 1, None)):
        assert find_kind(raw([str(i % distinct) for i in range(500)] + ["unknown"])).kind == kind


def test_repeated_texts_at_the_threshold() -> None:
    few, many = int(kinds.ID_SHARE * 100), int(kinds.ID_SHARE * 100) + 1
    assert find_kind(raw([f"t{i % few}" for i in range(100)])).kind == "categorical"
    assert find_kind(raw([f"t{i % many}" for i in range(100)])).text


def test_only_the_rows_at_hand_count() -> None:
    column = raw(["a", "b", *NUMBERS]).take(np.arange(2, 60))
    assert find_kind(column).kind == "numeric"
    texts = raw([f"name {i}" for i in range(100)]).take(np.arange(5))
    assert find_kind(texts).kind == "categorical"


FALSE, TRUE = sorted(FALSE_WORDS), sorted(TRUE_WORDS)


@pytest.mark.parametrize(("one", "other"), list(combinations([*FALSE, *TRUE], 2)))
def test_two_words_are_yes_and_no_only_if_one_is_each(one: str, other: str) -> None:
    """All 66 pairs: what a reading as truth values would make one constant, stays two categories."""
    values = [one, other, other.upper(), None] * 9
    kind = "boolean" if (one in TRUE) != (other in TRUE) else "categorical"
    assert find_kind(raw(values)).kind == kind
    x, _ = Preprocessing.fit({"a": values}, {"a": find_kind(raw(values)).kind}).transform({"a": values})
    assert (x[0] != x[1]).any()
    assert (x[3] != x[0]).any()
    assert (x[1] == x[2]).all() or kind == "categorical"


CODES = {
    "codes": ["00501", "10115", "99950", "00601"] * 9,
    "mixed widths": ["5", "05", "005", "12"] * 9,
    "with a gap": ["05", "NA", "-", "7"] * 9,
    "with letters": ["05", "7", "K1A"] * 9,
}


@pytest.mark.parametrize("values", CODES.values(), ids=CODES)
def test_leading_zeros_mean_codes(values: list[str]) -> None:
    found = find_kind(raw(values))
    assert (found.kind, found.remark) == ("categorical", "codes, since some are written with leading zeros")
    words = raw(values).categories()
    assert {"05", "5"} & set(values) <= set(words)


@pytest.mark.parametrize("values", [["0", "5", "10"], ["0.5", "05.25"], ["-05", "05", "5"], ["05", "1e3"], ["0"] * 3])
def test_zeros_that_do_not_lead_or_only_pad_mean_nothing(values: list[str]) -> None:
    assert find_kind(raw(values * 9)).kind == "numeric"


def test_codes_that_hardly_repeat_need_a_person() -> None:
    found = find_kind(raw([f"{i:05d}" for i in range(50)]))
    assert (found.kind, found.text, found.got) == (None, True, "00000")


@pytest.mark.parametrize(
    ("values", "rule", "got"),
    [
        ([f"{i % 12 + 1}:{i:02d} PM" for i in range(60)], "holds times that are not written as 17:42", "1:00 PM"),
        ([f"{i}:15:00" for i in range(60)], "holds times that are not written as 17:42", "24:15:00"),  # durations
        ([f"{1990 + i // 12}-{i % 12 + 1:02d}" for i in range(60)], OTHER, "1990-01"),
    ],
)
def test_times_and_months_in_another_form_are_named_by_one_that_is_not_read(values: Any, rule: str, got: str) -> None:
    found = find_kind(raw(values))
    assert (found.kind, found.rule, found.got) == (None, rule, got)


@pytest.mark.parametrize(
    ("values", "remark"),
    [
        (["1.1", "1.10", "1.2"], "'1.1' and '1.10' are one number; if they are codes, make them categorical"),
        (["1e3", "1000", "7"], "'1e3' and '1000' are one number; if they are codes, make them categorical"),
        ([10115, 20095, 80331], "if these numbers are codes, make them categorical"),
        (["10115", "20095", "80331"], "if these numbers are codes, make them categorical"),
        ([10115.0, 20095.0, None, 80331.0], "if these numbers are codes, make them categorical"),
        ([1999, 2001, 2024], ""),
        ([10_000, 20_000, 90_000], ""),
        ([10115.5, 20095, 80331], ""),
        ([1015, 20095, 80331], ""),
        (["5 %", "10 %", "20 %"], "look like numbers that are written with commas or signs"),
        (["31/12/24", "1/1/25"], "look like dates that are not written as 2024-01-31"),
        (["2024-01", "2024-02"], "look like dates that are not written as 2024-01-31"),
        (["1234-56", "2024-13"], ""),  # no months
        (["9:30 am", "12:05 PM"], "look like times that are not written as 17:42"),
        (["4:3", "16:9"], ""),
        (["a", "b"], ""),
    ],
)
def test_what_a_person_may_want_to_correct_is_remarked(values: Any, remark: str) -> None:
    assert find_kind(raw(values * 20)).remark == remark


def test_texts_are_read_once_whatever_is_asked_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each was parsed five times on the way from a table to inputs, which took most of the time of long ones."""
    seen: list[str] = []
    days = raw_module._days
    monkeypatch.setattr(raw_module, "_days", lambda text: seen.append(text) or days(text))
    stamps = [f"2024-{month:02d}-{day:02d} 17:42" for month in range(1, 13) for day in range(1, 29)]
    made = table({"when": stamps, "y": np.arange(len(stamps)) / 7}, "y").split()
    assert made.data.features[0] == "when days"
    assert len(seen) == len(set(seen)) == len(stamps)


@pytest.mark.parametrize(
    "values", [[3, 1, 3, None], [0.5, np.nan, 0.5, np.inf], ["a", None, "b", "a"], [True, None], []]
)
def test_distinct_values_are_counted(values: list[Any]) -> None:
    column = raw_column(pa.array(values, from_pandas=True))
    assert column.distinct == len(set(column.codes.tolist()) - {-1})
    assert column.take(np.arange(min(1, len(values)))).distinct == min(1, len(values))
