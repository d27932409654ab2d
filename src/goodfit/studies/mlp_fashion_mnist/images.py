"""The images of the studies that train on Fashion-MNIST, or on the small digits in their place; and their curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from goodfit.data import Dataset, load
from goodfit.data.streams import generator
from goodfit.figures.panels import legend_below, line, panels
from goodfit.figures.style import NARROW, whole_numbers
from goodfit.studies.declaring import Measured
from goodfit.studies.mlp_fashion_mnist.study import LATE
from goodfit.studies.tabulating import band
from goodfit.training import Examples
from goodfit.training.examples import fit_scaling

DIGITS_TEST = 400  # test rows of the digits, which have no official ones


@dataclass(frozen=True)
class Images:
    """A data set of images, its rows that may train, in an order drawn once, and its test rows."""

    data: Dataset
    training: np.ndarray
    test: np.ndarray

    def examples(self, train: np.ndarray, **parts: np.ndarray) -> Examples:
        """Rows to train on and parts to score. Pixels are divided by the largest value."""
        scaling = fit_scaling(self.data, train, "unit")
        return Examples(self.data.x, self.data.y, self.data.task, self.data.n_outputs, train, scaling, parts)

    def inputs(self, rows: np.ndarray) -> np.ndarray:
        """Rows as nets see them, [N, D] float32."""
        largest = 255.0 if self.data.x.dtype == np.uint8 else float(self.data.x.max())
        return np.asarray(self.data.x[rows].astype(np.float32) / np.float32(largest))


def images(name: str, rows: int) -> Images:
    """At most `rows` training rows; the official test rows, or of the digits 400 that are drawn once."""
    data = load(name)
    test = np.asarray(data.test)
    order = generator(0, f"images/{name}").permutation(len(data)).astype(np.int32)
    if not len(test):
        test, order = np.sort(order[:DIGITS_TEST]), order[DIGITS_TEST:]
    return Images(data, order[~np.isin(order, test)][:rows], test)


def late(accuracies: np.ndarray) -> np.ndarray:
    """The mean of the last epochs, [..., E] to [...]."""
    return np.asarray(accuracies[..., -LATE:].mean(-1))


def curve_rows(model: str, found: Any, place: int, parts: Sequence[str] = ("test",)) -> list[dict[str, Any]]:
    """A table's rows, one an epoch: bands over seeds of training loss and accuracy and of the accuracy of parts."""
    names = {"train_loss": "train_loss", "train_score": "train", **{f"{part}_score": part for part in parts}}
    return [
        {
            "model": model,
            "epoch": epoch + 1,
            **{
                key: value for metric, name in names.items() for key, value in band(name, values[metric][epoch]).items()
            },
        }
        for values in [{metric: found[metric][place].T for metric in names}]
        for epoch in range(len(values["train_loss"]))
    ]


def draw_training(measured: Measured, width: float, titles: dict[str, str], parts: dict[str, str]) -> Figure:
    """Training loss, and accuracies on training and other rows, by epoch: a panel a model. titles: model -> title;
    parts: column -> words of the legend.
    """
    table = measured.columns("curves")
    figure, axes = panels(len(titles), width, height=3.6, share=True)
    handles = {}
    for number, (panel, (model, title)) in enumerate(zip(axes, titles.items(), strict=True)):
        here = table["model"] == model
        for place, (part, words) in enumerate(parts.items()):
            lines = [table[f"{part}_{which}"][here] for which in ("median", "low", "high")]
            handles[words] = line(panel, table["epoch"][here], *lines, place=place)
        panel.set(title=title, xlabel="epoch")
        panel.set_ylim(bottom=0)
        if not number or width < NARROW:
            panel.set_ylabel("loss (nats a row), or share of rows")
        whole_numbers(panel)
    title = "line: median over seeds; band: the middle 95 % of seeds"
    legend_below(figure, handles, title=title, narrow=width < NARROW)
    return figure
