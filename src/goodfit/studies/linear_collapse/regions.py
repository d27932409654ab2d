"""Pictures of which points of a plane a net calls which of two classes."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from goodfit.figures.shown import new_figure
from goodfit.figures.style import COLOURS, NARROW
from goodfit.models.trained_net import TrainedNet

GRID = 100  # points a side
MARGIN = 0.1  # around the points, in their unit
SHADES = ("#F4F4F4", "#C9C9C9")  # of the two regions, told apart in print too


def limits(x: NDArray[Any]) -> NDArray[Any]:
    """The corners of the picture around points [N, 2]: [2, 2], the lower left one first."""
    return np.stack([x.min(0) - MARGIN, x.max(0) + MARGIN])


def region(net: TrainedNet, x: NDArray[Any]) -> NDArray[np.bool_]:
    """Where a net calls points class 1, [GRID, GRID], on a grid around points x [N, 2]; rows go up."""
    (left, low), (right, high) = limits(x)
    sides = np.meshgrid(np.linspace(left, right, GRID), np.linspace(low, high, GRID))
    return np.asarray(net.predict(np.stack(sides, -1).reshape(-1, 2)).reshape(GRID, GRID) == 1)


def draw(
    regions: Mapping[tuple[str, str], NDArray[np.bool_]],
    points: Mapping[str, tuple[NDArray[Any], NDArray[Any]]],
    heads: Mapping[str, str],
    sides: Mapping[str, str],
    shown: int,
    width: float,
) -> Figure:
    """A row of pictures a data set, a column a kind of net.

    regions: (kind, set) -> as `region` has it; points: set -> x [N, 2] and y [N], all those the regions lie around, of
    which the first `shown` are drawn; heads: kind -> title of its column; sides: set -> label of its row.
    """
    narrow = width < NARROW
    figure = new_figure(width, 1.02 * width)
    axes = figure.subplots(len(points), len(heads), squeeze=False)
    for row, (name, (x, y)) in zip(axes, points.items(), strict=True):
        (left, low), (right, high) = limits(x)
        for panel, kind in zip(row, heads, strict=True):
            panel.imshow(
                regions[kind, name],
                origin="lower",
                extent=(left, right, low, high),
                cmap=ListedColormap(SHADES),
                vmin=0,
                vmax=1,
                aspect="auto",
            )
            for code, (marker, colour) in enumerate(zip("o^", (COLOURS[0], COLOURS[5]), strict=True)):
                here = x[:shown][y[:shown] == code]
                panel.plot(*here.T, marker, color=colour, markersize=2.4 if narrow else 4, markeredgewidth=0)
            panel.grid(visible=False)
            panel.set(xlim=(left, right), ylim=(low, high))
            panel.locator_params(nbins=2 if narrow else 4)
    _name(axes, heads, [sides[name] for name in points], narrow=narrow)
    return figure


def _name(axes: Any, heads: Mapping[str, str], sides: Sequence[str], *, narrow: bool) -> None:
    for panel, head in zip(axes[0], heads.values(), strict=True):
        panel.set_title(head, fontsize=8.8 if narrow else None)
    for panel, side in zip(axes[:, 0], sides, strict=True):
        panel.set_ylabel(side)
    for panel in axes[-1]:
        panel.set_xlabel("$x_1$")
