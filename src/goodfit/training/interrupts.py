"""Ctrl-C during a training: the first waits until the state can be saved, the second does not wait."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def interrupts_wait(wanted: bool, tell: Callable[[], None]) -> Iterator[threading.Event]:
    """An event that the first Ctrl-C sets; a second one, and all where this is not `wanted`, act as usual.

    tell: called at the first, to say that it was heard. Signals reach the main thread only: in another this does
    nothing, nor does it where the process ignores them.
    """
    asked = threading.Event()
    before = signal.getsignal(signal.SIGINT)
    ignored = before is signal.SIG_IGN  # by whoever started this process: nohup, a shell's background job
    if not wanted or ignored or threading.current_thread() is not threading.main_thread():
        yield asked
        return
    usual: Any = signal.default_int_handler if before is None else before

    def ask(number: int, frame: Any) -> None:
        signal.signal(signal.SIGINT, usual)
        asked.set()
        with contextlib.suppress(RuntimeError):  # a stream in the middle of another line does not take one more
            tell()

    signal.signal(signal.SIGINT, ask)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, usual)
