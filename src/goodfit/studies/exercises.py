"""What one learns from a study: its idea in five lines with the formula, and three exercises that its page checks.

They stand in the study's folder, in `exercises.toml`.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from goodfit.errors import InputError, Problems
from goodfit.studies.words import Words

EXERCISES = "exercises.toml"
LINES, COUNT = 5, 3  # of an idea; of exercises
Text = Annotated[str, Field(min_length=1, pattern=r"\S")]


@dataclass(frozen=True)
class Idea:
    """The idea of a study, as its page begins with it.

    formula: what the study is about as one line of plain signs, such as J = L + λ/2 Σ w²
    lines: LINES sentences that explain it, in order
    """

    formula: Words
    lines: tuple[Words, ...]


@dataclass(frozen=True)
class Exercise:
    """A question with an answer that a page can check: one of several choices, or a number.

    ask: the question
    why: what is told once the answer is right
    choices: the texts to choose from; () where a number is asked for
    right: the place of the right choice among them, from 0; of no meaning for a number
    low: the least number that is right, itself included; of no meaning for choices
    high: the greatest number that is right, itself included, in the unit that the question names
    """

    ask: Words
    why: Words
    choices: tuple[Words, ...] = ()
    right: int = 0
    low: float = 0.0
    high: float = 0.0

    @property
    def pattern(self) -> str:
        """A regular expression of the numbers from low to high, so that a page can check one and not show it.

        A comma may stand for the point, and between thousands. Few numbers with as many decimals lie between the two.
        """
        low, high = (Decimal(f"{each:.10g}") for each in (self.low, self.high))
        step = Decimal(1).scaleb(min(int(each.as_tuple().exponent) for each in (low, high)))
        step = min(step, Decimal(1))
        steps = range(int(low / step), int(high / step) + 1)
        return f" *(?:{'|'.join(_written(at * step, more=at * step < high) for at in steps)}) *"


def _written(value: Decimal, *, more: bool) -> str:
    """A regular expression of a number, however many zeros follow. more: or whatever decimals follow the last."""
    whole, _, decimals = f"{abs(value):,f}".partition(".")
    sign = "(?:-|−)" if value < 0 else "(?:-|−)?" if not value else r"\+?"
    kept = decimals.rstrip("0")
    zeros = decimals[len(kept) :]
    rest = f"(?:{zeros}[0-9]*|0*)" if more else "0*"
    after = f"[.,]{kept}{rest}" if kept else f"(?:[.,]{rest})?"
    return f"{sign}{'0?' if whole == '0' and kept else whole.replace(',', ',?')}{after}"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class _TextIn(_Part):
    en: Text
    zh: Text


class _TextsIn(_Part):
    en: tuple[Text, ...]
    zh: tuple[Text, ...]

    def words(self) -> tuple[Words, ...]:
        return tuple(map(Words, self.en, self.zh))


class _ExerciseIn(_Part):
    ask: _TextIn
    why: _TextIn
    choices: _TextsIn | None = None
    right: int | None = None
    between: tuple[float, float] | None = None

    def faults(self) -> list[str]:
        """What is wrong with it."""
        found = []
        if (self.choices is None) != (self.right is None) or (self.choices is None) == (self.between is None):
            found.append("must have 'choices' and which is 'right', or a number 'between' two others")
        if self.choices is not None:
            counts = len(self.choices.en), len(self.choices.zh)
            if counts[0] != counts[1] or not 0 <= (self.right or 0) < counts[0]:
                found.append("must have the same choices in both languages, and the right one among them")
        if self.between is not None and self.between[0] > self.between[1]:
            found.append("must have a number 'between' a lower and a higher one")
        return found

    def made(self) -> Exercise:
        """As a page has it."""
        low, high = self.between or (0.0, 0.0)
        choices = self.choices.words() if self.choices is not None else ()
        return Exercise(Words(**dict(self.ask)), Words(**dict(self.why)), choices, self.right or 0, low, high)


class _FileIn(_Part):
    formula: Text | _TextIn
    idea: _TextsIn
    exercise: tuple[_ExerciseIn, ...]


def read_exercises(path: Path) -> tuple[Idea, tuple[Exercise, ...]]:
    """The idea and the exercises of a file. One InputError names all that is wrong with it."""
    where, problems = f"{path.parent.name}/{path.name}", Problems()
    try:
        found = _FileIn.model_validate(tomllib.loads(path.read_text("utf-8")))
    except tomllib.TOMLDecodeError as error:
        problems.add(where, f"must be TOML: {error}")
        raise InputError(*problems.found) from error
    except ValidationError as error:
        for each in error.errors(include_url=False):
            said = str(each["msg"])
            problems.add(where, f"{'.'.join(map(str, each['loc']))}: {said[0].lower()}{said[1:]}")
        raise InputError(*problems.found) from error
    if (len(found.idea.en), len(found.idea.zh)) != (LINES, LINES):
        problems.add(where, f"'idea' must have {LINES} lines in each language")
    if len(found.exercise) != COUNT:
        problems.add(where, f"there must be {COUNT} exercises", got=len(found.exercise))
    for number, exercise in enumerate(found.exercise):
        for fault in exercise.faults():
            problems.add(f"{where}, exercise {number + 1}", fault)
    problems.raise_if_any()
    formula = found.formula
    words = Words(formula, formula) if isinstance(formula, str) else Words(**dict(formula))
    return Idea(words, found.idea.words()), tuple(each.made() for each in found.exercise)
