"""Worker processes on this machine: an executor that starts new ones where one dies, and leaves none behind."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, InvalidStateError, ProcessPoolExecutor
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

import threadpoolctl

from goodfit.arguments import public
from goodfit.errors import InputError, problem
from goodfit.leaving import deaf_at_first, hear_terminal
from goodfit.reading import read_bytes
from goodfit.training.devices import one_core

GUARD = "Put what a script does under: if __name__ == '__main__': (each worker imports the script)."


class WorkerPool(Executor):
    """Processes of one core each, started by `spawn`; for `executor=` of what trains. Use it in a `with` statement.

    It is the standard library's pool, but where a process dies, which breaks that for good, the next task starts
    another; when it ends, what is being trained is left, and its processes end with the one that made them, even if
    that is killed. A script that makes one needs `if __name__ == "__main__":`, as for every process by `spawn`.

    count: processes, one for each core if None. InputError where it is no positive integer.
    """

    @public
    def __init__(self, count: int | None = None) -> None:
        if count is None:
            from goodfit.host import cores

            count = cores()
        if isinstance(count, bool) or not isinstance(count, int) or count < 1:
            raise InputError(problem("WorkerPool", "'count' must be an integer >= 1", got=count))
        self.count = count
        self._lock = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None
        self._life: Connection | None = None
        self._told: Connection | None = None
        self._ended = False

    def submit(self, fn: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        """Have a worker call `fn`.

        fn: what is called
        arguments, named: what it is called with
        """
        with self._lock:
            if self._ended:
                raise RuntimeError("these workers have ended")
            if self._pool is not None:
                with contextlib.suppress(BrokenExecutor):
                    return _submitted(self._pool, fn, *arguments, **named)
            self._pool = self._started()
            return _submitted(self._pool, fn, *arguments, **named)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes after what was submitted is done, which `wait` waits for; at once with `cancel_futures`."""
        with self._lock:
            pool, life, self._pool, self._life, self._ended = self._pool, self._life, None, None, True
        if pool is None or life is None:
            return
        if cancel_futures:
            processes = list((pool._processes or {}).values())
            pool.shutdown(wait=False, cancel_futures=True)
            for process in processes:
                process.kill()  # one that is still starting would tell of what it no longer finds
            life.close()
        elif wait:
            _finish(pool, life)
        else:
            threading.Thread(target=_finish, args=(pool, life)).start()

    @property
    def began(self) -> bool:
        """Whether any process ever came so far as to take tasks."""
        return self._told is not None and self._told.poll()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shutdown(cancel_futures=kind is not None)

    def _started(self) -> ProcessPoolExecutor:
        _check_script()
        if self._life is not None:
            self._life.close()
        _start_tracker()
        context = multiprocessing.get_context("spawn")  # JAX does not live through a fork
        ends, self._life = context.Pipe(duplex=False)
        if not self.began:
            self._told, self._tell = context.Pipe(duplex=False)
        return ProcessPoolExecutor(self.count, context, _begin, (ends, self._tell))


class _Cancellable(Future[Any]):
    """A task that may be cancelled while its pool breaks.

    The thread of the standard library's pool (Python 3.11) tells every task that the pool broke, and ends
    with a traceback at one that is cancelled by then, so that the rest of them wait for ever.
    """

    def set_exception(self, exception: BaseException | None) -> None:
        """As of `Future`, but nothing where it is cancelled."""
        with contextlib.suppress(InvalidStateError):
            super().set_exception(exception)


def _submitted(pool: ProcessPoolExecutor, fn: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
    with deaf_at_first():  # the pool starts a process where a task needs one
        task = pool.submit(fn, *arguments, **named)
    task.__class__ = _Cancellable
    return task


def _finish(pool: ProcessPoolExecutor, life: Connection) -> None:
    """End a pool after its work; its processes live as long as `life`."""
    pool.shutdown()
    life.close()


def _start_tracker() -> None:
    """Start the process of `multiprocessing` that removes what a killed process left, silent: a signal is no fault."""
    before = os.environ.get("PYTHONWARNINGS")
    quiet = "ignore:resource_tracker:UserWarning"
    os.environ["PYTHONWARNINGS"] = quiet if not before else f"{before},{quiet}"
    try:
        if os.name == "posix":
            resource_tracker.ensure_running()
    finally:
        if before is None:
            del os.environ["PYTHONWARNINGS"]
        else:
            os.environ["PYTHONWARNINGS"] = before


def _check_script() -> None:
    """InputError where processes by `spawn` could not import the script that starts them, or would run it again."""
    if getattr(multiprocessing.current_process(), "_inheriting", False):  # this one, as it imports it
        raise InputError(problem("WorkerPool", "was made while a worker imported its script", fix=GUARD))
    main: Any = sys.modules["__main__"]
    script = getattr(main, "__file__", None)
    if script is None or getattr(sys, "frozen", False):  # a notebook, or `python -c`: workers import no script
        return
    try:
        text = read_bytes(Path(script)).decode(errors="replace")
    except OSError:
        fix = "Write the script to a file, and start that."
        raise InputError(problem("WorkerPool", "must be made by a script in a file", got=script, fix=fix)) from None
    frame: FrameType | None = sys._getframe()
    while frame is not None and not (frame.f_globals is vars(main) and frame.f_code.co_name == "<module>"):
        frame = frame.f_back
    if frame is not None and "__name__" not in text and "_process" not in text:
        raise InputError(problem(script, "starts workers, each of which would run it again", fix=GUARD))


def _begin(ends: Connection, tell: Connection) -> None:
    """A worker begins: with one core, deaf to Ctrl-C, which the driver hears, and living no longer than the driver."""
    hear_terminal(ctrl_c_ends=False)
    threading.Thread(target=_end_with, args=(ends,), daemon=True).start()
    with contextlib.suppress(OSError):  # the driver is gone, and so is this process in a moment
        tell.send_bytes(b"begun")  # nobody reads it: a few bytes of each process find room in any pipe
        tell.close()
    one_core()
    threadpoolctl.threadpool_limits(1)


def _end_with(ends: Connection) -> None:
    """End at once where the driver lets go of the other end, or is gone."""
    with contextlib.suppress(EOFError, OSError):
        ends.recv_bytes()
    os._exit(0)
