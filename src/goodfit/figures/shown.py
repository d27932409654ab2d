"""Figures that a notebook shows by themselves. Imported where a figure is made, since it loads Matplotlib."""

import io

from matplotlib import style
from matplotlib.figure import Figure

DOTS_PER_INCH = 144  # as in files, for screens with many dots
SHOWN_PER_INCH = 96  # of a page's own dots


class ShownFigure(Figure):
    """A figure that is shown where it is a cell's last value: Matplotlib's own only are once pyplot has been loaded."""

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        """The picture, the same bytes as `goodfit.figures.png` gives, and how large it is shown."""
        content = io.BytesIO()
        with style.context("default"):  # whatever the reader's own settings are
            self.savefig(content, format="png", metadata={"Software": None}, facecolor="white", dpi=DOTS_PER_INCH)
        width, height = self.get_size_inches()
        return content.getvalue(), {"width": round(SHOWN_PER_INCH * width), "height": round(SHOWN_PER_INCH * height)}
