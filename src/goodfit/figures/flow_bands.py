"""The flow of one net at several times: bands of activations and gradients, all to the same scale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from goodfit.arguments import public
from goodfit.figures.flow import MOST_TICKS, SMALLEST_DRAWN, FlowTable, draw_bands
from goodfit.figures.shown import new_figure
from goodfit.figures.style import COLOURS, NARROW, house_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARGIN = 0.05  # of the range of values, above and below them
LOWEST = 1e-12  # of the largest gradient: what is smaller is drawn at the lower edge


@public
def flow_bands(tables: Sequence[FlowTable], *, width: float = 7.8) -> list[Figure]:
    """One figure a table: activations and gradients by layer, side by side, or one above the other where it is narrow.

    The axes of all figures are the same, so that they can be compared.

    tables: what is drawn, one a figure
    width: inches.
    """
    if not len(tables):
        return []
    stacks = [
        (np.stack([layer.activations for layer in table.layers]), np.stack([layer.gradients for layer in table.layers]))
        for table in tables
    ]
    forward = _span(np.stack([values for values, _ in stacks]))
    backward = _decades(np.stack([gradients for _, gradients in stacks]))
    return [
        _figure(table, values, gradients, forward, backward, width)
        for table, (values, gradients) in zip(tables, stacks, strict=True)
    ]


def _figure(
    table: FlowTable,
    values: np.ndarray,
    gradients: np.ndarray,
    forward: tuple[float, float],
    backward: tuple[float, float],
    width: float,
) -> Figure:
    with house_style():
        tall = width < NARROW
        figure = new_figure(width, 5.4 if tall else 3.0)
        first, second = figure.subplots(2, 1) if tall else figure.subplots(1, 2)
        draw_bands(first, values, COLOURS[0])
        first.set_ylim(*forward)
        first.set_title("Forward: activations")
        draw_bands(second, np.maximum(gradients, backward[0]), COLOURS[1])
        second.set_yscale("log")
        second.set_ylim(*backward)
        second.minorticks_off()
        second.set_title("Backward: size of gradients, log scale")
        for axes in (first, second):
            _places(axes, table)
    return figure


def _places(axes: Axes, table: FlowTable) -> None:
    """Layers along the axis by number, the outputs by name."""
    count = len(table.layers)
    step = -(-count // MOST_TICKS)
    shown = [*range(0, count - 1, step), count - 1]
    if len(shown) > 2 and shown[-1] - shown[-2] < step:
        del shown[-2]
    names = [table.layers[at].name.removeprefix("hidden ") for at in shown]
    axes.set_xticks(shown, names)
    axes.set_xlim(-0.3, count - 0.7)
    axes.set_xlabel("hidden layers, from input to output" if count > 1 else "layer")
    axes.tick_params(axis="x", length=3)


def _span(values: np.ndarray) -> tuple[float, float]:
    """The range of what is finite, with room about it."""
    known = values[np.isfinite(values)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    room = MARGIN * (high - low) or 1.0
    return low - room, high + room


def _decades(values: np.ndarray) -> tuple[float, float]:
    """Whole powers of ten about what is finite and not 0, at most twelve of them."""
    known = values[np.isfinite(values) & (values > SMALLEST_DRAWN)]
    if not known.size:
        return 0.1, 1.0
    high = float(known.max())
    low = max(float(known.min()), LOWEST * high)
    top, bottom = np.ceil(np.log10(high)), np.floor(np.log10(low))
    return float(10.0**bottom), float(10.0 ** max(top, bottom + 1))
