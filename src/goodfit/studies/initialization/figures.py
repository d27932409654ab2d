"""Draws signals and gradients by layer, and training losses, for several initialisers and activations."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from goodfit.figures.panels import line, panels
from goodfit.figures.style import INK, whole_numbers
from goodfit.studies.common.drawing import band_line, edges, legend
from goodfit.studies.declaring import Measured
from goodfit.studies.initialization.measure import FLOWS, TRAINED

CHANCE = float(np.log(10))  # loss of guessing among ten classes, in nats
FLOOR = 1e-40  # where the axes are cut


def _draw_flow(measured: Measured, width: float, way: str, label: str) -> Figure:
    table = measured.columns("layers")
    figure, axes = panels(len(FLOWS), width, height=3.5, share=True)
    handles: dict[str, Any] = {}
    for panel, (activation, title) in zip(axes, FLOWS.items(), strict=True):
        for place, init in enumerate(dict.fromkeys(measured.tables["layers"]["init"])):
            here = (table["activation"] == activation) & (table["init"] == init)
            lines = np.maximum(edges(table, way, here), FLOOR / 1e9)
            handles[init] = line(panel, table["layer"][here], *lines, place=place)
            theory = np.maximum(table[f"{way}_predicted"][here], FLOOR / 1e9)
            (handles["predicted"],) = panel.plot(table["layer"][here], theory, ":", color=INK, linewidth=1)
        panel.set(yscale="log", title=title, xlabel="layer")
        panel.set_ylim(bottom=FLOOR)
    axes[0].set_ylabel(label)
    return legend(figure, handles, "line: median over seeds; band: central 95 %")


def draw_signals(measured: Measured, width: float) -> Figure:
    """The mean square of signals by layer."""
    return _draw_flow(measured, width, "forward", "mean square of z")


def draw_gradients(measured: Measured, width: float) -> Figure:
    """The mean square of gradients by layer."""
    return _draw_flow(measured, width, "backward", "mean square of the gradient of z")


def draw_losses(measured: Measured, width: float) -> Figure:
    """Training loss by epoch, a panel an activation."""
    table = measured.columns("losses")
    figure, axes = panels(len(TRAINED), width, height=3.5, share=True)
    handles: dict[str, Any] = {}
    for panel, activation in zip(axes, TRAINED, strict=True):
        for place, init in enumerate(dict.fromkeys(measured.tables["losses"]["init"])):
            here = (table["activation"] == activation) & (table["init"] == init)
            handles[init] = band_line(panel, table, "epoch", here=here, place=place)
        handles["guessing"] = panel.axhline(CHANCE, color=INK, linewidth=0.9, linestyle=":")
        panel.set(title=FLOWS[activation], xlabel="epoch", ylim=(0, 3))
        whole_numbers(panel)
    axes[0].set_ylabel("training loss (nats)")
    return legend(figure, handles, "line: median over seeds; band: central 95 %")
