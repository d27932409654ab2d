"""New figures, which a notebook shows by themselves."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from goodfit.figures.files import png

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN_PER_INCH = 96  # of a page's own dots


def new_figure(width: float, height: float) -> Figure:
    """An empty figure, width by height in inches, that no global list knows of, and that a notebook shows."""
    made: Figure = _shown_figure()(figsize=(width, height), layout="constrained")
    return made


@functools.cache
def _shown_figure() -> type[Figure]:
    from matplotlib.figure import Figure  # here, for it takes a while to load

    class ShownFigure(Figure):
        """A figure that is shown where it is a cell's last value: Matplotlib's own only once pyplot has been loaded."""

        def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
            """The picture, the same bytes as `goodfit.figures.png` gives, and how large it is shown."""
            width, height = self.get_size_inches()
            return png(self), {"width": round(SHOWN_PER_INCH * width), "height": round(SHOWN_PER_INCH * height)}

    return ShownFigure
