"""What figures of studies share: lines from the columns of a band or an interval, and the legend below them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from goodfit.figures.panels import legend_below, line
from goodfit.figures.style import NARROW

SEEDS = "line: median over seeds; band: central 95 % of seeds"
CENTRAL = "line: median over seeds; band: central 95 %"
Table = Mapping[str, NDArray[Any]]


def edges(table: Table, name: str = "", here: Any = slice(None)) -> list[NDArray[Any]]:
    """The middle, the low and the high end of a quantity, for `line`.

    name: of the columns NAME_median or NAME, NAME_low and NAME_high; without one, of median or mean, low and high.
    """
    prefix = f"{name}_" if name else ""
    middle = next(each for each in (f"{prefix}median", name, "mean") if each in table)
    return [table[each][here] for each in (middle, f"{prefix}low", f"{prefix}high")]


def band_line(panel: Axes, table: Table, across: str, name: str = "", here: Any = slice(None), place: int = 0) -> Any:
    """A line with its band; what goes into a legend. across: the column of the horizontal axis; name: as in `edges`;
    here: which rows; place: which colour, dashes and marker.
    """
    return line(panel, table[across][here], *edges(table, name, here), place=place)


def doubling_axis(panel: Axes, values: NDArray[Any]) -> None:
    """A horizontal axis for values that double, with a tick at each of them."""
    there = np.unique(values)
    panel.set_xscale("log", base=2)
    panel.set_xticks(there, [str(value) for value in there])


def legend(figure: Figure, handles: dict[str, Any], title: str = "") -> Figure:
    """The figure with one legend below its panels, in one column where it is narrow. title: says what bands are."""
    legend_below(figure, handles, title=title, narrow=figure.get_figwidth() < NARROW)
    return figure
