"""Text in a line, marked or not, and names for places on a page."""

import re
from dataclasses import dataclass
from typing import ClassVar

from goodfit.errors import InputError, problem
from goodfit.words import as_listed


@dataclass(frozen=True)
class Strong:
    """Text that matters more than what stands around it."""

    tag: ClassVar[str] = "strong"
    text: str


@dataclass(frozen=True)
class Mono:
    """A command, a path, a value: text as it is typed."""

    tag: ClassVar[str] = "code"
    text: str


@dataclass(frozen=True)
class Link:
    """A way to a place on the same page ("#data") or to a file beside it ("4.1.html"); never out of the folder."""

    text: str  # what is shown
    to: str  # where it leads

    def __post_init__(self) -> None:
        if not re.fullmatch(r"#[\w-]+|[\w][\w.-]*\.html(#[\w-]+)?", self.to):
            rule = "a link must lead to a place on the page, or to an HTML file beside it"
            raise InputError(problem("Page", rule, got=self.to, fix="For example: '#data' or 'other.html'."))


Inline = str | Strong | Mono | Link | tuple["str | Strong | Mono | Link", ...]
"""Text in a line: a string, a marked string, or several of them one after another."""


def plain(given: Inline) -> str:
    """The words alone."""
    if isinstance(given, tuple):
        return "".join(map(plain, given))
    return given if isinstance(given, str) else given.text


def joined(names: list[str] | tuple[str, ...], most: int = 12) -> str:
    """The first few of many names, and how many more there are."""
    shown = ", ".join(map(as_listed, names[:most]))
    return shown if len(names) <= most else f"{shown} and {len(names) - most:,} more"


class Ids:
    """Names for places on a page, each given once."""

    def __init__(self) -> None:
        self._used: set[str] = set()

    def new(self, wanted: str) -> str:
        """The text as a name: letters, digits and dashes; numbered where it is taken."""
        base = re.sub(r"[^a-z0-9]+", "-", wanted.lower()).strip("-")[:60] or "part"
        base = base if base[0].isalpha() else f"part-{base}"
        name, count = base, 1
        while name in self._used:
            count += 1
            name = f"{base}-{count}"
        self._used.add(name)
        return name

    def several(self, wanted: str, count: int) -> list[str]:
        """So many names."""
        return [self.new(wanted) for _ in range(count)]
