"""Train a cohort: the host's loop around the compiled program. It sees the program only between chunks of epochs."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from goodfit.arguments import public
from goodfit.nets.forward import Parameters
from goodfit.training.carrying import with_optimizers
from goodfit.training.cohort import Cohort
from goodfit.training.compile import compiled, fresh_state, place, place_chunk
from goodfit.training.embeddings import blocks_of
from goodfit.training.interrupts import wait_for
from goodfit.training.population import NetArrays, take_net
from goodfit.training.state import Chunk, ProgramRows, Settings, State
from goodfit.training.streaming import WindowRunner, in_epochs, in_windows

Changes = Mapping[str, NDArray[Any]]
"""Fields of a state -> their new values, [P]: "active" False stops a net; "rate" is what plateaus have left."""

WindowDone = Callable[[int, int, int, float], None]
"""Told (epochs done, windows of the next one done, how many it has, seconds of training so far)."""
CHUNK_SECONDS = 0.5  # a chunk's aim: often enough for a living display, seldom enough to cost nothing


@dataclass(frozen=True)
class Report:
    """What is known after a chunk.

    epoch: epochs done
    metrics: [epochs of the chunk, Q, P] (see `metric_names`).

    Epochs that no net trained to its end are left out of both, so that the last chunk may be shorter than it was meant.
    active: [P] nets that still train
    seconds: spent so far, as in `Fitted`
    snapshot: a call that copies the whole state to the host, for a checkpoint
    nets: a call that gives the nets as they are.
    """

    epoch: int
    metrics: NDArray[Any]
    active: NDArray[np.bool_]
    seconds: dict[str, float]
    snapshot: Callable[[], State]
    nets: Callable[[], tuple[NetArrays, ...]]


@dataclass(frozen=True)
class TrainedNets:
    """Trained nets, and what was measured of them.

    metrics: [E, Q, P], nan after a net stopped; nets: at the best epoch where a best is kept, else at the last, empty
    where they were let go; best_epoch, stopped_epoch: [P], 1-based; frozen: [P] nets that were no longer finite;
    seconds: compile, train; optimizer: its state of every net by name, [P, ...], None where it was not kept.
    """

    metrics: NDArray[Any]
    nets: tuple[NetArrays, ...]
    best_epoch: NDArray[np.int32]
    stopped_epoch: NDArray[np.int32]
    frozen: NDArray[np.bool_]
    seconds: dict[str, float]
    optimizer: Mapping[str, NDArray[Any]] | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Fitted(TrainedNets):
    """A trained cohort.

    metrics: [E, Q, P] of every epoch, see `metric_names`
    nets: one a job, with the weights that were kept
    best_epoch: [P] the epoch of these weights, 0 for the initial ones
    stopped_epoch: [P] last epoch of the net
    frozen: [P] whether its loss was no longer finite
    seconds: compile, train
    optimizer: its state, by name, where it was asked for
    state: the last one, on the host, several times as large as the nets
    whole: whether it is that of all nets.
    """

    state: State = field(repr=False, kw_only=True)
    whole: bool = field(default=True, kw_only=True)


@public
def metric_names(parts: Iterable[str]) -> tuple[str, ...]:
    """Names of the Q metrics: train_loss, train_score, then those of every part.

    Losses are in nats per row (or the loss's own unit); scores as `metrics` defines them.
    """
    return tuple(f"{part}_{what}" for part in ("train", *parts) for what in ("loss", "score"))


@public
def fit(
    cohort: Cohort,
    *,
    start: tuple[int, State] | None = None,
    report: Callable[[Report], Changes | None] | None = None,
    score_every: int = 1,
    chunk_seconds: float = CHUNK_SECONDS,
    chunk_epochs: int | None = None,
    until: int | None = None,
    overlaps: bool = False,
    window_done: WindowDone | None = None,
) -> Fitted:
    """Train every net of a cohort.

    The results do not depend on where chunks end.

    cohort: as `cohort_of` makes it
    start: (epochs done, state) of a checkpoint, to go on from
    report: called after every chunk; it may return changes to the state
    score_every: score the parts every so many epochs, and each net's after its last (patience counts those epochs
    alone)
    chunk_seconds: what a chunk should last, 0 for an epoch each
    chunk_epochs: its most epochs, None for no limit
    until: stop after this epoch, to go on later from the state, None for the end of the training
    overlaps: train the next chunk while `report` looks at this one; holds the state twice
    window_done: called within epochs of rows that are read in parts.
    """
    program, settings = cohort.program, in_windows(cohort.settings(), cohort.windows)
    done, state = start or (0, _begun(cohort, settings))
    pieces: list[NDArray[Any]] = []
    began = time.perf_counter()
    streams = cohort.examples.streamed is not None
    settings, rows, state = place(program, settings, None if streams else cohort.rows(), state)
    last = cohort.epochs if until is None else min(until, cohort.epochs)
    run: _Runner | WindowRunner

    def tell(epoch: int, window: int, windows: int) -> None:
        if window_done is not None:
            window_done(epoch, window, windows, seconds()["train"])

    if rows is None:
        run = WindowRunner(cohort, settings, score_every, last, tell)
    else:
        run = _Runner(cohort, settings, rows, score_every, chunk_epochs or cohort.epochs, last, overlaps)

    def seconds() -> dict[str, float]:
        return {"compile": run.compile_seconds, "train": time.perf_counter() - began - run.compile_seconds}

    for epoch, now, laid in run.chunks(done, state, chunk_seconds):
        state, active = now, cohort.grid.take(np.asarray(now.active))
        stopped = in_epochs(cohort.grid.take(np.asarray(now.stopped_epoch)), cohort.windows)
        trained = epoch if active.any() else max(int(stopped.max()), epoch - len(laid), 1)
        metrics = cohort.grid.take(laid, axis=2)[: len(laid) - (epoch - trained)]
        pieces.append(metrics)
        if report is not None:
            changes = report(Report(trained, metrics, active, seconds(), _snapshot(now), partial(_nets, cohort, now)))
            if changes:
                state = run.state = _changed(cohort, now, changes)
    return _fitted(cohort, pieces, jax.tree.map(np.asarray, state), seconds())


def compile_for(cohort: Cohort, start: tuple[int, State], *, overlaps: bool = False) -> None:
    """Compile what `fit` trains a cohort with, from these epochs done and this state on, and train nothing."""
    (done, state), settings = start, in_windows(cohort.settings(), cohort.windows)
    settings, rows, state = place(cohort.program, settings, cohort.rows(), state)
    assert rows is not None  # of rows that are read in parts there are none yet
    runner = _Runner(cohort, settings, rows, 1, 1, cohort.epochs, overlaps)
    compiled(cohort.program, settings, rows, runner.draw(done, 1), state, gives_state=not overlaps)


def _begun(cohort: Cohort, settings: Settings) -> State:
    """The state before the first epoch."""
    fresh = fresh_state(cohort.program, settings, cohort.initial_parameters())
    return with_optimizers(fresh, cohort.jobs, cohort.grid)


def _snapshot(state: State) -> Callable[[], State]:
    return lambda: jax.tree.map(np.asarray, state)


def _changed(cohort: Cohort, state: State, changes: Changes) -> State:
    """The state with other values for some of its fields. Places without a net keep theirs."""
    made = {}
    for name, values in changes.items():
        old = getattr(state, name)
        new = np.where(cohort.grid.empty, np.asarray(old), cohort.grid.lay(values))
        made[name] = jax.device_put(new.astype(old.dtype), old.sharding)
    return replace(state, **made)


def _nets(cohort: Cohort, state: State) -> tuple[NetArrays, ...]:
    """The nets as they are, on the host."""
    return nets_of(cohort, jax.tree.map(np.asarray, state.parameters))


def nets_of(cohort: Cohort, parameters: Parameters) -> tuple[NetArrays, ...]:
    """Every net of a cohort, cut out of its parameters on the host."""
    jobs = zip(cohort.jobs, cohort.grid.place, strict=True)
    blocks = blocks_of(cohort.jobs[0].recipe, cohort.examples.categories)
    return tuple(take_net(parameters, job.recipe, place, blocks) for job, place in jobs)


@dataclass(frozen=True)
class _Going:
    """A chunk that the devices train, and what comes of it once they are done. began: seconds."""

    count: int
    began: float
    state: State
    metrics: Any


class _Runner:
    """Chunks of epochs, one after another; the next chunk's row orders are drawn while the devices work."""

    def __init__(
        self,
        cohort: Cohort,
        settings: Settings,
        rows: ProgramRows,
        score_every: int,
        most: int,
        last: int,
        overlaps: bool,
    ) -> None:
        self.cohort, self.settings, self.rows, self.score_every = cohort, settings, rows, score_every
        self.most, self.last, self.overlaps = most, last, overlaps
        self.compile_seconds = 0.0
        self.state: State
        self._epoch_seconds = 0.0

    def chunks(self, done: int, state: State, aim: float) -> Iterator[tuple[int, State, NDArray[Any]]]:
        """(epochs done, state, metrics [epochs, Q, K, S, M]) after every chunk, until all nets have stopped.

        Whoever reads them may change `self.state` for the chunks to come.
        A chunk is as long as the one before it says that `aim` seconds last; the first is one epoch.
        """
        self.state = state
        ahead: tuple[int, Chunk] | None = None
        going: _Going | None = None
        ended = 0.0  # when the last chunk was there
        while done < self.last and np.asarray(self.state.active).any():
            if going is None:
                going = self._begin(ahead or (1, self.draw(done, 1)), self.state)
                ahead, ended = None, going.began
            here, going = going, None
            done += here.count
            if self._epoch_seconds:
                ahead = self._ahead(done, aim)
                # a chunk that takes longer than it should is better not begun: whoever has had enough waits for it
                if self.overlaps and ahead is not None and self._epoch_seconds <= aim:
                    going = self._begin(ahead, here.state)
            wait_for(here.metrics)
            values = np.moveaxis(np.asarray(here.metrics), 0, 2)[: here.count]
            now = time.perf_counter()
            self._epoch_seconds, ended = max(now - max(here.began, ended), 1e-6) / here.count, now
            if ahead is None:
                ahead = self._ahead(done, aim)
            self.state = here.state
            yield done, here.state, values
            if self.state is not here.state:
                going = None  # it began from what it was before the change

    def _begin(self, ahead: tuple[int, Chunk], state: State) -> _Going:
        """Have the devices train a chunk."""
        count, chunk = ahead
        arguments = self.settings, self.rows, chunk, state
        built, fresh = compiled(self.cohort.program, *arguments, gives_state=not self.overlaps)
        self.compile_seconds += built.seconds if fresh else 0.0
        began = time.perf_counter()
        return _Going(count, began, *built.call(*arguments))

    def _ahead(self, done: int, aim: float) -> tuple[int, Chunk] | None:
        fitting = max(1, int(aim / self._epoch_seconds))
        count = min(fitting, self.most, self.cohort.program.chunk, self.last - done)
        return (count, self.draw(done, count)) if count > 0 else None

    def draw(self, done: int, count: int) -> Chunk:
        """The arguments of so many epochs, on the devices."""
        return place_chunk(self.cohort.program, self.cohort.chunk(done, count, self.score_every))


def _fitted(cohort: Cohort, pieces: list[NDArray[Any]], state: State, seconds: dict[str, float]) -> Fitted:
    take = cohort.grid.take
    final = state.best if state.best is not None else state.parameters
    nets = nets_of(cohort, final)
    none = np.zeros((0, 2 + 2 * len(cohort.program.parts), len(nets)), cohort.dtype)
    metrics = np.concatenate(pieces) if pieces else none
    return Fitted(
        metrics=metrics,
        nets=nets,
        best_epoch=in_epochs(take(state.best_epoch), cohort.windows),
        stopped_epoch=in_epochs(take(state.stopped_epoch), cohort.windows),
        frozen=take(state.frozen),
        seconds=seconds,
        state=state,
    )
