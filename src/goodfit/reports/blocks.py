"""What a page is made of, as values: paragraphs, facts, tables, figures with their tables, code, notes.

How each of them looks is said in `templates/blocks.html`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from goodfit.reports.markup import Inline

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PRINTED_ROWS = 30  # of a folded table; longer ones stay folded on paper


class Block:
    """A part of a section."""

    @property
    def kind(self) -> str:
        """The name of the macro in `templates/blocks.html` that writes it."""
        return type(self).__name__.lower()


@dataclass(frozen=True)
class Paragraph(Block):
    """A paragraph.

    text: its sentences
    lead: whether it is the one to read where only one is read.
    """

    text: Inline
    lead: bool = False


@dataclass(frozen=True)
class Note(Block):
    """What must not be overlooked, with a word before it that says what it is."""

    text: Inline  # the sentences
    word: str = "Note"  # such as "Note"


@dataclass(frozen=True)
class Bullets(Block):
    """A list of short texts."""

    items: Sequence[Inline]


@dataclass(frozen=True)
class Facts(Block):
    """Names and what they are, one under another."""

    pairs: Sequence[tuple[str, Inline]]


@dataclass(frozen=True)
class Code(Block):
    """Lines to type.

    text: the lines
    name: what they are, for those who do not see that they are code
    language: "sh" or "python".
    """

    text: str
    name: str = "Code"
    language: str = ""


@dataclass(frozen=True)
class Grid(Block):
    """A table.

    caption: what it holds
    columns: their heads
    rows: of cells, as many as there are columns
    left: how many columns from the left are text, the others being numbers
    marked: rows that stand out, each with a word for why in one of its cells
    note: below it.
    """

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Inline]]
    left: int = 1
    marked: frozenset[int] = frozenset()
    note: str = ""


@dataclass(frozen=True)
class Picture(Block):
    """A figure with the table that it is drawn from.

    title: a sentence without its full stop
    drawn: at the page's width
    table: what the figure is drawn from
    text: how to read it
    description: what it shows, in words, for those who do not see it.
    narrow: the same for a telephone, or None where one does for both
    """

    title: str
    drawn: Figure
    table: Grid
    text: Inline = ""
    description: str = ""
    narrow: Figure | None = None


@dataclass(frozen=True)
class Bitmap(Block):
    """A picture that was drawn elsewhere.

    title: a sentence without its full stop
    png: its bytes in base64
    description: what it shows, for those who do not see it.
    """

    title: str
    png: str
    description: str

    @property
    def source(self) -> str:
        """The picture as an address that fetches nothing."""
        return f"data:image/png;base64,{self.png}"


@dataclass(frozen=True)
class Foldout(Block):
    """What opens when it is asked for. On paper it is printed open, unless it holds a long table."""

    summary: str  # what is read while it is closed
    blocks: Sequence[Block]  # what it holds

    @property
    def rows(self) -> int:
        """How many rows its tables have together."""
        return sum(len(block.rows) for block in self.blocks if isinstance(block, Grid))


@dataclass(frozen=True)
class Part(Block):
    """A part of a section with a heading of its own."""

    title: str  # its heading
    blocks: Sequence[Block]  # what it holds


@dataclass(frozen=True)
class Passage(Block):
    """Words around values, by a template of its own. it: the values, by the name that the template has for them all."""

    template: str
    it: Any
