"""Docstrings of this house, read: a first line, paragraphs, one line a parameter or field, errors; numpydoc as well."""

from __future__ import annotations

import inspect
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

ITEM = re.compile(r"^(\w+(?:, \w+)*): ?(.*)$")
ERROR = re.compile(r"(?:^|(?<=[.)] ))(?:Raises )?((?:\w+Error|StopIteration)\b.*)$", re.DOTALL)
LIST_GOES_ON = re.compile(r"; (\w+(?:, \w+)*): ")
THOSE_OF = re.compile(r"The other arguments are those of `([\w.]+)`")
SECTION = re.compile(r"^(Parameters|Attributes|Examples|Returns|Raises|Notes|See Also|References)\n-+\n", re.MULTILINE)
NUMPYDOC_ITEM = re.compile(r"^(\w+(?:, \w+)*)(?: : (.*))?$")
TASKS = ("classification", "multilabel", "regression")  # of which a docstring may tell one by one
DEFAULT = re.compile(
    r"(?:\bdefault=| default )('[^']*'|\"[^\"]*\"|\([^)]*\)|None|True|False|-?\d[\w.+-]*\w|-?\d)(?=[\s.,;)]|$)"
)


@dataclass
class Docstring:
    """What a docstring says.

    summary: its first sentence or sentences, up to the first blank line
    paragraphs: of text beyond
    items: parameter, field or attribute -> what is said of it
    errors: what is raised, a sentence or more each
    examples: numpydoc's, as they stand
    of: names whose arguments are the rest of these
    lists: names that do not stand at the beginning of a line
    unknown: names that are explained as parameters, and are none
    order: the names as they stand, those of a line together
    glued: lines of text that follow a parameter without a blank line between
    """

    summary: str = ""
    paragraphs: list[str] = field(default_factory=list)
    items: dict[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    examples: str = ""
    of: list[str] = field(default_factory=list)
    lists: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    order: list[tuple[str, ...]] = field(default_factory=list)
    glued: list[str] = field(default_factory=list)


def read_docstring(text: str | None, known: Collection[str]) -> Docstring:
    """A docstring, whose parameters or fields are among those known."""
    found = Docstring()
    parts = SECTION.split(inspect.cleandoc(text or ""))
    summary, _, rest = parts[0].partition("\n\n")
    _read_paragraph(found, summary, known, first=True)
    for paragraph in filter(None, map(str.strip, re.split(r"\n[ \t]*\n", rest))):
        _read_paragraph(found, paragraph, known)
    for title, body in zip(parts[1::2], parts[2::2], strict=True):
        if title in ("Parameters", "Attributes"):
            found.items.update(_numpydoc(body))
            found.order += [(name,) for name in _numpydoc(body) if name in known]
            found.unknown += [name for name in _numpydoc(body) if name not in known] if title == "Parameters" else []
        elif title == "Examples":
            found.examples = body.strip("\n")
    found.of = THOSE_OF.findall(" ".join((text or "").split()))
    return found


def _numpydoc(body: str) -> dict[str, str]:
    items: dict[str, str] = {}
    for item in re.split(r"\n(?=\S)", body.strip("\n")):
        head, *rest = item.split("\n")
        match = NUMPYDOC_ITEM.match(head.strip())
        if match is None:
            continue
        told = " ".join(line.strip() for line in rest)
        if told and not told.rstrip().endswith("."):
            told += "."
        text = " ".join(filter(None, [f"{match[2]}." if match[2] and rest else match[2] or "", told]))
        items.update(dict.fromkeys(match[1].split(", "), text))
    return items


def _read_paragraph(found: Docstring, paragraph: str, known: Collection[str], *, first: bool = False) -> None:
    """Sort the lines of a paragraph into text, items and errors."""
    text: list[str] = []
    current: tuple[str, ...] = ()
    lines: dict[tuple[str, ...], list[str]] = {}
    strange: list[str] = []
    if paragraph.startswith(("- ", "    ", ">>>")):
        found.paragraphs.append(paragraph)
        return
    before = ""
    for line in paragraph.split("\n"):
        match = ITEM.match(line)
        named = tuple(match[1].split(", ")) if match else ()
        if match and all(name in known for name in named):
            current = named
            lines[current] = [match[2]]
        elif re.match(r"((?:Raises )?\w+Error|The other arguments|See docs/|Source:)\b", line):
            current = ()
            text.append(line)
        elif current and before.endswith(".") and line[:1].isupper():
            current = ()
            text.append(line)
            found.glued.append(line)
        elif current and not (match and set(named).isdisjoint(TASKS) and re.fullmatch(r"[a-z_]+", match[1])):
            lines[current].append(line.strip())
        else:
            current = ()
            if match and re.fullmatch(r"[a-z_]+(, [a-z_]+)*", match[1]):
                strange += named
            text.append(line)
        before = line
    found.unknown += [name for name in strange if lines and name not in TASKS]
    found.order += lines
    for names, said in lines.items():
        told, errors = _apart(" ".join(filter(None, said)))
        found.errors += errors
        for name in names:
            found.items[name] = told
        found.lists += [each for group in LIST_GOES_ON.findall(told) for each in group.split(", ") if each in known]
    told, errors = _apart(" ".join(text))
    found.errors += errors
    if first:
        found.summary = told
    elif told:
        found.paragraphs.append(told)


def _apart(text: str) -> tuple[str, list[str]]:
    """A text without what it says of errors, and that."""
    match = ERROR.search(text)
    return (text[: match.start()].rstrip(), [match[1]]) if match else (text, [])


def stated_default(text: str) -> str | None:
    """The default that the words on a parameter state, as Python writes it."""
    match = DEFAULT.search(text)
    return match[1] if match else None


def words_of(found: Docstring) -> Iterator[str]:
    """All that a docstring says, piece by piece."""
    yield found.summary
    yield from found.paragraphs
    yield from found.items.values()
    yield from found.errors
