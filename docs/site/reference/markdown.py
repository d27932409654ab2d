"""Markdown: tables and code, and plain text of docstrings as Markdown with links."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

Link = Callable[[str], str | None]
DOCS = Path(__file__).parents[2]
GUIDE = re.compile(r"docs/([\w-]+\.md)(#[\w-]+)?")
FLAG = re.compile(r"(?<![\w-])--[a-z][\w-]*")


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def code(text: str) -> str:
    """The text as code."""
    return f"`{text}`" if text else ""


def fenced(text: str, language: str = "python") -> str:
    """The text as a block of code."""
    return f"```{language}\n{text.rstrip()}\n```"


def number(value: float | None) -> str:
    """A number for a table; "" for none."""
    if value is None:
        return ""
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    return f"{value:.4g}"


def prose(text: str, link: Link, guides: str = "..") -> str:
    """Plain text as Markdown: flags as code, names in backticks as links to their pages."""
    parts = re.split(r"(`[^`]+`)", text)
    return "".join(_code(part, link) if place % 2 else _plain(part, guides) for place, part in enumerate(parts))


def _code(text: str, link: Link) -> str:
    target = link(text.strip("`"))
    return f"[{text}]({target})" if target else text


def _plain(text: str, guides: str) -> str:
    found = re.sub(r"([\\*<\[\]$])", r"\\\1", text)
    found = re.sub(r"(?<!\w)_|_(?!\w)", r"\\_", found)
    found = FLAG.sub(lambda each: code(each[0]), found)
    return GUIDE.sub(lambda each: guide(each[1] + (each[2] or ""), guides), found)


def guide(address: str, guides: str) -> str:
    """A link to a page of docs/, by its title. address: such as "data.md#leaks"."""
    return f"[{_title(address.partition('#')[0])}]({guides}/{address})"


@functools.cache
def _title(name: str) -> str:
    path = DOCS / name
    return title(path.read_text("utf-8")) if path.exists() else name


def title(text: str) -> str:
    """The first heading of a page, without its code marks."""
    heading = re.search(r"^# (.+)$", text, re.MULTILINE)
    if heading is None:
        raise ValueError(f"no heading: {text[:80]!r}")
    return heading[1].replace("`", "")


def page(*parts: str | None) -> str:
    """Parts of a page, those that are empty left out."""
    return "\n\n".join(part.strip("\n") for part in parts if part) + "\n"


def contents(pages: Sequence[str]) -> str:
    """Pages, named from the page that has this, for the navigation that Sphinx makes."""
    return "\n".join(
        ["```{toctree}", ":hidden:", ":maxdepth: 1", "", *(each.removesuffix(".md") for each in pages), "```"]
    )
