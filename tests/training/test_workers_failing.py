"""Workers that die, differ or cannot work, and drivers that are stopped: nothing is lost, and errors are clear."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import goodfit as gf
from goodfit.selection import resume
from goodfit.training import elsewhere as away
from goodfit.training import parcels, tasks, workers
from goodfit.training.elsewhere import elsewhere
from goodfit.training.interrupts import interrupts_wait
from training.executors import Inline, Pool, assert_same, search

pytestmark = pytest.mark.usefixtures("small_tasks", "new_worker")


def test_a_task_whose_worker_died_is_given_to_another(alone: Any) -> None:
    def dies(number: int) -> None:
        if number in (1, 3):
            raise BrokenProcessPool("A process was terminated abruptly.")

    assert_same(search(Inline(dies)), alone)


def test_deaths_that_have_nothing_to_do_with_each_other_end_nothing(alone: Any) -> None:
    pool = Pool(2, 4, 6, 8)
    assert_same(search(pool), alone)
    assert pool.number == 9 + 4  # only the tasks that were running are done again
    assert len(pool.given) > 9 + 4 * 2  # though all that were pending broke


def test_a_task_that_kills_its_workers_lets_all_others_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from goodfit.training import session

    train = session._Shared.train

    def kills(self: Any, task: Any) -> Any:
        if task.turn.jobs == (0,):
            raise OSError("out of memory")
        return train(self, task)

    monkeypatch.setattr(session._Shared, "train", kills)
    monkeypatch.setattr(tasks, "_failed", lambda error: (_ for _ in ()).throw(error))
    with pytest.raises(gf.GoodfitError, match="lost a task 3 times, the last time with OSError: out of memory"):
        search(Inline(), out=tmp_path)
    assert len(list(tmp_path.glob("turn-*"))) == 8


def test_a_task_that_kills_its_workers_is_given_up_with_one_error() -> None:
    def dies(number: int) -> None:
        raise BrokenProcessPool("A process was terminated abruptly.")

    tried = Inline(dies)
    rule = r"executor: lost a task 3 times, the last time with BrokenProcessPool: A process was terminated abruptly\."
    with pytest.raises(gf.GoodfitError, match=rule):
        search(tried)
    assert tried.count <= 9 * away.TRIES  # nets


def test_workers_that_never_begin_are_tried_once_and_the_guard_is_named() -> None:
    def dies(number: int) -> None:
        raise BrokenProcessPool("A process was terminated abruptly.") from ImportError('"""\nTrace\nKeyError: 4\n"""')

    tried = Inline(dies)
    vars(tried)["began"] = False
    rule = r"executor: has workers that end .* abruptly \(KeyError: 4\)\. .* if __name__ == '__main__'"
    with pytest.raises(gf.GoodfitError, match=rule):
        search(tried)
    assert tried.count == 1


@pytest.mark.parametrize(
    ("error", "rule"),
    [
        (
            ModuleNotFoundError("No module named 'mine'"),
            "cannot do its task: ModuleNotFoundError: No module named 'mine'",
        ),
        (pickle.UnpicklingError("invalid load key"), "cannot do its task: UnpicklingError: invalid load key"),
        (CancelledError(), "executor: cancelled a task that it was given"),
    ],
)
def test_what_no_other_worker_could_do_is_not_tried_again(error: Exception, rule: str) -> None:
    def fails(number: int) -> None:
        raise error

    asked = Inline(fails)
    with pytest.raises(gf.GoodfitError, match=rule):
        search(asked)
    assert asked.count == 1


SCRIPT = "import goodfit as gf\nwith gf.WorkerPool(2) as workers: workers.submit(int)\n"


@pytest.mark.parametrize("stdin", [False, True])
def test_a_script_that_workers_cannot_import_is_refused_before_they_start(stdin: bool, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(SCRIPT)
    command = [sys.executable, *([] if stdin else [str(tmp_path / "mine.py")])]
    ended = subprocess.run(command, input=SCRIPT if stdin else None, capture_output=True, text=True, check=False)
    assert ended.stderr.count("Traceback") == 1
    assert ("Write the script to a file" if stdin else "under: if __name__ == '__main__'") in ended.stderr


def test_finished_tasks_are_kept_and_resumed_without_the_executor(tmp_path: Path, alone: Any) -> None:
    def full(number: int) -> None:
        if number > 2:
            raise OSError("no more machines")

    with pytest.raises(gf.GoodfitError, match="lost a task 3 times"):
        search(Inline(full), out=tmp_path)
    kept = sorted(path.name for path in tmp_path.glob("turn-*"))
    assert len(kept) == 2
    assert_same(resume(tmp_path), alone)


def test_contents_of_processes_that_were_killed_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    of = f"{parcels.FOLDER}{socket.gethostname()}"
    names = [f"{of}-{process}-x" for process in (2**30, os.getpid())] + [f"{parcels.FOLDER}another-{2**30}-x"]
    for name in names:
        (tmp_path / name).mkdir()
    made = parcels.Parcels(None)
    assert {path.name for path in tmp_path.iterdir()} == {*names[1:], Path(made.folder).name}
    made.close()
    assert not Path(made.folder).exists()


def test_a_content_that_is_dropped_takes_what_was_made_of_it_along(monkeypatch: pytest.MonkeyPatch) -> None:
    made = parcels.Parcels(None)
    monkeypatch.setattr(parcels, "MOST_KEPT", 0.0)
    for number in range(2):
        names = made.packed({"rows": np.full(1000, number)})
        assert parcels.opened(names, made.folder, ())["rows"][0] == number
    assert len(parcels._kept.things) == 1
    made.close()
    assert not parcels._kept.things


@pytest.mark.parametrize(("given", "got"), [(4, "4"), (Inline, "class")])
def test_what_cannot_submit_is_refused(given: Any, got: str) -> None:
    with pytest.raises(gf.InputError, match=rf"executor: must have a method 'submit' .* got .*{got}.*WorkerPool"):
        search(given)


@pytest.mark.parametrize("count", [0, -1, True])
def test_no_workers_are_refused(count: int) -> None:
    with pytest.raises(gf.InputError, match=r"WorkerPool: 'count' must be an integer >= 1; got"):
        gf.WorkerPool(count)


@pytest.mark.filterwarnings("ignore:os.fork", "ignore:This process")
def test_a_pool_by_fork_is_refused_with_what_to_do(alone: Any) -> None:
    with (
        ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as pool,
        pytest.raises(gf.GoodfitError, match=r"was forked from one in which JAX had started.*'spawn'"),
    ):
        search(pool)


def test_a_broken_pool_says_so() -> None:
    pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))
    pool.shutdown()
    with pytest.raises(gf.GoodfitError, match=r"executor: takes no more tasks: RuntimeError: .* Make a new one"):
        search(pool)


def test_what_a_training_raises_in_a_worker_is_raised_here(monkeypatch: pytest.MonkeyPatch) -> None:
    from goodfit.training import session

    def broken(*given: Any, **how: Any) -> Any:
        raise ZeroDivisionError("of the worker")

    monkeypatch.setattr(session, "fit", broken)
    asked = Inline()
    with pytest.raises(ZeroDivisionError, match="of the worker") as raised:
        search(asked)
    assert asked.count == 1  # no worker died, and nothing is tried again
    assert "In a worker" in raised.value.__notes__[0]


def test_a_worker_with_other_versions_is_told_before_it_unpickles() -> None:
    wanted = {**tasks.versions(), "goodfit": "9.9", "jax": "0.1"}
    answer = pickle.loads(tasks.carry_out(wanted, b"no pickle of this version"))
    with pytest.raises(
        gf.GoodfitError, match=r"Worker: must have goodfit 9\.9, jax 0\.1, as .*; got goodfit 0\..*, jax"
    ):
        raise answer.error


def test_machines_of_one_kind_train_a_session_and_its_folder_says_which(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = ["gpu, tf32"]
    monkeypatch.setattr(tasks, "machine", lambda: SimpleNamespace(mark=mark[0]))

    def other(number: int) -> None:
        mark[0] = "cpu" if number == 3 else "gpu, tf32"

    with pytest.raises(gf.GoodfitError, match=r"Worker: must train on gpu, tf32, .*; one of them trains on cpu"):
        search(Inline(other), out=tmp_path)
    with pytest.raises(gf.InputError, match="was started on gpu, tf32"):
        resume(tmp_path)
    mark[0] = "gpu, tf32"
    search(Inline(), out=tmp_path)
    assert len(list(tmp_path.glob("selection.json"))) == 1


def test_ctrl_c_keeps_what_came_and_leaves_the_rest(tmp_path: Path, alone: Any) -> None:
    def pressed(number: int) -> None:
        if number == 2:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        search(Inline(pressed), out=tmp_path)
    assert 1 <= len(list(tmp_path.glob("turn-*"))) < 3
    assert_same(search(Inline(), out=tmp_path), alone)


def test_sigterm_removes_the_rows_before_it_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    raised: list[int] = []
    with elsewhere(Inline()):
        folder = Path(away.current().parcels.folder)  # type: ignore[union-attr]
        with interrupts_wait(True, lambda: None):
            os.kill(os.getpid(), signal.SIGTERM)
            monkeypatch.setattr(signal, "raise_signal", raised.append)
        assert raised == [signal.SIGTERM]
        assert not folder.exists()


def test_workers_that_are_still_starting_end_without_a_word(capfd: pytest.CaptureFixture[str]) -> None:
    pool = gf.WorkerPool(1)
    pool.submit(time.sleep, 60)
    (process,) = multiprocessing.active_children()
    pool.shutdown(cancel_futures=True)
    process.join(20)
    assert process.exitcode == -signal.SIGKILL
    assert capfd.readouterr().err == ""


def test_a_task_may_be_cancelled_before_its_pool_breaks() -> None:
    """In Python 3.11 the pool's thread ended there with a traceback, and the tasks after it waited for ever."""
    pool: Any = SimpleNamespace(submit=lambda *_: Future())
    cancelled, waits = (workers._submitted(pool, int) for _ in range(2))
    cancelled.cancel()
    for task in (cancelled, waits):
        task.set_exception(BrokenProcessPool("A process was terminated abruptly."))
    assert cancelled.cancelled()
    assert isinstance(waits.exception(), BrokenProcessPool)


def test_what_workers_leave_is_removed_without_a_word() -> None:
    leaves = (
        "import os, multiprocessing; from goodfit.training import workers; workers._start_tracker();"
        "lock = multiprocessing.get_context('spawn').Lock(); os._exit(0)"
    )
    ended = subprocess.run([sys.executable, "-c", leaves], capture_output=True, text=True, check=True)
    assert ended.stderr == ""


def test_several_workers_on_one_gpu_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(away, "machine", lambda: SimpleNamespace(kind="gpu"))
    rule = "WorkerPool: has 2 workers, which would all train on the first gpu"
    with gf.WorkerPool(2) as workers, pytest.raises(gf.GoodfitError, match=rule):
        search(workers)
