"""Residuals against predictions: what a regression has not learned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from goodfit.arguments import public
from goodfit.data.streams import generator
from goodfit.errors import InputError, problem
from goodfit.figures.shown import new_figure
from goodfit.figures.style import COLOURS, FAINT, house_style
from goodfit.words import visible

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_MARKS = 1000  # of more rows, so many drawn at random are shown


@public
def residuals(predicted: Any, targets: Any, *, title: str = "", width: float = 6.4) -> Figure:
    """Target less prediction of every row against the prediction, with a line at 0.

    predicted, targets: numbers [N] in one unit; of more than 1,000 rows a random sample is drawn.
    title: above it.
    width: in inches, default 6.4.
    InputError where they are not as many numbers each.
    """
    try:
        at, right = np.asarray(predicted, float), np.asarray(targets, float)
    except (TypeError, ValueError) as error:
        raise InputError(problem("residuals", f"predictions and targets must be numbers: {error}")) from error
    if at.ndim != 1 or at.shape != right.shape:
        rule = "predictions and targets must be lists of one length"
        raise InputError(problem("residuals", rule, got=f"{at.shape} and {right.shape}"))
    left = right - at
    if len(at) > MOST_MARKS:
        chosen = generator(0, "figures/residuals").choice(len(at), MOST_MARKS, replace=False)
        at, left = at[chosen], left[chosen]
    with house_style():
        figure = new_figure(width, 4.0)
        axes = figure.subplots()
        axes.axhline(0, color=FAINT, linewidth=1.2, linestyle="--", zorder=1)
        axes.plot(at, left, linestyle="", marker="o", markersize=4, alpha=0.5, markeredgewidth=0, color=COLOURS[0])
        axes.set_xlabel("predicted")
        axes.set_ylabel("target - predicted")
        axes.locator_params(nbins=6)
        if title:
            axes.set_title(visible(title).replace("\n", " "), parse_math=False)
    return figure
