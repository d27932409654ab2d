"""The limits that docs/tables.md states are those of the code."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from goodfit.data import robust
from goodfit.data.split import TEST_SHARE
from goodfit.data.tables import categories, chances, kinds, nearly, raw, targets
from goodfit.data.tables.csv_file import SEPARATORS
from goodfit.data.tables.files import READERS

TEXT = (Path(__file__).parents[3] / "docs" / "tables.md").read_text("utf-8")
PAGE = " ".join(TEXT.split())


@pytest.mark.parametrize(
    "sentence",
    [
        f"clipped smoothly to ±{robust.CLIP:g}",
        f"Up to {categories.FEW_CATEGORIES} categories in the training set have a feature each",
        f"at least {categories.OWN_ROWS} training rows have one each, the most frequent first, up to "
        f"{categories.MOST_OWN:,}, and up to {categories.MOST_NUMBERS:,} numbers in the training set, which all such "
        f"columns share evenly ({categories.MOST_NUMBERS // 100_000} features for 100,000 rows and one column, "
        f"{categories.MOST_NUMBERS // 200_000} each for two)",
        f"one feature per {categories.OWN_ROWS} of their rows, {categories.MOST_BUCKETS} at most",
        f"distinct in more than {kinds.ID_SHARE} of the rows (from {kinds.ID_ROWS} rows on), or more than "
        f"{kinds.FEW_VALUES} distinct texts of more than {kinds.LONG_TEXT} characters on average",
        f"at least {kinds.NUMBER_SHARE} of the cells, or of the distinct texts",
        f"there are more than {kinds.FEW_VALUES} distinct numbers",
        f"at most {kinds.FEW_VALUES} with {targets.ROWS_PER_VALUE} rows each on average",
        f"{TEST_SHARE} for the test",
        f"a correlation or rank correlation of {chances.CORRELATION} or more",
        f"agree with the target in at least {100 * nearly.AGREES:g} % of the rows",
        f"predict a number with R² of at least {nearly.IS_NUMBERS} but for the worst tenth",
        f"R² of at least {nearly.TELLS_NUMBERS} but for the worst tenth of the rows, or "
        f"{100 * nearly.TELLS_CLASSES:g} % of the errors",
        f"({100 * nearly.TELLS_VALUES:g} % by a column with about as many values as classes)",
        f"What is not exact needs {nearly.FEWEST} rows",
        f"(1 in a {'million' if chances.CHANCE == 1e-6 else '?'})",
    ],
)
def test_limits_are_those_of_the_code(sentence: str) -> None:
    assert sentence in PAGE


def test_words_for_missing_are_those_of_the_code() -> None:
    said = re.search(r"an empty cell, or one of (.*?) in any case", PAGE)
    assert said is not None
    assert {word.lower() for word in re.findall(r"`([^`]+)`", said[1])} == raw.MISSING_WORDS - {""}
    among = re.search(r"boolean columns also (.*?)\. Infinite", PAGE)
    assert among is not None
    assert set(re.findall(r"`([^`]+)`", among[1])) == raw.MISSING_AMONG_NUMBERS


def test_kinds_and_files_are_those_of_the_code() -> None:
    section = TEXT.partition("## Preprocessing by column type")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == set(get_args(kinds.Kind))
    assert all(f"`{suffix}`" in PAGE for suffix in READERS)
    assert SEPARATORS == (",", ";", "\t", "|")
    assert "a comma, semicolon, tab or bar" in PAGE
