"""Measures and draws the symmetry of hidden units (4.7.3): permuted, kept by training, broken by chance."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from goodfit.figures.panels import legend_below, line, panels
from goodfit.figures.style import COLOURS, INK, NARROW
from goodfit.studies.declaring import Measured
from goodfit.studies.symmetry.study import APART


def draw_widths(measured: Measured, width: float) -> Figure:
    """Accuracy by the number of hidden units, and by the way of training."""
    table = measured.columns("widths")
    ways = measured.tables["trainings"]
    figure, (left, right) = panels(2, width, height=3.8)
    handles = {}
    for place, start in enumerate(("random", "constant")):
        here = table["start"] == start
        values = (table[key][here] for key in ("median", "low", "high"))
        handles[f"{start} initial weights"] = line(left, table["width"][here], *values, place=place)
    left.set_xscale("log", base=2)
    left.set_xticks(np.unique(table["width"]), [str(units) for units in np.unique(table["width"])])
    left.set_xlabel("hidden units")
    left.set_ylabel("test accuracy")
    left.set_title("By the number of units")
    at = np.arange(len(ways["training"]))[::-1]
    bars = right.hlines(at, ways["low"], ways["high"], color=COLOURS[2], linewidth=4, alpha=0.5)
    equal = np.asarray(ways["equal"]) == 1
    for mark, chosen, words in (("s", equal, "units still equal"), ("o", ~equal, "units came apart")):
        (handles[words],) = right.plot(
            np.asarray(ways["median"])[chosen],
            at[chosen],
            mark,
            color=COLOURS[2],
            markersize=6,
            markerfacecolor="white" if mark == "s" else COLOURS[2],
        )
    handles["middle 95 % of seeds"] = bars
    right.set_yticks(at, ways["training"])
    right.set_xlabel("test accuracy")
    right.set_title("By start and training")
    for panel, limit in ((left, left.set_ylim), (right, right.set_xlim)):
        limit(0, 1)
        panel.margins(y=0.05)
    legend_below(figure, handles, narrow=width < NARROW)
    return figure


def draw_noise(measured: Measured, width: float) -> Figure:
    """The distance of the units by epoch, for each size of noise."""
    table = measured.columns("noise")
    figure, (panel,) = panels(1, width, height=3.8)
    handles = {}
    for place, size in enumerate(dict.fromkeys(table["noise"].tolist())):
        here = table["noise"] == size
        values = (table[key][here] for key in ("median", "low", "high"))
        handles[f"{size:g}"] = line(panel, table["epoch"][here], *values, place=place)
    panel.axhline(APART, color=INK, linewidth=1, linestyle=":")
    panel.set_yscale("log")
    panel.set_xlabel("epoch")
    panel.set_ylabel("largest distance of two units")
    title = "relative size of the noise; band: middle 95 % of seeds"
    legend_below(figure, handles, title=title, narrow=width < NARROW)
    return figure
