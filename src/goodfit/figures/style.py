"""One look for all figures: told apart by line and marker as well as by colour, so that grey prints and colour-blind
readers lose nothing.

Colours: Okabe & Ito's palette, ordered so that neighbours differ in lightness too.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK = "#222222"
FAINT = "#8A8A8A"
GRID = "#E4E4E4"
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000")
MARKERS = ("o", "^", "s", "D", "v", "P", "X", "*")
BAND_OPACITY = 0.22
NARROW = 6.0  # inches below which a figure is made for a telephone
_SETTINGS: dict[str, Any] = {
    "axes.edgecolor": FAINT,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.labelsize": 10,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlepad": 8,
    "figure.titlesize": 12,
    "figure.titleweight": "bold",
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "legend.handlelength": 2.6,
    "lines.linewidth": 1.8,
    "svg.fonttype": "path",
    "svg.hashsalt": "goodfit",
    "text.color": INK,
    "xtick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.color": FAINT,
    "ytick.labelcolor": INK,
}


@dataclass(frozen=True)
class Line:
    """How one kind of rows is drawn in every figure."""

    colour: str
    dashes: str
    marker: str


LINES = {
    "train": Line(COLOURS[0], "-", "o"),
    "valid": Line(COLOURS[1], "--", "D"),
    "test": Line(COLOURS[2], ":", "s"),
}


_DRAWING = threading.RLock()


@contextmanager
def house_style(*, live_text: bool = False) -> Iterator[None]:
    """Draw or write a figure in the house style, whatever the reader's own settings are; they come back afterwards.

    One thread at a time: Matplotlib's settings are those of the whole process.

    live_text: text stays text in SVG, rather than become shapes.
    """
    from matplotlib import style

    # a second thread would keep this style as "the reader's own", and leave it behind
    with _DRAWING, style.context(["default", _SETTINGS, {"svg.fonttype": "none"} if live_text else {}]):
        yield


def whole_numbers(axes: Axes) -> None:
    """Only whole numbers along the horizontal axis."""
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8, min_n_ticks=1, steps=[1, 2, 5, 10]))
