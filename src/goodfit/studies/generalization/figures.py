"""Draws training and generalisation error by rows and by model, and what test sets say of it."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from goodfit.figures.panels import line, panels
from goodfit.figures.style import INK, NARROW
from goodfit.studies.common.drawing import SEEDS, band_line, edges, legend
from goodfit.studies.declaring import Measured
from goodfit.studies.generalization.measure import FRESH, WIDE


def _errors_of(measured: Measured, varied: str) -> dict[str, np.ndarray]:
    table = measured.columns("errors")
    here = table["varied"] == varied
    return {name: values[here] for name, values in table.items()}


def _two_errors(panel: Any, table: dict[str, np.ndarray], x: np.ndarray) -> dict[str, Any]:
    return {
        words: line(panel, x, *edges(table, part), place=place)
        for place, (part, words) in enumerate((("train", "training set"), ("fresh", f"{FRESH:,} new examples")))
    }


def draw_rows(measured: Measured, width: float) -> Figure:
    """Both errors by rows, for a simple and a complex model."""
    figure, axes = panels(2, width, height=3.5, share=True)
    titles = {"simple": "simple: no hidden layer", "complex": f"complex: {WIDE} hidden units"}
    for panel, (varied, title) in zip(axes, titles.items(), strict=True):
        table = _errors_of(measured, varied)
        handles = _two_errors(panel, table, table["rows"])
        panel.set(title=title, xscale="log", xlabel="training examples")
    for panel in axes if width < NARROW else axes[:1]:
        panel.set_ylabel("error (fraction of examples)")
    return legend(figure, handles, SEEDS)


def draw_causes(measured: Measured, width: float) -> Figure:
    """Both errors by hidden units, and by the penalty on the weights."""
    figure, axes = panels(2, width, height=3.5, share=True)
    table = _errors_of(measured, "width")
    handles = _two_errors(axes[0], table, table["width"])
    axes[0].set(title="more parameters", xscale="log", xlabel="hidden units")
    table = _errors_of(measured, "l2")
    order = np.argsort(table["norm"])
    _two_errors(axes[1], {name: values[order] for name, values in table.items()}, table["norm"][order])
    axes[1].set(title="a larger range of weights", xlabel="norm of the weights (by L2 penalty)")
    for panel in axes if width < NARROW else axes[:1]:
        panel.set_ylabel("error (fraction of examples)")
    return legend(figure, handles, SEEDS)


def draw_looks(measured: Measured, width: float) -> Figure:
    """How far a test set is off; what choosing by it costs; which intervals hold."""
    sizes, looks = measured.columns("test_sets"), measured.columns("looks")
    figure, axes = panels(3, width, height=3.5)
    off, best, held = axes
    off_band = band_line(off, sizes, "rows", "off")
    wide = 1.96 * np.asarray(sizes["binomial"])
    (binomial,) = off.plot(sizes["rows"], wide, "x", color=INK)
    off.plot(sizes["rows"], -wide, "x", color=INK)
    off.set(title="one net, many test sets", xscale="log", xlabel="test examples", ylabel="test error − true error")
    band_line(best, looks, "looks", "optimism")
    best.axhline(0, color=INK, linewidth=0.8)
    best.set(title="the best of many nets", xscale="log", xlabel="nets tried", ylabel="true − test error")
    shares = {
        f"{name} intervals": line(held, looks["looks"], looks[name], place=place + 1)
        for place, name in enumerate(("plain", "widened"))
    }
    held.axhline(0.95, color=INK, linewidth=0.8)
    held.set(title="coverage of intervals", xscale="log", xlabel="nets tried", ylabel="fraction of test sets")
    handles = {"central 95 % of test sets": off_band, "±1.96 √(p(1 − p)/n)": binomial, **shares}
    return legend(figure, handles)
