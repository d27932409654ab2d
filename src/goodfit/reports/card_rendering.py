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
    notes: Sequence[str] = (),
    most: int = SHOWN_ROWS,
) -> str:
    """HTML of a title, sentences and a table, of which the first rows are shown.

    left: columns of texts; notes: sentences below the table; most: rows that are shown.
    """
    values = {"title": title, "lines": lines, "columns": columns, "rows": rows[:most], "left": left, "notes": notes}
    return render("notebook/card.html", **values, more=max(0, len(rows) - most))


def drawn(figure: Figure) -> str:
    """A figure as part of a page: SVG without the head of a file, no wider than the page, on white."""
    from goodfit.figures import svg

    text = svg(figure).decode().partition("?>")[2].partition(">")[2]
    return text.replace("<svg ", '<svg style="max-width: 100%; height: auto; background: white" ', 1)
