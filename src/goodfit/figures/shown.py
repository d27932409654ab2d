"""Figures that a notebook shows by themselves. Imported where a figure is made, since it loads Matplotlib."""

from matplotlib.figure import Figure

from goodfit.figures.files import png

SHOWN_PER_INCH = 96  # of a page's own dots


class ShownFigure(Figure):
    """A figure that is shown where it is a cell's last value: Matplotlib's own only are once pyplot has been loaded."""

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        """The picture, the same bytes as `goodfit.figures.png` gives, and how large it is shown."""
        width, height = self.get_size_inches()
        return png(self), {"width": round(SHOWN_PER_INCH * width), "height": round(SHOWN_PER_INCH * height)}
