"""Draws slopes of activations, gradients by layer, and what front layers learn."""

import numpy as np
from matplotlib.figure import Figure

from goodfit.figures.panels import line, panels
from goodfit.figures.style import NARROW, whole_numbers
from goodfit.studies.common.drawing import band_line, doubling_axis, edges, legend
from goodfit.studies.declaring import Measured
from goodfit.studies.vanishing_gradient.measure import ACTIVATIONS, STARTS, TRAINED
from goodfit.studies.words import Labels

FLOOR = 1e-12  # at which changes of weights are drawn that are smaller, or none
LABELS = {"sigmoid": "sigmoid", "tanh": "tanh", "relu": "ReLU"}


def draw_slopes(measured: Measured, width: float, say: Labels) -> Figure:
    """The notes' picture, and the gradients of all three."""
    table = measured.columns("slopes")
    figure, (first, second) = panels(2, width, height=3.2)
    handles = {"sigmoid": line(first, table["x"], table["sigmoid"], place=3)}
    line(first, table["x"], table["sigmoid_gradient"], place=0)
    handles[say("gradient of {name}", name="sigmoid")] = line(second, table["x"], table["sigmoid_gradient"], place=0)
    for place, name in enumerate(ACTIVATIONS[1:], start=1):
        gradient = say("gradient of {name}", name=LABELS[name])
        handles[gradient] = line(second, table["x"], table[f"{name}_gradient"], place=place)
    first.set(title=say("Sigmoid and its gradient (p15)"), ylabel=say("value, gradient"))
    second.set(title=say("Gradients"), ylabel=say("gradient"))
    for panel in (first, second):
        panel.set_xlabel("x")
        panel.set_ylim(-0.04, 1.06)
    return legend(figure, handles)


def draw_layers(measured: Measured, width: float, say: Labels) -> Figure:
    """The gradient on its way back through the deepest nets, a panel an activation."""
    table = measured.columns("layers")
    figure, axes = panels(len(ACTIVATIONS), width, height=3.6, share=True)
    handles = {}
    for panel, activation in zip(axes, ACTIVATIONS, strict=True):
        for place, start in enumerate(STARTS):
            here = (table["activation"] == activation) & (table["start"] == start) & (table["when"] == "before")
            handles[start] = band_line(panel, table, "layer", here=here, place=place)
        panel.set(yscale="log", title=LABELS[activation], xlabel=say("hidden layer, from the inputs on"))
        whole_numbers(panel)
    for panel in axes if width < NARROW else axes[:1]:
        panel.set_ylabel(say("gradient / that of the last layer"))
    return legend(figure, handles, say("initial weights; band: central 95 % of seeds"))


def draw_learning(measured: Measured, width: float, say: Labels) -> Figure:
    """How much each layer of the deepest nets has changed, and the accuracy by depth."""
    updates, scores = (measured.columns(table) for table in ("updates", "accuracy"))
    figure, (left, right) = panels(2, width, height=3.6)
    handles = {}
    for place, (activation, start) in enumerate(TRAINED):
        label = say("{activation}, {start}", activation=LABELS[activation], start=start)
        for panel, table, across in ((left, updates, "layer"), (right, scores, "depth")):
            here = (table["activation"] == activation) & (table["start"] == start)
            handles[label] = line(panel, table[across][here], *np.maximum(edges(table, "", here), FLOOR), place=place)
    left.set(
        yscale="log",
        title=say("Change of the weights, deepest nets"),
        ylabel=say("norm of the change / initial norm"),
        xlabel=say("hidden layer, from the inputs on"),
    )
    whole_numbers(left)
    doubling_axis(right, scores["depth"])
    right.set(xlabel=say("hidden layers"), ylabel=say("test accuracy"))
    right.set_ylim(0, 1)
    right.set_title(say("After training"))
    return legend(figure, handles, say("activation, initial weights; band: central 95 % of seeds"))
