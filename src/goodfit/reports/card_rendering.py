"""The HTML of what a notebook shows: a title, sentences, tables, a figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from goodfit.reports.rendering import render

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN_ROWS = 12


def card(
    title: str,
    lines: Sequence[str] = (),
    columns: Sequence[str] = (),
    rows: Sequence[Sequence[str]] = (),
    *,
    left: int = 1,
) -> str:
    """HTML of a title, sentences and a table, of which the first rows are shown. left: columns of texts."""
    more = max(0, len(rows) - SHOWN_ROWS)
    values = {"title": title, "lines": lines, "columns": columns, "rows": rows[:SHOWN_ROWS], "left": left, "more": more}
    return render("notebook/card.html", **values)


def drawn(figure: Figure) -> str:
    """A figure as part of a page: SVG without the head of a file."""
    from goodfit.figures import svg

    return svg(figure).decode().partition("?>")[2].partition(">")[2]
