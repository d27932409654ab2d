"""The languages that a page may be in. What a page says by itself stands in its templates, in each of them."""

from dataclasses import dataclass
from typing import Literal

Language = Literal["en", "zh"]


@dataclass(frozen=True)
class Phrases:
    """What numbers a figure. code: of the language, as HTML names it; stop: ends a sentence before another."""

    code: str
    figure: str
    stop: str


PHRASES: dict[Language, Phrases] = {
    "en": Phrases(code="en", figure="Figure {number}.", stop=". "),
    "zh": Phrases(code="zh-Hans", figure="图 {number}：", stop="。"),
}
