"""Draws what dropout does (4.5): curves, rates, few rows, and how widely masks spread the outputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from goodfit.studies.declaring import Measured

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BANDS = "line: median over seeds; band: the middle 95 % of seeds"
MOST_LINES = 5
NAMES = {"none": "no dropout", "notes": "dropout of the notes", "narrow": "fewer units, no dropout"}


def _arrays(measured: Measured, name: str) -> dict[str, np.ndarray]:
    return {column: np.asarray(values) for column, values in measured.tables[name].items()}


def _band(table: Mapping[str, np.ndarray], name: str, here: Any = slice(None)) -> list[np.ndarray]:
    return [table[f"{name}_{which}"][here] for which in ("median", "low", "high")]


def draw_curves(measured: Measured, width: float) -> Figure:
    """The notes' figure: training loss, training and test accuracy by epoch; and the accuracy with nothing dropped."""
    from goodfit.figures.panels import legend_below, line, panels
    from goodfit.figures.style import NARROW, house_style

    table = _arrays(measured, "curves")
    whats = {
        "train_loss": "training loss, while training (nats)",
        "running": "training accuracy, while training",
        "train": "training accuracy, nothing dropped",
        "test": "test accuracy",
    }
    with house_style():
        figure, axes = panels(2, width, height=3.7, columns=2, share=True)
        handles = {}
        for panel, net in zip(axes, ("none", "notes"), strict=True):
            here = table["net"] == net
            for place, (what, words) in enumerate(whats.items()):
                handles[words] = line(panel, table["epoch"][here], *_band(table, what, here), place=place)
            panel.set_title(NAMES[net])
            panel.set_xlabel("epoch")
            panel.set_ylabel("loss (nats), accuracy")
            panel.locator_params(axis="x", integer=True)
        legend_below(figure, handles, title=BANDS, narrow=width < NARROW)
    return figure


def draw_sweep(measured: Measured, width: float) -> Figure:
    """Accuracies and test loss by the rate, on few rows."""
    from goodfit.figures.panels import legend_below, line, panels
    from goodfit.figures.style import NARROW, house_style

    table = _arrays(measured, "sweep")
    with house_style():
        figure, (accuracy, loss) = panels(2, width, height=3.4, columns=2)
        handles = {
            words: line(accuracy, table["rate"], *_band(table, what), place=place)
            for place, (what, words) in enumerate((("train", "training rows"), ("test", "test rows")))
        }
        line(loss, table["rate"], *_band(table, "test_loss"), place=1)
        accuracy.set_ylabel("accuracy, nothing dropped")
        loss.set_ylabel("test loss (nats)")
        for panel in (accuracy, loss):
            panel.set_xlabel("dropout rate after both layers")
        legend_below(figure, handles, title=BANDS, narrow=width < NARROW)
    return figure


def draw_few(measured: Measured, width: float) -> Figure:
    """Test loss and gap by epoch, on few rows."""
    from goodfit.figures.panels import legend_below, line, panels
    from goodfit.figures.style import NARROW, house_style

    table = _arrays(measured, "few")
    nets = _drawn([*dict.fromkeys(table["net"].tolist())])
    with house_style():
        figure, (loss, gap) = panels(2, width, height=3.6, columns=2)
        handles = {}
        for place, net in enumerate(nets):
            here = table["net"] == net
            handles[NAMES.get(net, f"dropout {net}")] = line(
                loss, table["epoch"][here], *_band(table, "test_loss", here), place=place
            )
            line(gap, table["epoch"][here], *_band(table, "gap", here), place=place)
        loss.set_ylabel("test loss (nats)")
        gap.set_ylabel("training less test accuracy")
        for panel in (loss, gap):
            panel.set_xlabel("epoch")
            panel.locator_params(axis="x", integer=True)
        legend_below(figure, handles, title=BANDS, narrow=width < NARROW)
    return figure


def _drawn(nets: list[str]) -> list[str]:
    """The nets that fit into one panel: the named ones, and rates evenly chosen among the others."""
    named = [net for net in nets if net in NAMES]
    rates = [net for net in nets if net not in NAMES]
    places = np.unique(np.linspace(0, len(rates) - 1, min(len(rates), MOST_LINES - len(named))).round().astype(int))
    return [*named, *(rates[place] for place in places)]


def draw_spread(measured: Measured, width: float) -> Figure:
    """How widely masks spread the predicted class's probability, on right and on wrong rows."""
    from goodfit.figures.panels import legend_below, panels
    from goodfit.figures.style import BAND_OPACITY, COLOURS, NARROW, house_style

    table = _arrays(measured, "spread")
    with house_style():
        figure, (panel,) = panels(1, width, height=3.6)
        handles = {}
        for place, (what, dashes) in enumerate((("right", "-"), ("wrong", "--"))):
            median, low, high = _band(table, what)
            colour = COLOURS[place]
            band = panel.fill_betweenx(table["level"], low, high, color=colour, alpha=BAND_OPACITY, linewidth=0)
            (drawn,) = panel.plot(median, table["level"], dashes, color=colour)
            handles[f"{what} predictions"] = band, drawn
        panel.set_xlabel("standard deviation over masks of the predicted class's probability")
        if width < NARROW:
            panel.set_xlabel("standard deviation over masks\nof the predicted class's probability")
        panel.set_ylabel("share of rows with at most that")
        legend_below(figure, handles, title=BANDS, narrow=width < NARROW)
    return figure
