"""Draws products of matrices, and deep nets whose weights are too large."""

import math

import numpy as np
from matplotlib.figure import Figure

from goodfit.figures.panels import panels
from goodfit.figures.style import COLOURS, INK
from goodfit.studies.common.drawing import SEEDS, band_line, doubling_axis, legend
from goodfit.studies.declaring import Measured
from goodfit.studies.exploding_gradient.measure import HORIZON, LARGEST, LOG10, NAMES
from goodfit.studies.words import Labels


def draw_product(measured: Measured, width: float, say: Labels) -> Figure:
    """Growth with the number of matrices, and the end after as many as the notes multiply."""
    table = measured.columns("growth")
    figure, (growth, ends) = panels(2, width, height=3.5)
    middle = band_line(growth, table, "matrices")
    (theory,) = growth.plot(table["matrices"], table["theory"], color=COLOURS[1], linestyle="--")
    limit = growth.axhline(LARGEST / LOG10, color=INK, linewidth=1, linestyle=":")
    noted = growth.scatter([101], [math.log10(8.8308e26)], marker="x", color=INK, s=45, zorder=4)
    shown = min(3.0 * measured.arrays["count"], HORIZON)
    growth.set_xlim(0, shown)
    ends_at = [float(np.interp(shown, table["matrices"], table[key])) for key in ("low", "high")]
    growth.set_ylim(min(-2.0, 1.05 * ends_at[0]), 1.05 * max(ends_at[1], LARGEST / LOG10))
    entry = say("log10 of the largest entry")
    growth.set(xlabel=say("matrices multiplied"), ylabel=entry, title=say("By the number of matrices"))
    last = measured.arrays["last"]
    ends.hist(last, bins=int(np.clip(len(last) // 20, 8, 40)), color=COLOURS[0], alpha=0.6, linewidth=0)
    ends.axvline(math.log10(8.8308e26), color=INK, linewidth=1.5, linestyle="-.")
    ends.set(xlabel=entry, ylabel=say("draws"), title=say("After all matrices"))
    handles = {say("draws"): middle, say("theory"): theory, say("largest float32"): limit, say("notes"): noted}
    return legend(figure, handles, say("line: median of draws; band: central 95 %"))


def draw_sizes(measured: Measured, width: float, say: Labels) -> Figure:
    """Growth a factor, and how nearly of rank one, by size."""
    table = measured.columns("sizes")
    figure, axes = panels(2, width, height=3.3)
    for panel, (found, theory) in zip(axes, (("rate", "theory"), ("ratio", "ratio_theory")), strict=True):
        (drawn,) = panel.plot(table["size"], table[theory], color=COLOURS[1], linestyle="--")
        (points,) = panel.plot(table["size"], table[found], "o", color=COLOURS[0], markersize=6)
        doubling_axis(panel, table["size"])
        panel.set_xlabel(say("size of the matrices"))
    bars = axes[0].vlines(table["size"], table["low"], table["high"], color=COLOURS[0], linewidth=3, alpha=0.5)
    axes[0].set(title=say("Growth"), ylabel=say("growth per factor (nats)"))
    axes[1].set(title=say("Towards rank one"), ylabel=say("log10 of 2nd / 1st singular value"))
    handles = {say("measured"): points, say("95 % interval"): bars, say("theory"): drawn}
    return legend(figure, handles)


def draw_depths(measured: Measured, width: float, say: Labels) -> Figure:
    """Growth of gradients by depth, and the test accuracy after training."""
    flows = measured.columns("depths")
    ends = measured.columns("training")
    figure, (growth, learned) = panels(2, width, height=3.6)
    handles = {}
    for place, gain in enumerate(np.unique(flows["gain"])):
        here = flows["gain"] == gain
        band_line(growth, flows, "depth", here=here, place=place)
    for place, name in enumerate(NAMES.values()):
        handles[say(name)] = band_line(learned, ends, "depth", "score", ends["weights"] == name, place)
    growth.set(yscale="log", title=say("Gradient before training"), ylabel=say("at the first layer / at the outputs"))
    learned.set(title=say("After training"), ylabel=say("test accuracy (0: diverged)"))
    learned.set_ylim(-0.03, 1.03)
    for panel in (growth, learned):
        doubling_axis(panel, flows["depth"])
        panel.set_xlabel(say("hidden layers"))
    return legend(figure, handles, say(SEEDS))
