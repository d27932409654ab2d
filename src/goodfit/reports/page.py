"""One self-contained HTML page: title, what matters at a glance, sections, all in one theme; nothing is fetched.

A policy in the page itself forbids every request and every script, so that a browser would refuse what slipped in.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from goodfit.errors import InputError, problem
from goodfit.files import write_atomically
from goodfit.reports.blocks import Block
from goodfit.reports.languages import Language
from goodfit.reports.markup import Inline, Link
from goodfit.reports.rendering import Writing, render

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
SUFFIXES = {".html", ".htm"}


@dataclass(frozen=True)
class Section:
    """A section.

    title: also its entry in the table of contents, and its place: "Data and split" is #data-and-split.
    blocks: what it holds
    """

    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Glance:
    """One of the few things to know: what it is, its value, and a detail such as its interval."""

    name: str  # what it is
    value: Inline  # what it comes to
    detail: Inline = ""  # such as its interval, "" for none


@dataclass(frozen=True)
class Page:
    """A page.

    title: its only heading of the first rank
    sections: in order
    kind: what sort of page it is, above the title
    lead: the first sentence
    glance: at most six things to know
    links: to pages beside it (an index, the page before and the next)
    foot: where it came from
    language: of all that stands in it
    framed: whether another page has it in a frame, below a title of its own.
    """

    title: str
    sections: Sequence[Section]
    kind: str = "goodfit report"
    lead: Inline = ""
    glance: Sequence[Glance] = ()
    links: Sequence[Link] = ()
    foot: Inline = ""
    language: Language = "en"
    framed: bool = False

    def html(self) -> str:
        """The whole page; the same page gives the same text."""
        from markupsafe import Markup

        to = Writing(self.language)
        to.ids.new("contents"), to.ids.new("content")
        sections = [(to.ids.new(section.title), section) for section in self.sections]
        style = Markup(theme())  # safe: it is our own style sheet, the same on every page
        return render("page.html", page=self, sections=sections, to=to, policy=POLICY, theme=style)

    def write(self, path: str | os.PathLike[str]) -> Path:
        """Write the page, whole or not at all; InputError where the name is no page's or the place not writable."""
        target = Path(path)
        if target.suffix.lower() not in SUFFIXES:
            fix = f"For example: {target.stem or 'report'}.html."
            raise InputError(problem(str(path), "the name of a page must end in .html", got=target.suffix, fix=fix))
        write_atomically(target, self.html().encode())
        return target


@cache
def theme() -> str:
    """The style sheet of all pages."""
    return files("goodfit.reports").joinpath("theme.css").read_text("utf-8")
