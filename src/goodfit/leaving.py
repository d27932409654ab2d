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
