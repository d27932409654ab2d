"""--workers and --cluster, the flags of the commands whose nets may be trained by other processes or machines."""

from __future__ import annotations

import functools
from collections.abc import Callable
from concurrent.futures import Executor
from contextvars import ContextVar
from typing import Annotated, Any

from cyclopts import Group, Parameter

from goodfit.cli.device_flags import with_options
from goodfit.errors import InputError, problem

_GROUP = Group("Machine", sort_key=90)
Workers = Annotated[
    int | None,
    Parameter(help="Train in so many worker processes of this machine, one core each. [default: none]", group=_GROUP),
]
Cluster = Annotated[
    str | None,
    Parameter(
        help="Train on a cluster: ray://HOST:PORT or tcp://HOST:PORT (Dask). [default: none]",
        group=_GROUP,
        metavar="ADDRESS",
    ),
]
_given: ContextVar[tuple[str, ...]] = ContextVar("goodfit_worker_flags", default=())


def worker_flags() -> tuple[str, ...]:
    """--workers or --cluster as this command was given them, for the one that resumes it."""
    return _given.get()


def with_worker_flags(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command --workers and --cluster; while it runs, populations are trained there."""

    @functools.wraps(command)
    def chosen(*arguments: Any, workers: int | None = None, cluster: str | None = None, **options: Any) -> None:
        if workers is None and cluster is None:
            command(*arguments, **options)
            return
        from goodfit.training.elsewhere import elsewhere

        given = ("--workers", str(workers)) if cluster is None else ("--cluster", cluster)
        with _executor(workers, cluster) as executor, elsewhere(executor):
            token = _given.set(given)
            try:
                command(*arguments, **options)
            finally:
                _given.reset(token)

    return with_options(chosen, command, workers=Workers, cluster=Cluster)


def _executor(workers: int | None, address: str | None) -> Executor:
    if workers is not None and address is not None:
        raise InputError(problem("command", "takes one of --workers and --cluster", fix="Leave one of them out."))
    if address is not None:
        from goodfit.interop.clusters import cluster

        return cluster(address)
    from goodfit.training.workers import WorkerPool

    return WorkerPool(workers)
