"""Who looks on while a run trains: its progress, its events, and whoever watches."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.training.cohort import Cohort
from goodfit.training.events import EventLog, event_lines
from goodfit.training.examples import Examples
from goodfit.training.fitting import Report, TrainedNets, metric_names
from goodfit.training.observer import Observer
from goodfit.training.reporter import Reporter
from goodfit.training.turns import Turn

Watch = Callable[[Report, Cohort], None]


class Telling(Observer):
    """Tells of a training: its progress, its events, and whoever watches."""

    def __init__(self, reporter: Reporter, examples: Examples, log: EventLog | None, watch: Watch | None) -> None:
        self.reporter, self.examples, self.log, self.watch = reporter, examples, log, watch
        self.nets = reporter.nets
        self.near = watch is not None
        self._began, self._arrived = time.perf_counter(), 0
        self.cohort: Cohort

    def turn_begins(self, turn: Turn, cohort: Cohort, epoch: int) -> None:
        """Count epochs and seconds from where the turn begins."""
        self.cohort = cohort
        self.reporter.begin(epoch)
        self.reporter.later((self.nets - turn.jobs[-1] - 1) / len(turn.jobs))

    def chunk(self, turn: Turn, report: Report) -> None:
        """Tell what a chunk measured, and write it down."""
        values = values_of(report.metrics, self.examples)
        self.reporter.chunk(report.epoch, values, going=bool(report.active.any()), seconds=report.seconds["train"])
        if self.watch is not None and 0 in turn.jobs:  # a watcher follows some nets: those of the first turn
            self.watch(report, self.cohort)
        if self.log is not None:
            first = report.epoch - len(report.metrics)
            self.log.append(event_lines(np.arange(first + 1, report.epoch + 1), values, nets=turn.jobs))

    def window(self, turn: Turn, epoch: int, window: int, windows: int, seconds: float) -> None:
        """Tell how far an epoch is."""
        self.reporter.window(window, windows, seconds=seconds)

    def arrived(self, turn: Turn, kept: TrainedNets) -> None:
        """Tell what a worker's turn measured, and write it down. One more takes as long as one did so far."""
        self._arrived += len(turn.jobs)
        values, epochs = values_of(kept.metrics, self.examples), len(kept.metrics)
        share = len(turn.jobs) / self._arrived
        self.reporter.begin(0)
        self.reporter.later((self.nets - self._arrived) / len(turn.jobs))
        self.reporter.chunk(epochs, values, going=False, seconds=share * (time.perf_counter() - self._began))
        if self.log is not None:
            self.log.append(event_lines(np.arange(1, epochs + 1), values, nets=turn.jobs))
            self.log.flush()

    def saving(self) -> None:
        """A checkpoint must not know more than the log."""
        if self.log is not None:
            self.log.flush()

    def stopping(self) -> None:
        """Say that Ctrl-C was heard."""
        self.reporter.phase("stop")


def values_of(metrics: NDArray[Any], examples: Examples) -> dict[str, NDArray[Any]]:
    """Metric name -> [E, P]."""
    return {name: metrics[:, q] for q, name in enumerate(metric_names(examples.parts))}
