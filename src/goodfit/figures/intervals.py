"""Dots with intervals, a line each: settings side by side, or differences to something (a forest plot)."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from goodfit.arguments import public
from goodfit.figures.shown import new_figure
from goodfit.figures.style import COLOURS, FAINT, GRID, INK, NARROW, house_style
from goodfit.words import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Look = Literal["usual", "chosen", "better", "worse", "no better", "open"]
LOOKS: dict[Look, dict[str, Any]] = {  # told apart by shape and filling as well as by colour
    "usual": {"marker": "o", "color": COLOURS[0]},
    "chosen": {"marker": "D", "color": COLOURS[5]},
    "better": {"marker": "D", "color": COLOURS[2]},
    "worse": {"marker": "v", "color": COLOURS[5]},
    "no better": {"marker": "o", "color": COLOURS[0]},
    "open": {"marker": "o", "color": COLOURS[0], "markerfacecolor": "white"},
}
BESIDE = 44  # characters of the longest label up to which labels stand at the left of their rows
SHOWN = 11  # characters of a text an inch; what is longer is cut
NAMED: tuple[Look, ...] = ("better", "worse", "no better", "open")  # that a legend names
FAR, SEEN = 20.0, 4.0  # ends that lie so many times the usual distance off are cut, at SEEN times it
LEGEND = {"no better": "no relevant gain", "open": "inconclusive"}


@dataclass(frozen=True)
class DrawnInterval:
    """A line of the figure.

    label: what the line is of
    value: nan where nothing is known.
    low, high: nan where there is no interval
    look: which colour and mark it has
    limit: a one-sided limit, a tick of its own on the line; nan where there is none
    """

    label: str
    value: float
    low: float
    high: float
    look: Look = "usual"
    limit: float = math.nan


@public
def intervals(
    rows: Sequence[DrawnInterval],
    what: str,
    *,
    reference: float | None = None,
    margin: float | None = None,
    sides: tuple[str, str] | None = None,
    width: float = 7.6,
) -> Figure:
    """A dot and an interval a row, from the top down. What lies so far off that the others could not be told apart is
    an arrow at the edge.

    rows: one a line
    what: is measured, for the axis.
    reference: a value to draw a line at
    margin: a band this far to both sides of it is shaded
    sides: what lies to the left and the right of the reference.
    width: in inches, default 7.6; where it is narrow or a label long, labels stand above their rows,
    and texts that are too long for it are cut.
    """
    narrow = width < NARROW
    labels = [_cut(row.label, width) for row in rows]
    above = narrow or max(map(len, labels), default=0) > BESIDE
    with house_style():
        figure = new_figure(width, 1.25 + (0.5 if above else 0.31) * len(rows))
        axes = figure.subplots()
        _reference(axes, reference, margin, sides)
        left, right = _seen(rows, reference)
        for place, row in enumerate(rows):
            _row(axes, place, row, left, right)
        if math.isfinite(left):
            axes.set_xlim(left - 0.02 * (right - left), right + 0.02 * (right - left))
        _labels(axes, labels, above=above)
        axes.grid(axis="y", visible=False)
        axes.locator_params(axis="x", nbins=4 if narrow else 8)
        axes.set_xlabel(_cut(what, width), parse_math=False)
        handles: dict[str, Any] = {look: _handle(axes, look) for look in NAMED if any(row.look == look for row in rows)}
        if margin and reference is not None:
            handles["within the margin"] = axes.axvspan(math.nan, math.nan, color=GRID, linewidth=0)
        if handles:
            figure.legend(
                handles.values(),
                [LEGEND.get(each, each) for each in handles],
                loc="outside lower center",
                ncols=2 if narrow else len(handles),
            )
    return figure


def _cut(text: str, width: float) -> str:
    """A text in one line that fits into so many inches, nothing in it hidden."""
    line, most = visible(text).replace("\n", " "), int(SHOWN * width)
    return line if len(line) <= most else f"{line[: most - 1]}…"


def _seen(rows: Sequence[DrawnInterval], reference: float | None) -> tuple[float, float]:
    """Where to cut, both sides; infinite where nothing lies far off."""
    drawn = [ends for row in rows if (ends := _ends(row))]
    if not drawn:
        return -math.inf, math.inf
    centre = statistics.median(each[0] for each in drawn) if reference is None else reference
    distances = [max(abs(end - centre) for end in each) for each in drawn]
    usual = statistics.median(distances)
    if not 0 < FAR * usual < max(distances):
        return -math.inf, math.inf
    ends = [end for each in drawn for end in each]
    return max(min(ends), centre - SEEN * usual), min(max(ends), centre + SEEN * usual)


def _ends(row: DrawnInterval) -> list[float]:
    return [each for each in (row.value, row.low, row.high, row.limit) if math.isfinite(each)]


def _row(axes: Axes, place: int, row: DrawnInterval, left: float, right: float) -> None:
    look = LOOKS[row.look]
    ends = _ends(row)
    if math.isfinite(row.low) and math.isfinite(row.high):
        span = [min(max(end, left), right) for end in (row.low, row.high)]
        axes.plot(span, [place, place], "-", color=look["color"], linewidth=1.8, solid_capstyle="butt")
    for end, size in ((row.low, 7), (row.high, 7), (row.limit, 11)):
        if left <= end <= right and math.isfinite(end):
            axes.plot([end], [place], "|", color=look["color"], markersize=size, markeredgewidth=1.4)
    if math.isfinite(row.value) and left <= row.value <= right:
        axes.plot([row.value], [place], linestyle="", markersize=6.5, markeredgewidth=1.4, zorder=4, **look)
    for edge, gone, arrow in (
        (left, min(ends, default=left) < left, "<"),
        (right, max(ends, default=right) > right, ">"),
    ):
        if gone:
            axes.plot([edge], [place], linestyle="", marker=arrow, color=look["color"], markersize=6, clip_on=False)


def _handle(axes: Axes, look: Look) -> Any:
    (mark,) = axes.plot([], [], linestyle="", markersize=6.5, markeredgewidth=1.4, **LOOKS[look])
    return mark


def _reference(axes: Axes, reference: float | None, margin: float | None, sides: tuple[str, str] | None) -> None:
    if reference is None:
        return
    if margin:
        axes.axvspan(reference - margin, reference + margin, color=GRID, linewidth=0, zorder=0)
    axes.axvline(reference, color=FAINT, linewidth=1.2, zorder=1)
    if sides is not None:
        for text, side, step in zip(sides, ("right", "left"), (-6, 6), strict=True):
            axes.annotate(
                _cut(text, NARROW / 2),
                (reference, 1.0),
                xytext=(step, 4),
                xycoords=axes.get_xaxis_transform(),
                textcoords="offset points",
                ha=side,
                va="bottom",
                color=INK,
                fontsize=9,
                parse_math=False,
            )


def _labels(axes: Axes, labels: Sequence[str], *, above: bool) -> None:
    """The rows' names, at the left or above each row; nothing in them is taken for a formula."""
    axes.set_ylim(len(labels) - 0.4, -0.75 if above else -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    if not above:
        axes.set_yticks(range(len(labels)), labels)
        for text in axes.get_yticklabels():
            text.set_parse_math(False)
        return
    axes.set_yticks([])
    for place, label in enumerate(labels):
        axes.text(
            0,
            place - 0.28,
            label,
            transform=axes.get_yaxis_transform(),
            ha="left",
            va="bottom",
            fontsize=9,
            parse_math=False,
        )
