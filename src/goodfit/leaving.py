"""What is still to be done where a signal ends the process at once: other code has no say any more.

A signal may arrive in any frame: in an import, in a callback of the garbage collector, in C code that asks Python for a
number. An exception raised there may be swallowed, and the work goes on; so a command line ends without one, by these
acts and then `os._exit`.
"""

import contextlib
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""That ask a process to end: Ctrl-C, `kill`, and a terminal that is closed."""
_TERMINAL = tuple(number for number in SIGNALS if number != signal.SIGTERM)  # which all processes there hear
_ACTS: list[Callable[[], object]] = []


@contextmanager
def on_leaving(act: Callable[[], object]) -> Iterator[None]:
    """While this lasts, a signal that ends the process calls `act` before.

    act: takes little time and waits for nothing; a text that it returns is what the user is told. What it raises is
    passed over.
    """
    _ACTS.append(act)
    try:
        yield
    finally:
        _ACTS.remove(act)


def last_acts() -> str:
    """Do all of them, the newest first; the first text that one of them gave, "" if none did."""
    told = ""
    for act in reversed(_ACTS):
        with contextlib.suppress(Exception):
            said = act()
            told = told or (said if isinstance(said, str) else "")
    return told


@contextmanager
def deaf_at_first() -> Iterator[None]:
    """A process that is started within hears nothing of its terminal until it calls `hear_terminal`.

    Ctrl-C would meet it in its imports, of which it would print a traceback, while the one that started it ends it
    anyway. On Windows this does nothing.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _TERMINAL)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def hear_terminal(*, ctrl_c_ends: bool) -> None:
    """As a process that was started deaf: end at once at what came or comes of the terminal, or pass over it.

    What the process was told to ignore, as by nohup, stays so.
    """
    for number in _TERMINAL:
        if not ctrl_c_ends or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL if ctrl_c_ends else signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _TERMINAL)
