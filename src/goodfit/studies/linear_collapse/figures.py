"""Draws what nets of several depths tell apart, and their accuracy by depth."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from goodfit.figures.panels import panels
from goodfit.figures.style import COLOURS, INK, whole_numbers
from goodfit.studies.common.drawing import band_line, legend
from goodfit.studies.declaring import Measured
from goodfit.studies.linear_collapse.measure import KINDS, SETS
from goodfit.studies.linear_collapse.regions import draw
from goodfit.studies.words import Labels

SHOWN = 120  # points of the pictures


def draw_regions(measured: Measured, width: float, say: Labels) -> Figure:
    """What nets of one seed call class 1, by net and data set."""
    layers = measured.arrays["layers"]
    heads = {
        "linear": say("{layers} linear layers", layers=layers),
        "one": say("1 ReLU layer"),
        "deep": say("{layers} ReLU layers", layers=layers),
    }
    points = measured.arrays["points"]
    sides = {name: say("{name}: $x_2$", name=say.name(name)) for name in points}
    return draw(measured.arrays["regions"], points, heads, sides, SHOWN, width)


def draw_accuracy_by_depth(measured: Measured, width: float, say: Labels) -> Figure:
    """Test accuracy by depth, a panel a data set."""
    table = measured.columns("accuracy")
    figure, axes = panels(len(SETS), width, height=3.2, share=True)
    handles: dict[str, Any] = {}
    for panel, name in zip(axes, SETS, strict=True):
        for place, kind in enumerate(("linear", "relu")):
            here = (table["set"] == name) & np.isin(table["net"], ("none", kind))
            handles[say(KINDS[kind])] = band_line(panel, table, "layers", here=here, place=place)
        mixed = (table["set"] == name) & (table["net"] == "mixed")
        (handles[say(KINDS["mixed"])],) = panel.plot(
            table["layers"][mixed], table["mean"][mixed], "D", color=COLOURS[3], markersize=7, fillstyle="none"
        )
        straight = table["mean"][(table["set"] == name) & (table["net"] == "line")]
        handles[say(KINDS["line"])] = panel.axhline(straight[0], color=INK, linewidth=1, linestyle=":")
        panel.set(title=say.name(name), xlabel=say("hidden layers"))
        whole_numbers(panel)
    axes[0].set_ylabel(say("test accuracy"))
    return legend(figure, handles, say("band: 95 % interval of the mean over seeds"))
