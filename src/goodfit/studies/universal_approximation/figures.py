"""Draws errors by width, and the fits beside the functions."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from goodfit.figures.panels import DASHES, line, panels
from goodfit.figures.style import COLOURS, FAINT, NARROW
from goodfit.studies.common.drawing import band_line, legend
from goodfit.studies.declaring import Measured
from goodfit.studies.universal_approximation.targets import NAMES, TARGETS
from goodfit.studies.words import Labels

DEPTHS = {1: "one layer", 2: "two layers", 3: "three layers"}
LONGEST_TITLE = 26  # characters


def _titles(measured: Measured) -> dict[str, str]:
    texts = {**TARGETS, "formula": measured.arrays["formula"]}
    return {
        name: text if len(text) <= LONGEST_TITLE else text[: LONGEST_TITLE - 1] + "…" for name, text in texts.items()
    }


def draw_errors_by_width(measured: Measured, width: float, say: Labels) -> Figure:
    """Error by width on two logarithmic axes, a panel a target."""
    table = measured.columns("errors")
    figure, axes = panels(len(NAMES), width, height=2.9, share=True)
    handles: dict[str, Any] = {}
    for place, (panel, (name, title)) in enumerate(zip(axes, _titles(measured).items(), strict=True)):
        for layers, text in DEPTHS.items():
            here = (table["target"] == name) & (table["layers"] == layers)
            if here.any():
                handles[say(text)] = band_line(panel, table, "units", "rms", here, layers - 1)
        here = (table["target"] == name) & (table["layers"] == 1)
        handles[say("one layer, largest error")] = band_line(panel, table, "units", "largest", here, 3)
        hand = np.maximum(table["hand_rms"][here].astype(float), 1e-7)
        handles[say("one layer, built by hand")] = line(panel, table["units"][here], hand, place=7)
        panel.set(xscale="log", yscale="log", ylim=(1e-6, 3), title=title)
        panel.set_xscale("log", base=2)
        panel.xaxis.set_major_formatter("{x:g}")
        if place >= len(NAMES) - 3 or width < NARROW:
            panel.set_xlabel(say("units of one layer"))
        if place % 3 == 0 or width < NARROW:
            panel.set_ylabel(say("error / range"))
    title = "RMSE unless stated otherwise;{space}band: 95 % interval of the geometric mean"
    return legend(figure, handles, say(title, space="\n" if width < NARROW else " "))


def draw_fits(measured: Measured, width: float, say: Labels) -> Figure:
    """The functions and the fits of one seed at a few widths."""
    table = measured.columns("fits")
    figure, axes = panels(len(NAMES), width, height=2.6)
    handles: dict[str, Any] = {}
    for place, (panel, (name, title)) in enumerate(zip(axes, _titles(measured).items(), strict=True)):
        for at, units in enumerate(sorted(set(measured.tables["fits"]["units"]))):
            here = (table["target"] == name) & (table["units"] == units)
            style = {"color": COLOURS[at - 1], "linestyle": DASHES[at]} if units else {"color": FAINT, "linewidth": 5}
            words = say("{units} units" if units > 1 else "{units} unit", units=units) if units else say("the function")
            (handles[words],) = panel.plot(table["x"][here], table["value"][here], **style)
        panel.set_title(title)
        if place >= len(NAMES) - 3 or width < NARROW:
            panel.set_xlabel("x")
    return legend(figure, handles)
