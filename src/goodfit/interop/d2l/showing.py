"""Where figures go: into a notebook, to a file where there is none, or to whoever collects them."""

from __future__ import annotations

import atexit
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakKeyDictionary

from goodfit.figures import write_figure
from goodfit.training.notebooks import in_notebook

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FOLDER = "d2l-figures"  # in the current folder, for a program without a notebook


class Drawn(Protocol):
    """What can be shown: its figure is drawn when somebody looks."""

    def figure(self) -> Figure:
        """The figure as it is now."""


class Gallery:
    """The figures of this process: which are collected, which a notebook shows, which wait to be written."""

    def __init__(self) -> None:
        self.collecting: list[Drawn] | None = None
        self._handles: WeakKeyDictionary[Drawn, Any] = WeakKeyDictionary()
        self._names: WeakKeyDictionary[Drawn, Path] = WeakKeyDictionary()
        self._waiting: dict[Drawn, None] = {}
        self._count, self._registered = 0, False

    def show(self, drawn: Drawn, line: str = "", *, last: bool = True) -> None:
        """Show a figure, or what has become of it.

        line: what a terminal prints in its place; last: whether nothing more is to be expected, so that a picture is
        written now rather than at the end of the process.
        """
        if self.collecting is not None:
            if all(each is not drawn for each in self.collecting):
                self.collecting.append(drawn)
        elif in_notebook():
            self._display(drawn)
        else:
            if line:
                print(line, flush=True)
            if not self._registered:
                self._registered = True
                atexit.register(self.write_all)
            self._waiting[drawn] = None
            if last:
                self.write_all()

    def write_all(self) -> None:
        """Write the pictures that wait for it."""
        for drawn in self._waiting:
            if drawn not in self._names:
                self._count += 1
                self._names[drawn] = Path(FOLDER) / f"figure-{self._count}.png"
            write_figure(drawn.figure(), self._names[drawn])
            print(f"Figure: {self._names[drawn]}", flush=True)
        self._waiting.clear()

    def _display(self, drawn: Drawn) -> None:
        """Into the output of the cell; a second time, in the place of the first."""
        display: Any = sys.modules["IPython"].display.display
        if drawn in self._handles:
            self._handles[drawn].update(drawn.figure())
        else:
            self._handles[drawn] = display(drawn.figure(), display_id=True)


GALLERY = Gallery()


@contextmanager
def collected() -> Iterator[list[Drawn]]:
    """Collect figures inside a with statement, in the place of showing them."""
    before, found = GALLERY.collecting, list[Drawn]()
    GALLERY.collecting = found
    try:
        yield found
    finally:
        GALLERY.collecting = before
