"""The lab: how soon it shows a picture, how often it tells of a training, and what that costs the training."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import goodfit as gf
from benchmarks.bars import Bar, Measurement, seconds
from goodfit.lab.opening import open_state
from goodfit.lab.states import DEFAULT, checked_state
from goodfit.lab.telling import split_frame

HOW = "Nets of 2-16-16-2 on 300 moons, Adam, batches of 16, as the lab opens with; the page is a client of a WebSocket."
FIRST = Bar(
    "from `goodfit lab` to the first picture",
    3.0,
    how="A process of its own, with compiled programs of an earlier start in the cache; the fastest of several starts.",
    unit="s",
)
UPDATES = {
    8: Bar("updates of the curves a second, 8 nets", 20.0, how=HOW, at_least=True, unit="a second"),
    64: Bar("updates of the curves a second, 64 nets", 8.0, how=HOW, at_least=True, unit="a second"),
}
SHARE = Bar(
    "a training of 8 nets with a page that looks on / `goodfit.train` alone",
    1.15,
    how="Seconds an epoch, without compiling; the page gets curves, boundary and thumbnails. The fastest of each.",
)
EPOCHS = 20_000


def measure(quick: bool) -> list[Measurement]:
    """Starts, then trainings with and without a page, in turn."""
    starts, looks, length = (1, 1, 1.0) if quick else (4, 4, 4.0)
    first = [_first_picture() for _ in range(starts + 1)][1:]  # the first one fills the cache
    found = [Measurement(FIRST, min(first), f"{starts} starts, the slowest {max(first):.2f} s")]
    rates: dict[int, list[tuple[float, float]]] = {nets: [] for nets in UPDATES}
    plain = []
    with _page() as page:
        for _ in range(looks):
            for nets in UPDATES:
                rates[nets].append(page.watch(nets, length))
            plain.append(_alone(8, 500 if quick else 4000))
    for nets, bar in UPDATES.items():
        updates = sorted(each[0] for each in rates[nets])[len(rates[nets]) // 2]
        found.append(Measurement(bar, updates, f"{max(each[1] for each in rates[nets]):.0f} epochs a second"))
    watched = 1 / max(each[1] for each in rates[8])
    context = f"{seconds('with', 1000 * watched)}, {seconds('without', 1000 * min(plain))} for 1,000 epochs"
    return [*found, Measurement(SHARE, watched / min(plain), context)]


def _state(nets: int) -> dict[str, Any]:
    return {**DEFAULT, "recipe": {**DEFAULT["recipe"], "epochs": EPOCHS}, "nets": nets}


def _alone(nets: int, epochs: int) -> float:
    """Seconds an epoch of `goodfit.train`."""
    state = checked_state({**_state(nets), "recipe": {**DEFAULT["recipe"], "epochs": epochs}})
    opened = open_state(state, {})
    run = gf.train(opened.recipe, opened.parts, seeds=nets, leaks="off")
    return run.seconds["train"] / epochs


def _first_picture() -> float:
    """Seconds from the start of the command to the first boundary."""
    began = time.perf_counter()
    with _page() as page:
        page.send("open", state=DEFAULT)
        while page.read()["say"] != "boundary":
            pass
        return time.perf_counter() - began


@contextmanager
def _page() -> Iterator[_Page]:
    """A lab in a process of its own, and a page of it."""
    from websockets.sync.client import connect

    command = [sys.executable, "-m", "goodfit", "lab", "--port", "0", "--no-open", "--quiet"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        address = urlsplit(process.stdout.readline().strip())
        origin: Any = f"{address.scheme}://{address.netloc}"
        with connect(f"ws://{address.netloc}/live?{address.query}", origin=origin, max_size=None, proxy=None) as socket:
            page = _Page(socket)
            page.send("hello")
            yield page
    finally:
        process.terminate()
        process.wait()


class _Page:
    """A page that reads all that it is told."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket

    def send(self, do: str, **fields: Any) -> None:
        self.socket.send(json.dumps({"do": do, **fields}))

    def read(self) -> dict[str, Any]:
        message = self.socket.recv(timeout=120)
        header: dict[str, Any] = json.loads(message) if isinstance(message, str) else split_frame(message)[0]
        if header["say"] == "error":
            raise RuntimeError(header["sentences"])
        return header

    def watch(self, nets: int, length: float) -> tuple[float, float]:
        """(updates a second, epochs a second) of a training at full speed."""
        self.send("open", state=_state(nets))
        self.send("play")
        while (told := self.read())["say"] != "opened":  # what comes before is of another training
            pass
        while told["say"] != "curves" or told["first"] < 100:  # compiled, and on its way
            told = self.read()
        began, first, updates, last = time.perf_counter(), told["first"], 0, told["first"]
        while (passed := time.perf_counter() - began) < length and last < EPOCHS:
            told = self.read()
            if told["say"] == "curves":
                updates, last = updates + 1, told["first"] + told["arrays"][0]["shape"][0]
        self.send("pause")
        return updates / passed, (last - first) / passed
