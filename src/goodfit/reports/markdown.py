"""A page of words and tables as Markdown, as GitHub reads it: names are shown and never obeyed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from goodfit.errors import InputError, problem
from goodfit.reports.blocks import Block, Bullets, Code, Facts, Foldout, Grid, Note, Paragraph, Part
from goodfit.reports.markup import Inline, Link, Mono, Strong
from goodfit.reports.page import Page
from goodfit.words import visible

_SIGNS = re.compile(r"[\\`*_{}\[\]<>#|~&$!@]")
_START = re.compile(r"^(\s*)([-+=:]|\d+[.)](?=\s|$))")  # what would begin a list, an underline or a table
_ADDRESS = re.compile(r"(?i)\b(https?|ftp|www)(?=://|\.)")  # which would become a link by itself


def markdown(page: Page) -> str:
    """The page as Markdown, without its drawings: InputError where it has any."""
    parts = [f"# {inline(page.title)}", *([inline(page.lead)] if page.lead else [])]
    if page.glance:
        parts.append(_bullets([(Strong(f"{each.name}:"), " ", *_with_detail(each)) for each in page.glance]))
    for section in page.sections:
        parts += [f"## {inline(section.title)}", *map(_block, section.blocks)]
    return "\n\n".join([*parts, *([inline(page.foot)] if page.foot else [])]) + "\n"


def inline(text: Inline | tuple[Any, ...]) -> str:
    """Text in a line, with whatever Markdown or HTML would take for its own written as it is."""
    if isinstance(text, tuple):
        return "".join(map(inline, text))
    if isinstance(text, Mono):
        return _code(text.text)
    if isinstance(text, Strong):
        return f"**{inline(text.text)}**"
    if isinstance(text, Link):
        return f"[{inline(text.text)}]({text.to})"
    line = _SIGNS.sub(r"\\\g<0>", _line(text))
    line = _ADDRESS.sub(r"\g<0>\\", line)
    return _START.sub(lambda found: f"{found[1]}{found[2][:-1]}\\{found[2][-1]}", line)


def _with_detail(glance: Any) -> tuple[Any, ...]:
    value = glance.value if isinstance(glance.value, tuple) else (glance.value,)
    detail = glance.detail if isinstance(glance.detail, tuple) else (glance.detail,)
    return (*value, " (", *detail, ")") if glance.detail else value


def _line(text: str) -> str:
    """The text on one line."""
    return visible(text).replace("\n", " ")


def _code(text: str) -> str:
    """Text as code: between more backticks than it has in a row."""
    line = _line(text).strip()
    if not line:
        return ""
    fence = "`" * (1 + _longest_run(line))
    space = " " if line[0] == "`" or line[-1] == "`" else ""
    return f"{fence}{space}{line}{space}{fence}"


def _longest_run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)


def _block(block: Block) -> str:
    write = _BLOCKS.get(type(block))
    if write is None:
        rule = f"a {type(block).__name__.lower()} has no form in Markdown"
        raise InputError(problem("Page", rule, fix="Write it as HTML."))
    return write(block)


def _bullets(items: Sequence[Inline | tuple[Any, ...]]) -> str:
    return "\n".join(f"- {inline(item)}" for item in items)


def _grid(block: Grid) -> str:
    """A table below its caption; rows that stand out are bold."""
    left = [":---" if place < block.left else "---:" for place in range(len(block.columns))]
    lines = [[inline(each) for each in block.columns], left]
    for place, cells in enumerate(block.rows):
        row = [_cell(each) for each in cells]
        lines.append([f"**{each}**" if each else "" for each in row] if place in block.marked else row)
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return "\n\n".join([f"**{inline(block.caption)}**", table, *([inline(block.note)] if block.note else [])])


def _cell(given: Inline) -> str:
    """A cell: in code, too, a bar would end it."""
    return _code(given.text).replace("|", "\\|") if isinstance(given, Mono) else inline(given)


def _fenced(block: Code) -> str:
    fence = "`" * max(3, 1 + _longest_run(block.text))
    text = "\n".join(visible(line) for line in block.text.split("\n"))
    return f"{fence}{block.language}\n{text}\n{fence}"


def _together(title: str, blocks: Sequence[Block]) -> str:
    return "\n\n".join([f"### {inline(title)}", *map(_block, blocks)])


_BLOCKS: dict[type[Block], Callable[[Any], str]] = {
    Paragraph: lambda block: inline(block.text),
    Note: lambda block: f"> **{inline(block.word)}** {inline(block.text)}",
    Bullets: lambda block: _bullets(block.items),
    Facts: lambda block: "\n".join(f"- **{inline(name)}:** {inline(value)}" for name, value in block.pairs),
    Code: _fenced,
    Grid: _grid,
    Foldout: lambda block: _together(block.summary, block.blocks),
    Part: lambda block: _together(block.title, block.blocks),
}
