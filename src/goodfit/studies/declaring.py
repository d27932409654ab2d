"""A study, declared once: the question, the parameters, what is measured, the figures, the claims.

Command line, page, documentation and tests all read this declaration. Each study has a folder: see `folders.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from goodfit.studies.estimates import Estimate
from goodfit.studies.exercises import Exercise, Idea
from goodfit.studies.parameters import Given, StudyParameter
from goodfit.studies.words import Labels, Words, filled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Status = Literal["holds", "does not hold", "cannot tell"]
Tell = Callable[[str], None]
"""Called with what a study does next, in a few English words."""
Columns = Mapping[str, Sequence[Any]]
"""A table: column -> its values, all of one length."""


@dataclass(frozen=True)
class Claim:
    """A sentence of the chapter as a measurable statement. It holds where the interval of the quantity lies in
    [low, high], does not where the interval lies outside, and else cannot be told.

    name: by which figures and tests know it
    statement: the sentence
    quantity: what is measured, with its unit
    low, high: the ends of the values with which it holds
    remark: on what conditions the sentence is true, or what is wrong with it
    of_notes: whether the notes say it, rather than this study adding it
    usual: its status with the default parameters, for which the remark was written.
    """

    name: str
    statement: Words
    quantity: Words
    low: float = -math.inf
    high: float = math.inf
    remark: Words | None = None
    of_notes: bool = True
    usual: Status | None = None

    def status(self, found: Estimate) -> Status:
        """What the interval says."""
        if math.isnan(found.low) or math.isnan(found.high):
            return "cannot tell"
        if self.low <= found.low and found.high <= self.high:
            return "holds"
        return "does not hold" if found.high < self.low or found.low > self.high else "cannot tell"

    @property
    def limit(self) -> str:
        """Where the quantity must lie: ">= 2", "0.9 to 1.1"."""
        low, high = (f"{end:g}".replace("-", "−") for end in (self.low, self.high))
        if math.isinf(self.high):
            return f"≥ {low}"
        return f"≤ {high}" if math.isinf(self.low) else f"{low} … {high}"


@dataclass(frozen=True)
class Printed:
    """A number that the notes print, to stand beside ours. what: it is, with its unit; value: the notes'."""

    name: str
    what: Words
    value: float


@dataclass(frozen=True)
class Column:
    """A column of a table. name: in CSV and code; head: for people, with its unit."""

    name: str
    head: Words


@dataclass(frozen=True)
class TableOf:
    """A table that the study measures. shown: whether it is printed, rather than only written and drawn.

    left: how many columns from the left are text.
    """

    name: str
    title: Words
    columns: tuple[Column, ...]
    shown: bool = True
    left: int = 1


@dataclass(frozen=True)
class FigureFinding:
    """What a figure shows. claim: by which this is decided; status: of that claim, with which the text is true."""

    claim: str
    status: Status
    text: Words


@dataclass(frozen=True)
class Drawing:
    """A figure. table: the one that it is drawn from; caption: how to read it, bands and marks explained, whatever was
    measured; findings: what it shows, as far as claims bear it out.

    draw: what was measured, a width in inches, and labels in the page's language -> the figure; narrow widths are for
    telephones.
    """

    name: str
    table: str
    title: Words
    caption: Words
    draw: Callable[[Measured, float, Labels], Figure]
    width: float = 9.2
    findings: tuple[FigureFinding, ...] = ()


@dataclass(frozen=True)
class Measured:
    """What a run of a study gives. tables, claims, printed: by the declared names, no more and no fewer.

    arrays: what figures need beside their tables, such as pixels.
    """

    tables: Mapping[str, Columns]
    claims: Mapping[str, Estimate]
    printed: Mapping[str, Estimate] = field(default_factory=dict)
    arrays: Mapping[str, Any] = field(default_factory=dict)

    def columns(self, table: str) -> dict[str, NDArray[Any]]:
        """A table's columns as arrays, to draw from."""
        return {name: np.asarray(values) for name, values in self.tables[table].items()}


@dataclass(frozen=True)
class Study:
    """An experiment of the chapter.

    Texts may name parameters in braces, see `told`.

    name: as in `goodfit study NAME`
    section: of the notes, such as "4.4"; "" for a study of one's own
    title: in both languages
    question: what it answers, in both languages
    about: paragraphs on what is done, and how
    parameters: what can be set, with defaults and ranges
    tables: of its page
    figures: of its page
    claims: sentences that are tested
    measure: does the work
    small: parameters with which it takes a second or two
    printed: numbers that the notes print, held beside those measured
    glance: the claims that stand at the head of its page
    labels: what stands in figures and cells of tables, English -> Chinese
    idea, exercises: what one learns from its page.
    """

    name: str
    section: str
    title: Words
    question: Words
    about: tuple[Words, ...]
    parameters: tuple[StudyParameter, ...]
    tables: tuple[TableOf, ...]
    figures: tuple[Drawing, ...]
    claims: tuple[Claim, ...]
    measure: Callable[[Given, Tell], Measured]
    small: Mapping[str, Any]
    printed: tuple[Printed, ...] = ()
    glance: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    idea: Idea | None = None
    exercises: tuple[Exercise, ...] = ()

    def told(self, values: Mapping[str, Any] | None = None) -> Study:
        """The study with the parameters' values in its texts; the defaults where none are given."""
        given = {each.name: each.default for each in self.parameters} | dict(values or {})
        return filled(self, {each.name: each.said(given[each.name]) for each in self.parameters})
