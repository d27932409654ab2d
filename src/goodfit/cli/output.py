"""Results on stdout: rich tables for people, JSON for machines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

_PLAIN_WIDTH = 120  # characters a line where stdout is not a terminal
# What could steer a terminal or hide text: control characters but for the end of a line, signs that turn the direction
# of writing or take no room, separators of lines, and halves of surrogate pairs.
_HIDDEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def console(*, stderr: bool = False) -> Console:
    """The console for results, or for messages."""
    made = Console(stderr=stderr, highlight=False)
    return made if made.is_terminal else Console(stderr=stderr, highlight=False, width=max(made.width, _PLAIN_WIDTH))


def print_json(value: Any) -> None:
    """One JSON value on stdout; numbers that are not finite become null."""
    text = json.dumps(_finite(value), ensure_ascii=False, indent=2)
    print(_HIDDEN.sub(_as_json, text))


def _as_json(found: re.Match[str]) -> str:
    """A character as JSON writes it in ASCII: \\u009b."""
    units = found[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _finite(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    if isinstance(value, float) and not -float("inf") < value < float("inf"):
        return None
    return value


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, left: int = 1) -> Table:
    """A table without vertical lines; the first `left` columns are text, the others numbers to the right."""
    made = Table(
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


def visible(text: str) -> str:
    """The text with what would steer a terminal or hide in it written out, such as \\x1b; ends of lines stay."""
    return _HIDDEN.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def print_line(to: Console, text: str) -> None:
    """One line as it is: not wrapped, not coloured, nothing in it taken for markup."""
    to.print(Text(visible(text)), soft_wrap=True)


def duration(seconds: float) -> str:
    """Seconds for people: 0.42 s, 12.3 s, 3 min 05 s, 2 h 03 min."""
    if seconds < 59.95:
        return f"{seconds:.2f} s" if seconds < 9.995 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"
