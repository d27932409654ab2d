"""Room for text that a page draws: signs that matplotlib's font has not are given the width that they will take.

Imported where a figure is rendered, since it loads Matplotlib.
"""

import codecs
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from matplotlib.backends.backend_svg import FigureCanvasSVG, RendererSVG
from matplotlib.figure import Figure

from goodfit.words import width

SQUARE = "@"  # as wide as its size in DejaVu Sans, as signs of Chinese are in every font


def stand_in(text: str) -> str:
    """A text as wide, of letters that matplotlib's font has: SQUARE for every sign that is two letters wide."""
    return "".join(SQUARE if width(sign) > 1 else sign for sign in text)


class _Renderer(RendererSVG):
    def get_text_width_height_descent(self, s: str, prop: Any, ismath: Any) -> tuple[float, float, float]:
        given: Any = super()
        found: tuple[float, float, float] = given.get_text_width_height_descent(stand_in(s), prop, ismath)
        return found


class _Canvas(FigureCanvasSVG):
    def print_figure(self, filename: Any, dpi: Any = None, facecolor: Any = None, *_: Any, **more: Any) -> None:
        """Lay the figure out and draw it, in one: Matplotlib's own draws it twice, first for its layout alone."""
        dots, before = self.figure.dpi, self.figure.get_facecolor()
        self.figure.set_facecolor(facecolor)
        try:
            self.print_svg(filename, metadata=more.get("metadata"))
        finally:
            self.figure.set_facecolor(before)
            self.figure.dpi = dots

    def print_svg(self, filename: IO[bytes], *, metadata: Any = None, **_: Any) -> None:
        dots, self.figure.dpi = self.figure.dpi, self.fixed_dpi
        wide, high = self.figure.get_size_inches() * self.fixed_dpi
        made: Any = _Renderer  # Matplotlib's own have no types
        renderer = made(wide, high, codecs.getwriter("utf-8")(filename), image_dpi=dots, metadata=metadata)
        self.figure.draw(renderer)
        renderer.finalize()


@contextmanager
def roomy_canvas(figure: Figure) -> Iterator[None]:
    """While it lasts, the figure is laid out for SVG whose text stays text, with room for signs of Chinese."""
    before = figure.canvas
    _Canvas(figure)
    try:
        yield
    finally:
        figure.set_canvas(before)
