"""Draws the best of many looks, and what scores climb to by their own answers."""

import numpy as np
from matplotlib.figure import Figure

from goodfit.figures.panels import line, panels
from goodfit.figures.style import COLOURS, FAINT, INK
from goodfit.studies.common.drawing import edges, legend
from goodfit.studies.declaring import Measured
from goodfit.studies.test_reuse.measure import TRUTH
from goodfit.studies.words import Labels


def draw_best(measured: Measured, width: float, say: Labels) -> Figure:
    """The best score so far, and which intervals hold the truth, by the number of looks."""
    table = measured.columns("best")
    figure, (scores, holds) = panels(2, width, height=3.6)
    mean = line(scores, table["looks"], *edges(table, "best"))
    (formula,) = scores.plot(table["looks"], table["formula"], "x", color=INK, markersize=7)
    (limit,) = scores.plot(table["looks"], table["limit"], "--", color=COLOURS[1])
    scores.axhline(TRUTH, color=FAINT, linewidth=1)
    scores.set(title=say("best score so far"), xlabel=say("looks"), ylabel=say("test accuracy"), xscale="log")
    lines = {
        say(name): line(holds, table["looks"], table[column], place=2 + at)
        for at, (name, column) in enumerate(
            (("intervals: 95 % each", "plain"), ("intervals: planned", "planned"), ("intervals: lasting", "lasting"))
        )
    }
    holds.set(title=say("all intervals hold the truth"), xlabel=say("looks"), ylabel=say("fraction of seeds"))
    holds.set_xscale("log")
    holds.set_ylim(-0.03, 1.03)
    return legend(
        figure, {say("mean of the best"): mean, say("formula"): formula, say("reach, planned"): limit} | lines
    )


def draw_climbs(measured: Measured, width: float, say: Labels) -> Figure:
    """The score of both climbers beside the reach of two intervals, and which of them hold the truth."""
    table = measured.columns("climbs")
    users = list(dict.fromkeys(table["user"]))
    figure, (scores, holds) = panels(2, width, height=3.6)
    handles = {}
    for place, user in enumerate(users):
        here, told = table["user"] == user, say.name(user)
        handles[say("score: {user}", user=told)] = line(
            scores, table["looks"][here], *edges(table, "score", here), place=place
        )
        for at, (label, column) in enumerate((("planned: {user}", "planned"), ("adaptive: {user}", "adaptive"))):
            drawn = line(holds, table["looks"][here], table[column][here], place=2 + place + 2 * at)
            handles[say(label, user=told)] = drawn
    here = table["user"] == users[0]
    (limit,) = scores.plot(table["looks"][here], table["limit"][here], "--", color=INK)
    (wide,) = scores.plot(table["looks"][here], np.minimum(TRUTH + table["wide"][here], 1), ":", color=INK)
    scores.axhline(TRUTH, color=FAINT, linewidth=1)
    scores.set(title=say("score climbed to"), xlabel=say("looks"), ylabel=say("test accuracy"), xscale="log")
    holds.set(title=say("last interval holds the truth"), xlabel=say("looks"), ylabel=say("fraction of seeds"))
    holds.set_xscale("log")
    holds.set_ylim(-0.03, 1.03)
    return legend(figure, handles | {say("reach, planned"): limit, say("reach, adaptive"): wide})
