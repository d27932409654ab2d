"""Programs compiled in a thread, before they are needed: who asks for something meanwhile does not wait for them."""

from __future__ import annotations

import contextlib
import contextvars
import copy
import threading
from collections.abc import Callable

from goodfit.lab.opening import OpenState
from goodfit.lab.tracks import Track
from goodfit.training.state import Program


def rehearsed(track: Track) -> Callable[[], None]:
    """What trains an epoch that nobody sees, and thereby compiles what trains this track on. It may go its way."""
    own = copy.copy(track)
    own.frames, own._table = [*track.frames], track._table[:0]
    return lambda: own.train(own.epoch + 1)


class Ahead:
    """What is compiled, and what is being compiled."""

    def __init__(self) -> None:
        self._opened: OpenState | None = None  # of the tracks whose programs these are
        self._compiled: set[Program] = set()
        self._now: Program | None = None
        self._thread: threading.Thread | None = None

    def has(self, track: Track) -> bool:
        """Whether what trains a track on is compiled, or cannot be: then whoever trains it hears why."""
        return track.ended or (self._opened is track.opened and track.cohort.program in self._compiled)

    def begin(self, track: Track, *, waited_for: bool = False) -> bool:
        """Have a track's program compiled, once no other one is; beside that where somebody waits for it.

        Whether that begins now.
        """
        program = track.cohort.program
        same = self._opened is track.opened
        if self._thread is not None and self._thread.is_alive() and (not waited_for or (same and self._now == program)):
            return False
        if not same:
            self._opened, self._compiled = track.opened, set()
        compiled, compile_it = self._compiled, rehearsed(track)

        def run() -> None:
            with contextlib.suppress(Exception):
                compile_it()
            compiled.add(program)

        context = contextvars.copy_context()  # in which NumPy does not warn of nets that diverge
        self._now = program
        self._thread = threading.Thread(target=context.run, args=(run,), daemon=True, name="goodfit lab compiles")
        self._thread.start()
        return True
