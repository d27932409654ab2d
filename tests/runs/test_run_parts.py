"""The small parts that a training is put together from: the lock, Ctrl-C, reports, the clock of checkpoints."""

from __future__ import annotations

import gc
import math
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from goodfit.errors import InputError
from goodfit.training import lock, reporter, store
from goodfit.training.interrupts import interrupts_wait, look
from goodfit.training.progress import Progress


def test_a_folder_is_held_once(tmp_path: Path) -> None:
    with lock.held(tmp_path):
        assert lock.is_held(tmp_path)
        with pytest.raises(InputError, match=r"is in use by another training. Wait for it"):  # noqa: SIM117
            with lock.held(tmp_path):
                pass
    assert not lock.is_held(tmp_path)
    assert list(tmp_path.iterdir()) == []  # so that the folder of a run that did not begin can be removed again


def test_a_folder_that_cannot_be_written_is_held(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    try:
        with lock.held(tmp_path):
            assert lock.is_held(tmp_path)
    finally:
        tmp_path.chmod(0o755)


def test_the_system_lets_go_of_a_killed_process(tmp_path: Path) -> None:
    code = "import sys, time\nfrom goodfit.training.lock import held\nfrom pathlib import Path\n"
    code += "with held(Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        assert lock.is_held(tmp_path)
        process.kill()
    assert not lock.is_held(tmp_path)


def test_where_there_are_no_locks_nothing_is_guarded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object) -> None:
        raise OSError("no locks here")

    monkeypatch.setattr(lock.fcntl, "flock", unknown)
    with lock.held(tmp_path), lock.held(tmp_path):
        assert not lock.is_held(tmp_path)
    monkeypatch.setattr(lock, "fcntl", None)
    with lock.held(tmp_path):
        assert not lock.is_held(tmp_path)
    assert not lock.is_held(tmp_path / "nowhere")


def test_the_first_ctrl_c_is_heard_and_the_second_ends_the_session_where_it_looks() -> None:
    told: list[str] = []
    before = signal.getsignal(signal.SIGINT)
    with interrupts_wait(True, lambda: told.append("heard")) as asked:
        assert not asked.is_set()
        signal.raise_signal(signal.SIGINT)
        assert asked.is_set()
        look()  # the first waits for the end of the chunk
        assert told == ["heard"]
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            look()
        with pytest.raises(KeyboardInterrupt):  # the third acts as it does without goodfit
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
    look()


def test_what_swallows_an_exception_swallows_no_ctrl_c() -> None:
    """Python passes over what a callback of the garbage collector raises, and over all that `__del__` raises."""

    class Heard:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    def collect(phase: str, _: object) -> None:
        if phase == "start":
            signal.raise_signal(signal.SIGINT)

    for arrive in (gc.collect, Heard):
        with interrupts_wait(False, lambda: None) as asked:
            if arrive is gc.collect:
                gc.callbacks.append(collect)
            arrive()
            gc.callbacks[:] = [each for each in gc.callbacks if each is not collect]
            assert asked.is_set()
            with pytest.raises(KeyboardInterrupt):
                look()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_other_signals_act_when_the_session_has_ended(number: signal.Signals) -> None:
    heard: list[int] = []
    before = signal.signal(number, lambda number, _: heard.append(number))
    try:
        with interrupts_wait(True, lambda: None) as asked:
            signal.raise_signal(number)
            assert asked.is_set()
            assert heard == []
        assert heard == [number]
    finally:
        signal.signal(number, before)


def test_a_stream_that_is_busy_does_not_stop_it() -> None:
    def busy() -> None:
        raise RuntimeError("reentrant call inside a stream")

    with interrupts_wait(True, busy) as asked:
        signal.raise_signal(signal.SIGINT)
    assert asked.is_set()


def test_an_ignored_ctrl_c_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interrupts_wait(True, pytest.fail) as asked:
            signal.raise_signal(signal.SIGINT)
        assert not asked.is_set()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_ctrl_c_acts_at_the_next_look_where_nothing_can_be_saved() -> None:
    with interrupts_wait(False, lambda: None):
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            look()


def test_a_handler_of_another_language_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal, "getsignal", lambda _: None)
    with interrupts_wait(True, lambda: None):
        pass
    monkeypatch.undo()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_other_threads_hear_no_signals() -> None:
    seen: list[object] = []
    before = signal.getsignal(signal.SIGINT)

    def work() -> None:
        with interrupts_wait(True, lambda: None) as asked:
            seen.append((asked.is_set(), signal.getsignal(signal.SIGINT)))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(False, before)]


def tables(*losses: list[float]) -> dict[str, np.ndarray]:
    return {"train_loss": np.array(losses, np.float32), "valid_loss": np.array(losses, np.float32) * 2}


def test_rates_are_those_of_the_last_chunk() -> None:
    told: list[Progress] = []
    teller = reporter.Reporter(told.append, rows=100, nets=2, epochs=10, epoch=4)
    teller.phase("compile")
    teller.chunk(5, tables([1.0, 3.0]), going=True, seconds=1.0)
    teller.chunk(7, tables([1.0, 2.0], [1.0, 1.0]), going=True, seconds=2.0)
    teller.chunk(8, tables([math.nan, 1.0]), going=True, seconds=2.5)
    teller.chunk(9, tables([math.nan, math.inf]), going=False, seconds=3.0)
    teller.phase("evaluate")
    assert [each.epoch for each in told] == [4, 5, 7, 8, 9, 9]
    assert [each.phase for each in told] == ["compile", *["train"] * 4, "evaluate"]
    assert [each.rows_per_second for each in told] == [0.0, 0.0, 400.0, 200.0, 200.0, 0.0]
    assert [each.seconds_left for each in told] == [None, None, 1.5, 1.0, 0.0, None]
    assert [each.active for each in told] == [2, 2, 2, 1, 1, 1]
    assert told[1].values == {"train_loss": 2.0, "valid_loss": 4.0}
    assert told[2].recent == {"train_loss": [1.5, 1.0], "valid_loss": [3.0, 2.0]}
    assert told[4].values == {}
    assert math.isnan(told[4].recent["train_loss"][0])


def test_a_long_first_epoch_tells_its_rate() -> None:
    told: list[Progress] = []
    reporter.Reporter(told.append, rows=10, nets=1, epochs=3).chunk(1, tables([1.0]), going=True, seconds=4.0)
    assert (told[0].rows_per_second, told[0].seconds_left) == (2.5, 8.0)


def test_a_chunk_in_which_no_net_came_to_the_end_of_an_epoch() -> None:
    told: list[Progress] = []
    teller = reporter.Reporter(told.append, rows=10, nets=1, epochs=3)
    teller.chunk(1, {"train_loss": np.zeros((0, 1), np.float32)}, going=False, seconds=1.0)
    assert (told[0].values, told[0].recent, told[0].active) == ({}, {"train_loss": []}, 0)


def test_nobody_need_watch() -> None:
    teller = reporter.Reporter(None, rows=10, nets=1, epochs=3)
    teller.phase("data")
    teller.chunk(2, tables([1.0], [1.0]), going=True, seconds=1.0)
    assert teller.epoch == 2


def test_checkpoints_take_a_small_share_of_the_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(store, "time", SimpleNamespace(perf_counter=lambda: clock[0]))

    def slow(*_: object) -> None:
        clock[0] += 0.2

    monkeypatch.setattr(store, "save_checkpoint", slow)
    monkeypatch.setattr(store, "state_arrays", lambda *_: {})
    writer, report = store.Store(tmp_path, "run"), SimpleNamespace(epoch=1, snapshot=lambda: None)
    clock[0] += 1.9
    assert not writer.due
    clock[0] += 0.2
    assert writer.due
    writer.save(0, SimpleNamespace(), report, np.zeros(0), {})  # type: ignore[arg-type]
    clock[0] += 19.9
    assert not writer.due
    clock[0] += 0.2
    assert writer.due  # 0.2 s are 1 % of 20 s
    writer.start_clock()
    assert not writer.due


def test_the_face_of_the_package_names_all_it_has() -> None:
    import goodfit.runs

    assert set(dir(goodfit.runs)) == set(goodfit.runs.__all__)
    assert all(hasattr(goodfit.runs, name) for name in goodfit.runs.__all__)
    with pytest.raises(AttributeError, match=r"module 'goodfit.runs' has no attribute 'tarin'"):
        goodfit.runs.tarin  # noqa: B018


def test_there_may_be_no_checkpoint_yet(tmp_path: Path) -> None:
    cohort: Any = None  # is not asked for anything
    assert store.Store(tmp_path, "run").unfinished(0, cohort) is None
    os.makedirs(tmp_path / "checkpoints")
    assert store.Store(tmp_path, "run").unfinished(0, cohort) is None
