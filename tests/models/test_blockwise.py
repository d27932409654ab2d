"""Blocks of rows on all cores: the same numbers as on one, and no more threads than there are cores for."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import numpy as np
import pytest
from model_help import net
from threadpoolctl import threadpool_info, threadpool_limits

from goodfit.models import blockwise, trained_net
from goodfit.models.averaging import mean_values
from goodfit.models.blockwise import blocks, on_all_cores
from goodfit.models.stacked import stacked_outputs

ITEMS = list(blocks(40, 1, 4))


def product_threads() -> set[int]:
    """How many threads NumPy's products may use."""
    return {each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"}


def test_many_cores_give_the_bits_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    x, one = np.random.default_rng(1).normal(size=(500, 20)), net((20, 30, 2), ("gelu",))
    monkeypatch.setattr(trained_net, "CACHED_NUMBERS", 1000)
    with threadpool_limits(4, "blas"):
        monkeypatch.setattr(blockwise, "cores", lambda: 1)
        alone = mean_values([one], x)
        monkeypatch.setattr(blockwise, "cores", lambda: 4)
        for _ in range(5):
            np.testing.assert_array_equal(mean_values([one], x), alone)
        # what overflows is no warning in a thread, either
        huge = net((20, 30, 2), ("relu",), task="regression", classes=())
        assert not np.isfinite(huge.predict(x * 1e307, np.float64)).all()


@pytest.mark.parametrize(("cores", "allowed", "most"), [(1, 4, 1), (4, 1, 1), (3, 4, 3), (4, 2, 2)])
def test_threads_are_no_more_than_cores_and_than_products_may_use(
    cores: int, allowed: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that is pinned to one core, or told to use one thread, makes no thread."""
    monkeypatch.setattr(blockwise, "cores", lambda: cores)
    seen, inside = list[str](), set[int]()

    def work(_: Any) -> None:
        seen.append(threading.current_thread().name)
        inside.update(product_threads())

    with threadpool_limits(allowed, "blas"):
        on_all_cores(work, ITEMS)
        assert product_threads() == {allowed}
        assert len(seen) == len(ITEMS)
        assert len(set(seen)) <= most
        assert (threading.current_thread().name in seen) == (most == 1)
        assert inside == {1} if most > 1 else inside == {allowed}


def test_whoever_comes_second_takes_one_core_and_products_get_their_threads_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(blockwise, "cores", lambda: 4)
    nested = list[bool]()

    def inner(_: Any) -> None:
        nested.append(threading.current_thread() is outer[threading.get_ident()])

    outer: dict[int, threading.Thread] = {}

    def work(_: Any) -> None:
        outer[threading.get_ident()] = threading.current_thread()
        on_all_cores(inner, ITEMS)

    with threadpool_limits(2, "blas"):
        on_all_cores(work, ITEMS)
        assert len(nested) == len(ITEMS) ** 2
        assert all(nested)
        with pytest.raises(ZeroDivisionError, match="division"):
            on_all_cores(lambda block: 1 // block.start, ITEMS)  # type: ignore[arg-type,return-value]
        assert product_threads() == {2}
        assert not blockwise._turns.taken.locked()


def test_products_of_float32_wait_for_blocks_on_all_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their last bits would be others with one thread."""
    monkeypatch.setattr(blockwise, "cores", lambda: 4)
    x, nets = np.ones((9, 20)), [net((20, 30, 2), ("gelu",))] * 2
    inside, over, seen = threading.Event(), threading.Event(), list[set[int]]()
    entered = trained_net.TrainedNet.entered

    def watched(self: Any, *given: Any) -> np.ndarray:
        seen.append(product_threads())
        return entered(self, *given)

    monkeypatch.setattr(trained_net.TrainedNet, "entered", watched)

    def work(_: Any) -> None:
        inside.set()
        over.wait(10)

    with threadpool_limits(2, "blas"), ThreadPoolExecutor(3) as pool:
        spread = pool.submit(on_all_cores, work, ITEMS)
        assert inside.wait(10)
        waiting = [pool.submit(nets[0].outputs, x), pool.submit(lambda: list(stacked_outputs(nets, x)))]
        assert not wait(waiting, 0.1).done
        assert not seen
        over.set()
        spread.result()
        assert len(wait(waiting, 10).done) == 2
        assert len(seen) == 2
        assert all(2 in threads for threads in seen)
        assert not blockwise._turns.taken.locked()


ENDING = """
import atexit, os, threading
import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits
from goodfit.models import blockwise
from goodfit.runs import predicting

items = list(blockwise.blocks(8, 1, 2))
blockwise.cores = predicting.cores = lambda: 2
threadpool_limits(2, "blas")
threads = lambda: {each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"}
inside, over = threading.Event(), threading.Event()
other = threading.Thread(target=blockwise.on_all_cores, args=(lambda _: (inside.set(), over.wait(10)), items))
other.start()
inside.wait(10)
child = os.fork()
if not child:
    names = []
    blockwise.on_all_cores(lambda _: names.append(threading.current_thread().name), items)
    os._exit(not (threads() == {2} and len(names) == 4 and all(name.startswith("goodfit") for name in names)))
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
over.set()
other.join()

@atexit.register
def last():
    done = []
    blockwise.on_all_cores(done.append, items)
    print(done == items, list(predicting._one_ahead(iter("abc"))), list(predicting._one_ahead(iter(""))))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks")
def test_after_a_fork_and_while_python_ends() -> None:
    """A child has its cores although a thread that it lacks had them; with no thread to be had, items go one by one."""
    ended = subprocess.run([sys.executable, "-c", ENDING], capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout) == (0, "True ['a', 'b', 'c'] []\n"), ended.stderr


FORKED = """
import multiprocessing, os, threading, time
from threadpoolctl import threadpool_info, threadpool_limits
from goodfit.models import blockwise

items = list(blockwise.blocks(8, 1, 2))
blockwise.cores = lambda: 2
threadpool_limits(2, "blas")
threads = lambda: {each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"}
ended, seen = [], []

def child():
    names = []
    blockwise.on_all_cores(lambda _: names.append(threading.current_thread().name), items)
    assert threads() == {2} and len(names) == 4 and not blockwise._turns.taken.locked()

def exit_of(pid):
    late = time.monotonic() + 20
    while time.monotonic() < late:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(pid, 9)
    return "hangs"

def work(item):
    seen.append(item)
    if item != items[0]:
        return
    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    ended.append(exit_of(process.pid))
    for raises in (False, True):  # and a child that goes on as its parent does
        if not (pid := os.fork()):
            child()
            assert not raises
            return
        ended.append(exit_of(pid))

blockwise.on_all_cores(work, items)
print(ended, len(seen), threads())
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks")
def test_a_process_forked_by_a_block_has_its_cores_and_ends() -> None:
    """Its items are its parent's, so that it ends with the work that forked it, by itself or as a `Process`."""
    ended = subprocess.run([sys.executable, "-c", FORKED], capture_output=True, text=True, timeout=100, check=False)
    assert (ended.returncode, ended.stdout) == (0, "[0, 0, 1] 4 {2}\n"), ended.stderr


def test_blocks_take_the_threads_that_can_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system may have one left, or none: then the caller does the work, and products keep their threads."""
    monkeypatch.setattr(blockwise, "cores", lambda: 4)
    begin, allowed = threading.Thread.start, list[bool]()

    def start(thread: threading.Thread) -> None:
        if not allowed or not allowed.pop():
            raise RuntimeError("can't start new thread")
        begin(thread)

    monkeypatch.setattr(threading.Thread, "start", start)
    done, inside = list[Any](), list[set[int]]()

    def work(block: slice) -> None:
        done.append(block)
        inside.append(product_threads())

    with threadpool_limits(3, "blas"):
        for threads, limit in ((1, 1), (0, 3)):
            allowed[:] = [False] + [True] * threads
            done.clear(), inside.clear()
            on_all_cores(work, ITEMS)
            assert done == ITEMS
            assert inside == [{limit}] * len(ITEMS)
            assert product_threads() == {3}
