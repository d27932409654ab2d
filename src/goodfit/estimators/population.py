"""One fit with a stochastic solver: a population of nets in the engine, watched epoch by epoch where that is asked."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from goodfit.estimators.streams import ShuffledOrder, Stream, rounded_up
from goodfit.estimators.targets import WeightedRows
from goodfit.training import session
from goodfit.training.batches import Order
from goodfit.training.cohort import Cohort, cohort_of
from goodfit.training.compile import fresh_state
from goodfit.training.devices import doubles
from goodfit.training.examples import Examples, Scaling
from goodfit.training.fitting import CHUNK_SECONDS, Fitted, Report, nets_of
from goodfit.training.interrupts import interrupts_wait
from goodfit.training.observer import Observer
from goodfit.training.population import Job, NetArrays
from goodfit.training.state import State
from goodfit.training.turns import JobList, SessionPlan, Turn

MOST_FILLED = 2**22  # numbers of X, above which it is not copied to be filled up

Judge = Callable[[NetArrays], float]
"""The score of one net on the validation rows, higher is better."""


@dataclass
class Judged:
    """What a judge has seen, a value a net: the best score, its epoch and its net, and the epochs since. [P] each."""

    best: NDArray[np.float64]
    epoch: NDArray[np.int32]
    nets: list[NetArrays | None]
    since: NDArray[np.float64]
    rate: NDArray[np.float64]

    @classmethod
    def nothing(cls, nets: int) -> Judged:
        """Before the first epoch."""
        return cls(np.full(nets, -np.inf), np.zeros(nets, np.int32), [None] * nets, np.zeros(nets), np.ones(nets))


@dataclass(frozen=True)
class WarmState:
    """What a later fit goes on from. epochs: done so far; state: the engine's last, on the host; judged: by a judge."""

    epochs: int
    state: State
    judged: Judged


@dataclass(frozen=True)
class Watch:
    """What is watched on validation rows.

    stops: early stopping; judge: a scorer on the host, or None for the engine's own loss and score; patience,
    tolerance: of the judge (the engine must not stop its nets); recorder: a scorer that stops nobody; each: called
    after every chunk of epochs; True ends the training; by_epoch: every epoch is a chunk (as it is with a judge).
    """

    stops: bool = False
    judge: Judge | None = None
    recorder: Judge | None = None
    patience: float = np.inf
    tolerance: float = 0.0
    each: Callable[[Report], bool] | None = None
    by_epoch: bool = False


@dataclass(frozen=True)
class FitOutcome:
    """A trained population.

    metrics: [E, Q, P] of the epochs of this fit (loss and score in training, then in validation); judged: [E, P]
    scores of the judge; nets: as they ended; best_nets: at their best epoch, where one is kept; frozen: [P]; stopped,
    best: [P] the last and the best epoch, over all fits; converged: [P] nets that were out of patience; interrupted: by
    Ctrl-C; ended: by `Watch.each`.
    """

    metrics: NDArray[Any]
    judged: NDArray[Any] | None
    nets: tuple[NetArrays, ...]
    best_nets: tuple[NetArrays, ...] | None
    frozen: NDArray[np.bool_]
    stopped: NDArray[np.int32]
    best: NDArray[np.int32]
    converged: NDArray[np.bool_]
    interrupted: bool
    ended: bool
    kept: WarmState | None


def precision(dtype: Any) -> contextlib.AbstractContextManager[Any]:
    """JAX with float64 where that is the type of the arithmetic."""
    return doubles(np.dtype(dtype) == np.float64)


def examples_of(train: WeightedRows, valid: WeightedRows | None, task: str, outputs: int) -> Examples:
    """Rows for the engine, those that validate behind those that train.

    Unless they are many, they are filled up with rows that nothing reads, so that similar sizes share a program.
    """
    given = [train] if valid is None else [train, valid]
    count = sum(map(len, given))
    length = rounded_up(count) if count * train.x.shape[1] <= MOST_FILLED else count
    x, y = _stacked([rows.x for rows in given], length), _stacked([rows.y for rows in given], length)
    weighted = any(rows.weight is not None for rows in given)
    weights = _stacked([rows.weights for rows in given], length)[None] if weighted else None
    parts = {}
    if valid is not None:
        parts["valid"] = np.full(rounded_up(len(valid)), -1, np.int32)
        parts["valid"][: len(valid)] = np.arange(len(train), count)
    zeros, ones = np.zeros(x.shape[1], x.dtype), np.ones(x.shape[1], x.dtype)
    return Examples(
        x=x,
        y=y,
        task=task,
        outputs=outputs,
        train=np.arange(len(train), dtype=np.int32),
        scaling=Scaling(zeros, ones, np.zeros(outputs, x.dtype), np.ones(outputs, x.dtype)),
        parts=parts,
        weights=weights,
        part_weights={} if weights is None or valid is None else {"valid": weights},
    )


def _stacked(arrays: Sequence[NDArray[Any]], length: int) -> NDArray[Any]:
    """Arrays one behind another, and zeros up to `length` rows; not copied where there is nothing to add."""
    count = sum(map(len, arrays))
    if len(arrays) == 1 and count == length:
        return arrays[0]
    return np.concatenate([*arrays, np.zeros((length - count, *arrays[0].shape[1:]), arrays[0].dtype)])


def orders_of(streams: Sequence[Stream], rows: int, batch: int, shuffle: bool) -> dict[int, Order]:
    """The batches of every net, by its seed."""
    width = rounded_up(rows) if batch == rows else batch
    each = np.arange(rows, dtype=np.int32)
    return {stream.seed: ShuffledOrder(each, batch, width, stream.draws if shuffle else None) for stream in streams}


def train(
    jobs: Sequence[Job],
    examples: Examples,
    orders: dict[int, Order],
    dtype: Any,
    watch: Watch,
    kept: WarmState | None,
    afresh: bool,
) -> FitOutcome:
    """Train the jobs to their ends. kept: of an earlier fit; afresh: whether patience and rates begin anew."""
    with precision(dtype), interrupts_wait(True, lambda: None) as asked:
        eyes = _Eyes(jobs, watch, asked.is_set, kept, afresh)
        work = JobList(tuple(jobs), examples)
        everything = range(len(jobs))  # one turn: nets of one fit are watched, and stopped, together
        planned = SessionPlan((Turn(0, tuple(everything), 0.0),), (), 0)
        (fitted,) = session.run(
            [work],
            lambda turn, cohort, fitted: fitted,  # the optimiser's state too: a later fit goes on from it
            planned=planned,
            observers=[eyes],
            relay=_GoOn(kept, afresh),
            build=lambda work, members, devices: _cohort(members, work.examples, devices, orders, dtype, watch),
            pace=session.Pace(chunk_seconds=0.0 if watch.judge or watch.recorder or watch.by_epoch else CHUNK_SECONDS),
        )
    return eyes.outcome(fitted)


@dataclass(frozen=True)
class _GoOn:
    """Starts nets where an earlier fit left them."""

    kept: WarmState | None
    afresh: bool

    def start(self, turn: Turn, cohort: Cohort) -> tuple[int, State]:
        """See `started`."""
        return started(cohort, self.kept, self.afresh)

    def ended(self, turn: Turn, cohort: Cohort, state: State) -> None:
        """The outcome has the state."""


def _cohort(
    jobs: Sequence[Job], examples: Examples, devices: int, orders: dict[int, Order], dtype: Any, watch: Watch
) -> Cohort:
    cohort = cohort_of(jobs, examples, devices, dtype, orders=orders, conventions="scikit-learn")
    inside = watch.stops and watch.judge is None
    program = replace(cohort.program, monitor="valid" if inside else "train", keep_best=inside)
    return replace(cohort, program=program)


def started(cohort: Cohort, kept: WarmState | None, afresh: bool) -> tuple[int, State]:
    """(epochs done, state) to begin with: fresh, or with the optimiser's state and the best so far of an earlier fit.

    What does not fit the nets any more is left behind.
    """
    fresh = fresh_state(cohort.program, cohort.settings(), cohort.initial_parameters())
    if kept is None:
        return 0, fresh
    old, names = kept.state, [] if afresh else ["since_best", "rate"]
    names += ["optimizer"] if _alike(old.optimizer, fresh.optimizer) else []
    names += ["best", "best_value", "best_epoch"] if _alike(old.best, fresh.best) else []
    return kept.epochs, replace(fresh, **{name: getattr(old, name) for name in names})


def _alike(one: Any, other: Any) -> bool:
    shapes: list[Any] = [
        (jax.tree.structure(tree), [(leaf.shape, leaf.dtype) for leaf in jax.tree.leaves(tree)])
        for tree in (one, other)
    ]
    return bool(shapes[0] == shapes[1])


class _Eyes(Observer):
    """Sees every chunk of a training, and stops nets where the host decides."""

    def __init__(
        self, jobs: Sequence[Job], watch: Watch, asked: Callable[[], bool], kept: WarmState | None, afresh: bool
    ) -> None:
        self.watch, self.asked = watch, asked
        self.cohort: Cohort
        self.initial = [job.initial for job in jobs]
        nets = len(jobs)
        self.memory = Judged.nothing(nets)
        if kept is not None and len(kept.judged.nets) == nets:
            self.memory = copy.deepcopy(kept.judged)
            if afresh:
                self.memory.since, self.memory.rate = np.zeros(nets), np.ones(nets)
        self.factors = np.asarray([job.plateau.factor if job.plateau else 1.0 for job in jobs])
        self.floors = np.asarray([job.plateau.floor if job.plateau else np.inf for job in jobs])
        self.judged: list[NDArray[Any]] = []
        self.stopped = np.zeros(nets, bool)
        self.interrupted = self.ended = False

    def turn_begins(self, turn: Turn, cohort: Cohort, epoch: int) -> None:
        """Note what is seen, and from which epoch on."""
        self.cohort, self.done = cohort, epoch

    def chunk(self, turn: Turn, report: Report) -> dict[str, NDArray[Any]] | None:
        """What to change in the engine's state after a chunk."""
        stop, changes = np.zeros(len(report.active), bool), {}
        # a chunk in which every net diverged has no epoch
        trained = np.isfinite(report.metrics[-1, 0]) if len(report.metrics) else np.zeros_like(stop)
        if self.watch.judge is not None and trained.any():
            tired = self._judge(report, self.watch.judge, trained)
            lower = tired & (self.memory.rate > self.floors)
            if lower.any():
                self.memory.rate = np.where(lower, self.memory.rate * self.factors, self.memory.rate)
                self.memory.since[lower] = 0
                changes["rate"] = self.memory.rate
            stop |= tired & ~lower & self.watch.stops
            self.stopped |= stop
        if self.watch.recorder is not None and trained.any():
            pairs = zip(report.nets(), trained, strict=True)
            self.judged.append(np.asarray([self.watch.recorder(net) if sound else np.nan for net, sound in pairs]))
        report = replace(report, active=report.active & ~stop)
        if self.watch.each is not None and self.watch.each(report):
            self.ended, stop[:] = True, True
        if self.asked():
            self.interrupted, stop[:] = True, True
        return {**changes, "active": report.active & ~stop} if stop.any() or changes else None

    def _judge(self, report: Report, judge: Judge, trained: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Score the nets that trained in this epoch; which of them are out of patience. The rule is scikit-learn's."""
        nets, memory = report.nets(), self.memory
        scores = np.full(len(nets), np.nan)
        for net in np.flatnonzero(trained):
            score = scores[net] = judge(nets[net])
            memory.since[net] = memory.since[net] + 1 if score < memory.best[net] + self.watch.tolerance else 0
            if score > memory.best[net]:
                memory.best[net], memory.nets[net], memory.epoch[net] = score, nets[net], report.epoch
        self.judged.append(scores)
        tired: NDArray[np.bool_] = trained & (memory.since >= self.watch.patience)
        return tired

    def outcome(self, fitted: Fitted) -> FitOutcome:
        """What the estimator is told of a training."""
        own, take = self.watch.judge is not None, self.cohort.grid.take
        settled = take(fitted.state.since_best) >= take(self.cohort.settings().patience)
        nets, best_nets = nets_of(self.cohort, fitted.state.parameters), None
        if self.watch.stops:
            best_nets = fitted.nets
        if own and self.watch.stops:
            kept = zip(self.memory.nets, self.initial, nets, strict=True)
            best_nets = tuple(best or first or last for best, first, last in kept)
        return FitOutcome(
            metrics=fitted.metrics,
            judged=np.stack(self.judged) if self.judged else None,
            nets=nets,
            best_nets=best_nets,
            frozen=fitted.frozen,
            stopped=fitted.stopped_epoch,
            best=self.memory.epoch if own else fitted.best_epoch,
            converged=self.stopped | settled,
            interrupted=self.interrupted,
            ended=self.ended,
            kept=WarmState(self.done + len(fitted.metrics), fitted.state, self.memory),
        )
