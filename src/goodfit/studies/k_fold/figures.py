"""Draws the folds, and the estimates against the truth."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from goodfit.figures.panels import panels
from goodfit.figures.shown import new_figure
from goodfit.figures.style import COLOURS, FAINT, GRID, INK, MARKERS, NARROW
from goodfit.studies.common.drawing import edges, legend
from goodfit.studies.declaring import Measured
from goodfit.studies.k_fold.measure import SHOWN_FOLDS
from goodfit.studies.words import Labels


def draw_folds(measured: Measured, width: float, say: Labels) -> Figure:
    """Which rows validate in each fold (p4)."""
    table = measured.columns("folds")
    rows = int((table["fold"] == 1).sum())
    figure = new_figure(width, 2.6)
    axes = figure.subplots()
    for fold in range(1, SHOWN_FOLDS + 1):
        validates = np.flatnonzero(table["validates"][table["fold"] == fold])
        axes.broken_barh([(0, rows)], (fold - 0.38, 0.76), facecolor=GRID, edgecolor="white")
        start, size = int(validates[0]), len(validates)
        axes.broken_barh([(start, size)], (fold - 0.38, 0.76), facecolor=COLOURS[0], hatch="//", edgecolor="white")
    for edge in range(1, rows):
        axes.axvline(edge, color="white", linewidth=0.5)
    axes.set(yticks=range(1, SHOWN_FOLDS + 1), ylabel=say("fold"), xlim=(0, rows), ylim=(SHOWN_FOLDS + 0.6, 0.4))
    axes.set_xlabel(say("examples, sorted by fold (assigned at random)"))
    axes.grid(visible=False)
    axes.tick_params(length=0, labelcolor=INK)
    handles = [Patch(facecolor=COLOURS[0], hatch="//", edgecolor="white"), Patch(facecolor=GRID)]
    names = [say("validation set of this fold"), say("training set of this fold")]
    figure.legend(handles, names, loc="outside lower center", ncols=1 if width < NARROW else 2)
    return figure


def draw_methods(measured: Measured, width: float, say: Labels) -> Figure:
    """How far each method's estimate is from the truth, and what it costs."""
    table = measured.columns("methods")
    at = np.arange(len(table["method"]))
    figure, (off, cost) = panels(2, width, height=3.6)
    bars = off.hlines(at, table["off_low"], table["off_high"], color=COLOURS[0], linewidth=5, alpha=0.4)
    bias, low, high = edges(table, "bias")
    mean = off.errorbar(
        bias, at, xerr=[bias - low, high - bias], fmt="o", color=COLOURS[0], ecolor=INK, capsize=3, markersize=5
    )
    off.axvline(0, color=INK, linewidth=0.8)
    names = [say.name(each) for each in table["method"]]
    off.set(title=say("estimate − true error"), xlabel=say("mean squared error"), yticks=at)
    off.set_yticklabels(names)
    cost.barh(at, table["nets"], color=COLOURS[1], height=0.6)
    cost.set(title=say("cost"), xlabel=say("nets to train"), xscale="log", yticks=at, xlim=(0.8, None))
    cost.set_yticklabels(names if width < NARROW else [])
    for axes in (off, cost):
        axes.set_ylim(len(at) - 0.5, -0.5)
        axes.grid(axis="y", visible=False)
        axes.tick_params(axis="y", length=0)
    handles = {say("mean over data sets and its 95 % interval"): mean, say("central 95 % of data sets"): bars}
    return legend(figure, handles)


def draw_sets(measured: Measured, width: float, say: Labels) -> Figure:
    """Each data set's estimate beside the true error of its net."""
    table = measured.columns("estimates")
    names = list(dict.fromkeys(table["method"]))
    chosen = list(dict.fromkeys([names[0], names[-2], names[-1]]))
    figure, axes = panels(len(chosen), width, height=3.4, share=True)
    low = float(min(table["truth"].min(), table["estimate"].min()))
    high = float(max(table["truth"].max(), np.quantile(table["estimate"], 0.995)))
    for place, (panel, name) in enumerate(zip(axes, chosen, strict=True)):
        here = table["method"] == name
        panel.plot([low, high], [low, high], color=FAINT, linewidth=1)
        panel.plot(
            table["truth"][here],
            table["estimate"][here],
            MARKERS[place],
            color=COLOURS[place],
            markersize=4.5,
            alpha=0.7,
        )
        panel.set(title=say.name(name), xlabel=say("true error of the net"))
        panel.set_ylabel("" if place and width >= NARROW else say("estimate"))
        panel.set_xscale("log", base=2)
        panel.set_yscale("log", base=2)
        for axis in (panel.xaxis, panel.yaxis):
            axis.set_major_formatter("{x:g}")
    return figure
