"""Figures as files: the same figure gives the same bytes, with no date and no name of a program in them."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from goodfit.arguments import public
from goodfit.errors import InputError, problem
from goodfit.figures.style import house_style
from goodfit.files import write_atomically

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DOTS_PER_INCH = 144


@public
def svg(figure: Figure, *, live_text: bool = False) -> bytes:
    """The figure as SVG, text drawn as shapes, so that it looks the same everywhere.

    figure: what is drawn
    live_text: text as text, in the letters of the page that the figure goes into, where it can be selected and found.
    """
    return _rendered(figure, "svg", {"Date": None, "Creator": None}, live_text=live_text)


@public
def png(figure: Figure, *, dots_per_inch: float = DOTS_PER_INCH) -> bytes:
    """The figure as PNG on white.

    figure: what is drawn
    dots_per_inch: of the picture
    """
    return _rendered(figure, "png", {"Software": None}, dpi=dots_per_inch)


@public
def write_figure(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write a figure, whole or not at all, in the format that the name ends in: .svg or .png.

    figure: what is drawn
    path: of the file
    """
    writers: dict[str, Callable[[Figure], bytes]] = {".svg": svg, ".png": png}
    suffix = Path(path).suffix.lower()
    if suffix not in writers:
        raise InputError(problem(str(path), "a figure's name must end in .svg or .png", got=suffix))
    write_atomically(path, writers[suffix](figure))


def _rendered(
    figure: Figure,
    kind: str,
    metadata: dict[str, None],
    dpi: float | Literal["figure"] = "figure",
    *,
    live_text: bool = False,
) -> bytes:
    from goodfit.figures.room import roomy_canvas  # here, for they load Matplotlib
    from goodfit.figures.ticks import kept_ticks

    content = io.BytesIO()
    with ExitStack() as stack:
        stack.enter_context(house_style(live_text=live_text))
        stack.enter_context(warnings.catch_warnings())
        stack.enter_context(kept_ticks(figure))
        if live_text:
            stack.enter_context(roomy_canvas(figure))
        # A page has letters that matplotlib's own font has not; elsewhere a box stands for each of them.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(content, format=kind, metadata=metadata, facecolor="white", dpi=dpi)
    return content.getvalue()
