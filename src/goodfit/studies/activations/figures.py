"""Draws every activation, what each costs against ReLU, and losses by epoch."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from goodfit.figures.panels import legend_below, panels
from goodfit.figures.shown import new_figure
from goodfit.figures.style import COLOURS, INK, NARROW
from goodfit.studies.activations.trials import REACHED, TRAINED
from goodfit.studies.common.drawing import CENTRAL, band_line, edges, legend
from goodfit.studies.declaring import Measured
from goodfit.studies.words import Labels

LOOKS = {"forward": ("forward", "o", "#0072B2", -0.14), "both": ("forward and backward", "^", "#E69F00", 0.14)}


def draw_curves(measured: Measured, width: float, say: Labels) -> Figure:
    """Every activation and its derivative."""
    table = measured.columns("curves")
    names = list(dict.fromkeys(measured.tables["curves"]["name"]))
    narrow = width < NARROW
    columns = 2 if narrow else 4
    figure = new_figure(width, 0.6 + len(names) / columns * (1.7 if narrow else 2.0))
    axes = figure.subplots(len(names) // columns, columns, sharex=True).ravel()
    handles: dict[str, Any] = {}
    for panel, name in zip(axes, names, strict=True):
        here = table["name"] == name
        (handles["f(z)"],) = panel.plot(table["z"][here], table["value"][here], color=COLOURS[0])
        (handles["f′(z)"],) = panel.plot(table["z"][here], table["derivative"][here], "--", color=COLOURS[5])
        low, high = min(table["value"][here].min(), -0.2), table["value"][here].max()
        panel.set(title=name, ylim=(max(low - 0.15, -2.2), min(high + 0.15, 3.2)))
    for panel in axes[-columns:]:
        panel.set_xlabel("z")
    legend_below(figure, handles)
    return figure


def draw_costs(measured: Measured, width: float, say: Labels) -> Figure:
    """What every activation costs against ReLU."""
    table = measured.columns("facts")
    order = np.argsort(table["forward_ratio"])
    figure = new_figure(width, 3.9 if width >= NARROW else 4.6)
    panel, handles = figure.subplots(), {}
    for way, (words, marker, colour, shift) in LOOKS.items():
        middle, low, high = edges(table, f"{way}_ratio", order)
        at = np.arange(len(order)) + shift
        handles[say(words)] = panel.errorbar(
            middle, at, xerr=np.abs([middle - low, high - middle]), fmt=marker, color=colour, markersize=5.5
        )
    panel.axvline(1, color=INK, linewidth=0.9, linestyle=":")
    panel.set_yticks(np.arange(len(order)), table["name"][order])
    panel.set_xscale("log")
    panel.xaxis.set_major_formatter("{x:g}")
    panel.set_xlabel(say("time / ReLU's time"))
    return legend(figure, handles, say("bar: 95 % interval of the median over rounds"))


def draw_losses(measured: Measured, width: float, say: Labels) -> Figure:
    """Training loss by epoch, each activation at its best rate."""
    table = measured.columns("losses")
    figure, (panel,) = panels(1, width, height=3.4)
    handles = {}
    for place, name in enumerate(TRAINED):
        handles[name] = band_line(panel, table, "epoch", here=table["name"] == name, place=place)
    handles[say("counts as learned")] = panel.axhline(REACHED, color=INK, linewidth=0.9, linestyle=":")
    panel.set(yscale="log", xscale="log", xlabel=say("epoch"), ylabel=say("training loss (nats)"))
    panel.xaxis.set_major_formatter("{x:g}")
    return legend(figure, handles, say(CENTRAL))
