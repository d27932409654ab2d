"""Training by an executor: the same bits whoever trains, and what is sent and kept."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import goodfit as gf
from goodfit.data import load
from goodfit.data.folds import make_folds
from goodfit.selection import resume
from goodfit.selection.sheets import make_sheets
from goodfit.training import devices, parcels, turns
from goodfit.training import elsewhere as away
from goodfit.training.cohort import cohort_of
from goodfit.training.elsewhere import elsewhere
from goodfit.training.fitting import fit
from goodfit.training.jobs import fit_jobs
from goodfit.training.observer import Observer
from training.executors import RECIPE, Inline, Pool, assert_same, search

pytestmark = pytest.mark.usefixtures("small_tasks", "new_worker")


def test_two_processes_give_the_same_bits_though_one_is_killed(alone: Any) -> None:
    with gf.WorkerPool(2) as workers:
        first = workers.submit(os.getpid)
        for process in multiprocessing.active_children():
            os.kill(process.pid or 0, signal.SIGINT)  # Ctrl-C, which every process of a terminal hears, as they start
        victim = first.result()
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


def test_workers_follow_the_choice_of_device_and_precision(monkeypatch: pytest.MonkeyPatch, alone: Any) -> None:
    monkeypatch.setattr(devices, "_precision", "bf16")

    def forgets(number: int) -> None:
        devices._precision = None

    assert_same(search(Inline(forgets)), alone)  # a CPU computes float32
    assert devices.chosen_precision() == "bf16"


def test_what_began_here_is_finished_here_to_the_same_bits(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(KeyboardInterrupt):
        search(None, out=tmp_path, progress=lambda report: signal.raise_signal(signal.SIGINT))
    asked = Inline()
    assert_same(resume(tmp_path, executor=asked), search(None))
    assert asked.count == 0
    assert "it was begun without workers" in caplog.text
