"""Predicted beside observed shares (a reliability diagram), with what chance does to true probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from goodfit.arguments import public
from goodfit.figures.shown import new_figure
from goodfit.figures.style import BAND_OPACITY, COLOURS, FAINT, NARROW, house_style
from goodfit.words import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INSIDE: dict[str, Any] = {"marker": "o", "color": COLOURS[0]}
OUTSIDE: dict[str, Any] = {"marker": "D", "color": COLOURS[5]}  # told apart by shape as well as by colour
BAND = "5-95 % band if the probabilities are true"
TOP = "predicted class"
LONGEST = 30  # characters of a class's name; what is longer is cut


@public
def reliability_diagram(
    predicted: Sequence[float],
    observed: Sequence[float],
    low: Sequence[float],
    high: Sequence[float],
    *,
    of: str,
    title: str = "",
    width: float = 6.4,
) -> Figure:
    """The observed share of each bin against its mean predicted probability.

    predicted: mean probability of each bin, in [0, 1]
    observed: share of each bin in which it came true, in [0, 1]
    low, high: of the band in which 90 % of the observed shares of true probabilities lie; bins outside it are marked.
    of: what the probabilities are of
    title: above it
    width: in inches, default 6.4.
    """
    narrow = width < NARROW
    at, found, least, most = (np.asarray(each, float) for each in (predicted, observed, low, high))
    outside = (found < least) | (found > most)
    name = visible(of).replace("\n", " ")
    name = name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
    with house_style():
        figure = new_figure(width, 5.2 if narrow else 5.0)
        axes = figure.subplots()
        _room(axes, np.concatenate([at, found, least, most]))
        (even,) = axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1.2, linestyle="--", zorder=1)
        handles: dict[str, Any] = {"observed = predicted": even}
        handles[BAND] = axes.vlines(at, least, most, color=COLOURS[0], alpha=BAND_OPACITY, linewidth=9, zorder=2)
        for label, chosen, look in (("inside its band", ~outside, INSIDE), ("outside its band", outside, OUTSIDE)):
            if chosen.any():
                (handles[label],) = axes.plot(at[chosen], found[chosen], linestyle="", markersize=6.5, zorder=4, **look)
        axes.set_xlabel(f"mean predicted probability of the {name}" if name == TOP else f"P({name})")
        axes.set_ylabel("observed share")
        for text in (axes.xaxis.label, axes.yaxis.label):
            text.set_parse_math(False)
        axes.locator_params(nbins=5 if narrow else 8)
        figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=1 if narrow else 2)
        if title:
            axes.set_title(visible(title).replace("\n", " "), parse_math=False)
    return figure


def _room(axes: Axes, values: np.ndarray) -> None:
    """The same scale along both axes, as far as there are bins: most classifiers are hardly ever below one half."""
    low, high = float(values.min()), float(values.max())
    spare = 0.06 * max(high - low, 0.05)
    ends = low - spare, high + spare
    axes.set_xlim(*ends)
    axes.set_ylim(*ends)
    axes.set_aspect("equal", adjustable="box")
