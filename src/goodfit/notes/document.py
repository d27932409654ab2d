"""A document of cells: Markdown with fenced code, or a notebook. Reading it runs nothing.

Sections are the parts below the headings of the first rank that occurs more than once: of "# Chapter" with "## 4.2" and
"## 4.3" in it, the latter two.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from goodfit.arguments import public
from goodfit.errors import InputError, problem
from goodfit.notes.telling import is_output
from goodfit.reading import given_text

Kind = Literal["heading", "text", "code", "output"]
MOST_BYTES = 2**26
PYTHON = {"python", "py", "python3", "ipython", "ipython3", ".python"}
PRINTED = {"", "text", "txt", "output", "console", "plain", "plaintext", ".output"}
FACES = ("torch", "mxnet")
TABS = {"pytorch": FACES[:1], "torch": FACES[:1], "mxnet": FACES[1:], "all": FACES}
_FENCE = re.compile(r"^(?P<indent>[ \t]*)(?P<mark>`{3,}|~{3,})(?P<info>[^`]*)$")
_HEADING = re.compile(r"^ {0,3}(?P<rank>#{1,6})[ \t]+(?P<title>.*?)[ \t]*#*$")
_TAB = re.compile(r"^\s*(?:#\s*@tab|%%tab)\s+(?P<names>.+?)\s*$", re.MULTILINE)
_NUMBER = re.compile(r"\d+(?:\.\d+)*")


@dataclass(frozen=True)
class NoteCell:
    """A part of a document.

    kind: a heading, text, code, or what the code before it printed; text: without fences and marks; line: where it
    begins, from 1, 0 in a notebook; rank: of a heading; section: its place among `Document.sections`; place: the
    nearest heading above; tabs: the faces that a mark such as "#@tab mxnet" names, None without one.
    """

    kind: Kind
    text: str
    line: int = 0
    rank: int = 0
    section: int = 0
    place: str = ""
    tabs: tuple[str, ...] | None = None

    @property
    def number(self) -> str:
        """The number that the nearest heading begins with, such as "4.4.2"; "" without one."""
        found = _NUMBER.match(self.place)
        return found[0] if found else ""


@dataclass(frozen=True)
class Document:
    """What was read.

    path: of the file
    title: its first heading
    sections: the titles; the first, "", holds what stands above the first of them.
    cells: all of them, in order
    """

    path: Path
    title: str
    sections: tuple[str, ...]
    cells: tuple[NoteCell, ...]

    @property
    def code(self) -> tuple[int, ...]:
        """The places of the cells with code."""
        return tuple(place for place, cell in enumerate(self.cells) if cell.kind == "code")


@public
def read(path: str | os.PathLike[str]) -> Document:
    """Read a document. InputError where it is no Markdown and no notebook, or cannot be read."""
    where = Path(path)
    suffix = where.suffix.lower()
    if suffix not in (".md", ".markdown", ".ipynb"):
        fix = "Give a Markdown file (.md) or a notebook (.ipynb)."
        raise InputError(problem(str(path), "must be a document of cells", got=suffix, fix=fix))
    text = given_text(path, most=MOST_BYTES).removeprefix("\ufeff")
    found = list(_notebook(text, str(path)) if suffix == ".ipynb" else _markdown(text))
    return _divided(where, found)


def _divided(path: Path, cells: list[NoteCell]) -> Document:
    """Give every cell its section and the heading above it."""
    ranks = Counter(cell.rank for cell in cells if cell.kind == "heading")
    repeated = [rank for rank in sorted(ranks) if ranks[rank] > 1]
    divides = repeated[0] if repeated else max(ranks, default=1)
    sections, placed, place = [""], list[NoteCell](), ""
    for cell in cells:
        if cell.kind == "heading":
            place = cell.text
            if cell.rank <= divides and (cell.rank == divides or len(sections) > 1):
                sections.append(cell.text)
        placed.append(replace(cell, section=len(sections) - 1, place=place))
    title = next((cell.text for cell in cells if cell.kind == "heading" and cell.rank < divides), path.stem)
    return Document(path, title, tuple(sections), tuple(placed))


def _markdown(text: str) -> Iterator[NoteCell]:
    """Headings, texts, fenced code and fenced output."""
    lines, at, text_from = text.split("\n"), 0, 0
    code_before = False
    while at < len(lines):
        fence, heading = _FENCE.match(lines[at]), _HEADING.match(lines[at])
        if fence is None and heading is None:
            at += 1
            continue
        yield from _text(lines, text_from, at)
        if heading is not None:
            yield NoteCell("heading", heading["title"], at + 1, len(heading["rank"]))
            end = at
        else:
            assert fence is not None  # one of the two matched
            end = _end(lines, at, fence["mark"])
            cell = _fenced(lines, at, end, fence, code_before)
            code_before = code_before or cell.kind == "code"
            yield cell
        at = text_from = end + 1
    yield from _text(lines, text_from, len(lines))


def _end(lines: list[str], begin: int, mark: str) -> int:
    """The line that closes a fence; the last where none does."""
    closing = re.compile(rf"^[ \t]*{re.escape(mark[0])}{{{len(mark)},}}[ \t]*$")
    return next((at for at in range(begin + 1, len(lines)) if closing.match(lines[at])), len(lines))


def _text(lines: list[str], begin: int, end: int) -> Iterator[NoteCell]:
    text = "\n".join(lines[begin:end]).strip("\n")
    if text.strip():
        yield NoteCell("text", text, begin + 1)


def _fenced(lines: list[str], begin: int, end: int, fence: re.Match[str], code_before: bool) -> NoteCell:
    """Code, output, or text that is shown as it is: by the language, and for Python by how it looks."""
    indent = len(fence["indent"])
    inside = [line[indent:] if not line[:indent].strip() else line for line in lines[begin + 1 : end]]
    text = "\n".join(inside).rstrip()
    words = fence["info"].strip().strip("{}").replace(",", " ").split()
    language = words[0].lower() if words else ""
    if language in PYTHON:
        printed = code_before and is_output(text)
        return NoteCell("output", text, begin + 2) if printed else _code(text, begin + 2)
    if language in PRINTED and code_before:
        return NoteCell("output", text, begin + 2)
    return NoteCell("text", "\n".join(lines[begin : end + 1]), begin + 1)


def _code(text: str, line: int) -> NoteCell:
    found = _TAB.search(text)
    if found is None:
        return NoteCell("code", text, line)
    names = re.split(r"[,\s]+", found["names"].lower())
    named = {face for name in names for face in TABS.get(name, ())}
    return NoteCell("code", text, line, tabs=tuple(face for face in FACES if face in named))


def _notebook(text: str, where: str) -> Iterator[NoteCell]:
    """The cells of a notebook, and what they printed when it was saved."""
    try:
        content = json.loads(text)
        cells = content["cells"]
        kinds = [(cell["cell_type"], _joined(cell["source"]), cell.get("outputs", [])) for cell in cells]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        fix = "Save it in the notebook format 4."
        raise InputError(problem(where, "must be a notebook: JSON with a list of cells", fix=fix)) from error
    for kind, source, outputs in kinds:
        if kind == "code":
            if source.strip():
                yield _code(source, 0)
                printed = "".join(_printed(each) for each in outputs if isinstance(each, dict))
                if printed.strip():
                    yield NoteCell("output", printed.rstrip("\n"))
        elif kind == "markdown":
            for cell in _markdown(source):
                shown = cell.kind in ("code", "output")  # code in a text is there to be read
                yield NoteCell("text", f"```\n{cell.text}\n```") if shown else replace(cell, line=0)


def _joined(source: Any) -> str:
    if isinstance(source, list):
        return "".join(str(each) for each in source)
    if not isinstance(source, str):
        raise TypeError(source)
    return source


def _printed(output: dict[str, Any]) -> str:
    data = output.get("data")
    found = output.get("text", data.get("text/plain", "") if isinstance(data, dict) else "")
    text = "".join(map(str, found)) if isinstance(found, list) else str(found)
    return text if not text or text.endswith("\n") else f"{text}\n"
