"""Worker processes on this machine: an executor that starts new ones where one dies, and leaves none behind."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self

import threadpoolctl

from goodfit.arguments import public
from goodfit.errors import InputError, problem
from goodfit.training.devices import one_core


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
        self._ended = False

    def submit(self, fn: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        """Have a worker call `fn`."""
        with self._lock:
            if self._ended:
                raise RuntimeError("these workers have ended")
            if self._pool is not None:
                with contextlib.suppress(BrokenExecutor):
                    return self._pool.submit(fn, *arguments, **named)
            self._pool = self._started()
            return self._pool.submit(fn, *arguments, **named)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes, and leave what they train; with `wait`, after what was submitted is done."""
        pool, self._ended = self._pool, True
        if pool is not None:
            pool.shutdown(wait=wait and not cancel_futures, cancel_futures=cancel_futures)
        self._let_die()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shutdown(cancel_futures=kind is not None)

    def _started(self) -> ProcessPoolExecutor:
        self._let_die()
        context = multiprocessing.get_context("spawn")  # JAX does not live through a fork
        ends, self._life = context.Pipe(duplex=False)
        return ProcessPoolExecutor(self.count, context, _begin, (ends,))

    def _let_die(self) -> None:
        if self._life is not None:
            self._life.close()
            self._life = None


def _begin(ends: Connection) -> None:
    """A worker begins: with one core, deaf to Ctrl-C, which the driver hears, and living no longer than the driver."""
    for number in (getattr(signal, name, None) for name in ("SIGINT", "SIGHUP")):
        if number is not None:
            signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(ends,), daemon=True).start()
    one_core()
    threadpoolctl.threadpool_limits(1)


def _end_with(ends: Connection) -> None:
    """End at once where the driver lets go of the other end, or is gone."""
    with contextlib.suppress(EOFError, OSError):
        ends.recv_bytes()
    os._exit(0)
