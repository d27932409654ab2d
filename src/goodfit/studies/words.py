"""Texts in the two languages that a study speaks: English, and the notes' own Chinese."""

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from goodfit.reports.languages import PHRASES, Language

LANGUAGES: tuple[Language, ...] = tuple(PHRASES)


@dataclass(frozen=True)
class Words:
    """A text in English and in Chinese. zh: "" in a study of one's own that says it in English alone."""

    en: str
    zh: str = ""

    def of(self, language: Language) -> str:
        """The text in a language; the English one where there is no other."""
        return self.en if language == "en" else self.zh or self.en


COLON, SEMICOLON = Words(": ", "："), Words("; ", "；")  # Chinese has marks of its own, without spaces


@dataclass(frozen=True)
class Labels:
    """What stands in a figure, by its English: `say("hidden units")`, `say("degree {degree}", degree=3)`.

    chinese: English label -> the Chinese one; language: that the figure speaks.
    """

    chinese: Mapping[str, str]
    language: Language = "en"

    def __call__(self, english: str, /, **values: Any) -> str:
        """A label with values for the names in braces. KeyError in either language where there is no Chinese."""
        chinese = self.chinese[english]
        return (english if self.language == "en" else chinese).format(**values)

    def name(self, text: str) -> str:
        """What a table calls a thing, in the figure's language; proper names, such as Adam, stay as they are.

        A label may stand for all texts that differ in numbers alone: "5 folds" is found as "{} folds".
        """
        if self.language == "en":
            return text
        form = _NUMBER.sub("{}", text)
        if form in self.chinese and text not in self.chinese:
            return self.chinese[form].format(*_NUMBER.findall(text))
        return self.chinese.get(text, text)


_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_T = TypeVar("_T")


def filled(told: _T, values: Mapping[str, str]) -> _T:
    """The same with values for the names in braces, in every text of a declaration, however deep it stands."""
    found: Any = told
    if isinstance(told, Words):
        texts = (told.en, told.zh)
        found = Words(*(re.sub(r"\{(\w+)\}", lambda name: values.get(name[1], name[0]), each) for each in texts))
    elif isinstance(told, tuple):
        found = tuple(filled(each, values) for each in told)
    elif dataclasses.is_dataclass(told) and not isinstance(told, type):
        parts = {each.name: getattr(told, each.name) for each in dataclasses.fields(told)}
        found = dataclasses.replace(told, **{name: filled(part, values) for name, part in parts.items()})
    return found  # type: ignore[no-any-return]
