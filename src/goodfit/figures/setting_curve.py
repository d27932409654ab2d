"""One field of a recipe against training and held-out data: the figure of under- and overfitting."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from goodfit.arguments import public
from goodfit.figures.shown import new_figure
from goodfit.figures.style import BAND_OPACITY, FAINT, INK, LINES, NARROW, house_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WORDS = {"train": "training data", "valid": "held-out data"}
LOG_HEIGHT_FROM = 100.0  # likewise of what is measured
EVEN = ("epochs",)  # fields whose axis never is
MOST_MARKERS = 30  # values above which the lines go without
LOG_FROM = 30.0  # ratio of the largest to the smallest value from which their axis is logarithmic


@public
def setting_curve(
    field: str,
    values: Sequence[Any],
    what: str,
    train: Mapping[str, Any],
    valid: Mapping[str, Any],
    best: int,
    *,
    title: str | None = None,
    width: float = 6.4,
) -> Figure:
    """Scores on training and held-out data as a field changes.

    field: name of the field, for the axis
    values: of the field, in order: numbers, or lists and names, which are laid out evenly
    what: what is measured
    train, valid: "mean", "low" and "high" of each value, nan where there is none
    best: the place of the best value, which is marked with its interval.
    title: above it, None for the usual one
    width: in inches, default 6.4.
    """
    with house_style():
        figure = new_figure(width, 4.2)
        axes = figure.subplots()
        places = _places(axes, values, even=field in EVEN)
        handles = {
            WORDS[part]: _line(axes, places, band, part)
            for part, band in (("train", train), ("valid", valid))
            if np.isfinite(band["mean"]).any()
        }
        axes.axvline(places[best], color=FAINT, linewidth=1.0, linestyle=(0, (1, 2)), zorder=1)
        edge: dict[str, Any] = {"markerfacecolor": "white", "markeredgecolor": INK, "markeredgewidth": 1.2}
        (mark,) = axes.plot(
            [places[best]], [valid["mean"][best]], linestyle="", marker="D", markersize=7, zorder=4, **edge
        )
        axes.vlines(places[best], valid["low"][best], valid["high"][best], color=INK, linewidth=2.0, zorder=3)
        handles[f"best: {_text(values[best])}"] = mark
        _fit_height(axes, train, valid)
        axes.set_xlabel(field.replace("_", " "))
        axes.set_ylabel(what)
        note = "band: 95 % interval of the mean over folds" if np.isfinite(valid["low"]).any() else None
        figure.legend(
            handles.values(),
            handles.keys(),
            loc="outside lower center",
            ncols=1 if width < NARROW else len(handles),
            title=note,
        )
        named = what[:1].upper() + what[1:]
        figure.suptitle(title if title is not None else f"{named} by {field.replace('_', ' ')}", x=0.01, ha="left")
    return figure


def _line(axes: Axes, places: np.ndarray, band: Mapping[str, Any], part: str) -> Any:
    """The line of one kind of rows, and its band where there is one; what goes into the legend."""
    look = LINES[part]
    marker = look.marker if len(places) <= MOST_MARKERS else ""
    (line,) = axes.plot(places, band["mean"], look.dashes, color=look.colour, marker=marker, markersize=4.5)
    if not np.isfinite(band["low"]).any():
        return line
    filled = axes.fill_between(places, band["low"], band["high"], color=look.colour, alpha=BAND_OPACITY, linewidth=0)
    return (filled, line)


def _fit_height(axes: Axes, *bands: Mapping[str, Any]) -> None:
    """A logarithmic axis where means, all above zero, span far; a band that reaches down to zero is cut there."""
    means = np.concatenate([np.asarray(band["mean"], float) for band in bands])
    means = means[np.isfinite(means)]
    if len(means) and means.min() > 0 and means.max() / means.min() >= LOG_HEIGHT_FROM:
        highs = np.concatenate([[means.max()], *(np.asarray(band["high"], float) for band in bands)])
        axes.set_yscale("log")
        axes.set_ylim(means.min() / 2, 1.5 * np.nanmax(highs))


def _places(axes: Axes, values: Sequence[Any], *, even: bool) -> np.ndarray:
    """Where the values stand along the axis: numbers by their size, on a logarithmic axis where they span far.

    even: never on a logarithmic one.
    """
    numbers = [_number(value) for value in values]
    if any(number is None for number in numbers):
        axes.set_xticks(range(len(values)), [_text(value) for value in values])
        return np.arange(len(values), dtype=float)
    found = np.asarray(numbers, float)
    above = found[found > 0]
    if not even and len(above) > 1 and above.max() / LOG_FROM >= above.min():
        if (found <= 0).any():
            axes.set_xscale("symlog", linthresh=float(above.min()))
        else:
            axes.set_xscale("log")
    return found


def _number(value: Any) -> float | None:
    """A number, or the units of a single layer; None for all else."""
    if isinstance(value, tuple | list) and len(value) == 1:
        value = value[0]
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _text(value: Any) -> str:
    if isinstance(value, tuple | list):
        return "x".join(str(part) for part in value) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
