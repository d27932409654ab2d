"""Draws losses by epoch and along the penalty, and the weights that each penalty leaves."""

import numpy as np
from matplotlib.figure import Figure

from goodfit.figures.panels import line, panels
from goodfit.figures.style import COLOURS, FAINT
from goodfit.studies.common.drawing import SEEDS, band_line, edges, legend
from goodfit.studies.declaring import Measured
from goodfit.studies.weight_decay.measure import L1_PATH, RELEVANT, SPARSE
from goodfit.studies.weight_decay.study import NORMS
from goodfit.studies.words import Labels

NET_NAMES = {
    "loss-0": "penalty in the loss, λ = 0",
    "loss": "penalty in the loss, with λ",
    "step-0": "decay in the optimiser, λ = 0",
    "step": "decay in the optimiser, with λ",
}


def draw_curves(measured: Measured, width: float, say: Labels) -> Figure:
    """Training and test loss by epoch, a panel a version and λ."""
    table = measured.columns("curves")
    figure, axes = panels(len(NORMS), width, height=2.7, columns=2, share=True)
    handles = {}
    for panel, name in zip(axes, NORMS, strict=True):
        here = table["net"] == name
        for place, part in enumerate(("train", "test")):
            words = say("training set") if part == "train" else say("test set")
            handles[words] = band_line(panel, table, "epoch", part, here, place)
        panel.set(title=say(NET_NAMES[name]), yscale="log")
        panel.set(xlabel=say("epoch"), ylabel=say("loss (half squared error)"))
    return legend(figure, handles, say(SEEDS))


def draw_path(measured: Measured, width: float, say: Labels) -> Figure:
    """Test loss and norm of the weights along the strength of each penalty."""
    table = measured.columns("path")
    kinds = list(dict.fromkeys(measured.tables["path"]["penalty"]))
    figure, (loss, norm) = panels(2, width, height=3.6)
    handles = {}
    for place, kind in enumerate(kinds):
        here = table["penalty"] == kind
        strength = table["strength"][here].astype(float)
        name = say("{penalty}, weights start near 0", penalty=kind) if kind in SPARSE else say.name(kind)
        handles[name] = line(loss, strength, *edges(table, "test", here), place=place)
        line(norm, strength, table["norm"][here], place=place)
    for panel, what in ((loss, "test loss (half squared error)"), (norm, "norm of the weights")):
        panel.set_xscale("symlog", linthresh=L1_PATH[0])
        panel.set(yscale="log", xlabel=say("strength of the penalty, λ"), ylabel=say(what))
    return legend(figure, handles, say(SEEDS))


def draw_weights(measured: Measured, width: float, say: Labels) -> Figure:
    """The weights of one net under each penalty, input by input."""
    table = measured.tables["weights"]
    figure, axes = panels(2, width, height=2.9, share=True)
    for panel, name in zip(axes, SPARSE, strict=True):
        weights = np.asarray(table[name.lower()])
        there = weights != 0
        panel.vlines(np.flatnonzero(there) + 1, 0, weights[there], color=COLOURS[0], linewidth=1.4)
        panel.axhline(0, color=FAINT, linewidth=0.8)
        panel.axvspan(0.5, RELEVANT + 0.5, color=COLOURS[1], alpha=0.25, linewidth=0)
        title = "{penalty}: {zeros} of {count} weights are 0"
        panel.set_title(say(title, penalty=name, zeros=int((~there).sum()), count=len(weights)))
        panel.set_xlim(0.5, len(weights) + 0.5)
        panel.set(xlabel=say("input"), ylabel=say("weight"))
    return figure
