"""The one thing that trains: it takes the turns of a plan, here in order or on workers, and keeps what they give.

Whatever is trained, a run, a search, a curve, a verdict, a study or the fits of an estimator, lays out which jobs there
are, calls `run`, and folds what the turns gave. Memory, checkpoints, Ctrl-C and progress are dealt with here alone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import jax
import numpy as np
from numpy.typing import NDArray

from goodfit.training import elsewhere
from goodfit.training.cohort import Cohort, cohort_of
from goodfit.training.devices import prepare
from goodfit.training.fitting import CHUNK_SECONDS, Changes, Fitted, Report, fit
from goodfit.training.interrupts import interrupts_wait, look
from goodfit.training.joining import halves_of, joined, no_room, out_of_memory
from goodfit.training.moving import NetState, lay_states, take_states
from goodfit.training.observer import Observer
from goodfit.training.population import Job
from goodfit.training.state import State
from goodfit.training.store import Arrays, Store
from goodfit.training.tasks import Task
from goodfit.training.tensor_file import Content, damaged
from goodfit.training.turns import SessionPlan, Turn, Work, plan_session

Kept = TypeVar("Kept")
_log = logging.getLogger("goodfit")
Build = Callable[[Any, Sequence[Job], int], Cohort]
"""(work, jobs of one turn, devices) -> what the engine trains."""


class Packing(Protocol[Kept]):
    """How what was kept of a turn is written down."""

    def pack(self, kept: Kept) -> tuple[Arrays, Mapping[str, Any]]:
        """It as arrays and JSON."""

    def unpack(self, turn: Turn, arrays: Arrays, metadata: Mapping[str, Any]) -> Kept:
        """The other way round."""


class Relay(Protocol):
    """Brings nets to a turn in the middle of their training, and takes them away at its end."""

    def start(self, turn: Turn, cohort: Cohort) -> tuple[int, State] | None:
        """(epochs done, state) that a turn goes on from; None where it begins."""

    def ended(self, turn: Turn, cohort: Cohort, state: State) -> None:
        """A turn has come to its end; called before its results count as kept."""


class MovingRelay(Relay, Protocol):
    """A relay of nets that workers can train: it tells of a turn's nets in a form that travels."""

    keeps: bool
    """Whether it takes away what nets end with."""

    def given(self, turn: Turn) -> tuple[int, Sequence[NetState]] | None:
        """(epochs done, a state a net) that a turn goes on from; None where it begins."""

    def taken(self, turn: Turn, states: Sequence[NetState]) -> None:
        """What the nets of a turn ended with."""


def plain_cohort(work: Work, jobs: Sequence[Job], devices: int) -> Cohort:
    """A turn's nets as the engine trains them, in float32."""
    return cohort_of(jobs, work.examples, devices)


@dataclass(frozen=True)
class Pace:
    """How often the host sees a training, and how far it goes. The results do not depend on it.

    score_every: epochs from one scoring of the parts to the next.
    chunk_seconds: what a chunk of epochs should last; 0 for an epoch each.
    chunk_epochs: its most epochs; None for no limit.
    until: the epoch after which it stops, to go on later (see `Relay`); None for the end of the training.
    overlaps: whether a chunk trains while observers look at the one before it, of which the device then holds both
    states: for short chunks that are looked at closely.
    """

    score_every: int = 1
    chunk_seconds: float = CHUNK_SECONDS
    chunk_epochs: int | None = None
    until: int | None = None
    overlaps: bool = False


def run(
    works: Sequence[Work],
    keep: Callable[[Turn, Cohort, Fitted], Kept],
    *,
    planned: SessionPlan | None = None,
    kept_in: tuple[Store, Packing[Kept]] | None = None,
    observers: Iterable[Observer] = (),
    relay: Relay | None = None,
    build: Build = plain_cohort,
    pace: Pace = Pace(),
    spent: Mapping[str, float] | None = None,
) -> list[Kept]:
    """Train every turn that the store does not hold yet; what each gave, in order.

    keep: what is kept of a turn that was trained; the rest of it is let go.
    planned: `plan_session(works)` if None.
    kept_in: where finished turns and checkpoints go, and how they are written. With one, the first Ctrl-C waits for the
    end of the chunk, saves and then interrupts, and so do SIGTERM and SIGHUP; without one nothing is kept, and they act
    at once. GoodfitError where its folder disappears. Several sessions of one search without a folder keep theirs in
    one that is gone afterwards.
    build: makes a turn's cohort, where it is not the plain one.
    spent: seconds that were spent before, by name; they count as those of the first turn.

    While an executor is given (see `elsewhere`), turns are trained by its workers, unless an observer has to see them
    train. `keep`, `build` and what it keeps must then be such that pickle takes them. Those in the work of workers when
    a session ends are lost; finished ones are kept as here.
    """
    planned = planned or plan_session(works)
    watching = tuple(observers)

    moving: Any = relay if hasattr(relay, "given") else None
    away = _away(planned, watching, plain=relay is moving)

    def heard() -> None:
        for observer in watching if away is None else ():  # with workers nothing is waited for
            observer.stopping()

    with interrupts_wait(kept_in is not None, heard) as asked:
        keeping = _Keeping[Kept](planned, kept_in, watching, moving, away)
        if away is not None:
            away.train(_Shared(works, keep, build, pace), keeping, spent or {}, asked.is_set)
        else:
            trainer = _Trainer(works, build, watching, asked.is_set, relay, pace, planned.devices or prepare())
            for number, turn in enumerate(planned.turns):
                if not keeping.has(number):
                    before = {} if spent is None or number else spent
                    keeping.finish(number, keep(turn, *trainer.train(number, turn, keeping.store, before)))
                if asked.is_set():
                    break
    if asked.is_set():  # between two turns, or behind the last: what follows a session must not swallow it
        raise KeyboardInterrupt
    if keeping.store is not None:
        keeping.store.forget_state()  # of the last turn, where a kill came between its file and this
    return [keeping.found[number] for number in range(len(planned.turns))]


def _away(planned: SessionPlan, observers: Sequence[Observer], *, plain: bool) -> elsewhere.Elsewhere | None:
    """Where the turns are trained; None for here. plain: whether nets that go on, if there are any, can travel."""
    away = elsewhere.current()
    if away is None:
        return None
    if not plain or any(observer.near for observer in observers):
        away.stays("every chunk of it is looked at")
    elif planned.devices is None:  # other bits would come of it, and checkpoints be of no use
        away.stays("it was begun without workers, and so it is finished, to the same bits")
    else:
        return away
    return None


@dataclass
class _Keeping(Generic[Kept]):
    """What the turns gave so far. found: by the number of the turn; away: where they are trained, None for here."""

    planned: SessionPlan
    kept_in: tuple[Store, Packing[Kept]] | None
    observers: Sequence[Observer]
    relay: MovingRelay | None
    away: elsewhere.Elsewhere | None
    found: dict[int, Kept] = field(default_factory=dict)

    @property
    def store(self) -> Store | None:
        """Where finished turns and checkpoints go."""
        return None if self.kept_in is None else self.kept_in[0]

    def has(self, number: int) -> bool:
        """Whether the store holds a turn; what it gave is then read, and the observers are told."""
        turn = self.planned.turns[number]
        compare = None if self.away is None else self.away.compare
        content = None if self.kept_in is None else self.kept_in[0].finished(number, turn, compare)
        if self.kept_in is None or content is None:
            return False
        store, packing = self.kept_in
        self.found[number] = _unpacked(packing, turn, content, store.path(number), store.kind)
        self._ended(turn)
        return True

    def finish(self, number: int, kept: Kept, mark: str | None = None) -> None:
        """Keep what a turn gave, and tell the observers. mark: of the machine that trained it; None for this one."""
        turn = self.planned.turns[number]
        if self.kept_in is not None:
            store, packing = self.kept_in
            store.finish(number, turn, *packing.pack(kept), mark=mark)
        self.found[number] = kept
        self._ended(turn)

    def task(self, number: int, spent: Mapping[str, float]) -> Task:
        """A turn as workers train it. spent: seconds that count as those of the first."""
        turn, relay = self.planned.turns[number], self.relay
        start = None if relay is None else relay.given(turn)
        return Task(turn, start, relay is not None and relay.keeps, {} if number else spent)

    def arrived(self, number: int, kept: Kept, states: Sequence[NetState] | None, mark: str) -> None:
        """Keep what a worker's turn gave.

        states: that its nets ended with, where they are to be taken away; mark: of the machine that trained it.
        """
        turn = self.planned.turns[number]
        if self.relay is not None and states is not None:
            self.relay.taken(turn, states)
        for observer in self.observers:
            observer.arrived(turn, kept)
        self.finish(number, kept, mark)

    def _ended(self, turn: Turn) -> None:
        for observer in self.observers:
            observer.turn_ends(turn)


def _unpacked(packing: Packing[Kept], turn: Turn, content: Content, path: Path, kind: str) -> Kept:
    """What a turn's file holds; InputError where its arrays are others than the session writes."""
    try:
        return packing.unpack(turn, content.arrays, content.metadata)
    except ValueError as error:
        raise damaged(path, kind) from error


@dataclass(frozen=True)
class _Trainer:
    """Trains turns, one after another. The rest is what all turns of a session have in common.

    devices: that the nets of a turn are spread over.
    """

    works: Sequence[Work]
    build: Build
    observers: Sequence[Observer]
    asked: Callable[[], bool]
    relay: Relay | None
    pace: Pace
    devices: int

    def train(self, number: int, turn: Turn, store: Store | None, spent: Mapping[str, float]) -> tuple[Cohort, Fitted]:
        """Train a turn to its end: in halves where the device has no room for all of its nets.

        Halves keep no checkpoints: a session that is interrupted begins their turn again.
        """
        work = self.works[turn.work]
        cohort = self.build(work, [work.jobs[job] for job in turn.jobs], self.devices)
        try:
            return cohort, _Training(number, turn, cohort, store, self.observers, self.asked, spent).fit(
                self.relay, self.pace
            )
        except (jax.errors.JaxRuntimeError, MemoryError) as error:
            if not out_of_memory(error) or self.relay is not None:
                raise
            if len(turn.jobs) == 1:
                raise no_room(cohort) from error
        halves = halves_of(turn)
        _log.warning("Out of memory with %d nets: training %d at a time.", len(turn.jobs), len(halves[0].jobs))
        trained = [self.train(number, half, None, spent if half is halves[0] else {}) for half in halves]
        return cohort, joined(trained)


class _Training:
    """One turn on its way. pieces: its metrics, chunk by chunk; spent: seconds before this session."""

    def __init__(
        self,
        number: int,
        turn: Turn,
        cohort: Cohort,
        store: Store | None,
        observers: Sequence[Observer],
        asked: Callable[[], bool],
        spent: Mapping[str, float],
    ) -> None:
        self.number, self.turn, self.cohort, self.store = number, turn, cohort, store
        self.observers, self.asked = observers, asked
        self.pieces: list[NDArray[Any]] = []
        self.spent = spent

    def fit(self, relay: Relay | None, pace: Pace) -> Fitted:
        """Train it to its end, from where it was."""
        unfinished = None if self.store is None else self.store.unfinished(self.number, self.cohort)
        if unfinished is not None:
            start: tuple[int, State] | None = (unfinished.epoch, unfinished.state)
            self.pieces, self.spent = [unfinished.metrics], self._seconds(unfinished.seconds)
        else:
            start = None if relay is None else relay.start(self.turn, self.cohort)
        self.first = 0 if start is None else start[0]
        for observer in self.observers:
            observer.turn_begins(self.turn, self.cohort, self.first)
        fitted = fit(
            self.cohort,
            start=start,
            report=self._after_chunk,
            score_every=pace.score_every,
            chunk_seconds=pace.chunk_seconds,
            chunk_epochs=pace.chunk_epochs,
            until=pace.until,
            overlaps=pace.overlaps,
            window_done=self._after_window,
        )
        if unfinished is not None:
            fitted = replace(fitted, metrics=np.concatenate([unfinished.metrics, fitted.metrics]))
        fitted = replace(fitted, seconds=self._seconds(fitted.seconds))
        if relay is not None:
            relay.ended(self.turn, self.cohort, fitted.state)
        return fitted

    def _after_chunk(self, report: Report) -> Changes | None:
        changes: dict[str, NDArray[Any]] = {}
        for observer in self.observers:
            changes.update(observer.chunk(self.turn, report) or {})
        look()  # a second signal does not wait for a checkpoint
        if self.store is not None:
            self._keep_state(self.store, report)
        if self.asked():
            raise KeyboardInterrupt
        return changes

    def _after_window(self, epoch: int, window: int, windows: int, seconds: float) -> None:
        for observer in self.observers:
            observer.window(self.turn, epoch, window, windows, seconds)

    def _keep_state(self, store: Store, report: Report) -> None:
        """Save where it is time, or a signal was heard. The last chunk needs no checkpoint: the turn's file follows."""
        store.check_there()
        if not self.pieces:
            store.start_clock()  # compiling is behind: it does not count towards the first checkpoint
        self.pieces.append(report.metrics)
        asked = self.asked()
        if asked or (store.due and report.active.any()):
            for observer in self.observers:
                observer.saving()
            metrics = np.concatenate(self.pieces)
            store.save(self.number, self.cohort.grid, report, metrics, self._seconds(report.seconds))

    def _seconds(self, now: Mapping[str, float]) -> dict[str, float]:
        """Seconds of this session, added to those of the sessions before."""
        names = {**self.spent, **now}
        return {name: self.spent.get(name, 0.0) + now.get(name, 0.0) for name in names}


@dataclass(frozen=True)
class _Shared(Generic[Kept]):
    """What all tasks of a session have in common, as workers have it."""

    works: Sequence[Work]
    keep: Callable[[Turn, Cohort, Fitted], Kept]
    build: Build
    pace: Pace

    def train(self, task: Task) -> tuple[Kept, Sequence[NetState] | None]:
        """Train a turn on one device of this process: what is kept of it, and, if asked for, how its nets ended."""
        relay = None if task.start is None and not task.ends else _Carried(task.start, task.ends)
        trainer = _Trainer(self.works, self.build, (), lambda: False, relay, self.pace, 1)
        kept = self.keep(task.turn, *trainer.train(0, task.turn, None, task.spent))
        return kept, None if relay is None else relay.states


@dataclass
class _Carried:
    """The relay of a task."""

    given: tuple[int, Sequence[NetState]] | None
    keeps: bool
    states: Sequence[NetState] | None = None

    def start(self, turn: Turn, cohort: Cohort) -> tuple[int, State] | None:
        """Lay what was sent along."""
        return None if self.given is None else (self.given[0], lay_states(self.given[1], cohort))

    def ended(self, turn: Turn, cohort: Cohort, state: State) -> None:
        """Take what is to be sent back."""
        self.states = take_states(state, cohort) if self.keeps else None
