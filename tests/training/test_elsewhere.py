"""Training by an executor: the same bits whoever trains, deaths survived, finished turns kept, and clear errors."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import goodfit as gf
from goodfit.data import load
from goodfit.data.folds import make_folds
from goodfit.selection import resume
from goodfit.selection.sheets import make_sheets
from goodfit.training import devices, parcels, tasks, turns
from goodfit.training import elsewhere as away
from goodfit.training.cohort import cohort_of
from goodfit.training.elsewhere import elsewhere
from goodfit.training.fitting import fit
from goodfit.training.interrupts import interrupts_wait
from goodfit.training.jobs import fit_jobs
from goodfit.training.observer import Observer

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


@pytest.fixture(autouse=True)
def small_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A task for each net of Iris, and its few rows apart from the rest."""
    monkeypatch.setattr(turns, "TASK_SECONDS", 1e-9)
    monkeypatch.setattr(parcels, "LEAST_APART", 256)


@pytest.fixture(autouse=True)
def new_worker() -> Iterator[None]:
    """Nothing that an earlier test's worker was sent."""
    yield
    parcels._kept = parcels._Kept()


def search(executor: Any, **more: Any) -> Any:
    given = {"vary": VARY, "folds": 3, "leaks": "off", "executor": executor, **more}
    return gf.select(RECIPE, "iris", **given)


@pytest.fixture(scope="module")
def alone() -> Any:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(turns, "TASK_SECONDS", 1e-9)
        return search(Inline())


def assert_same(one: Any, other: Any) -> None:
    assert one.settings == other.settings
    np.testing.assert_array_equal(one.scores, other.scores)
    np.testing.assert_array_equal(one.losses, other.losses)


def test_two_processes_give_the_same_bits_though_one_is_killed(alone: Any) -> None:
    with gf.WorkerPool(2) as workers:
        victim = workers.submit(os.getpid).result()
        kill = threading.Timer(0.5, os.kill, (victim, signal.SIGKILL))  # while it loads JAX, or trains
        kill.start()
        assert_same(search(workers), alone)
        kill.join()
        with pytest.raises(ProcessLookupError):
            os.kill(victim, 0)
        children = [process.pid for process in multiprocessing.active_children()]
        assert victim not in children
        assert len(children) == 2
        last = workers.submit(time.sleep, 0.3)
        workers.shutdown(wait=False)
        assert last.result(timeout=30) is None  # what was submitted is done


def test_a_task_is_one_turn_of_a_plan_that_no_number_of_workers_changes(alone: Any) -> None:
    data = load("iris")
    folds = make_folds(data, np.arange(len(data), dtype=np.int32), folds=3)
    (sheet,) = make_sheets(data, folds, [RECIPE, RECIPE.replace(l2=0.1)], [0])
    with turns.planned_for_workers(True):
        planned = turns.plan_session([sheet])
    assert planned.devices == 1
    assert [job for turn in planned.turns for job in turn.jobs] == list(range(6))
    assert "for workers" in str(planned)
    with elsewhere(Inline()):
        found = fit_jobs(sheet.jobs, sheet.examples)
    for turn, got in zip(planned.turns, found.turns, strict=True):
        own = fit(cohort_of([sheet.jobs[job] for job in turn.jobs], sheet.examples, 1))
        np.testing.assert_array_equal(own.metrics, got.metrics)
        for one, other in zip(own.nets, got.nets, strict=True):
            np.testing.assert_array_equal(one.weights[0], other.weights[0])


def test_a_search_here_comes_to_the_same_up_to_rounding(alone: Any) -> None:
    np.testing.assert_allclose(search(None).losses, alone.losses, rtol=1e-4)


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


def test_halving_goes_on_from_states_that_came_from_workers() -> None:
    how: dict[str, Any] = {"vary": {"l2": [0.0, 1e-2, 1e-1]}, "method": "halving"}
    here, there = search(None, **how), search(Inline(), **how)
    assert [stop.setting for stop in here.stopped] == [stop.setting for stop in there.stopped]
    np.testing.assert_allclose(here.losses, there.losses, rtol=1e-4)


def test_rows_are_sent_once_to_a_worker_that_does_not_see_the_folder(
    alone: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Inline()
    assert_same(search(asked), alone)
    assert {rows for _, rows in asked.sizes} == {0}  # found in the folder
    assert max(task for task, _ in asked.sizes) < 2_000
    parcels._kept = parcels._Kept()
    monkeypatch.setattr(parcels, "_mapped", lambda path: None)
    monkeypatch.setattr(away, "FIRST_AHEAD", 1)
    monkeypatch.setattr(away, "BYTES_AHEAD", 1)
    read: list[Path] = []
    read_bytes = parcels.read_bytes
    monkeypatch.setattr(parcels, "read_bytes", lambda path: read.append(path) or read_bytes(path))
    blind = Pool()
    assert_same(search(blind), alone)
    assert blind.rows[0] == 0  # it says that it has none; only then are they sent along
    assert min(blind.rows[1:]) > 1_000
    assert len(blind.rows) == 9 + 1
    assert blind.most == 2 * blind.count  # however many wait
    assert len(read) == len(set(read))  # not for every task
    assert not parcels._kept.contents  # of a thread of this process


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


def test_an_executor_that_shares_is_given_every_content_once(alone: Any) -> None:
    names: list[str] = []

    class Sharing(Inline):
        def share(self, name: str, content: bytes) -> bytes:
            names.append(name)
            return content

    assert_same(search(Sharing()), alone)
    assert len(names) == len(set(names)) > 1


def test_a_run_has_the_history_and_events_of_its_nets(tmp_path: Path) -> None:
    told = []
    run = gf.train(RECIPE, "iris", seeds=3, executor=Inline(), out=tmp_path / "there", progress=told.append)
    with turns.planned_for_workers(True):
        here = gf.train(RECIPE, "iris", seeds=3, out=tmp_path / "here")
    np.testing.assert_array_equal(run.history.values["valid_loss"], here.history.values["valid_loss"])
    events = [(tmp_path / name / "events.jsonl").read_bytes().splitlines() for name in ("there", "here")]
    assert sorted(events[0]) == sorted(events[1])
    assert {report.phase for report in told} >= {"train", "evaluate"}


def test_what_an_observer_has_to_see_is_trained_here(caplog: pytest.LogCaptureFixture) -> None:
    class Near(Observer):
        chunks = 0

        def chunk(self, turn: Any, report: Any) -> None:
            self.chunks += 1

    data = load("iris")
    (sheet,) = make_sheets(data, make_folds(data, np.arange(150, dtype=np.int32), folds=3), [RECIPE], [0])
    asked, near = Inline(), Near()
    with elsewhere(asked):
        found = fit_jobs(sheet.jobs, sheet.examples, observers=[near])
    assert asked.count == 0
    assert len(found.turns) == 1  # one population, as this process trains them best
    assert near.chunks
    assert caplog.text.count("without the workers: every chunk of it is looked at.") == 1


@pytest.mark.filterwarnings("ignore")  # nets that have not converged
def test_populations_of_estimators_are_trained_there() -> None:
    from sklearn.base import clone

    x, y = load("iris").x, load("iris").y
    grid = {"alpha": [1e-4, 1e-1]}
    net = gf.MLPClassifier((4,), max_iter=5, random_state=0)
    asked = Inline()
    here = gf.PopulationSearchCV(net, grid, cv=2).fit(x, y)
    there = clone(gf.PopulationSearchCV(net, grid, cv=2, executor=asked)).fit(x, y)
    assert asked.count >= 2
    np.testing.assert_allclose(here.cv_results_["mean_test_score"], there.cv_results_["mean_test_score"], rtol=1e-5)
    assert pickle.loads(pickle.dumps(there)).executor is None


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


def test_workers_follow_the_choice_of_device_and_precision(monkeypatch: pytest.MonkeyPatch, alone: Any) -> None:
    monkeypatch.setattr(devices, "_precision", "bf16")

    def forgets(number: int) -> None:
        devices._precision = None

    assert_same(search(Inline(forgets)), alone)  # a CPU computes float32
    assert devices.chosen_precision() == "bf16"


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


def test_what_began_here_is_finished_here_to_the_same_bits(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(KeyboardInterrupt):
        search(None, out=tmp_path, progress=lambda report: signal.raise_signal(signal.SIGINT))
    asked = Inline()
    assert_same(resume(tmp_path, executor=asked), search(None))
    assert asked.count == 0
    assert "it was begun without workers" in caplog.text


def test_sigterm_removes_the_rows_before_it_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    raised: list[int] = []
    with elsewhere(Inline()):
        folder = Path(away.current().parcels.folder)  # type: ignore[union-attr]
        with interrupts_wait(True, lambda: None):
            os.kill(os.getpid(), signal.SIGTERM)
            monkeypatch.setattr(signal, "raise_signal", raised.append)
        assert raised == [signal.SIGTERM]
        assert not folder.exists()


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
