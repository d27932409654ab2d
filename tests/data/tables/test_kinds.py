from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from table_help import raw

from goodfit.data.tables import kinds
from goodfit.data.tables.kinds import find_kind

DAYS = [date(2020, 1, 1) + timedelta(days=i) for i in range(60)]
SIGNS = "holds numbers that are written with commas or signs"
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
        (["on", "on", "?"], "boolean"),
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
        ([f"{i},5" for i in range(30)], SIGNS, "0,5", False),
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
