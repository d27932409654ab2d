"""Pages in Chinese: their own words, their letters' width."""

from __future__ import annotations

import pytest

from goodfit.figures.shown import new_figure
from goodfit.reports import Grid, Link, Page, Picture, Section
from goodfit.reports.languages import PHRASES
from goodfit.words import width
from page_check import check, tables


def made(language: str) -> Page:
    grid = Grid("表", ["名", "值"], [["十二个汉字刚好不换行了", "1"], ["十三个汉字就太宽要换行了呢", "2"]], left=2)
    blocks = [Picture("损失", new_figure(4, 3), grid, text="读法。")]
    sections = [Section("图", blocks), Section("其余", [grid])]
    return Page("标题", sections, links=[Link("English", "a.html")], language=language)  # type: ignore[arg-type]


def test_a_chinese_page_says_its_own_words_in_chinese() -> None:
    root = check(made("zh").html())
    (html,) = root.all("html")
    assert html.attributes["lang"] == "zh-Hans"
    words = html.text
    for phrase in ("跳到正文", "目录", "图 1：", "图 1 的数据表"):
        assert phrase in words
    for phrase in ("Skip to the content", "Contents", "Figure 1", "Table of figure"):
        assert phrase not in words
    assert len(tables(root)) == 1  # twice the same caption


def test_both_languages_have_every_phrase() -> None:
    assert set(PHRASES) == {"en", "zh"}
    for phrases in PHRASES.values():
        assert all(vars(phrases).values())
        assert "{number}" in phrases.figure


@pytest.mark.parametrize(
    ("text", "letters"), [("", 0), ("holds: 6", 8), ("成立", 4), ("成立: 6", 7), ("，。", 4), ("≤ 1", 3)]
)
def test_the_width_of_a_text(text: str, letters: int) -> None:
    assert width(text) == letters


def test_chinese_cells_break_where_they_would_be_as_wide_as_long_english_ones() -> None:
    (first, second) = [row for table in check(made("zh").html()).all("table")[:1] for row in table.all("tr")[1:]]
    assert "short" in first.all("th")[0].attributes.get("class", "")
    assert "short" not in second.all("th")[0].attributes.get("class", "")
