"""The computation graph of a net with one hidden layer and an L2 penalty (p14), drawn with its numbers."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from goodfit.figures.flow_steps import BACKWARD, FORWARD
from goodfit.figures.shown import new_figure
from goodfit.figures.style import COLOURS, FAINT, INK, NARROW
from goodfit.studies.words import Labels

PLACES = {  # column, row from above
    "x": (1, 0),
    "W1": (0, 1),
    "z1": (1, 1),
    "a1": (1, 2),
    "W2": (0, 3),
    "z2": (1, 3),
    "y": (2, 4),
    "L": (1, 4),
    "s": (0, 5),
    "J": (1, 5),
}
EDGES = (
    *(("x", "z1"), ("W1", "z1"), ("z1", "a1"), ("a1", "z2"), ("W2", "z2"), ("z2", "L"), ("y", "L")),
    *(("W1", "s"), ("W2", "s"), ("L", "J"), ("s", "J")),
)
TINTS = {"input": FAINT, "parameter": COLOURS[1], "value": FORWARD, "objective": BACKWARD}  # thin, for light and dark
HIGH, PITCH = 0.8, 1.3  # of a box, of a row, in inches
MOST = 4  # numbers of a vector that are written out


@dataclass(frozen=True)
class Shown:
    """A node as it is drawn. lines: its formula and numbers."""

    name: str
    kind: str
    lines: tuple[str, ...]


def text_of(values: Any, norm: str = "norm") -> str:
    """0.31, −0.52, 0.11; a matrix row by row, with semicolons; where there are too many, their norm, by this word."""
    array = np.atleast_1d(np.asarray(values, float))
    rows = array.reshape(array.shape[0], -1)
    flat = rows.T if rows.shape[1] == 1 else rows
    if flat.shape[1] > MOST or flat.shape[0] > MOST:
        return f"{norm} {np.linalg.norm(array):.3g}"
    return "\n".join(", ".join(f"{each:.2g}".replace("-", "−") for each in row) for row in flat)


def draw_graph(nodes: dict[str, Shown], back: dict[tuple[str, str], str], width: float, say: Labels) -> Figure:
    """nodes: by the names of PLACES; back: (from, to) -> what is written beside the way back."""
    narrow = width < NARROW
    wide = (0.23 if narrow else 0.2) * width
    across = (0.08 * width, 0.5 * width, width - wide - 0.05)
    rows = max(row for _, row in PLACES.values()) + 1
    corners = {name: (across[at], (rows - 1 - row) * PITCH + 0.3) for name, (at, row) in PLACES.items()}
    size = 8.6
    figure = new_figure(width, rows * PITCH + 0.2)
    axes = figure.subplots()
    axes.axis("off")
    axes.set_xlim(0, width)
    axes.set_ylim(0, rows * PITCH + 0.2)
    for start, end in EDGES:
        _arrows(axes, corners[start], corners[end], wide, back.get((start, end), ""), size)
    for name, node in nodes.items():
        _box(axes, node, corners[name], wide, size)
    told = say("blue: forward; orange: backward, the gradient of J along that edge")
    axes.text(0.1, 0.05, told, fontsize=size, color=INK)
    return figure


def _box(axes: Axes, node: Shown, corner: tuple[float, float], wide: float, size: float) -> None:
    x, y = corner
    style = "round,pad=0.02,rounding_size=0.06"
    face = to_rgba(TINTS[node.kind], 0.12)
    axes.add_patch(
        FancyBboxPatch((x, y), wide, HIGH, boxstyle=style, facecolor=face, edgecolor=FAINT, linewidth=0.9, zorder=2)
    )
    axes.text(x + 0.03, y + HIGH - 0.04, node.name, va="top", fontsize=size + 1.5, weight="bold", zorder=3)
    text = "\n".join(line for line in node.lines if line)
    axes.text(x + 0.03, y + HIGH - 0.25, text, va="top", fontsize=size, color=INK, linespacing=1.15, zorder=3)


def _arrows(
    axes: Axes, start: tuple[float, float], end: tuple[float, float], wide: float, back: str, size: float
) -> None:
    """There in blue, and back in orange where a gradient comes back."""
    down, right = start[0] == end[0], start[0] < end[0]
    bend = "arc3"
    if down and start[1] - end[1] > 2.5 * PITCH:  # past the box between
        here, there = ((x - 0.08, y + HIGH / 2) for x, y in (start, end))
        bend = "arc3,rad=0.1"
    elif down:
        here, there = (start[0] + wide / 2, start[1]), (end[0] + wide / 2, end[1] + HIGH)
    else:
        here, there = (
            (start[0] + (wide if right else 0), start[1] + HIGH / 2),
            (end[0] + (0 if right else wide), end[1] + HIGH / 2),
        )
    apart = (0.05, 0.0) if down else (0.0, 0.05)
    ways = ((FORWARD, here, there, 1), *([(BACKWARD, there, here, -1)] if back else []))
    for colour, tail, head, sign in ways:
        turned = bend.replace("0.1", "-0.1") if sign < 0 else bend
        points = [(x + sign * apart[0], y + sign * apart[1]) for x, y in (tail, head)]
        style = {"arrowstyle": "->", "color": colour, "linewidth": 1.2, "shrinkA": 1, "shrinkB": 1}
        axes.annotate("", points[1], points[0], arrowprops={**style, "connectionstyle": turned}, zorder=1)
    if back and bend != "arc3":
        axes.text(start[0], start[1] - 0.05, back, fontsize=size, color=BACKWARD, linespacing=1.1, va="top", zorder=4)
    elif back:
        middle = ((here[0] + there[0]) / 2, (here[1] + there[1]) / 2)
        right = start[0] < wide  # where a line passes on the left
        at = (middle[0] + (0.1 if right else -0.1), middle[1]) if down else (middle[0], middle[1] - 0.12)
        axes.text(
            *at,
            back,
            fontsize=size,
            color=BACKWARD,
            linespacing=1.1,
            ha=("left" if right else "right") if down else "center",
            va="center" if down else "top",
            zorder=4,
        )
