"""Draws what dropout does (4.5): curves, rates, few rows, and how widely masks spread the outputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from goodfit.figures.panels import legend_below, line, panels
from goodfit.figures.style import BAND_OPACITY, COLOURS, NARROW
from goodfit.studies.declaring import Drawing, Measured
from goodfit.studies.words import Words

BANDS = "line: median over seeds; band: the middle 95 % of seeds"
MOST_LINES = 4
NAMES = {"none": "no dropout", "notes": "dropout of the notes", "narrow": "fewer units, no dropout"}


def _arrays(measured: Measured, name: str) -> dict[str, np.ndarray]:
    return {column: np.asarray(values) for column, values in measured.tables[name].items()}


def _band(table: Mapping[str, np.ndarray], name: str, here: Any = slice(None)) -> list[np.ndarray]:
    return [table[f"{name}_{which}"][here] for which in ("median", "low", "high")]


def draw_curves(measured: Measured, width: float) -> Figure:
    """The notes' figure: training and test accuracy by epoch, and training loss; and accuracy with nothing dropped."""
    table = _arrays(measured, "curves")
    accuracies = {"running": "training, running mean", "train": "training, nothing dropped", "test": "test"}
    settled = table["epoch"] > min(1, table["epoch"].max() - 1)
    lowest = np.nanmin([table[f"{what}_median"][settled].min() for what in accuracies])
    figure, axes = panels(3, width, height=3.5, columns=3)
    handles = {}
    for place, net in enumerate(("none", "notes")):
        here, panel = table["net"] == net, axes[place]
        for number, (what, words) in enumerate(accuracies.items()):
            handles[words] = line(panel, table["epoch"][here], *_band(table, what, here), place=number)
        panel.set_title(NAMES[net])
        panel.set_ylabel("accuracy")
        panel.set_ylim(max(lowest - 0.05, 0), None)
        loss = [table[f"train_loss_{which}"][here] for which in ("median", "low", "high")]
        handles[f"loss, {NAMES[net]}"] = line(axes[2], table["epoch"][here], *loss, place=3 + place)
    axes[2].set_title("training loss")
    axes[2].set_ylabel("loss (nats)")
    for panel in axes:
        panel.set_xlabel("epoch")
        panel.locator_params(axis="x", integer=True)
    order = [*accuracies.values(), *(f"loss, {NAMES[net]}" for net in ("none", "notes"))]
    legend_below(figure, {name: handles[name] for name in order}, title=BANDS, narrow=width < NARROW)
    return figure


def draw_sweep(measured: Measured, width: float) -> Figure:
    """Accuracies and test loss by the rate, on few rows."""
    table = _arrays(measured, "sweep")
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
    table = _arrays(measured, "few")
    nets = _drawn([*dict.fromkeys(table["net"].tolist())])
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
    count = min(len(rates), MOST_LINES - len(named))
    places = np.linspace(0, len(rates) - 1, count + 2)[1:-1].round().astype(int)
    return [*named, *(rates[place] for place in places)]


def draw_spread(measured: Measured, width: float) -> Figure:
    """How widely masks spread the predicted class's probability, on right and on wrong rows."""
    table = _arrays(measured, "spread")
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


FIGURES = (
    Drawing(
        "curves",
        "curves",
        Words("Loss and accuracy by epoch (p13)", "各轮次的损失与精度（对应 p13）"),
        Words(
            "Middle: the notes' figure, with the training accuracy of the net as it is used beside the one that "
            "the figure has, which is the running mean of an epoch with units dropped. Left: the same nets "
            "without dropout, where that mean only lags. Right: the training losses, running means too. The first "
            "epoch may lie below the edge.",
            "中：笔记的图，除了图中的训练精度（一个轮次内丢弃单元时的滑动平均），还画出了网络实际使用时的训练精度。"
            "左：不用暂退法的同样的网络，这时滑动平均只是滞后。右：训练损失，同样是滑动平均。第一个轮次可能在图"
            "外。",
        ),
        draw_curves,
    ),
    Drawing(
        "few",
        "few",
        Words("Few rows: test loss and gap by epoch", "少量样本：各轮次的测试损失与差距"),
        Words(
            "Without dropout the test loss rises again once the rows are learned by heart. With fewer units (as "
            "many as the notes' rates keep, but always the same ones) it rises, too, if less.",
            "不用暂退法时，样本一旦被背下来，测试损失就重新上升。单元较少（个数等于笔记的暂退概率所留下的，但始终"
            "是同"
            "一批单元）时也会上升，只是少一些。",
        ),
        draw_few,
    ),
    Drawing(
        "sweep",
        "sweep",
        Words("Few rows: how much to drop", "少量样本：丢弃多少"),
        Words(
            "The larger the rate, the worse the training rows are learned, and the smaller the gap. The test "
            "loss falls far more than the test accuracy rises.",
            "暂退概率越大，训练样本学得越差，差距也越小。测试损失下降得多，测试精度提高得少。",
        ),
        draw_sweep,
    ),
    Drawing(
        "spread",
        "spread",
        Words("How widely masks spread a prediction", "掩码使预测离散的程度"),
        Words(
            "If units are dropped when predicting, too, answers differ from mask to mask: more on rows that the "
            "net gets wrong.",
            "如果预测时也丢弃单元，不同掩码会给出不同的结果：在网络答错的样本上差别更大。",
        ),
        draw_spread,
        width=6.4,
    ),
)
