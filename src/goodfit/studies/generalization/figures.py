"""Draws training and generalisation error by rows and by model, and what test sets say of it."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from goodfit.figures.panels import line, panels
from goodfit.figures.style import INK, NARROW
from goodfit.studies.common.drawing import SEEDS, band_line, edges, legend
from goodfit.studies.declaring import Measured
from goodfit.studies.generalization.measure import FRESH, WIDE
from goodfit.studies.words import Labels


def _errors_of(measured: Measured, varied: str) -> dict[str, np.ndarray]:
    table = measured.columns("errors")
    here = table["varied"] == varied
    return {name: values[here] for name, values in table.items()}


def _two_errors(panel: Any, table: dict[str, np.ndarray], x: np.ndarray, say: Labels) -> dict[str, Any]:
    names = {"train": say("training set"), "fresh": say("{count} new examples", count=f"{FRESH:,}")}
    return {
        words: line(panel, x, *edges(table, part), place=place) for place, (part, words) in enumerate(names.items())
    }


def draw_rows(measured: Measured, width: float, say: Labels) -> Figure:
    """Both errors by rows, for a simple and a complex model."""
    figure, axes = panels(2, width, height=3.5, share=True)
    titles = {"simple": say("simple: no hidden layer"), "complex": say("complex: {units} hidden units", units=WIDE)}
    for panel, (varied, title) in zip(axes, titles.items(), strict=True):
        table = _errors_of(measured, varied)
        handles = _two_errors(panel, table, table["rows"], say)
        panel.set(title=title, xscale="log", xlabel=say("training examples"))
    for panel in axes if width < NARROW else axes[:1]:
        panel.set_ylabel(say("error (fraction of examples)"))
    return legend(figure, handles, say(SEEDS))


def draw_causes(measured: Measured, width: float, say: Labels) -> Figure:
    """Both errors by hidden units, and by the penalty on the weights."""
    figure, axes = panels(2, width, height=3.5, share=True)
    table = _errors_of(measured, "width")
    handles = _two_errors(axes[0], table, table["width"], say)
    axes[0].set(title=say("more parameters"), xscale="log", xlabel=say("hidden units"))
    table = _errors_of(measured, "l2")
    order = np.argsort(table["norm"])
    _two_errors(axes[1], {name: values[order] for name, values in table.items()}, table["norm"][order], say)
    axes[1].set(title=say("a larger range of weights"), xlabel=say("norm of the weights (by L2 penalty)"))
    for panel in axes if width < NARROW else axes[:1]:
        panel.set_ylabel(say("error (fraction of examples)"))
    return legend(figure, handles, say(SEEDS))


def draw_looks(measured: Measured, width: float, say: Labels) -> Figure:
    """How far a test set is off; what choosing by it costs; which intervals hold."""
    sizes, looks = measured.columns("test_sets"), measured.columns("looks")
    figure, axes = panels(3, width, height=3.5)
    off, best, held = axes
    off_band = band_line(off, sizes, "rows", "off")
    wide = 1.96 * np.asarray(sizes["binomial"])
    (binomial,) = off.plot(sizes["rows"], wide, "x", color=INK)
    off.plot(sizes["rows"], -wide, "x", color=INK)
    off.set(title=say("one net, many test sets"), xscale="log")
    off.set(xlabel=say("test examples"), ylabel=say("test error − true error"))
    band_line(best, looks, "looks", "optimism")
    best.axhline(0, color=INK, linewidth=0.8)
    best.set(title=say("the best of many nets"), xscale="log")
    best.set(xlabel=say("nets tried"), ylabel=say("true − test error"))
    shares = {
        say(f"{name} intervals"): line(held, looks["looks"], looks[name], place=place + 1)
        for place, name in enumerate(("plain", "widened"))
    }
    held.axhline(0.95, color=INK, linewidth=0.8)
    held.set(title=say("coverage of intervals"), xscale="log")
    held.set(xlabel=say("nets tried"), ylabel=say("fraction of test sets"))
    handles = {say("central 95 % of test sets"): off_band, "±1.96 √(p(1 − p)/n)": binomial, **shares}
    return legend(figure, handles)
