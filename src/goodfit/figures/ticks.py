"""Ticks that are found once for each place of their axes: most of the time of drawing went into finding them again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from matplotlib.figure import Figure

FIND = "_update_ticks"  # of an axis: moves and labels its ticks, and gives those within view; ten times a layout


@contextmanager
def kept_ticks(figure: Figure) -> Iterator[None]:
    """While it lasts, an axis that shows the same values at the same place has the ticks that it had. Nothing else may
    change the figure meanwhile.
    """
    held = [axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis) if hasattr(axis, FIND)]
    for axis in held:
        setattr(axis, FIND, _kept(axis, getattr(axis, FIND)))
    try:
        yield
    finally:
        for axis in held:
            delattr(axis, FIND)  # the class has its own again


def _kept(axis: Any, find: Callable[[], list[Any]]) -> Callable[[], list[Any]]:
    kept: dict[tuple[float, ...], list[Any]] = {}

    def found() -> list[Any]:
        place = (*axis.get_view_interval(), *axis.axes.bbox.bounds)
        if place not in kept:
            kept.clear()  # the ticks themselves were moved
            kept[place] = find()
        return kept[place]

    return found
