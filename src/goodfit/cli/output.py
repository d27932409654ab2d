"""Results on stdout: rich tables for people, JSON for machines."""

import json
import os
import re
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from goodfit.plain_json import plain
from goodfit.words import HIDDEN, visible

_PLAIN_WIDTH = 120  # characters a line where stdout is not a terminal


def in_cell() -> bool:
    """Whether this is `!goodfit` in a notebook: a kernel gives its children a terminal of 80 columns that is none: it
    does not move a cursor, and it is no wider than that however wide the page is.
    """
    return "JPY_PARENT_PID" in os.environ or os.environ.get("MPLBACKEND", "").startswith("module://matplotlib_inline")


def is_screen(stream: TextIO) -> bool:
    """Whether what was written to a stream can be drawn over."""
    return stream.isatty() and not in_cell()


def console(*, stderr: bool = False) -> Console:
    """The console for results, or for messages."""
    if in_cell():
        return Console(stderr=stderr, highlight=False, force_terminal=False, width=_PLAIN_WIDTH)
    made = Console(stderr=stderr, highlight=False)
    return made if made.is_terminal else Console(stderr=stderr, highlight=False, width=max(made.width, _PLAIN_WIDTH))


def print_json(value: Any) -> None:
    """One JSON value on stdout; numbers that are not finite become null."""
    text = json.dumps(plain(value), ensure_ascii=False, indent=2)
    print(HIDDEN.sub(_as_json, text))


def _as_json(found: re.Match[str]) -> str:
    """A character as JSON writes it in ASCII: \\u009b."""
    units = found[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


class _Unpadded(Table):
    """A table whose lines end where their text ends: titles, heads and rules are padded to the full width else."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in Segment.split_lines(super().__rich_console__(console, options)):  # type: ignore[arg-type]
            kept = list(line)
            while kept and not kept[-1].text.strip():
                kept.pop()
            if kept:
                last = kept[-1]
                kept[-1] = Segment(last.text.rstrip(), last.style, last.control)
            yield from kept
            yield Segment.line()


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, left: int = 1) -> Table:
    """A table without vertical lines; the first `left` columns are text, the others numbers to the right."""
    made = _Unpadded(
        title=Text(visible(title)) if title else None,
        box=box.SIMPLE_HEAD,
        title_justify="left",
        title_style="bold",
        show_edge=False,
        pad_edge=False,
    )
    for place, name in enumerate(columns):
        made.add_column(name, justify="left" if place < left else "right", overflow="fold")
    for row in rows:
        made.add_row(*(value if isinstance(value, Text) else Text(visible(str(value))) for value in row))
    return made


def print_line(to: Console, text: str) -> None:
    """One line as it is: not wrapped, not coloured, nothing in it taken for markup."""
    to.print(Text(visible(text)), soft_wrap=True)
