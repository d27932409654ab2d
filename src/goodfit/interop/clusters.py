"""Clusters that other libraries run, as executors: Ray and Dask. goodfit schedules nothing itself."""

from __future__ import annotations

import contextlib
import importlib
import socket
import warnings
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from goodfit.arguments import public
from goodfit.errors import GoodfitError, InputError, problem
from goodfit.training.devices import one_core

SECONDS_TO_ANSWER = 10.0  # that a cluster has to be found
_SCHEMES = {"ray": "ray", "tcp": "dask"}  # of an address -> the extra that it needs


@public
def cluster(address: str) -> Executor:
    """A cluster as an executor, for `executor=` of what trains; use it in a `with` statement, which disconnects.

    Its workers need goodfit of the same version; each should have one core, or one GPU.

    address: "ray://HEAD:10001" of a Ray cluster, or "tcp://SCHEDULER:8786" of Dask's.

    InputError where the address is none, or the library is not installed; GoodfitError where nothing answers there.
    """
    parts = urlsplit(address)
    try:
        place = parts.hostname, parts.port
    except ValueError:  # a port that is no number
        place = None, None
    if parts.scheme not in _SCHEMES or None in place:
        rule = "must be the address of a cluster, ray://HOST:PORT or tcp://HOST:PORT (Dask)"
        raise InputError(problem("cluster", rule, got=address))
    library = _library("ray" if parts.scheme == "ray" else "distributed", _SCHEMES[parts.scheme])
    try:
        socket.create_connection((place[0] or "", place[1] or 0), SECONDS_TO_ANSWER).close()
    except OSError as error:
        fix = "Start the cluster first, or correct the address."
        raise GoodfitError(problem("cluster", f"cannot be reached at {address}: {_said(error)}", fix=fix)) from error
    try:
        if parts.scheme == "ray":
            library.init(address, logging_level="error", log_to_driver=False)
            return RayExecutor(disconnect=True)
        return DaskExecutor(library.Client(address, timeout=SECONDS_TO_ANSWER), disconnect=True)
    except (OSError, RuntimeError, ImportError, ValueError) as error:
        rule = f"answers at {address}, but {parts.scheme}:// cannot connect: {_said(error)}"
        fix = f"See whether it is a cluster of {library.__name__}, of the version that is installed here."
        raise GoodfitError(problem("cluster", rule, fix=fix)) from error


def _said(error: BaseException) -> str:
    """An error in a line."""
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")


class RayExecutor(Executor):
    """The Ray cluster that this process is connected to, by `ray.init`, which starts one on this machine if need be.

    disconnect: whether its end disconnects.
    """

    def __init__(self, *, disconnect: bool = False) -> None:
        self._ray, self._disconnect = _library("ray", "ray"), disconnect
        if not self._ray.is_initialized():
            self._ray.init(logging_level="error", log_to_driver=False)
            self._disconnect = True
        # who asks counts how often a task may die
        self._call = self._ray.remote(max_retries=0)(_on_worker)
        self._running: dict[Future[Any], Any] = {}

    def submit(self, fn: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        """Have a worker call `fn`; references among the arguments arrive as what they stand for."""
        reference = self._call.remote(fn, *arguments, **named)
        future: Future[Any] = reference.future()
        self._running[future] = reference
        future.add_done_callback(lambda done: self._running.pop(done, None))
        return future

    def share(self, name: str, content: bytes) -> Any:
        """A reference to a content, which Ray takes to each machine once."""
        return self._ray.put(np.frombuffer(content, np.uint8))  # which workers of a machine read in place

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leave the cluster. What is still running is stopped, unless it is waited for."""
        for future, reference in list(self._running.items()):
            if wait and not cancel_futures:
                future.exception()
            else:
                with contextlib.suppress(Exception):
                    self._ray.cancel(reference, force=True)
        if self._disconnect:
            self._ray.shutdown()

    def __exit__(self, *error: Any) -> None:
        self.shutdown(cancel_futures=error[0] is not None)


class DaskExecutor(Executor):
    """The workers of a Dask client. disconnect: whether its end closes the client."""

    def __init__(self, client: Any, *, disconnect: bool = False) -> None:
        self._client, self._disconnect = client, disconnect
        self._executor = client.get_executor(pure=False)

    def submit(self, fn: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        """Have a worker call `fn`; Dask's futures among the arguments arrive as what they stand for."""
        future: Future[Any] = self._executor.submit(_on_worker, fn, *arguments, **named)
        return future

    def share(self, name: str, content: bytes) -> Any:
        """A content as a task of Dask's: workers pass it on, and where the last that has it dies, it is done again.

        What `scatter` sends is lost then.
        """
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Sending large graph")  # that is what it is for
            return self._client.submit(bytes, content, key=f"goodfit-{name}")

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leave the cluster. What is still to be done is given up, unless it is waited for."""
        self._executor.shutdown(wait=wait and not cancel_futures)
        if self._disconnect:
            self._client.close()

    def __exit__(self, *error: Any) -> None:
        self.shutdown(cancel_futures=error[0] is not None)


def _on_worker(fn: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """A call in a worker of a cluster, which has a core of its machine."""
    one_core()
    return fn(*arguments, **named)


def _library(name: str, extra: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        fix = f"Install it: pip install 'goodfit[{extra}]'."
        raise InputError(problem("cluster", f"needs {name}, which is not installed", fix=fix)) from error
