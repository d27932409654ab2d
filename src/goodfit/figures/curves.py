"""Training curves: loss and score by epoch, for one net or many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from goodfit.arguments import public
from goodfit.figures.shown import new_figure
from goodfit.figures.style import BAND_OPACITY, FAINT, INK, LINES, NARROW, house_style, whole_numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from goodfit.training.history import History

PARTS = {"train": "training", "valid": "validation", "test": "test"}  # in metric names -> in legends
EXTREMES_UP_TO = 20  # nets: the band goes from the least to the greatest; with more nets, from QUANTILES
QUANTILES = (0.05, 0.95)
LOG_FROM = 30.0  # ratio of the greatest to the least mean loss from which the loss axis is logarithmic
MARKED_UP_TO = 4  # epochs: so few that every one gets a marker


@public
def curves(
    history: History,
    *,
    score_name: str = "accuracy (fraction of rows)",
    loss_name: str = "loss (nats per row)",
    title: str | None = None,
    width: float = 9.2,
) -> Figure:
    """Loss and score of the training, validation and, where measured, test rows, by epoch.

    Several nets: the line is the mean over the nets still training, the band runs from the least to the greatest net,
    or with more than 20 nets over the middle 90 % of them; the legend says which. Frozen nets are left out and counted.
    The epochs whose weights were kept are marked: on the curve, and for several nets also as ticks along the bottom,
    with the curve's mark at their median. The loss axis is logarithmic where losses span more than 30-fold.

    history: such as `Run.history`
    score_name, loss_name: labels of the axes, with units.
    title: above it, None for the usual one
    width: in inches, default 9.2; where it is narrow, the panels stand one below the other.
    """
    with house_style():
        narrow = width < NARROW
        figure = new_figure(width, 1.4 * width if narrow else 4.0)
        losses, scores = figure.subplots(*((2, 1) if narrow else (1, 2)), sharex=True)
        handles = _panel(losses, history, "loss", loss_name) | _panel(scores, history, "score", score_name)
        if _span(history) > LOG_FROM:
            losses.set_yscale("log")
            losses.set_ylabel(f"{loss_name}, log scale")
        figure.legend(
            handles.values(),
            handles.keys(),
            loc="outside lower center",
            ncols=1 if narrow else len(handles) or 1,
            title=_bands(history, "\n" if narrow else " "),
        )
        figure.suptitle(title if title is not None else _title(history), x=0.01, ha="left")
    return figure


def _panel(axes: Axes, history: History, kind: str, label: str) -> dict[str, Any]:
    """One panel: every part's curve of a kind, "loss" or "score". Returns what goes into the legend, by label."""
    handles: dict[str, Any] = {}
    for part, words in PARTS.items():
        if f"{part}_{kind}" in history.metrics:
            handles[words] = _curve(axes, history, part, f"{part}_{kind}")
    axes.set_xlabel("epoch")
    axes.set_ylabel(label)
    whole_numbers(axes)
    return handles | _mark_kept(axes, history, kind)


def _curve(axes: Axes, history: History, part: str, metric: str) -> Any:
    """One line and, for several nets, its band."""
    look = LINES[part]
    marker = look.marker if len(history) <= MARKED_UP_TO else ""
    (line,) = axes.plot(history.epochs, history.mean(metric), look.dashes, color=look.colour, marker=marker)
    if len(_shown(history)) == 1:
        return line
    low, high = history.quantiles(metric, band_levels(history))
    band = axes.fill_between(history.epochs, low, high, color=look.colour, alpha=BAND_OPACITY, linewidth=0)
    return (band, line)


def _mark_kept(axes: Axes, history: History, kind: str) -> dict[str, Any]:
    """Mark the epochs whose weights the nets kept, on the curve that chose them: validation where there is one."""
    part = next((part for part in ("valid", "train") if f"{part}_{kind}" in history.metrics), None)
    if part is None or not len(history):
        return {}
    kept = np.sort(history.best_epoch[_shown(history)])
    middle = float(np.median(kept))
    height = np.interp(middle, history.epochs, history.mean(f"{part}_{kind}"))
    axes.axvline(middle, color=FAINT, linewidth=1.0, linestyle=(0, (1, 2)), zorder=1)
    edge: dict[str, Any] = {"markerfacecolor": "white", "markeredgecolor": INK, "markeredgewidth": 1.2}
    (mark,) = axes.plot([middle], [height], linestyle="", marker=LINES[part].marker, markersize=6.5, zorder=4, **edge)
    if len(kept) == 1:
        return {f"weights kept: epoch {middle:g}": mark}
    axes.plot(
        kept,
        np.full(len(kept), 0.02),
        "|",
        transform=axes.get_xaxis_transform(),
        color=INK,
        markersize=9,
        markeredgewidth=1.0,
        zorder=4,
    )
    return {f"weights kept: epoch {kept[0]} to {kept[-1]}, median {middle:g}": mark}


def _shown(history: History) -> np.ndarray:
    """The nets that are drawn: all but the frozen ones, or all if all are frozen."""
    return np.arange(history.n_nets) if history.frozen.all() else np.flatnonzero(~history.frozen)


def band_levels(history: History) -> tuple[float, float]:
    """The quantiles over nets between which the band runs: the extremes, or with many nets the middle of them."""
    return (0.0, 1.0) if len(_shown(history)) <= EXTREMES_UP_TO else QUANTILES


def _bands(history: History, space: str = " ") -> str | None:
    """What line and band mean, for the legend. space: between the two."""
    shown = len(_shown(history))
    if shown == 1:
        return None
    low, high = QUANTILES
    span = "minimum to maximum" if shown <= EXTREMES_UP_TO else f"central {high - low:.0%}"
    return f"line: mean of the nets still training (of {shown});{space}band: {span}"


def _span(history: History) -> float:
    """The ratio of the greatest to the least mean loss that is drawn; 1 if one of them is not positive."""
    means = [history.mean(metric) for metric in history.metrics if metric.endswith("_loss")]
    finite = np.array([loss for mean in means for loss in mean.tolist() if np.isfinite(loss)])
    return float(finite.max() / finite.min()) if finite.size and finite.min() > 0 else 1.0


def _title(history: History) -> str:
    """What the figure shows, where its caller does not say."""
    frozen, drawn = int(history.frozen.sum()), len(_shown(history))
    left_out = f"; {frozen} of {history.n_nets} nets frozen and omitted" if drawn < history.n_nets else ""
    nets = "1 net" if drawn == 1 else f"{drawn} nets"
    return f"Training of {nets}, {len(history)} epochs{left_out}"
