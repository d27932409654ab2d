"""The process that runs a document's cells: `python -m goodfit.notes.worker`, started by `running.py`.

It reads one line of JSON, the work; after that, standard input is there to tell by its end that nobody waits any more.
What it has to say goes out as lines of JSON; what cells print is collected.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import importlib
import io
import json
import os
import random
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO, TextIO

from goodfit.leaving import hear_terminal

MOST_CHARACTERS = 200_000  # of what a cell prints
MOST_POINTS = 400  # of a line whose numbers are listed


class Capture(io.TextIOBase):
    """A stream that keeps what is written, in order with the other stream's.

    It stays the same one from cell to cell, for libraries such as logging keep the stream that they find.
    """

    encoding, errors = "utf-8", "replace"

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self._into: list[dict[str, Any]] = []

    def keep_in(self, into: list[dict[str, Any]]) -> None:
        """Put what is written from now on into a list."""
        self._into = into

    def write(self, text: str) -> int:
        """Keep a text."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        room = MOST_CHARACTERS - sum(len(each["text"]) for each in self._into)
        if room < 0:
            return len(text)
        kept = text if len(text) <= room else f"{text[:room]}\n[cut: a cell may print {MOST_CHARACTERS:,} characters]"
        if self._into and self._into[-1]["name"] == self._name:
            self._into[-1]["text"] += kept
        else:
            self._into.append({"kind": "stream", "name": self._name, "text": kept})
        return len(text)

    def close(self) -> None:
        """Nothing: the next cell writes to it too."""

    def writable(self) -> bool:
        """It can be written to."""
        return True


STREAMS = Capture("stdout"), Capture("stderr")


@contextmanager
def _captured(into: list[dict[str, Any]]) -> Iterator[None]:
    before = sys.stdout, sys.stderr
    for stream in STREAMS:
        stream.keep_in(into)
    sys.stdout, sys.stderr = STREAMS
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def main() -> None:
    """Run the cells that standard input names."""
    work = json.loads(sys.stdin.readline())
    tell = os.fdopen(os.dup(1), "w", encoding="utf-8")
    _leave_with(os.dup(0))
    hear_terminal(ctrl_c_ends=True)  # a KeyboardInterrupt is a cell's own
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    beyond = tempfile.TemporaryFile()  # noqa: SIM115 - open until the process ends
    for stream in (1, 2):  # what libraries and other processes write past Python
        os.dup2(beyond.fileno(), stream)
    sys.path.append(work["folder"])
    os.chdir(work["folder"])
    _prepare(work["seed"], work["faces"])
    from goodfit.notes.cells import NoteCells

    cells = NoteCells(work["cells"], work["sections"])
    for place in work["run"]:
        _say(tell, {"begin": place})
        _say(tell, {"place": place, **run_cell(cells, place, beyond)})
    _say(tell, {"end": True})


def _say(tell: TextIO, what: Mapping[str, Any]) -> None:
    tell.write(json.dumps(what, ensure_ascii=True) + "\n")
    tell.flush()


def _leave_with(lifeline: int) -> None:
    """End this process when the other end of the lifeline is closed: then nobody waits for it."""

    def wait() -> None:
        while os.read(lifeline, 4096):
            pass
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _prepare(seed: int, faces: Sequence[str]) -> None:
    """Seed every stream that a cell may draw from, and have warnings be one line."""
    import numpy

    random.seed(seed)
    numpy.random.seed(seed % 2**32)
    os.environ["MPLBACKEND"] = "agg"
    if "torch" in faces:
        with contextlib.suppress(ImportError):  # the cell that imports it says so
            importlib.import_module("torch").manual_seed(seed)
    if "mxnet" in faces:
        importlib.import_module("goodfit.interop.mxnet.random").seed(seed)
    warnings.showwarning = lambda message, *_, **__: print(f"Warning: {message}", file=sys.stderr)
    warnings.filterwarnings("ignore", message="FigureCanvasAgg is non-interactive")
    warnings.filterwarnings("ignore", message="Glyph .* missing from")


def run_cell(cells: Any, place: int, beyond: BinaryIO) -> dict[str, Any]:
    """Run one cell for each of its faces: what it gave, as it goes into JSON.

    beyond: the file that holds what was written past Python.
    """
    from goodfit.interop.d2l.showing import collected

    outputs: list[dict[str, Any]] = []
    began, said = time.perf_counter(), cells.nothing()
    with collected() as drawn:
        for turn in cells.turns(place):
            printed: list[dict[str, Any]] = []
            with _captured(printed):
                error, value = cells.run(turn, said)
            outputs += printed
            if value is not None:
                outputs.append({"kind": "result", "name": "", "text": value})
            if error is not None:
                outputs.append({"kind": "error", **error})  # the other framework's turn does not depend on this one
    past = os.pread(beyond.fileno(), MOST_CHARACTERS, 0).decode(errors="replace")
    if past.strip():
        outputs.append({"kind": "stream", "name": "stdout", "text": past})
    os.ftruncate(beyond.fileno(), 0)
    os.lseek(beyond.fileno(), 0, os.SEEK_SET)
    outputs += [_figure(each.figure) for each in drawn] + list(_pyplot())
    state = "failed" if any(each["kind"] == "error" for each in outputs) else "done"
    return {"state": state, "outputs": outputs, "seconds": time.perf_counter() - began, **said}


def _pyplot() -> Iterator[dict[str, Any]]:
    """The figures that a cell left to pyplot."""
    if "matplotlib.pyplot" in sys.modules:
        pyplot: Any = sys.modules["matplotlib.pyplot"]
        for each in pyplot.get_fignums():
            yield _figure(functools.partial(pyplot.figure, each))
        pyplot.close("all")


def _figure(make: Callable[[], Any]) -> dict[str, Any]:
    """A figure as it goes into JSON; what went wrong where it cannot be drawn, as with a faulty formula in a title."""
    from goodfit.notes.cells import told

    try:
        return _rendered(make())
    except Exception as error:  # noqa: BLE001 - whatever a drawing library raises: the other figures and cells go on
        return {"kind": "error", **told(error)}


def _rendered(figure: Any) -> dict[str, Any]:
    """A figure as PNG in base64, with the numbers of its lines."""
    from goodfit.figures import png

    lines, about = [], []
    for axes in figure.axes:
        legend = axes.get_legend()
        names = [text.get_text() for text in legend.get_texts()] if legend is not None else []
        for count, line in enumerate(axes.get_lines()):
            x, y = (list(map(float, each)) for each in line.get_data(orig=False))  # dates and names as numbers
            own = line.get_label()
            name = names[count] if count < len(names) else own if not own.startswith("_") else f"line {count + 1}"
            about.append(name)
            if len(x) <= MOST_POINTS:
                lines.append({"name": name, "x": x, "y": y})
    axes_named = [f"{axes.get_xlabel()} against {axes.get_ylabel()}".strip() for axes in figure.axes[:1]]
    text = f"{', '.join(about)}" if about else ", ".join(axes.get_title() for axes in figure.axes)
    content = base64.b64encode(png(figure)).decode()
    return {"kind": "figure", "name": " ".join(axes_named), "text": text, "png": content, "lines": lines}


if __name__ == "__main__":
    main()
