"""What is in a data set, at a glance: images, points in a plane, or the distribution of the target."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from goodfit.arguments import public
from goodfit.data.streams import checked_seed
from goodfit.figures.shown import new_figure
from goodfit.figures.style import COLOURS, FAINT, INK, MARKERS, house_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from goodfit.data.dataset import Dataset

COLUMNS = 10  # images a class
CLASSES_SHOWN = 12
POINTS = 2000  # of a scatter, at most
BINS = 40


@public
def examples(data: Dataset, *, title: str | None = None, seed: int = 0) -> Figure:
    """Images, a row a class, where the rows are images; classes in the plane, where there are two inputs; else the
    distribution of the target, for regression beside the input that it follows most closely.

    data: whose rows are drawn
    title: above it, None for one that says what is drawn
    seed: which rows are drawn, where there are too many to draw all.
    """
    rng = np.random.default_rng(checked_seed(seed, "Figure"))
    with house_style():
        if data.image_shape is not None and data.task == "classification":
            figure = _images(data, rng)
        elif data.n_inputs == 2 and data.task == "classification":
            figure = _plane(data, rng)
        elif data.task == "regression":
            figure = _targets(data, rng)
        else:
            figure = _counts(data)
        about = f"{data.name}: {len(data)} rows, {data.n_inputs} inputs"
        figure.suptitle(about if title is None else title, x=0.01, ha="left")
    return figure


def _images(data: Dataset, rng: np.random.Generator) -> Figure:
    """A grid: a row a class, COLUMNS examples of it."""
    classes = data.classes[:CLASSES_SHOWN]
    height, width = data.image_shape or (1, 1)
    figure = new_figure(8.0, 0.45 + len(classes) * 0.62 * height / width)
    grid = figure.subplots(len(classes), COLUMNS, squeeze=False)
    high = 255 if data.x.dtype == np.uint8 else float(data.x.max())
    low = 0 if data.x.dtype == np.uint8 else float(data.x.min())
    for code, name in enumerate(classes):
        rows = np.flatnonzero(data.y == code)
        chosen = np.sort(rng.choice(rows, min(COLUMNS, len(rows)), replace=False))
        for axes in grid[code]:
            axes.axis("off")
        for axes, row in zip(grid[code], chosen, strict=False):
            axes.imshow(data.x[row].reshape(height, width), cmap="gray_r", vmin=low, vmax=high, interpolation="nearest")
        grid[code, 0].text(-0.15, 0.5, name, transform=grid[code, 0].transAxes, ha="right", va="center", color=INK)
    return figure


def _plane(data: Dataset, rng: np.random.Generator) -> Figure:
    """Every class with a colour and a marker of its own."""
    figure = new_figure(5.4, 4.6)
    axes = figure.subplots()
    rows = _some(len(data), rng)
    for code, name in enumerate(data.classes):
        here = rows[data.y[rows] == code]
        axes.plot(
            data.x[here, 0],
            data.x[here, 1],
            linestyle="",
            marker=MARKERS[code % len(MARKERS)],
            markersize=4.5,
            color=COLOURS[code % len(COLOURS)],
            markeredgecolor="white",
            markeredgewidth=0.4,
            label=name,
        )
    names = data.features or ("feature 0", "feature 1")
    axes.set(xlabel=names[0], ylabel=names[1])
    axes.set_aspect("equal", adjustable="datalim")  # the frame stays as it is: no gap below the title
    figure.legend(loc="outside lower center", ncols=min(6, len(data.classes)), title="class", markerscale=1.5)
    return figure


def _targets(data: Dataset, rng: np.random.Generator) -> Figure:
    """The distribution of the (first) target, and the target against the input of the largest correlation with it."""
    figure = new_figure(8.4, 3.6)
    counts, scatter = figure.subplots(1, 2)
    target = data.y[:, 0].astype(np.float64)
    counts.hist(target, bins=min(BINS, max(5, len(data) // 8)), color=COLOURS[0], edgecolor="white", linewidth=0.5)
    counts.set(xlabel="target", ylabel="rows")
    counts.set_title("Distribution of the target")
    column, correlation = _closest(data.x.astype(np.float64), target)
    rows = _some(len(data), rng)
    scatter.plot(
        data.x[rows, column], target[rows], "o", color=COLOURS[0], markersize=3.5, alpha=0.6, markeredgewidth=0
    )
    scatter.set(xlabel=data.features[column] if data.features else f"feature {column}", ylabel="target")
    scatter.set_title(f"Most correlated feature (r = {correlation:.2f})")
    return figure


def _counts(data: Dataset) -> Figure:
    """Rows a class, or rows that have a label."""
    each = data.y.sum(0) if data.task == "multilabel" else np.bincount(data.y, minlength=len(data.classes))
    figure = new_figure(6.4, 1.2 + 0.3 * len(data.classes))
    axes: Axes = figure.subplots()
    bars = axes.barh(data.classes, each, color=COLOURS[0], height=0.7)
    axes.bar_label(bars, fmt=" {:.0f}", color=INK)
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_color(FAINT)
    axes.set_xlabel("rows with the label" if data.task == "multilabel" else "rows of the class")
    return figure


def _some(n_rows: int, rng: np.random.Generator) -> np.ndarray:
    """All rows, or POINTS of them."""
    return np.arange(n_rows) if n_rows <= POINTS else np.sort(rng.choice(n_rows, POINTS, replace=False))


def _closest(x: np.ndarray, target: np.ndarray) -> tuple[int, float]:
    """The input with the largest correlation in size with the target, and the correlation; 0 for constant ones."""
    centred, wanted = x - x.mean(0), target - target.mean()
    sizes = np.sqrt((centred**2).sum(0) * (wanted**2).sum())
    correlations = np.divide(wanted @ centred, sizes, out=np.zeros(x.shape[1]), where=sizes > 0)
    column = int(np.abs(correlations).argmax())
    return column, float(correlations[column])
