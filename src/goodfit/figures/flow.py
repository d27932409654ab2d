"""The flow of a net: activations forward and gradients back, layer by layer, with what is wrong at its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from goodfit.arguments import public
from goodfit.figures.shown import new_figure
from goodfit.figures.style import BAND_OPACITY, COLOURS, INK, house_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_MAPS = 8  # layers whose weights are drawn: the first and the last of more
MOST_CELLS = 96  # of a heat map along a side; larger matrices are averaged over blocks
MOST_TICKS = 14
LINE_POINTS = 14  # a line of a label
NEIGHBOURS = 3  # layers apart, from which labels do not meet
SMALLEST_DRAWN = 1e-30  # of gradients; smaller ones are drawn here
ISSUE = COLOURS[5]


@dataclass(frozen=True, eq=False)
class FlowLayer:
    """One place of the figure, from the inputs to the outputs.

    name: of the layer
    activations: the quantiles 5, 25, 50, 75 and 95 % of the values
    gradients: likewise of the size of the gradients of z, nan for the inputs
    weights: [out, in] of the layer, None for the inputs
    issues: codes that belong here.
    """

    name: str
    activations: np.ndarray
    gradients: np.ndarray
    weights: np.ndarray | None
    issues: tuple[str, ...]


@dataclass(frozen=True)
class FlowTable:
    """What the figure shows.

    layers: from the inputs to the outputs
    elsewhere: issues without a layer of their own
    title: what the net is.
    """

    layers: tuple[FlowLayer, ...]
    elsewhere: tuple[str, ...]
    title: str

    def rows(self) -> list[dict[str, Any]]:
        """One dict a layer: its name, the ten quantiles, and its issues."""
        return [
            {
                "layer": layer.name,
                **{f"a_{q}": float(v) for q, v in zip(QUANTILE_NAMES, layer.activations, strict=True)},
                **{f"gradient_{q}": float(v) for q, v in zip(QUANTILE_NAMES, layer.gradients, strict=True)},
                "issues": " ".join(layer.issues),
            }
            for layer in self.layers
        ]


QUANTILE_NAMES = ("05", "25", "50", "75", "95")


@public
def flow(table: FlowTable, *, title: str | None = None) -> Figure:
    """Bands of activations and of gradients over the layers, heat maps of the weights, issues marked.

    table: what is drawn
    title: above it, None for that of the table
    """
    with house_style():
        layers = table.layers
        maps = _mapped(layers)
        figure = new_figure(max(7.2, 1.35 * len(maps) + 1.0), 7.4)
        grid = figure.add_gridspec(3, len(maps), height_ratios=[3, 3, 2.4])
        forward = figure.add_subplot(grid[0, :])
        backward = figure.add_subplot(grid[1, :], sharex=forward)
        draw_bands(forward, np.stack([layer.activations for layer in layers]), COLOURS[0])
        forward.set_ylabel("activations")
        forward.set_title("Forward: activations of every layer")
        gradients = np.stack([layer.gradients for layer in layers])
        draw_bands(backward, np.maximum(gradients, SMALLEST_DRAWN), COLOURS[1])
        if np.isfinite(gradients).any() and np.nanmax(gradients) > 0:
            backward.set_yscale("log")
        backward.set_ylabel("size of gradients, log scale")
        backward.set_title("Backward: gradients of the per-example loss")
        _places(backward, layers)
        _mark(forward, layers)
        for column, layer in enumerate(maps):
            _heat_map(figure.add_subplot(grid[2, column]), layer)
        named = table.title if title is None else title
        figure.suptitle(named, x=0.01, ha="left")
        note = "line: median; bands: central 50 % and 90 %; heat maps: weights, blue below 0, red above"
        if table.elsewhere:
            note += f"\nissues of the whole net: {', '.join(table.elsewhere)}"
        figure.supxlabel(note, fontsize=8.5, color=INK)
    return figure


def _mapped(layers: Sequence[FlowLayer]) -> list[FlowLayer]:
    """The layers with weights that are drawn."""
    those = [layer for layer in layers if layer.weights is not None]
    if len(those) <= MOST_MAPS:
        return those
    return [*those[: MOST_MAPS // 2], *those[-MOST_MAPS // 2 :]]


def draw_bands(axes: Axes, quantiles: np.ndarray, colour: str) -> None:
    """The median with a band of the middle 50 % and of 90 %, layer by layer. quantiles: [layers, 5]."""
    places = np.arange(len(quantiles))
    axes.fill_between(places, quantiles[:, 0], quantiles[:, 4], color=colour, alpha=BAND_OPACITY, linewidth=0)
    axes.fill_between(places, quantiles[:, 1], quantiles[:, 3], color=colour, alpha=2 * BAND_OPACITY, linewidth=0)
    axes.plot(places, quantiles[:, 2], color=colour, marker="o", markersize=4)


def _places(axes: Axes, layers: Sequence[FlowLayer]) -> None:
    """Names of layers along the axis, some of them where there are many."""
    step = -(-len(layers) // MOST_TICKS)
    shown = range(0, len(layers), step)
    axes.set_xticks(list(shown), [layers[place].name for place in shown])
    axes.set_xlim(-0.3, len(layers) - 0.7)
    for label in axes.get_xticklabels():
        label.set_rotation(30 if len(shown) > 8 else 0)
    axes.tick_params(axis="x", length=3)


def _mark(axes: Axes, layers: Sequence[FlowLayer]) -> None:
    """A line at every layer with an issue, with the codes beside it."""
    axes.tick_params(axis="x", labelbottom=False)
    marked = [(place, layer) for place, layer in enumerate(layers) if layer.issues]
    lines, before = 0, -9
    for place, layer in marked:
        lines = lines if place - before < NEIGHBOURS else 0  # labels of neighbours stand below one another
        down, before = -4 - LINE_POINTS * lines, place
        lines += len(layer.issues)
        axes.axvline(place, color=ISSUE, linewidth=1.0, linestyle=(0, (3, 2)), zorder=1)
        right = place > len(layers) / 2
        text = "\n".join(layer.issues)
        box = {"facecolor": "white", "edgecolor": ISSUE, "linewidth": 0.6, "pad": 2.0}
        axes.annotate(
            text, (place, 1), xycoords=("data", "axes fraction"), xytext=(-4 if right else 4, down), fontsize=8,
            textcoords="offset points", ha="right" if right else "left", va="top", color=ISSUE, bbox=box, zorder=5,
        )  # fmt: skip


def _heat_map(axes: Axes, layer: FlowLayer) -> None:
    given = np.asarray(layer.weights, np.float64)
    weights = blocks(given)
    limit = float(np.abs(weights).max()) or 1.0
    axes.imshow(weights, cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="auto", interpolation="nearest")
    out, inputs = given.shape
    axes.set_title(layer.name, fontsize=8.5, color=ISSUE if layer.issues else INK)
    axes.set_xlabel(f"{out} x {inputs}, ±{limit:.2g}", fontsize=8)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(visible=False)


def blocks(weights: np.ndarray, most: int = MOST_CELLS) -> np.ndarray:
    """A matrix of at most so many rows and columns, each the mean of a block of the given one."""
    for axis in (0, 1):
        size = weights.shape[axis]
        if size > most:
            edges = np.linspace(0, size, most + 1).astype(int)[:-1]
            counts = np.diff([*edges, size])
            sums = np.add.reduceat(weights, edges, axis=axis)
            weights = sums / (counts[:, None] if axis == 0 else counts[None])
    return weights
