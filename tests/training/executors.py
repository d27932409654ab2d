"""Executors within this process, and a small search for them to train."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import numpy as np

import goodfit as gf

RECIPE = gf.Recipe(hidden=(8,), epochs=4, learning_rate=0.01)
VARY = {"l2": [0.0, 1e-3, 1e-2]}


class Inline(Executor):
    """Carries a task out as it comes. before: called with its number; may raise what kills its worker."""

    def __init__(self, before: Callable[[int], Any] = lambda number: None) -> None:
        self.before, self.count, self.sizes = before, 0, list[tuple[int, int]]()

    def submit(self, fn: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        self.count += 1
        self.sizes.append((len(arguments[1]), sum(map(len, arguments[2:]))))
        future: Future[Any] = Future()
        try:
            self.before(self.count)
            future.set_result(fn(*arguments, **named))
        except Exception as error:  # noqa: BLE001 - as an executor does
            future.set_exception(error)
        return future


class Pool(Executor):
    """One thread, as a pool of processes is: at the tasks with the numbers `deaths`, all that is pending breaks."""

    count = 1

    def __init__(self, *deaths: int) -> None:
        self.threads, self.deaths, self.number = ThreadPoolExecutor(1), deaths, 0
        self.given, self.rows, self.most = list[Future[Any]](), list[int](), 0

    def submit(self, fn: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.given.append(future)
        self.rows.append(sum(map(len, arguments[2:])))
        self.most = max(self.most, sum(not each.done() for each in self.given))
        self.threads.submit(self.carry_out, future, fn, arguments)
        return future

    def carry_out(self, future: Future[Any], fn: Callable[..., Any], arguments: Any) -> None:
        if future.done():
            return
        self.number += 1
        if self.number not in self.deaths:
            future.set_result(fn(*arguments))
            return
        for each in self.given:
            if not each.done():
                each.set_exception(BrokenProcessPool("A process was terminated abruptly."))


def search(executor: Any, **more: Any) -> Any:
    given = {"vary": VARY, "folds": 3, "leaks": "off", "executor": executor, **more}
    return gf.select(RECIPE, "iris", **given)


def assert_same(one: Any, other: Any) -> None:
    assert one.settings == other.settings
    np.testing.assert_array_equal(one.scores, other.scores)
    np.testing.assert_array_equal(one.losses, other.losses)
