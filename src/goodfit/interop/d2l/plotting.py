"""`plot`, `Animator` and `show_images`, by the arguments that the chapter's cells give."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from goodfit.errors import InputError, problem
from goodfit.figures.shown import new_figure
from goodfit.figures.style import house_style
from goodfit.interop.d2l.showing import GALLERY
from goodfit.interop.d2l.sums import host, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = ("-", "m--", "g-.", "r:")
SIZE = [3.5, 2.5]  # inches, until `set_figsize` says otherwise


@dataclass(frozen=True)
class AxesSettings:
    """Labels, limits, scales and the legend of a pair of axes."""

    xlabel: str | None
    ylabel: str | None
    xlim: Sequence[float] | None
    ylim: Sequence[float] | None
    xscale: str
    yscale: str
    legend: Sequence[str]

    def set(self, axes: Axes) -> None:
        """Set them. Limits that are one number, as of a single epoch, are left to the axes."""
        axes.set_xlabel(self.xlabel or "")
        axes.set_ylabel(self.ylabel or "")
        axes.set_xscale(self.xscale)
        axes.set_yscale(self.yscale)
        for limits, change in ((self.xlim, axes.set_xlim), (self.ylim, axes.set_ylim)):
            if limits is not None and limits[0] != limits[1]:
                change(limits[0], limits[1])
        if self.legend:
            axes.legend(list(self.legend))
        axes.grid(True)


class _Finished:
    """A figure that will not change any more."""

    def __init__(self, figure: Figure) -> None:
        self._figure = figure

    def figure(self) -> Figure:
        """The figure."""
        return self._figure


def use_svg_display() -> None:
    """Nothing: a notebook shows figures as it is set to."""


def set_figsize(figsize: tuple[float, float] = (3.5, 2.5)) -> None:
    """Width and height, in inches, of what `plot` draws from now on, and of pyplot's figures."""
    import matplotlib as mpl

    SIZE[:] = figsize
    mpl.rcParams["figure.figsize"] = tuple(figsize)


def set_axes(
    axes: Axes, xlabel: Any, ylabel: Any, xlim: Any, ylim: Any, xscale: str, yscale: str, legend: Sequence[str]
) -> None:
    """Set labels, limits, scales and the legend."""
    AxesSettings(xlabel, ylabel, xlim, ylim, xscale, yscale, legend).set(axes)


def plot(
    X: Any,
    Y: Any = None,
    xlabel: str | None = None,
    ylabel: str | None = None,
    legend: Sequence[str] | None = None,
    xlim: Sequence[float] | None = None,
    ylim: Sequence[float] | None = None,
    xscale: str = "linear",
    yscale: str = "linear",
    fmts: Sequence[str] = FORMATS,
    figsize: tuple[float, float] | None = None,
    axes: Axes | None = None,
) -> None:
    """Draw lines.

    X, Y: sequences of numbers, or lists of them. X alone: the lines themselves, along their positions. One X for
    several Y is used for each.
    axes: to draw on, cleared first; the figure is then shown by whoever owns it. InputError where X and Y do not match.
    """
    lines = _lines(X, Y)
    settings = AxesSettings(xlabel, ylabel, xlim, ylim, xscale, yscale, legend or ())
    with house_style():
        figure = None if axes is not None else new_figure(*(figsize or SIZE))
        on = figure.subplots() if figure is not None else axes
        assert on is not None  # one of the two was given
        on.cla()
        for (x, y), form in zip(lines, itertools.cycle(fmts), strict=False):
            on.plot(x, y, form) if len(x) else on.plot(y, form)
        settings.set(on)
    if figure is not None:
        GALLERY.show(_Finished(figure))


def _lines(X: Any, Y: Any) -> list[tuple[Any, Any]]:
    """(x, y) of every line; x is empty where it is the position."""
    xs = [host(X)] if _is_one_line(X) else [host(each) for each in X]
    if Y is None:
        return [(np.empty(0), each) for each in xs]
    ys = [host(Y)] if _is_one_line(Y) else [host(each) for each in Y]
    if len(xs) != len(ys):
        xs = xs * len(ys) if len(xs) == 1 else xs
    if len(xs) != len(ys) or any(len(x) not in (0, len(y)) for x, y in zip(xs, ys, strict=True)):
        sizes = ([len(each) for each in xs], [len(each) for each in ys])
        raise InputError(problem("plot", "X and Y must have as many numbers, line by line", got=sizes))
    return list(zip(xs, ys, strict=True))


def _is_one_line(values: Any) -> bool:
    """Whether these are numbers, rather than several lines of numbers."""
    if hasattr(values, "ndim"):
        return bool(values.ndim == 1)
    return not len(values) or not hasattr(values[0], "__len__") or getattr(values[0], "ndim", 1) == 0


class Animator:
    """Curves that grow. A notebook redraws the figure; a terminal prints a line, and writes the picture at the end.

    The end is the point at the right limit of x, or that of the process. figsize: of the whole figure, inches.
    """

    def __init__(
        self,
        xlabel: str | None = None,
        ylabel: str | None = None,
        legend: Sequence[str] | None = None,
        xlim: Sequence[float] | None = None,
        ylim: Sequence[float] | None = None,
        xscale: str = "linear",
        yscale: str = "linear",
        fmts: Sequence[str] = FORMATS,
        nrows: int = 1,
        ncols: int = 1,
        figsize: tuple[float, float] = (3.5, 2.5),
    ) -> None:
        self.fig = new_figure(*figsize)
        with house_style():
            self.axes = list(self.fig.subplots(nrows, ncols, squeeze=False).flat)
        self.X: list[list[float]] = []
        self.Y: list[list[float]] = []
        self.fmts = fmts
        self._settings = AxesSettings(xlabel, ylabel, xlim, ylim, xscale, yscale, legend or ())

    def config_axes(self) -> None:
        """Set labels, limits, scales and the legend of the first axes."""
        self._settings.set(self.axes[0])

    def add(self, x: Any, y: Any) -> None:
        """Add a point to each curve. x: a number for all, or one a curve; y: likewise; None is skipped."""
        ys = _several(y)
        xs = _several(x) if _has_several(x) else [x] * len(ys)
        while len(self.X) < len(ys):
            self.X.append([])
            self.Y.append([])
        for place, (a, b) in enumerate(zip(xs, ys, strict=False)):
            if a is not None and b is not None:
                self.X[place].append(number(a))
                self.Y[place].append(number(b))
        GALLERY.show(self, self._line(xs, ys), last=self._is_last(xs))

    def figure(self) -> Figure:
        """The figure as it is now."""
        with house_style():
            self.axes[0].cla()
            for x, y, form in zip(self.X, self.Y, itertools.cycle(self.fmts), strict=False):
                self.axes[0].plot(x, y, form)
            self.config_axes()
        return self.fig

    def _line(self, xs: Sequence[Any], ys: Sequence[Any]) -> str:
        """epoch 3: train loss 0.5, test acc 0.8."""
        names = itertools.chain(self._settings.legend, (f"curve {place}" for place in itertools.count(1)))
        found = [f"{name} {number(y):.4g}" for name, y in zip(names, ys, strict=False) if y is not None]
        at = next((f"{number(x):g}" for x in xs if x is not None), "")
        return f"{self._settings.xlabel or 'x'} {at}: {', '.join(found)}"

    def _is_last(self, xs: Sequence[Any]) -> bool:
        end = self._settings.xlim[1] if self._settings.xlim is not None else None
        return end is not None and any(x is not None and number(x) >= end for x in xs)


def _has_several(values: Any) -> bool:
    return hasattr(values, "__len__") and getattr(values, "ndim", 1) > 0


def _several(values: Any) -> list[Any]:
    return list(values) if _has_several(values) else [values]


def show_images(
    imgs: Any,
    num_rows: int,
    num_cols: int,
    titles: Sequence[str] | None = None,
    scale: float = 1.5,
    convert: Callable[[Any], Any] = host,
) -> Any:
    """Draw pictures in a grid, and return its axes in one row.

    imgs: pictures (n, height, width) or a list of them; titles: one a picture; scale: inches of one; convert: what
    makes an array of NumPy of one.
    """
    with house_style():
        figure = new_figure(num_cols * scale, num_rows * scale)
        axes = figure.subplots(num_rows, num_cols, squeeze=False).flatten()
        for place, one in enumerate(axes):
            one.axis("off")
            if place < len(imgs):
                one.imshow(convert(imgs[place]))
                if titles is not None and place < len(titles):
                    one.set_title(titles[place], loc="center")
    GALLERY.show(_Finished(figure))
    return axes
