"""Programs compiled in a thread, before they are needed: who asks for something meanwhile does not wait for them."""

from __future__ import annotations

import contextlib
import contextvars
import threading
from collections.abc import Callable

from goodfit.lab.opening import OpenState
from goodfit.lab.tracks import Track
from goodfit.training.fitting import compile_for
from goodfit.training.state import Program

MOST_AT_ONCE = 2  # programs that are compiled, of which all but the last may be wanted no more: none can be stopped


def compiling(track: Track) -> Callable[[], None]:
    """What compiles the program that trains this track on. The track may go its way."""
    cohort, epoch, state = track.cohort, track.epoch, track.state
    return lambda: compile_for(cohort, (epoch, state), overlaps=True)


class Ahead:
    """What is compiled, and what is being compiled."""

    def __init__(self) -> None:
        self._opened: OpenState | None = None  # of the tracks whose programs these are
        self._compiled: set[Program] = set()
        self._now: Program | None = None
        self._threads: list[threading.Thread] = []

    def has(self, track: Track) -> bool:
        """Whether what trains a track on is compiled, or cannot be: then whoever trains it hears why."""
        return track.ended or (self._opened is track.opened and track.cohort.program in self._compiled)

    def begin(self, track: Track, *, waited_for: bool = False) -> bool:
        """Have a track's program compiled, once no other one is; beside one other where somebody waits for it.

        Whether that begins now.
        """
        program = track.cohort.program
        same = self._opened is track.opened
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        most = MOST_AT_ONCE if waited_for else 1
        if len(self._threads) >= most or (self._threads and same and self._now == program):
            return False
        if not same:
            self._opened, self._compiled = track.opened, set()
        compiled, compile_it = self._compiled, compiling(track)

        def run() -> None:
            with contextlib.suppress(Exception):
                compile_it()
            compiled.add(program)

        context = contextvars.copy_context()  # in which NumPy does not warn of nets that diverge
        self._now = program
        thread = threading.Thread(target=context.run, args=(run,), daemon=True, name="goodfit lab compiles")
        try:
            thread.start()
        except RuntimeError:  # the machine has no room for another thread: whoever trains it compiles it
            compiled.add(program)
            return False
        self._threads.append(thread)
        return True
