"""Draws fits, errors by capacity and its causes, and what the remedies gain."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from goodfit.figures.panels import line, panels
from goodfit.figures.style import COLOURS, INK, NARROW
from goodfit.studies.common.drawing import band_line, edges, legend
from goodfit.studies.declaring import Measured
from goodfit.studies.words import Labels

BAND = "line: median over data sets; band: central 95 %"


def draw_fits(measured: Measured, width: float, say: Labels) -> Figure:
    """One data set fitted by too low, the best and too high a degree."""
    table = measured.columns("fits")
    degrees = list(dict.fromkeys(table["degree"].tolist()))
    heads = ["too few: degree {degree}", "best: degree {degree}", "too many: degree {degree}"]
    heads = heads if len(degrees) == 3 else ["degree {degree}"] * len(degrees)
    figure, axes = panels(len(degrees), width, height=3.2, share=True)
    for panel, degree, head in zip(axes, degrees, heads, strict=True):
        here = table["degree"] == degree
        (true,) = panel.plot(table["x"][here], table["target"][here], ":", color=INK)
        (rows,) = panel.plot(measured.arrays["x"], measured.arrays["y"], "o", color=COLOURS[1], markersize=4)
        (fit,) = panel.plot(table["x"][here], table["fit"][here], color=COLOURS[0])
        panel.set(title=say(head, degree=degree), xlabel="x", ylim=(-2.2, 2.2))
    axes[0].set_ylabel("y")
    handles = {say("training set"): rows, say("target without noise"): true, say("least squares"): fit}
    return legend(figure, handles)


def draw_curves(measured: Measured, width: float, say: Labels) -> Figure:
    """Both errors by degree, and by hidden units (p5)."""
    best = dict(zip(measured.tables["best"]["varied"], measured.tables["best"]["best"], strict=True))
    figure, axes = panels(2, width, height=3.6)
    titles = {"degree": "polynomials, by least squares", "width": "nets, by training"}
    for panel, (varied, title) in zip(axes, titles.items(), strict=True):
        handles = _errors(panel, measured, varied, say)
        handles[say("best on new data")] = panel.axvline(best[varied], color=INK, linewidth=1, linestyle=":")
        panel.set(title=say(title), yscale="log", ylabel=say("mean squared error"))
    axes[0].set_xlabel(say("degree"))
    axes[1].set_xscale("log", base=2)
    axes[1].xaxis.set_major_formatter("{x:g}")
    axes[1].set_xlabel(say("hidden units"))
    return legend(figure, handles, say(BAND))


def draw_causes(measured: Measured, width: float, say: Labels) -> Figure:
    """Both errors of the highest degree by rows, and by the penalty on its weights."""
    figure, axes = panels(2, width, height=3.6, share=True)
    for panel, varied in zip(axes, ("rows", "l2"), strict=True):
        handles = _errors(panel, measured, varied, say)
        panel.set(xscale="log", yscale="log")
    axes[0].set_xscale("log", base=2)
    axes[0].xaxis.set_major_formatter("{x:g}")
    axes[0].set(title=say("training set size"), xlabel=say("training examples"), ylabel=say("mean squared error"))
    axes[1].set(title=say("range of the weights"), xlabel=say("L2 penalty: small weights to the right"))
    if width < NARROW:
        axes[1].set_ylabel(say("mean squared error"))
    return legend(figure, handles, say(BAND))


def draw_beyond(measured: Measured, width: float, say: Labels) -> Figure:
    """The error on fresh rows by degree, to far beyond the rows."""
    table = measured.columns("errors")
    here = np.flatnonzero(np.isin(table["varied"], ("degree", "beyond")))
    at, first = np.unique(table["value"][here], return_index=True)
    figure, (axes,) = panels(1, width, height=3.8)
    handles = {say("new data"): line(axes, at + 1, *edges(table, "fresh", here[first]), place=1)}
    handles[say("as many terms as examples")] = axes.axvline(
        len(measured.arrays["x"]), color=INK, linewidth=1, linestyle=":"
    )
    axes.set(xscale="log", yscale="log")
    axes.set(xlabel=say("terms of the polynomial (degree + 1)"), ylabel=say("mean squared error"))
    return legend(figure, handles, say(BAND))


def draw_remedies(measured: Measured, width: float, say: Labels) -> Figure:
    """How many times lower every remedy makes the error of the largest models."""
    table = measured.columns("remedies")
    models = list(dict.fromkeys(table["model"].tolist()))
    figure, axes = panels(len(models), width, height=3.0)
    for panel, model in zip(axes, models, strict=True):
        here = table["model"] == model
        gain, low, high = (table[name][here] for name in ("gain", "low", "high"))
        _, each_low, each_high = edges(table, "each", here)
        at = np.arange(len(gain))
        bars = panel.hlines(at, each_low, each_high, color=COLOURS[0], linewidth=5, alpha=0.4)
        mean = panel.errorbar(
            gain, at, xerr=[gain - low, high - gain], fmt="o", color=COLOURS[0], ecolor=INK, capsize=3, markersize=5
        )
        panel.axvline(1, color=INK, linewidth=0.8)
        title = say("{model} of the largest capacity", model=say.name(model))
        panel.set(title=title, xscale="log", yticks=at, ylim=(len(at) - 0.5, -0.5))
        panel.set_yticklabels([say.name(each) for each in table["remedy"][here]])
        panel.set_xlabel(say("error without / with the remedy"))
        panel.grid(axis="y", visible=False)
        panel.tick_params(axis="y", length=0)
        if each_high.max() < 20:  # a logarithmic axis would have too few ticks
            panel.set_xscale("linear")
    handles = {say("geometric mean and its 95 % interval"): mean, say("central 95 % of data sets"): bars}
    return legend(figure, handles)


def _errors(panel: Any, measured: Measured, varied: str, say: Labels) -> dict[str, Any]:
    table = measured.columns("errors")
    here = table["varied"] == varied
    handles = {}
    for place, (part, words) in enumerate((("train", "training set"), ("fresh", "new data"))):
        handles[say(words)] = band_line(panel, table, "value", part, here, place)
    return handles
