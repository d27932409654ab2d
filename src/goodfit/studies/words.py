"""Texts in the two languages that a study speaks: English, and the notes' own Chinese."""

from dataclasses import dataclass

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
