"""The computation graph as a picture: values forward in blue, gradients back in orange."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from goodfit.figures.shown import new_figure
from goodfit.figures.style import COLOURS, FAINT, INK, house_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, HEIGHT = 1.72, 0.86  # of a box, in units of the drawing: an inch
COLUMN, ROW = 2.35, 1.5
FORWARD, BACKWARD = COLOURS[0], COLOURS[5]


@dataclass(frozen=True)
class Box:
    """A node. lines: what stands in it, its name first; column, row: its place; row 0 is the chain, 1 above it."""

    name: str
    lines: tuple[str, ...]
    column: float
    row: float
    kind: str


def flow_steps(
    boxes: Sequence[Box], edges: Mapping[tuple[str, str], str], *, title: str = "Forward and backward"
) -> Figure:
    """edges: (from, to) -> what is written beside the way back."""
    with house_style():
        columns = max(box.column for box in boxes) + 1
        rows = [box.row for box in boxes]
        height = (max(rows) - min(rows) + 1) * ROW + 0.9
        figure = new_figure(columns * COLUMN + 0.4, height)
        axes = figure.subplots()
        axes.axis("off")
        axes.set_xlim(-0.2, columns * COLUMN)
        axes.set_ylim(min(rows) * ROW - 0.45, max(rows) * ROW + HEIGHT + 0.35)
        places = {box.name: (box.column * COLUMN, box.row * ROW) for box in boxes}
        for box in boxes:
            _draw_box(axes, box)
        for (start, end), text in edges.items():
            _draw_edge(axes, places[start], places[end], text)
        figure.suptitle(title, x=0.01, ha="left")
        figure.supxlabel("blue: forward; orange: the gradient of J on its way back, its norm", fontsize=8.5, color=INK)
    return figure


def _draw_box(axes: Axes, box: Box) -> None:
    from matplotlib.patches import FancyBboxPatch

    x, y = box.column * COLUMN, box.row * ROW
    faces = {"input": "#FFFFFF", "parameter": "#FFF5E0", "value": "#EAF3FA", "objective": "#FBE3D6"}
    axes.add_patch(
        FancyBboxPatch(
            (x, y),
            WIDTH,
            HEIGHT,
            boxstyle="round,pad=0.02,rounding_size=0.08",
            facecolor=faces[box.kind],
            edgecolor=FAINT,
            linewidth=0.9,
            zorder=2,
        )
    )
    axes.text(x + 0.08, y + HEIGHT - 0.06, box.lines[0], ha="left", va="top", fontsize=11, weight="bold", zorder=3)
    rest = "\n".join(box.lines[1:])
    axes.text(x + 0.08, y + HEIGHT - 0.28, rest, ha="left", va="top", fontsize=8.2, color=INK, zorder=3)


def _draw_edge(axes: Axes, start: tuple[float, float], end: tuple[float, float], text: str) -> None:
    """Two arrows side by side, there and back."""
    if start[1] == end[1]:
        here, there = (start[0] + WIDTH, start[1] + HEIGHT / 2), (end[0], end[1] + HEIGHT / 2)
        apart, write = (0.0, 0.09), (0.0, -0.22)
    else:
        down = start[1] > end[1]
        here = (start[0] + WIDTH * 0.5, start[1] if down else start[1] + HEIGHT)
        there = (end[0] + WIDTH * (0.5 if start[0] == end[0] else 0.25), end[1] + HEIGHT if down else end[1])
        apart, write = (0.09, 0.0), (0.14 if start[0] == end[0] else 0.3, 0.0)
    for colour, sign, way in ((FORWARD, 1, (here, there)), (BACKWARD, -1, (there, here))):
        points = [(x + sign * apart[0], y + sign * apart[1]) for x, y in way]
        style = {"arrowstyle": "->", "color": colour, "linewidth": 1.2, "shrinkA": 1, "shrinkB": 1}
        axes.annotate("", points[1], points[0], arrowprops=style, zorder=1)
    middle = ((here[0] + there[0]) / 2 + write[0], (here[1] + there[1]) / 2 + write[1])
    flat = start[1] == end[1]
    axes.text(*middle, text, fontsize=8.2, color=BACKWARD, ha="center" if flat else "left", va="center", zorder=3)
