"""Draws the training curves, the choice of an epoch, and images with their predictions."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from goodfit.figures.panels import panels
from goodfit.figures.shown import new_figure
from goodfit.figures.style import COLOURS, FAINT, INK, MARKERS, NARROW, whole_numbers
from goodfit.studies.common.drawing import SEEDS, band_line, legend
from goodfit.studies.declaring import Measured
from goodfit.studies.mlp_fashion_mnist.measure import SHOWN
from goodfit.studies.words import Labels

TITLES = {"mlp": "one hidden layer", "softmax": "no hidden layer"}
PARTS = {"train_loss": "training loss", "train": "training accuracy", "test": "test accuracy"}


def draw_curves(measured: Measured, width: float, say: Labels) -> Figure:
    """The notes' figure of the training, and the same for softmax regression."""
    table = measured.columns("curves")
    figure, axes = panels(len(TITLES), width, height=3.6, share=True)
    handles = {}
    for number, (panel, (model, title)) in enumerate(zip(axes, TITLES.items(), strict=True)):
        here = table["model"] == model
        for place, (part, words) in enumerate(PARTS.items()):
            handles[say(words)] = band_line(panel, table, "epoch", part, here, place)
        panel.set(title=say(title), xlabel=say("epoch"))
        panel.set_ylim(bottom=0)
        if not number or width < NARROW:
            panel.set_ylabel(say("loss (nats per example), or accuracy"))
        whole_numbers(panel)
    return legend(figure, handles, say(SEEDS))


def draw_predictions(measured: Measured, width: float, say: Labels) -> Figure:
    """Images that one net gets right, and images that it gets wrong."""
    table, shown, pixels = measured.tables["predictions"], measured.arrays["shown"], measured.arrays["pixels"]
    columns = SHOWN // 2 if width < NARROW else SHOWN
    lines = -(-SHOWN // columns)
    figure = new_figure(width, 2 * lines * (width / columns + 0.5) + 0.6)
    halves: Any = figure.subfigures(2, 1)
    for half, right in zip(halves, (True, False), strict=True):
        half.suptitle(say("right") if right else say("wrong: predicted (true)"), x=0.01, ha="left")
        grid = half.subplots(lines, columns, squeeze=False).ravel()
        for axes in grid:
            axes.axis("off")
        places = [at for at, row in enumerate(shown) if table["right"][row] == right]
        for axes, at in zip(grid, places, strict=False):
            row = shown[at]
            axes.imshow(pixels[at], cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
            said, true = (say.name(table[column][row]) for column in ("says", "is"))
            name = said if right else f"{said}\n({true})"
            axes.set_title(name, fontsize=8.8, fontweight="normal", color=INK if right else COLOURS[5], loc="center")
    return figure


def draw_choices(measured: Measured, width: float, say: Labels) -> Figure:
    """Validation and test accuracy by epoch; and what each way of choosing an epoch reports."""
    by_epoch, choices = measured.columns("validation"), measured.tables["choices"]
    figure, (curves, seeds) = panels(2, width, height=3.6)
    handles = {}
    for place, (part, words) in enumerate((("held", "validation set"), ("test", "test set"))):
        handles[say(words)] = band_line(curves, by_epoch, "epoch", part, place=place)
    curves.set(title=say("accuracy by epoch"), xlabel=say("epoch"), ylabel=say("accuracy"))
    whole_numbers(curves)
    ways = {"last": "last epoch", "test": "chosen on\nvalidation set", "best": "best on\ntest set"}
    table = np.array([choices[way] for way in ways])  # [3, S]
    for values in table.T:
        seeds.plot(range(len(ways)), values, color=FAINT, linewidth=0.8)
    for place, values in enumerate(table):
        seeds.plot([place] * len(values), values, MARKERS[place], color=COLOURS[place], markersize=6)
    seeds.set(title=say("test accuracy reported"), xticks=range(len(ways)), xlim=(-0.4, len(ways) - 0.6))
    seeds.set_xticklabels([say(words) for words in ways.values()])
    seeds.set_ylabel(say("accuracy"))
    title = "line: median over seeds; band: central 95 %; right or below: one thin line per seed"
    title = title if width >= NARROW else "band: central 95 % of seeds; thin line: one seed"
    return legend(figure, handles, say(title))
