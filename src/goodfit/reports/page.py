"""One self-contained HTML page: title, what matters at a glance, sections, all in one theme; nothing is fetched.

A policy in the page itself forbids every request and every script, so that a browser would refuse what slipped in.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from goodfit.errors import InputError, problem
from goodfit.files import write_atomically
from goodfit.reports.blocks import Block, Writing
from goodfit.reports.languages import PHRASES, Language, Phrases
from goodfit.reports.markup import Inline, Link, escape, inline

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
SUFFIXES = {".html", ".htm"}


@dataclass(frozen=True)
class Section:
    """A section. title: also its entry in the table of contents, and its place: "Data and split" is #data-and-split."""

    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Glance:
    """One of the few things to know: what it is, its value, and a detail such as its interval."""

    name: str
    value: Inline
    detail: Inline = ""


@dataclass(frozen=True)
class Page:
    """A page.

    title: its only heading of the first rank; kind: what sort of page it is, above the title; lead: the first sentence;
    glance: at most six things to know; links: to pages beside it (an index, the page before and the next); foot: where
    it came from; language: of all that stands in it.
    """

    title: str
    sections: Sequence[Section]
    kind: str = "goodfit report"
    lead: Inline = ""
    glance: Sequence[Glance] = ()
    links: Sequence[Link] = ()
    foot: Inline = ""
    language: Language = "en"

    def html(self) -> str:
        """The whole page; the same page gives the same text."""
        to, words = Writing(language=self.language), PHRASES[self.language]
        to.ids.new("contents"), to.ids.new("content")
        places = [to.ids.new(section.title) for section in self.sections]
        body = "\n".join(_section(*pair, to) for pair in zip(self.sections, places, strict=True))
        return _DOCUMENT.format(
            code=words.code,
            skip=words.skip,
            title=escape(self.title),
            kind=escape(self.kind),
            policy=escape(POLICY),
            theme=theme(),
            links=_links(self.links, words),
            header=self._header(),
            contents=_contents(self.sections, places, words),
            body=body,
            foot=f"<footer><p>{inline(self.foot)}</p></footer>" if self.foot else "",
        )

    def write(self, path: str | os.PathLike[str]) -> Path:
        """Write the page, whole or not at all; InputError where the name is no page's or the place not writable."""
        target = Path(path)
        if target.suffix.lower() not in SUFFIXES:
            fix = f"For example: {target.with_suffix('.html').name}."
            raise InputError(problem(str(path), "the name of a page must end in .html", got=target.suffix, fix=fix))
        write_atomically(target, self.html().encode())
        return target

    def _header(self) -> str:
        lead = f'<p class="lead">{inline(self.lead)}</p>' if self.lead else ""
        return (
            f'<header class="top"><p class="kind">{escape(self.kind)}</p><h1>{escape(self.title)}</h1>{lead}'
            f"{_glance(self.glance)}</header>"
        )


@cache
def theme() -> str:
    """The style sheet of all pages."""
    return files("goodfit.reports").joinpath("theme.css").read_text("utf-8")


def _section(section: Section, place: str, to: Writing) -> str:
    blocks = "\n".join(block.html(to) for block in section.blocks)
    return f'<section aria-labelledby="{place}"><h2 id="{place}">{escape(section.title)}</h2>\n{blocks}</section>'


def _glance(given: Sequence[Glance]) -> str:
    if not given:
        return ""
    items = "".join(
        f"<div><dt>{escape(item.name)}</dt><dd>{inline(item.value)}"
        f"{f'<span>{inline(item.detail)}</span>' if item.detail else ''}</dd></div>"
        for item in given
    )
    return f'<dl class="glance">{items}</dl>'


def _contents(sections: Sequence[Section], places: Sequence[str], words: Phrases) -> str:
    if len(sections) < 2:
        return ""
    items = "".join(
        f'<li><a href="#{place}">{escape(section.title)}</a></li>'
        for section, place in zip(sections, places, strict=True)
    )
    return (
        f'<nav class="contents" aria-labelledby="contents"><p id="contents">{words.contents}</p><ol>{items}</ol></nav>'
    )


def _links(links: Sequence[Link], words: Phrases) -> str:
    if not links:
        return ""
    items = "".join(f"<li>{inline(link)}</li>" for link in links)
    return f'<nav class="pages" aria-label="{words.other_pages}"><ul>{items}</ul></nav>'


_DOCUMENT = """<!doctype html>
<html lang="{code}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>{title} · {kind}</title>
<style>
{theme}</style>
</head>
<body>
<a class="skip" href="#content">{skip}</a>
{links}{contents}
<main id="content" tabindex="-1">
{header}
{body}
{foot}
</main>
</body>
</html>
"""
