"""Ctrl-C, SIGTERM and SIGHUP during a session: a handler only sets flags, which the session looks at.

No handler raises: an exception in the frame that a signal happens to meet may be swallowed there (in a callback of the
garbage collector, in `__del__`), or tear something in two.
"""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from goodfit.leaving import SIGNALS, last_acts

_now = threading.Event()  # the session in the main thread is to end now, and not after its chunk
_waiting: list[threading.Event] = []  # of the sessions in the main thread, each within the one before it


SECONDS_DEAF = 0.2  # at most between Ctrl-C and its being heard


def wait_for(values: Any) -> None:
    """Wait for the devices in a thread of its own, so that Ctrl-C is heard during a long epoch.

    Asking again and again whether they are done cost 5 % of a large net's time.
    """
    waiting = threading.Thread(target=values.block_until_ready, daemon=True)
    waiting.start()
    while waiting.is_alive():
        waiting.join(SECONDS_DEAF)
        look()


def look() -> None:
    """KeyboardInterrupt where the session in this thread is to end now. Called where nothing is torn by it."""
    if _now.is_set() and _is_main():
        _now.clear()
        raise KeyboardInterrupt


@contextmanager
def interrupts_wait(saves: bool, tell: Callable[[], None]) -> Iterator[threading.Event]:
    """An event that the first signal sets, for the session to end after its chunk.

    saves: whether the session has something to save then. Else signals are left to the session that called it, if one
    did; or else it ends at the first `look`. It does so at the second signal in any case; a handler that the process
    had before, other than Python's own for Ctrl-C, gets the second one.
    The third acts as usual, whatever that was.
    tell: called at the first, to say that it was heard.
    SIGTERM and SIGHUP act as usual after the session has ended. Signals reach the main thread only: in another this
    does nothing, nor does it for a signal that the process ignores.
    """
    asked = threading.Event()
    if not _is_main() or (not saves and _waiting):
        yield asked  # whoever waits already ends what it called, and keeps what that gave
        return
    usual = {number: _usual(number) for number in SIGNALS}
    usual = {number: handler for number, handler in usual.items() if handler is not None}
    heard: list[int] = []

    def hear(number: int, frame: Any) -> None:
        heard.append(number)
        if not asked.is_set():
            asked.set()
            if not saves:
                _now.set()
            with contextlib.suppress(Exception):  # a stream in the middle of another line does not take one more
                tell()
            return
        for each, handler in usual.items():
            signal.signal(each, handler)
        if number == signal.SIGINT and usual[number] is signal.default_int_handler:
            _now.set()
        else:
            signal.raise_signal(number)

    for number in usual:
        signal.signal(number, hear)
    _waiting.append(asked)
    try:
        yield asked
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)
        _waiting.remove(asked)
        _now.clear()
        if heard and heard[0] != signal.SIGINT:
            if usual[heard[0]] is signal.SIG_DFL:  # the process ends here, without its `finally`
                last_acts()
            signal.raise_signal(heard[0])


def _usual(number: int) -> Any:
    """What a signal does without a session; None where it is to be left alone."""
    before = signal.getsignal(number)
    if before is signal.SIG_IGN:  # by whoever started this process: nohup, a shell's background job
        return None
    if before is None:  # by code that is not Python's
        return signal.default_int_handler if number == signal.SIGINT else None
    return before


def _is_main() -> bool:
    return threading.current_thread() is threading.main_thread()
