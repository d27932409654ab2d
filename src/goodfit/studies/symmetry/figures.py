"""Draws accuracy by width and by training, and how noise takes equal units apart."""

import numpy as np
from matplotlib.figure import Figure

from goodfit.figures.panels import panels
from goodfit.figures.style import COLOURS, INK
from goodfit.studies.common.drawing import band_line, doubling_axis, legend
from goodfit.studies.declaring import Measured
from goodfit.studies.symmetry.study import APART
from goodfit.studies.words import Labels


def draw_widths(measured: Measured, width: float, say: Labels) -> Figure:
    """Accuracy by the number of hidden units, and by the way of training."""
    table = measured.columns("widths")
    ways = measured.tables["trainings"]
    figure, (left, right) = panels(2, width, height=3.8)
    handles = {}
    for place, start in enumerate(("random", "constant")):
        here = table["start"] == start
        handles[say(f"{start} initial weights")] = band_line(left, table, "width", here=here, place=place)
    doubling_axis(left, table["width"])
    left.set(xlabel=say("hidden units"), ylabel=say("test accuracy"), title=say("By the number of units"))
    at = np.arange(len(ways["training"]))[::-1]
    bars = right.hlines(at, ways["low"], ways["high"], color=COLOURS[2], linewidth=4, alpha=0.5)
    equal = np.asarray(ways["equal"]) == 1
    for mark, chosen, words in (("s", equal, "units identical"), ("o", ~equal, "units separated")):
        (handles[say(words)],) = right.plot(
            np.asarray(ways["median"])[chosen],
            at[chosen],
            mark,
            color=COLOURS[2],
            markersize=6,
            markerfacecolor="white" if mark == "s" else COLOURS[2],
        )
    handles[say("central 95 % of seeds")] = bars
    right.set_yticks(at, [say.name(each) for each in ways["training"]])
    right.set(xlabel=say("test accuracy"), title=say("By initialisation and training"))
    for panel, limit in ((left, left.set_ylim), (right, right.set_xlim)):
        limit(0, 1)
        panel.margins(y=0.05)
    return legend(figure, handles)


def draw_noise(measured: Measured, width: float, say: Labels) -> Figure:
    """The distance of the units by epoch, for each size of noise."""
    table = measured.columns("noise")
    figure, (panel,) = panels(1, width, height=3.8)
    handles = {}
    for place, size in enumerate(dict.fromkeys(table["noise"].tolist())):
        here = table["noise"] == size
        handles[f"{size:g}"] = band_line(panel, table, "epoch", here=here, place=place)
    panel.axhline(APART, color=INK, linewidth=1, linestyle=":")
    panel.set(yscale="log", xlabel=say("epoch"), ylabel=say("largest distance between two units"))
    title = "relative size of the noise; band: central 95 % of seeds"
    return legend(figure, handles, say(title))
