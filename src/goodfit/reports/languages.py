"""The few words that every page says by itself, in the languages that a page may be in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Language = Literal["en", "zh"]


@dataclass(frozen=True)
class Phrases:
    """The page's own words. code: of the language, as HTML names it; templates take the names in their braces."""

    code: str
    skip: str
    contents: str
    other_pages: str
    figure: str
    stop: str
    table_of_figure: str
    table_below: str


PHRASES: dict[Language, Phrases] = {
    "en": Phrases(
        code="en",
        skip="Skip to the content",
        contents="Contents",
        other_pages="Other pages",
        figure="Figure {number}.",
        stop=". ",
        table_of_figure="Table of figure {number}",
        table_below="The table below the figure holds its numbers.",
    ),
    "zh": Phrases(
        code="zh-Hans",
        skip="跳到正文",
        contents="目录",
        other_pages="其他页面",
        figure="图 {number}：",
        stop="。",
        table_of_figure="图 {number} 的数据表",
        table_below="图下方的表格给出其中的数值。",
    ),
}
