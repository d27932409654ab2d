"""How a command ends: exit code 0 done, 1 the work failed, 2 bad input; one clear message, never a traceback."""

import contextlib
import errno
import io
import logging
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any, TextIO, TypeVar

from goodfit.errors import GoodfitError, InputError, problem
from goodfit.files import drop_unfinished
from goodfit.leaving import SIGNALS, last_acts
from goodfit.words import visible

DEBUG_VARIABLE = "GOODFIT_DEBUG"
NO_PATHS = {errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTDIR, errno.EISDIR}
_A = TypeVar("_A")
_B = TypeVar("_B")
_DEVICE_FULL = "RESOURCE_EXHAUSTED"  # how XLA begins the message of an allocation that failed


class Interrupted(GoodfitError):
    """The user pressed Ctrl-C."""


def guarded(work: Callable[[], None], *, leave: bool = False) -> int:
    """Run a command; print what went wrong to stderr, and return the exit code.

    leave: the process is the command's own. Then Ctrl-C, SIGTERM and SIGHUP end it at once, in whatever it does, by
    `goodfit.leaving` and without an exception, which could be swallowed; a session that can save takes the first of
    them. Else Ctrl-C raises KeyboardInterrupt, and one ends a command: while it says its last words, others are not
    heard.
    """
    with _leaving() if leave else _one_interrupt():
        return _guarded(work, leave=leave)


@contextlib.contextmanager
def _leaving() -> Iterator[None]:
    """The signals that end a command end it, from now on to the end of the process; those that it ignores stay so."""
    heeded = [each for each in SIGNALS if signal.getsignal(each) is not signal.SIG_IGN]
    for each in heeded:
        signal.signal(each, _leave)
    try:
        yield
    finally:  # the work is done, or the user knows why not: Ctrl-C at exit would only show where it met Python
        for each in heeded:
            signal.signal(each, signal.SIG_IGN if each == signal.SIGINT else signal.SIG_DFL)


def _leave(number: int, frame: Any) -> None:
    """End the process: tell what is to be told, and remove what is unfinished."""
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    told = last_acts() or "Interrupted."
    drop_unfinished()
    with contextlib.suppress(OSError):  # not by sys.stderr, which may be in the middle of a line
        os.write(2, f"{visible(told)}\n".encode(errors="replace"))
    os._exit(Interrupted.exit_code)


def _guarded(work: Callable[[], None], *, leave: bool) -> int:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    warnings.showwarning = _warn
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it tells of its caches, with --quiet too
    try:
        work()
        sys.stdout.flush()
    except BrokenPipeError:
        drop(sys.stdout)  # the reader has gone, as in `goodfit runs | head -1`; that is no failure
        return 0
    except SystemExit as stop:
        if isinstance(stop.__context__, BrokenPipeError):  # rich met the same, and stopped with 1
            return 0
        return stop.code if isinstance(stop.code, int) else 0
    except BaseException as error:  # noqa: BLE001 - nobody is left above to catch it
        _deafen()
        known = explain(error)
        _tell(error, known)
        if leave and isinstance(known, Interrupted):
            os._exit(known.exit_code)
        return known.exit_code
    return 0


@contextlib.contextmanager
def _one_interrupt() -> Iterator[None]:
    """Ctrl-C raises KeyboardInterrupt, unless one is on its way already.

    Signals reach the main thread only: in another this does nothing, nor does it where the process ignores them.
    """
    before = signal.getsignal(signal.SIGINT)
    here = threading.current_thread() is threading.main_thread()
    if not here or before in (signal.SIG_IGN, None):
        yield
        return
    signal.signal(signal.SIGINT, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _interrupt(*_: Any) -> None:
    """Raise KeyboardInterrupt, unless the code that was interrupted handles one: then the command is ending."""
    error = sys.exc_info()[1]
    while error is not None:
        if isinstance(error, KeyboardInterrupt | Interrupted):
            return
        error = error.__context__
    raise KeyboardInterrupt


def _deafen() -> None:
    """Hear no Ctrl-C any more: the command has ended, and only says why."""
    for each in SIGNALS:
        if signal.getsignal(each) in (_interrupt, _leave):
            signal.signal(each, lambda *_: None)


def _tell(error: BaseException, known: GoodfitError) -> None:
    if os.environ.get(DEBUG_VARIABLE):
        import traceback

        traceback.print_exception(error)
    say(str(known))
    if isinstance(error, OSError):
        drop(sys.stdout)


def explain(error: BaseException) -> GoodfitError:
    """Any exception as one whose text a user can act on, and that knows its exit code."""
    if isinstance(error, GoodfitError):
        return error
    if isinstance(error, KeyboardInterrupt):
        return Interrupted("Interrupted.")
    if isinstance(error, MemoryError) or _DEVICE_FULL in str(error):
        fix = "Try a smaller net, fewer seeds or a smaller batch size."
        return GoodfitError(problem("Memory", "there is not enough for this work", fix=fix))
    if isinstance(error, OSError) and error.filename and error.errno in NO_PATHS:
        return InputError(problem(str(error.filename), f"must be a path that can be used: {error.strerror or error}"))
    if isinstance(error, OSError):
        where = str(error.filename) if error.filename else "System"
        return GoodfitError(problem(where, f"the operation failed: {error.strerror or error}"))
    if type(error).__module__.partition(".")[0] == "cyclopts":
        from goodfit.cli.parsing import usage_error

        return usage_error(error)
    return GoodfitError(_bug(error))


def _bug(error: BaseException) -> str:
    said: Any = str(error).strip().splitlines()
    kind = f"{type(error).__name__}: {said[0]}" if said else type(error).__name__
    return f"This is a bug in goodfit: {kind}. Set {DEBUG_VARIABLE}=1 to see where it happened, and please report it."


def say(text: str) -> None:
    """A line on stderr; where nobody reads it any more, the work goes on without."""
    try:
        print(visible(text), file=sys.stderr, flush=True)
    except OSError:
        drop(sys.stderr)


def drop(stream: TextIO) -> None:
    """Send what is left for a stream nowhere, so that Python does not complain about it at exit."""
    with contextlib.suppress(OSError, ValueError):
        descriptor = os.open(os.devnull, os.O_WRONLY)
        os.dup2(descriptor, stream.fileno())
        os.close(descriptor)


def _warn(message: Warning | str, *_: Any, **__: Any) -> None:
    """A warning as one line of text, without the place in the code."""
    say(f"Warning: {message}")


def all_of(first: Callable[[], _A], second: Callable[[], _B]) -> tuple[_A, _B]:
    """The results of both; if what was given to either is wrong, one InputError with the problems of both."""
    problems: list[str] = []
    results: list[Any] = []
    for work in (first, second):
        try:
            results.append(work())
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(*problems)
    return results[0], results[1]
