"""Who is told of a session, and the clock that tells how far one is."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from goodfit.training.cohort import Cohort
from goodfit.training.fitting import Changes, Report
from goodfit.training.progress import SessionProgress
from goodfit.training.turns import SessionPlan, Turn

Watch = Callable[[SessionProgress], None]
ALMOST = 0.99  # the share that several sessions tell until the last of them is done


class Observer:
    """Is told of everything that happens in a session. Each kind defines what it wants to hear; the rest is silent.

    near: whether it has to see turns train, chunk by chunk, so that workers elsewhere cannot train them.
    """

    near = True

    def turn_begins(self, turn: Turn, cohort: Cohort, epoch: int) -> None:
        """A turn is about to train, from `epoch` on. Not called for turns that a store holds."""

    def chunk(self, turn: Turn, report: Report) -> Changes | None:
        """Some epochs of a turn are done; what is returned changes the state of its nets, as in `fitting.fit`."""
        return None

    def window(self, turn: Turn, epoch: int, window: int, windows: int, seconds: float) -> None:
        """Rows are read in parts: of the epoch behind `epoch`, so many windows are done, after `seconds` of training.

        Not called behind the last window of an epoch, whose chunk is.
        """

    def saving(self) -> None:
        """A checkpoint is about to be written: what it builds on must be on the disk."""

    def stopping(self) -> None:
        """Ctrl-C was heard; the session ends after this chunk."""

    def arrived(self, turn: Turn, kept: Any) -> None:
        """A worker has trained a turn, of which no chunk was seen; kept: what the session keeps of it."""

    def turn_ends(self, turn: Turn) -> None:
        """A turn is done, or was found in the store."""


class Clock(Observer):
    """Tells a watcher how far a session is. Work is counted in predicted seconds, and time by what has passed.

    A turn that begins again in halves, for want of memory, tells nothing until it is further than it was.
    """

    near = False

    def __init__(self, planned: SessionPlan, watch: Watch | None) -> None:
        self.watch, self.began = watch, time.perf_counter()
        self.work, self.nets = planned.training_seconds or 1.0, planned.nets
        self.done, self.nets_done, self.epochs = 0.0, 0, 1
        self._parts: dict[tuple[int, ...], float] = {}  # jobs of a part of the turn -> its seconds, of those that ended
        self._told = 0.0

    def turn_begins(self, turn: Turn, cohort: Cohort, epoch: int) -> None:
        """Note how long the turn is."""
        self.epochs = cohort.epochs

    def chunk(self, turn: Turn, report: Report) -> Changes | None:
        """Tell how far the turn has come."""
        before = sum(seconds for jobs, seconds in self._parts.items() if jobs != turn.jobs)
        self._tell(self.done + before + report.epoch / self.epochs * turn.seconds)
        if report.epoch >= self.epochs or not report.active.any():
            self._parts[turn.jobs] = turn.seconds
        return None

    def turn_ends(self, turn: Turn) -> None:
        """Tell that the turn is done."""
        self.done += turn.seconds
        self.nets_done += len(turn.jobs)
        self._parts.clear()
        self._tell(self.done)

    def _tell(self, done: float) -> None:
        if self.watch is None or done < self._told:
            return
        self._told = done
        share, passed = done / self.work, time.perf_counter() - self.began
        left = passed * (1 - share) / share if share > 0 else None
        self.watch(SessionProgress(self.nets, self.nets_done, share, left))


class Stages:
    """Several sessions one after another told as one. seconds: predicted; nets: of all, None where it is not known yet
    how many there will be.
    """

    def __init__(self, watch: Watch | None, seconds: float, nets: int | None) -> None:
        self._watch, self._seconds, self._all = watch, max(seconds, 1e-9), nets
        self._done, self._nets, self._began = 0.0, 0, time.perf_counter()

    @contextmanager
    def stage(self, nets: int, seconds: float) -> Iterator[Watch | None]:
        """One of them."""
        yield None if self._watch is None else lambda progress: self._tell(progress, seconds)
        self._done += seconds
        self._nets += nets

    def finish(self) -> None:
        """All of them are done."""
        if self._watch is not None:
            self._watch(SessionProgress(self._nets, self._nets, 1.0, 0.0))

    def _tell(self, progress: SessionProgress, seconds: float) -> None:
        share = min((self._done + progress.share * seconds) / self._seconds, ALMOST)
        passed = time.perf_counter() - self._began
        left = passed * (1 - share) / share if share > 0 else None
        if self._watch is not None:
            self._watch(SessionProgress(self._all, self._nets + progress.done, share, left))
