"""Draws what dropout does: curves, rates, few rows, and how widely masks spread the outputs."""

import numpy as np
from matplotlib.figure import Figure

from goodfit.figures.panels import panels
from goodfit.figures.style import BAND_OPACITY, COLOURS, NARROW
from goodfit.studies.common.drawing import SEEDS, band_line, edges, legend
from goodfit.studies.declaring import Measured

MOST_LINES = 4
NAMES = {"none": "no dropout", "notes": "dropout as in the notes", "narrow": "fewer units, no dropout"}


def draw_curves(measured: Measured, width: float) -> Figure:
    """The notes' figure: training and test accuracy by epoch, and training loss; and accuracy with nothing dropped."""
    table = measured.columns("curves")
    accuracies = {"running": "training, running mean", "train": "training, dropout off", "test": "test"}
    settled = table["epoch"] > min(1, table["epoch"].max() - 1)
    lowest = np.nanmin([table[f"{what}_median"][settled].min() for what in accuracies])
    figure, axes = panels(3, width, height=3.5, columns=3)
    handles = {}
    for place, net in enumerate(("none", "notes")):
        here, panel = table["net"] == net, axes[place]
        for number, (what, words) in enumerate(accuracies.items()):
            handles[words] = band_line(panel, table, "epoch", what, here, number)
        panel.set(title=NAMES[net], ylabel="accuracy")
        panel.set_ylim(max(lowest - 0.05, 0), None)
        handles[f"loss, {NAMES[net]}"] = band_line(axes[2], table, "epoch", "train_loss", here, 3 + place)
    axes[2].set(title="training loss", ylabel="loss (nats)")
    for panel in axes:
        panel.set_xlabel("epoch")
        panel.locator_params(axis="x", integer=True)
    order = [*accuracies.values(), *(f"loss, {NAMES[net]}" for net in ("none", "notes"))]
    return legend(figure, {name: handles[name] for name in order}, SEEDS)


def draw_sweep(measured: Measured, width: float) -> Figure:
    """Accuracies and test loss by the rate, on few rows."""
    table = measured.columns("sweep")
    figure, (accuracy, loss) = panels(2, width, height=3.4, columns=2)
    handles = {
        words: band_line(accuracy, table, "rate", what, place=place)
        for place, (what, words) in enumerate((("train", "training set"), ("test", "test set")))
    }
    band_line(loss, table, "rate", "test_loss", place=1)
    accuracy.set_ylabel("accuracy, dropout off")
    loss.set_ylabel("test loss (nats)")
    for panel in (accuracy, loss):
        panel.set_xlabel("dropout rate after both layers")
    return legend(figure, handles, SEEDS)


def draw_few(measured: Measured, width: float) -> Figure:
    """Test loss and gap by epoch, on few rows."""
    table = measured.columns("few")
    nets = _drawn([*dict.fromkeys(table["net"].tolist())])
    figure, (loss, gap) = panels(2, width, height=3.6, columns=2)
    handles = {}
    for place, net in enumerate(nets):
        here = table["net"] == net
        handles[NAMES.get(net, f"dropout {net}")] = band_line(loss, table, "epoch", "test_loss", here, place)
        band_line(gap, table, "epoch", "gap", here, place)
    loss.set_ylabel("test loss (nats)")
    gap.set_ylabel("training − test accuracy")
    for panel in (loss, gap):
        panel.set_xlabel("epoch")
        panel.locator_params(axis="x", integer=True)
    return legend(figure, handles, SEEDS)


def _drawn(nets: list[str]) -> list[str]:
    """The nets that fit into one panel: the named ones, and rates evenly chosen among the others."""
    named = [net for net in nets if net in NAMES]
    rates = [net for net in nets if net not in NAMES]
    count = min(len(rates), MOST_LINES - len(named))
    places = np.linspace(0, len(rates) - 1, count + 2)[1:-1].round().astype(int)
    return [*named, *(rates[place] for place in places)]


def draw_spread(measured: Measured, width: float) -> Figure:
    """How widely masks spread the predicted class's probability, on right and on wrong rows."""
    table = measured.columns("spread")
    figure, (panel,) = panels(1, width, height=3.6)
    handles = {}
    for place, (what, dashes) in enumerate((("right", "-"), ("wrong", "--"))):
        median, low, high = edges(table, what)
        colour = COLOURS[place]
        band = panel.fill_betweenx(table["level"], low, high, color=colour, alpha=BAND_OPACITY, linewidth=0)
        (drawn,) = panel.plot(median, table["level"], dashes, color=colour)
        handles[f"{what} predictions"] = band, drawn
    panel.set_xlabel("standard deviation over masks of the predicted class's probability")
    if width < NARROW:
        panel.set_xlabel("standard deviation over masks\nof the predicted class's probability")
    panel.set_ylabel("fraction of examples at or below")
    return legend(figure, handles, SEEDS)
