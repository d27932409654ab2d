"""Panels side by side, or one below the other where it is narrow; lines with bands that also grey prints tell apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from goodfit.figures.shown import new_figure
from goodfit.figures.style import BAND_OPACITY, COLOURS, MARKERS, NARROW

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DASHES = ("-", "--", ":", "-.", (0, (5, 1, 1, 1, 1, 1)), (0, (3, 1)), (0, (1, 1)), (0, (8, 2)))
MARKED_UP_TO = 15  # points of a line: with more, about as many markers


def panels(
    count: int, width: float, *, height: float = 3.6, columns: int = 3, share: bool = False
) -> tuple[Figure, list[Axes]]:
    """A figure with so many panels: so many columns of them, one column where it is narrow.

    width, height: of the figure and of a row of panels, in inches; share: one vertical scale for all. Call it, and
    draw, within `house_style()`.
    """
    columns = 1 if width < NARROW else min(count, columns)
    rows = -(-count // columns)
    figure = new_figure(width, 0.5 + rows * (min(height, 0.75 * width) if width < NARROW else height))
    grid = figure.subplots(rows, columns, squeeze=False, sharey=share)
    axes = [each for row in grid for each in row]
    for each in axes[count:]:
        each.remove()
    return figure, axes[:count]


def line(
    axes: Axes,
    x: ArrayLike,
    middle: ArrayLike,
    low: ArrayLike | None = None,
    high: ArrayLike | None = None,
    *,
    place: int = 0,
) -> Any:
    """A line with its band; what goes into a legend. place: which colour, dashes and marker, from 0 on."""
    at, values = np.asarray(x, float), np.asarray(middle, float)
    colour = COLOURS[place % len(COLOURS)]
    (drawn,) = axes.plot(
        at,
        values,
        linestyle=DASHES[place % len(DASHES)],
        color=colour,
        marker=MARKERS[place % len(MARKERS)],
        markevery=max(1, -(-len(at) // MARKED_UP_TO)),
        markersize=4.5,
    )
    if low is None or high is None or not np.isfinite(np.asarray(low, float)).any():
        return drawn
    band = axes.fill_between(
        at, np.asarray(low, float), np.asarray(high, float), color=colour, alpha=BAND_OPACITY, linewidth=0
    )
    return band, drawn


def legend_below(figure: Figure, handles: dict[str, Any], *, title: str = "", narrow: bool = False) -> None:
    """One legend for all panels, below them. title: says what bands are."""
    figure.legend(
        handles.values(),
        handles.keys(),
        loc="outside lower center",
        ncols=1 if narrow else min(len(handles), 4),
        title=title or None,
    )
