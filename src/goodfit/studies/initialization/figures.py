"""Draws signals and gradients by layer, and training losses, for several initialisers and activations."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from goodfit.figures.panels import line, panels
from goodfit.figures.style import INK, whole_numbers
from goodfit.studies.common.drawing import CENTRAL, band_line, edges, legend
from goodfit.studies.declaring import Measured
from goodfit.studies.initialization.measure import FLOWS, TRAINED
from goodfit.studies.words import Labels

CHANCE = float(np.log(10))  # loss of guessing among ten classes, in nats
FLOOR = 1e-40  # where the axes are cut


def _draw_flow(measured: Measured, width: float, say: Labels, way: str, label: str) -> Figure:
    table = measured.columns("layers")
    figure, axes = panels(len(FLOWS), width, height=3.5, share=True)
    handles: dict[str, Any] = {}
    for panel, (activation, title) in zip(axes, FLOWS.items(), strict=True):
        for place, init in enumerate(dict.fromkeys(measured.tables["layers"]["init"])):
            here = (table["activation"] == activation) & (table["init"] == init)
            lines = np.maximum(edges(table, way, here), FLOOR / 1e9)
            handles[say.name(init)] = line(panel, table["layer"][here], *lines, place=place)
            theory = np.maximum(table[f"{way}_predicted"][here], FLOOR / 1e9)
            (handles[say("predicted")],) = panel.plot(table["layer"][here], theory, ":", color=INK, linewidth=1)
        panel.set(yscale="log", title=say.name(title), xlabel=say("layer"))
        panel.set_ylim(bottom=FLOOR)
    axes[0].set_ylabel(say(label))
    return legend(figure, handles, say(CENTRAL))


def draw_signals(measured: Measured, width: float, say: Labels) -> Figure:
    """The mean square of signals by layer."""
    return _draw_flow(measured, width, say, "forward", "mean square of z")


def draw_gradients(measured: Measured, width: float, say: Labels) -> Figure:
    """The mean square of gradients by layer."""
    return _draw_flow(measured, width, say, "backward", "mean square of the gradient of z")


def draw_losses(measured: Measured, width: float, say: Labels) -> Figure:
    """Training loss by epoch, a panel an activation."""
    table = measured.columns("losses")
    figure, axes = panels(len(TRAINED), width, height=3.5, share=True)
    handles: dict[str, Any] = {}
    for panel, activation in zip(axes, TRAINED, strict=True):
        for place, init in enumerate(dict.fromkeys(measured.tables["losses"]["init"])):
            here = (table["activation"] == activation) & (table["init"] == init)
            handles[say.name(init)] = band_line(panel, table, "epoch", here=here, place=place)
        handles[say("guessing")] = panel.axhline(CHANCE, color=INK, linewidth=0.9, linestyle=":")
        panel.set(title=say.name(FLOWS[activation]), xlabel=say("epoch"), ylim=(0, 3))
        whole_numbers(panel)
    axes[0].set_ylabel(say("training loss (nats)"))
    return legend(figure, handles, say(CENTRAL))
