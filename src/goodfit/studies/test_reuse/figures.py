"""Draws the best of many looks, and what scores climb to by their own answers."""

import numpy as np
from matplotlib.figure import Figure

from goodfit.figures.panels import line, panels
from goodfit.figures.style import COLOURS, FAINT, INK
from goodfit.studies.common.drawing import edges, legend
from goodfit.studies.declaring import Measured
from goodfit.studies.test_reuse.measure import TRUTH


def draw_best(measured: Measured, width: float) -> Figure:
    """The best score so far, and which intervals hold the truth, by the number of looks."""
    table = measured.columns("best")
    figure, (scores, holds) = panels(2, width, height=3.6)
    mean = line(scores, table["looks"], *edges(table, "best"))
    (formula,) = scores.plot(table["looks"], table["formula"], "x", color=INK, markersize=7)
    (limit,) = scores.plot(table["looks"], table["limit"], "--", color=COLOURS[1])
    scores.axhline(TRUTH, color=FAINT, linewidth=1)
    scores.set(title="best score so far", xlabel="looks", ylabel="accuracy on the test set", xscale="log")
    lines = {
        name: line(holds, table["looks"], table[column], place=2 + at)
        for at, (name, column) in enumerate((("95 % each", "plain"), ("planned", "planned"), ("lasting", "lasting")))
    }
    holds.set(title="all intervals hold the truth", xlabel="looks", ylabel="fraction of seeds", xscale="log")
    holds.set_ylim(-0.03, 1.03)
    handles = {"mean of the best": mean, "formula": formula, "reach, planned": limit}
    return legend(figure, handles | {f"intervals: {name}": each for name, each in lines.items()})


def draw_climbs(measured: Measured, width: float) -> Figure:
    """The score of both climbers beside the reach of two intervals, and which of them hold the truth."""
    table = measured.columns("climbs")
    users = list(dict.fromkeys(table["user"]))
    figure, (scores, holds) = panels(2, width, height=3.6)
    handles = {}
    for place, user in enumerate(users):
        here = table["user"] == user
        handles[f"score: {user}"] = line(scores, table["looks"][here], *edges(table, "score", here), place=place)
        for name, column in (("planned", "planned"), ("adaptive", "adaptive")):
            drawn = line(holds, table["looks"][here], table[column][here], place=2 + place + 2 * (name == "adaptive"))
            handles[f"{name}: {user}"] = drawn
    here = table["user"] == users[0]
    (limit,) = scores.plot(table["looks"][here], table["limit"][here], "--", color=INK)
    (wide,) = scores.plot(table["looks"][here], np.minimum(TRUTH + table["wide"][here], 1), ":", color=INK)
    scores.axhline(TRUTH, color=FAINT, linewidth=1)
    scores.set(title="score climbed to", xlabel="looks", ylabel="accuracy on the test set", xscale="log")
    holds.set(title="interval of the last look holds the truth", xlabel="looks", ylabel="fraction of seeds")
    holds.set_xscale("log")
    holds.set_ylim(-0.03, 1.03)
    return legend(figure, handles | {"reach, planned": limit, "reach, adaptive": wide})
