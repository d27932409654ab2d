"""`python -m benchmarks.clusters [--quick]`: what workers gain, what a task costs, and what is sent.

Two workers against one in a search of 400 fits, alternating, with the same results; then tasks that only wait for a
second, through everything but the training itself, on this machine's processes, Dask and Ray; then tasks of no length,
which tell how many the driver can hand out.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import multiprocessing
import os
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks import machine as host
from goodfit.data import load
from goodfit.interop.clusters import DaskExecutor, RayExecutor
from goodfit.selection import Selection, select
from goodfit.training import Recipe
from goodfit.training.elsewhere import Elsewhere
from goodfit.training.tasks import Task
from goodfit.training.turns import SessionPlan, Turn
from goodfit.training.workers import WorkerPool

VARY = {"learning_rate": np.geomspace(1e-4, 1e-1, 8).tolist(), "l2": np.geomspace(1e-6, 1e-2, 10).tolist()}
ROUNDS = 3


def main() -> int:
    """Print what was measured; 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.clusters", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few epochs and tasks: does it run at all?")
    given = parser.parse_args()
    logging.getLogger("distributed").setLevel(logging.ERROR)
    print(f"{host.description()}, load {os.getloadavg()[0]:.1f} before it began\n")
    _search(2 if given.quick else 20)
    print("\nOverhead of a task that waits for one second, two workers; tasks of no length; bytes")
    for name, started in (("processes", _processes), ("Dask", _dask), ("Ray", _ray)):
        try:
            with started() as executor:
                print(f"{name:<10} {_overhead(executor, 4 if given.quick else 20)}", flush=True)
        except ImportError as error:
            print(f"{name:<10} not measured: {error}")
    return 0


def _search(epochs: int) -> None:
    """Two workers against one."""
    recipe = Recipe(hidden=(64,), epochs=epochs)

    def seconds(workers: WorkerPool) -> tuple[float, list[float], Selection]:
        before = {process: _cpu_seconds(process) for process in of[workers]}
        began = time.perf_counter()
        found = select(recipe, "digits", vary=VARY, folds=5, leaks="off", executor=workers)
        passed = time.perf_counter() - began
        return passed, [_cpu_seconds(process) - spent for process, spent in before.items()], found

    of: dict[WorkerPool, list[int]] = {}
    with WorkerPool(1) as one, WorkerPool(2) as two:
        for workers in (one, two):  # start, load and compile
            known = multiprocessing.active_children()
            select(recipe, "digits", vary=VARY, folds=5, leaks="off", executor=workers)
            of[workers] = [each.pid or 0 for each in multiprocessing.active_children() if each not in known]
        rounds = [(seconds(one), seconds(two)) for _ in range(ROUNDS)]
    print(f"400 fits of digits, 64-64-10, {epochs} epochs, one core a worker, started and compiled before")
    for (alone, cpu_alone, first), (both, cpu_both, second) in rounds:
        same = np.array_equal(first.scores, second.scores) and np.array_equal(first.losses, second.losses)
        bits = "the same bits" if same else "OTHER RESULTS"
        print(
            f"  one {alone:6.2f} s, two {both:6.2f} s: {alone / both:.2f} times, {bits}; seconds of a core: one "
            f"{cpu_alone[0]:.2f}, two {' and '.join(f'{each:.2f}' for each in cpu_both)}: "
            f"{cpu_alone[0] / max(cpu_both):.2f}"
        )
    ratios = sorted(alone / both for (alone, *_), (both, *_) in rounds)
    print(f"  median {ratios[len(ratios) // 2]:.2f} times; load {os.getloadavg()[0]:.1f}", flush=True)


def _cpu_seconds(process: int) -> float:
    """Of a core, that a process has used; what others on this machine do plays little part in it."""
    with open(f"/proc/{process}/stat") as file:
        user, system = file.read().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class _Waiting:
    """What tasks have in common that wait and train nothing. rows: that travel with them."""

    seconds: float
    rows: Any

    def train(self, task: Task) -> tuple[int, None]:
        """Wait."""
        time.sleep(self.seconds)
        return len(self.rows), None


@dataclass
class _Counting:
    """A session whose turns are waited for."""

    planned: SessionPlan
    found: list[int] = field(default_factory=list)

    def has(self, number: int) -> bool:
        return False

    def task(self, number: int, spent: Any) -> Task:
        return Task(self.planned.turns[number], None, False, spent)

    def arrived(self, number: int, kept: Any, states: Any, mark: str) -> None:
        self.found.append(number)


def _overhead(executor: Any, tasks: int) -> str:
    """What tasks of a second, and of no length, take through an executor of two workers."""
    away, sent, rows = Elsewhere(executor), list[int](), load("fashion-mnist" if _has_fashion() else "digits").x
    submit = executor.submit

    def counting(fn: Any, *arguments: Any) -> Any:
        sent.append(len(arguments[0]))
        return submit(fn, *arguments)

    executor.submit = counting
    try:
        _timed(away, _Waiting(0.0, rows), 8)  # start the workers, and send the rows
        whole = _timed(away, _Waiting(1.0, rows), tasks)
        many = 50 * tasks
        nothing = _timed(away, _Waiting(0.0, rows), many)
    finally:
        away.parcels.close()
    share = whole / (tasks / 2) - 1
    return (
        f"{share:6.1%} of a second; {1e3 * nothing / many:6.2f} ms a task of no length; {max(sent)} bytes a task, "
        f"{rows.nbytes / 2**20:.1f} MiB of rows once"
    )


def _timed(away: Elsewhere, shared: _Waiting, tasks: int) -> float:
    turns = tuple(Turn(0, tuple(range(number, number + 100)), 1.0) for number in range(tasks))
    counting = _Counting(SessionPlan(turns, (), 0, 1))
    began = time.perf_counter()
    away.train(shared, counting, {}, lambda: False)
    assert len(counting.found) == tasks
    return time.perf_counter() - began


def _has_fashion() -> bool:
    with contextlib.suppress(Exception):
        load("fashion-mnist")
        return True
    return False


@contextmanager
def _processes() -> Iterator[Any]:
    with WorkerPool(2) as executor:
        yield executor


@contextmanager
def _dask() -> Iterator[Any]:
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
        DaskExecutor(client) as executor,
    ):
        yield executor


@contextmanager
def _ray() -> Iterator[Any]:
    import ray

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # JAX's own on os.fork: Ray starts other programs
        ray.init(num_cpus=2, logging_level=logging.ERROR, log_to_driver=False, include_dashboard=False)
    with RayExecutor(disconnect=True) as executor:
        yield executor


if __name__ == "__main__":
    from benchmarks import clusters  # by its name: workers import what they are sent

    raise SystemExit(clusters.main())
