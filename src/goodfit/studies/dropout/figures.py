"""Draws what dropout does: curves, rates, few rows, and how widely masks spread the outputs."""

import numpy as np
from matplotlib.figure import Figure

from goodfit.figures.panels import panels
from goodfit.figures.style import BAND_OPACITY, COLOURS, NARROW
from goodfit.studies.common.drawing import SEEDS, band_line, edges, legend
from goodfit.studies.declaring import Measured
from goodfit.studies.words import Labels

MOST_LINES = 4
NAMES = {"none": "no dropout", "notes": "dropout as in the notes", "narrow": "fewer units, no dropout"}


def draw_curves(measured: Measured, width: float, say: Labels) -> Figure:
    """The notes' figure: training and test accuracy by epoch, and training loss; and accuracy with nothing dropped."""
    table = measured.columns("curves")
    accuracies = {"running": "training, running mean", "train": "training, dropout off", "test": "test"}
    settled = table["epoch"] > min(1, table["epoch"].max() - 1)
    lowest = np.nanmin([table[f"{what}_median"][settled].min() for what in accuracies])
    figure, axes = panels(3, width, height=3.5, columns=3)
    handles, losses = {}, {}
    for place, net in enumerate(("none", "notes")):
        here, panel = table["net"] == net, axes[place]
        for number, (what, words) in enumerate(accuracies.items()):
            handles[say(words)] = band_line(panel, table, "epoch", what, here, number)
        panel.set(title=say(NAMES[net]), ylabel=say("accuracy"))
        panel.set_ylim(max(lowest - 0.05, 0), None)
        losses[say("loss, {net}", net=say(NAMES[net]))] = band_line(
            axes[2], table, "epoch", "train_loss", here, 3 + place
        )
    axes[2].set(title=say("training loss"), ylabel=say("loss (nats)"))
    for panel in axes:
        panel.set_xlabel(say("epoch"))
        panel.locator_params(axis="x", integer=True)
    return legend(figure, {**handles, **losses}, say(SEEDS))


def draw_sweep(measured: Measured, width: float, say: Labels) -> Figure:
    """Accuracies and test loss by the rate, on few rows."""
    table = measured.columns("sweep")
    figure, (accuracy, loss) = panels(2, width, height=3.4, columns=2)
    handles = {
        say(words): band_line(accuracy, table, "rate", what, place=place)
        for place, (what, words) in enumerate((("train", "training set"), ("test", "test set")))
    }
    band_line(loss, table, "rate", "test_loss", place=1)
    accuracy.set_ylabel(say("accuracy, dropout off"))
    loss.set_ylabel(say("test loss (nats)"))
    for panel in (accuracy, loss):
        panel.set_xlabel(say("dropout rate after both layers"))
    return legend(figure, handles, say(SEEDS))


def draw_few(measured: Measured, width: float, say: Labels) -> Figure:
    """Test loss and gap by epoch, on few rows."""
    table = measured.columns("few")
    nets = _drawn([*dict.fromkeys(table["net"].tolist())])
    figure, (loss, gap) = panels(2, width, height=3.6, columns=2)
    handles = {}
    for place, net in enumerate(nets):
        here = table["net"] == net
        name = say(NAMES[net]) if net in NAMES else say("dropout {rate}", rate=net)
        handles[name] = band_line(loss, table, "epoch", "test_loss", here, place)
        band_line(gap, table, "epoch", "gap", here, place)
    loss.set_ylabel(say("test loss (nats)"))
    gap.set_ylabel(say("training − test accuracy"))
    for panel in (loss, gap):
        panel.set_xlabel(say("epoch"))
        panel.locator_params(axis="x", integer=True)
    return legend(figure, handles, say(SEEDS))


def _drawn(nets: list[str]) -> list[str]:
    """The nets that fit into one panel: the named ones, and rates evenly chosen among the others."""
    named = [net for net in nets if net in NAMES]
    rates = [net for net in nets if net not in NAMES]
    count = min(len(rates), MOST_LINES - len(named))
    places = np.linspace(0, len(rates) - 1, count + 2)[1:-1].round().astype(int)
    return [*named, *(rates[place] for place in places)]


def draw_spread(measured: Measured, width: float, say: Labels) -> Figure:
    """How widely masks spread the predicted class's probability, on right and on wrong rows."""
    table = measured.columns("spread")
    figure, (panel,) = panels(1, width, height=3.6)
    handles = {}
    for place, (what, dashes) in enumerate((("right", "-"), ("wrong", "--"))):
        median, low, high = edges(table, what)
        colour = COLOURS[place]
        band = panel.fill_betweenx(table["level"], low, high, color=colour, alpha=BAND_OPACITY, linewidth=0)
        (drawn,) = panel.plot(median, table["level"], dashes, color=colour)
        handles[say(f"{what} predictions")] = band, drawn
    across = "standard deviation over masks{space}of the predicted class's probability"
    panel.set_xlabel(say(across, space="\n" if width < NARROW else " "))
    panel.set_ylabel(say("fraction of examples at or below"))
    return legend(figure, handles, say(SEEDS))
