"""What a page is made of: paragraphs, facts, tables, figures with their tables, code, notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from goodfit.reports.drawing import embedded
from goodfit.reports.languages import PHRASES, Language
from goodfit.reports.markup import Ids, Inline, escape, inline, plain
from goodfit.words import width

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PRINTED_ROWS = 30  # of a folded table; longer ones stay folded on paper
UNBROKEN = 24  # the width in letters of a cell that stays on one line


@dataclass
class Writing:
    """A page that is being written. figures: how many have been numbered so far."""

    ids: Ids = field(default_factory=Ids)
    figures: int = 0
    language: Language = "en"


class Block(Protocol):
    """A part of a section."""

    def html(self, to: Writing) -> str:
        """The part as HTML."""
        ...


@dataclass(frozen=True)
class Paragraph:
    """A paragraph. lead: whether it is the one to read where only one is read."""

    text: Inline
    lead: bool = False

    def html(self, to: Writing) -> str:
        """<p>."""
        return f"<p{_class('lead' if self.lead else '')}>{inline(self.text)}</p>"


@dataclass(frozen=True)
class Note:
    """What must not be overlooked, with a word before it that says what it is."""

    text: Inline
    word: str = "Note"

    def html(self, to: Writing) -> str:
        """<p role=note>."""
        return f'<p class="note" role="note"><strong>{escape(self.word)}</strong> {inline(self.text)}</p>'


@dataclass(frozen=True)
class Bullets:
    """A list of short texts."""

    items: Sequence[Inline]

    def html(self, to: Writing) -> str:
        """<ul>."""
        return f"<ul>{''.join(f'<li>{inline(item)}</li>' for item in self.items)}</ul>"


@dataclass(frozen=True)
class Facts:
    """Names and what they are, one under another."""

    pairs: Sequence[tuple[str, Inline]]

    def html(self, to: Writing) -> str:
        """<dl>."""
        rows = "".join(f"<div><dt>{escape(name)}</dt><dd>{inline(value)}</dd></div>" for name, value in self.pairs)
        return f'<dl class="facts">{rows}</dl>'


@dataclass(frozen=True)
class Code:
    """Lines to type. name: what they are, for those who do not see that they are code."""

    text: str
    name: str = "Code"

    def html(self, to: Writing) -> str:
        """<pre>, which the keyboard can scroll."""
        return (
            f'<pre tabindex="0" role="region" aria-label="{escape(self.name)}"><code>{escape(self.text)}</code></pre>'
        )


@dataclass(frozen=True)
class Grid:
    """A table. caption: what it holds; left: how many columns from the left are text, the others being numbers; marked:
    rows that stand out, each with a word for why in one of its cells; note: below it.
    """

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Inline]]
    left: int = 1
    marked: frozenset[int] = frozenset()
    note: str = ""

    def html(self, to: Writing) -> str:
        """<table> in a box that scrolls where it is too wide."""
        name = to.ids.new("table")
        head = "".join(f'<th scope="col"{self._side(at)}>{escape(text)}</th>' for at, text in enumerate(self.columns))
        body = "".join(self._row(at, row) for at, row in enumerate(self.rows))
        note = f'<p class="small">{escape(self.note)}</p>' if self.note else ""
        return (
            f'<div class="scroll" role="region" aria-labelledby="{name}" tabindex="0"><table>'
            f'<caption id="{name}">{escape(self.caption)}</caption>'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{note}"
        )

    def _row(self, place: int, cells: Sequence[Inline]) -> str:
        kinds = [self._side(at, cell) for at, cell in enumerate(cells)]
        first = f'<th scope="row"{kinds[0]}>{inline(cells[0])}</th>'
        rest = "".join(f"<td{kind}>{inline(cell)}</td>" for kind, cell in zip(kinds[1:], cells[1:], strict=True))
        return f"<tr{_class('marked' if place in self.marked else '')}>{first}{rest}</tr>"

    def _side(self, place: int, cell: Inline = "") -> str:
        short = "short" if 0 < width(plain(cell)) <= UNBROKEN else ""
        return _class(short if place < self.left else "number")


@dataclass(frozen=True)
class Picture:
    """A figure with the table that it is drawn from.

    drawn: at the page's width; narrow: the same for a telephone, or None where one does for both; title: a sentence
    without its full stop; text: how to read it; description: what it shows, in words, for those who do not see it.
    """

    title: str
    drawn: Figure
    table: Grid
    text: Inline = ""
    description: str = ""
    narrow: Figure | None = None

    def html(self, to: Writing) -> str:
        """<figure> with its caption, and its table folded below."""
        to.figures += 1
        words, about = PHRASES[to.language], self.description or plain(self.text) or self.title
        number = words.figure.format(number=to.figures)
        name, about = f"{number} {self.title}", f"{about} {words.table_below}"
        drawn = drawings(self.drawn, self.narrow, name, about, to)
        caption = f"<strong>{number}</strong> {escape(self.title)}{words.stop}{inline(self.text)}".rstrip()
        place, table = to.ids.new(f"figure-{to.figures}"), words.table_of_figure.format(number=to.figures)
        return (
            f'<figure id="{place}">{drawn}<figcaption>{caption}</figcaption>'
            f"{Fold(table, [self.table]).html(to)}</figure>"
        )


def drawings(drawn: Figure, narrow: Figure | None, name: str, about: str, to: Writing) -> str:
    """A figure, and the one for a telephone where there is one: <div>s, of which one is seen."""
    kinds = [("drawing wide" if narrow else "drawing", drawn)]
    kinds += [("drawing narrow", narrow)] if narrow else []
    return "".join(f"<div{_class(kind)}>{embedded(figure, to.ids, name, about)}</div>" for kind, figure in kinds)


@dataclass(frozen=True)
class Fold:
    """What opens when it is asked for. On paper it is printed open, unless it holds a long table."""

    summary: str
    blocks: Sequence[Block]

    def html(self, to: Writing) -> str:
        """<details>."""
        rows = sum(len(block.rows) for block in self.blocks if isinstance(block, Grid))
        size = "long" if rows > PRINTED_ROWS else "short"
        body = "".join(block.html(to) for block in self.blocks)
        return f'<details class="{size}"><summary>{escape(self.summary)}</summary>{body}</details>'


@dataclass(frozen=True)
class Part:
    """A part of a section with a heading of its own."""

    title: str
    blocks: Sequence[Block]

    def html(self, to: Writing) -> str:
        """<h3> and what follows."""
        body = "".join(block.html(to) for block in self.blocks)
        return f'<h3 id="{to.ids.new(self.title)}">{escape(self.title)}</h3>{body}'


def _class(names: str) -> str:
    return f' class="{names}"' if names else ""
