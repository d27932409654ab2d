"""The mean prediction by the value of a column, with the disagreement of nets as a band."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from goodfit.arguments import public
from goodfit.figures.shown import new_figure
from goodfit.figures.style import BAND_OPACITY, COLOURS, FAINT, MARKERS, NARROW, house_style
from goodfit.words import visible

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_OUTPUTS = 6  # lines, one a class or target
LONGEST = 24  # characters of a name; what is longer is cut


@public
def dependence_curve(
    column: str,
    values: Sequence[Any],
    outputs: Sequence[str],
    mean: Any,
    spread: Any,
    *,
    what: str,
    single: Any = None,
    numeric: bool = True,
    width: float = 6.4,
) -> Figure:
    """A line for each of the first six outputs, with a band of a standard deviation over nets to both sides.

    column: for the axis.
    values: G numbers, or words, which are laid out evenly.
    outputs: C names of classes or targets, "" for a single one.
    mean, spread: [G, C].
    what: the means are of, for the axis.
    single: [R, G, C] curves of single rows, drawn thin, of a single output only.
    numeric: whether values are numbers.
    width: in inches, default 6.4.
    """
    mean, spread = np.asarray(mean, float), np.asarray(spread, float)
    at = np.asarray(values, float) if numeric else np.arange(len(values), dtype=float)
    with house_style():
        figure = new_figure(width, 4.0)
        axes = figure.subplots()
        if single is not None and mean.shape[1] == 1:
            for curve in np.asarray(single, float):
                axes.plot(at, curve[:, 0], color=FAINT, linewidth=0.6, alpha=0.5, zorder=1)
        handles = []
        for place in range(min(mean.shape[1], MOST_OUTPUTS)):
            low, high = mean[:, place] - spread[:, place], mean[:, place] + spread[:, place]
            look: dict[str, Any] = {"color": COLOURS[place], "marker": MARKERS[place], "markersize": 4.5}
            if numeric:
                axes.fill_between(at, low, high, color=COLOURS[place], alpha=BAND_OPACITY, linewidth=0)
            else:
                axes.vlines(at, low, high, color=COLOURS[place], linewidth=2.0)
                look["linestyle"] = ""
            handles += axes.plot(at, mean[:, place], zorder=3, **look)
        if not numeric:
            axes.set_xticks(at, [_cut(str(value)) for value in values], rotation=90 if len(at) > 4 else 0)
        axes.set_xlabel(_cut(column))
        axes.set_ylabel(what)
        for text in (axes.xaxis.label, axes.yaxis.label, *axes.get_xticklabels()):
            text.set_parse_math(False)
        if any(outputs[: len(handles)]):  # a single output has no name; names that are cut may be alike
            names = [_cut(name) for name in outputs[: len(handles)]]
            legend = figure.legend(handles, names, loc="outside lower center", ncols=1 if width < NARROW else 3)
            for text in legend.get_texts():
                text.set_parse_math(False)
    return figure


def _cut(text: str) -> str:
    line = visible(text).replace("\n", " ")
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
