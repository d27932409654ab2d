"""How long a chunk is, and how the host waits for it, on a clock of the test's own."""

from __future__ import annotations

import signal
import threading
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from engine_reference import PLAIN, fit32, make_examples

from goodfit.training import fitting, interrupts
from goodfit.training.interrupts import interrupts_wait
from goodfit.training.population import Job


class Clock:
    """In place of the module `time`; sleeping is all that takes time."""

    def __init__(self) -> None:
        self.now = 0.0
        self.sleeps: list[float] = []

    def perf_counter(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(fitting, "time", clock)
    return clock


def test_a_chunk_has_no_more_epochs_than_it_may() -> None:
    seen: list[int] = []
    found = fit32(
        [Job(PLAIN.replace(epochs=8))], make_examples(), report=lambda each: seen.append(each.epoch), chunk_epochs=3
    )
    assert seen == [1, 4, 7, 8]
    free = fit32([Job(PLAIN.replace(epochs=8))], make_examples())
    assert (found.metrics == free.metrics).all()


def test_a_chunk_is_as_long_as_the_aim_allows(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Epochs of 0.1 s and an aim of 0.55 s: one epoch to measure, then five at a time, then what is left."""
    compiled = fitting.compiled

    def timed(*arguments: Any, **given: Any) -> Any:
        built, fresh = compiled(*arguments, **given)

        def call(settings: Any, rows: Any, chunk: Any, state: Any) -> Any:
            clock.now += 0.1 * int(chunk.count)
            return built.call(settings, rows, chunk, state)

        return replace(built, call=call), fresh

    monkeypatch.setattr(fitting, "compiled", timed)
    monkeypatch.setattr(fitting, "wait_for", lambda values: None)
    ends: list[int] = []
    jobs = [Job(PLAIN.replace(epochs=23))]
    fit32(jobs, make_examples(), chunk_seconds=0.55, report=lambda report: ends.append(report.epoch))
    assert ends == [1, 6, 11, 16, 21, 23]


def test_waiting_ends_with_the_devices_and_hears_ctrl_c() -> None:
    ready = threading.Event()
    waiting = threading.Timer(0.05, ready.set)
    waiting.start()
    interrupts.wait_for(SimpleNamespace(block_until_ready=ready.wait))
    assert ready.is_set()

    stop = threading.Timer(0.05, signal.raise_signal, [signal.SIGINT])
    never = threading.Event()
    stop.start()
    with pytest.raises(KeyboardInterrupt), interrupts_wait(False, lambda: None):
        interrupts.wait_for(SimpleNamespace(block_until_ready=never.wait))
    never.set()
