"""Columns of plain numbers and dates are read at once: to what they are word by word."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from goodfit.data.tables.kinds import read_as
from goodfit.data.tables.plain import plain_column
from goodfit.data.tables.raw import raw_column

NUMBERS = ["3", "", "-4.50", "3.0", ".5", "5.", "+7", "1e5", "1E-3", "00012", "-0.0", "9007199254740993", "inf", "-INF"]
DATES = ["2024-01-31", "", "1969-12-31", "0001-01-01", "9999-12-31", "2024-02-29"]


@pytest.mark.parametrize("chunks", [1, 2])
@pytest.mark.parametrize(("kind", "words"), [("numeric", NUMBERS), ("date", DATES)])
def test_plain_cells_are_read_as_word_by_word(kind: Any, words: list[str], chunks: int) -> None:
    array = pa.chunked_array([pa.array(words, pa.large_string())] * chunks)
    found, slow = plain_column(array, kind), raw_column(array)
    assert found is not None
    assert found.storage != "text" == slow.storage
    for ours, theirs in zip(read_as(found, kind), read_as(slow, kind), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(found.infinite, slow.infinite)


@pytest.mark.parametrize("word", ["nan", "-NaN(2)", "NA", "?", "none", " 5", "5 ", "0x1A", "1_0", "1,5", "old", "-"])
def test_other_words_among_numbers_are_left_to_be_read_one_by_one(word: str) -> None:
    assert plain_column(pa.array(["1", word, "", "2"], pa.large_string()), "numeric") is None


@pytest.mark.parametrize(
    "word", ["2024/01/31", "2024-02-30", "0000-01-01", "2024-01-31 10:00", "17:42", "NA", "24-1-31"]
)
def test_other_words_among_dates_are_left_to_be_read_one_by_one(word: str) -> None:
    assert plain_column(pa.array(["2024-01-01", word, ""], pa.large_string()), "date") is None


def test_only_texts_of_these_kinds_are_read() -> None:
    texts = pa.array(["1", "0"], pa.large_string())
    assert plain_column(texts, "boolean") is None
    assert plain_column(texts, None) is None
    assert plain_column(pa.array([1, 2]), "numeric") is None
    assert plain_column(["1"], "numeric") is None
    assert plain_column(texts.slice(0, 0), "numeric") is None
