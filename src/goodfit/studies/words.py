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
    """A text in English and in Chinese. Figures have English labels; all else that a study says is one of these."""

    en: str
    zh: str

    def of(self, language: Language) -> str:
        """The text in a language."""
        return self.en if language == "en" else self.zh


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
