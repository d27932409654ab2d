"""One training that may be stopped, stepped, rewound and changed on its way, to the same bits as one that went through.

It is always at the end of an epoch. What it was at some earlier ones is kept; at the others it is trained again from
the nearest of these, which gives the same bits.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from goodfit.errors import InputError, problem
from goodfit.lab.changing import (
    BEST,
    LENGTH,
    WHERE,
    Mark,
    changed_jobs,
    cohort_for,
    copied,
    edited,
    equal_units,
    grafted,
    in_words,
    of_first_batches,
    one_weight,
)
from goodfit.lab.opening import OpenState
from goodfit.lab.states import MOST_ACTS, Act, WeightAct
from goodfit.models.trained_net import TrainedNet
from goodfit.training import session
from goodfit.training.cohort import Cohort
from goodfit.training.compile import fresh_state
from goodfit.training.fitting import Fitted, Report, metric_names, nets_of
from goodfit.training.observer import Observer
from goodfit.training.population import Job, NetArrays
from goodfit.training.recipe import Recipe
from goodfit.training.session import Pace
from goodfit.training.state import State
from goodfit.training.turns import JobList, SessionPlan, Turn

CHUNK_SECONDS = 0.042  # of a training that is looked at: with what looking takes, more than 20 looks a second
CATCHING_CHUNK = 0.25  # of one that catches up; whoever overtakes it waits for the chunk that is on its way, too
KEPT_SECONDS = 0.5  # of training from one epoch that is kept to the next
KEPT_BYTES = 2**26  # of kept epochs; where they are more, every second one is let go

Look = Callable[["Track", Report], bool]
"""Called after every chunk; True ends the training there, to go on later."""


class _Enough(Exception):
    """Somebody wants something else than to train on."""


@dataclass(frozen=True)
class KeptEpoch:
    """What a training was after an epoch. marks: changes until then; start: right after one, or at the beginning."""

    epoch: int
    state: State
    jobs: tuple[Job, ...]
    marks: int
    start: bool


class Track:
    """A training on its way. state: of the engine, on the host, after `epoch`; marks: changes that were made."""

    def __init__(self, opened: OpenState) -> None:
        self.opened, self.jobs, self.epoch = opened, opened.jobs, 0
        self.marks: list[Mark] = []
        self._followed = 0  # of what it was told to do again
        self.cohort = cohort_for(opened, self.jobs)
        fresh = fresh_state(self.cohort.program, self.cohort.settings(), self.cohort.initial_parameters())
        self.state = copied(fresh)
        self._table = np.zeros((64, 2 + 2 * len(self.cohort.program.parts), len(self.jobs)), np.float32)
        self.frames: list[KeptEpoch] = []
        self.keep(start=True)

    @property
    def recipe(self) -> Recipe:
        """The recipe that trains now; of mixed widths, that of the first net."""
        return self.jobs[0].recipe

    @property
    def names(self) -> tuple[str, ...]:
        """Of the metrics."""
        return metric_names(self.opened.examples.parts)

    @property
    def metrics(self) -> NDArray[np.float32]:
        """[epochs done, Q, P]."""
        return self._table[: self.epoch]

    @property
    def frozen(self) -> NDArray[np.bool_]:
        """[P] nets that are no longer finite."""
        return self.cohort.grid.take(self.state.frozen)

    @property
    def ended(self) -> bool:
        """Whether there is nothing left to train."""
        return self.epoch >= self.cohort.epochs or not self.cohort.grid.take(self.state.active).any()

    @property
    def steps(self) -> int:
        """Batches of an epoch."""
        return self.cohort.program.steps

    def nets(self, arrays: Sequence[NetArrays] | None = None) -> list[TrainedNet]:
        """All nets as they are now, or of other arrays; those that are no longer finite as they last were."""
        found = nets_of(self.cohort, self.state.parameters) if arrays is None else arrays
        data, scaling = self.opened.data, self.opened.examples.scaling
        return [TrainedNet.of(each, job.recipe, data, scaling) for each, job in zip(found, self.jobs, strict=True)]

    def standing(self, name: str, epoch: int) -> NDArray[np.float32]:
        """[P] a metric after an epoch; of nets that had stopped by then the last one, nan of those that diverged."""
        table = self.metrics[:epoch, self.names.index(name)]
        found: NDArray[np.float32] = table[-1].copy()
        for net in np.flatnonzero(~np.isfinite(found) & ~self.frozen):
            own = table[:, net]
            found[net] = own[np.isfinite(own)][-1:].sum() if np.isfinite(own).any() else np.nan
        return found

    def train(self, until: int, look: Look | None = None, chunk_seconds: float = CHUNK_SECONDS) -> None:
        """Train on to the end of an epoch, or until `look` has enough."""
        if self.ended or until <= self.epoch:
            return
        looking = _Looking(self, look)
        try:
            self._run(
                self.cohort, looking.ended, looking, Pace(chunk_seconds=chunk_seconds, until=until, overlaps=True)
            )
        except _Enough:
            return
        except BaseException:
            self._back_to(self.frames)  # what was trained since is trained again
            raise

    def rewind(self, epoch: int) -> None:
        """Back to the end of an epoch that was trained; later changes are undone. InputError where it was not."""
        if not 0 <= epoch <= self.epoch:
            rule = f"'epoch' must be from 0 to {self.epoch}, as far as it was trained"
            raise InputError(problem(WHERE, rule, got=epoch))
        self._back_to([frame for frame in self.frames if frame.epoch <= epoch])
        self.train(epoch, chunk_seconds=0.5)

    def undo(self) -> None:
        """Back to where the last change was made, without it."""
        if not self.marks:
            raise InputError(problem(WHERE, "there is no change to undo"))
        epoch, last = self.marks[-1].epoch, len(self.marks) - 1
        self._back_to([frame for frame in self.frames if frame.marks <= last])
        self.train(epoch, chunk_seconds=0.5)

    def reset(self) -> None:
        """Back to the beginning."""
        self._back_to(self.frames[:1])

    def change(self, fields: Mapping[str, Any]) -> str:
        """Train on with other fields of the recipe; a sentence on what that did beside, "" if nothing.

        InputError where a field does not fit, or may not change while a net trains.
        """
        jobs = changed_jobs(self.opened, self.jobs, fields)
        self._has_room()
        cohort = cohort_for(self.opened, jobs)
        settings = cohort.settings()
        fresh = fresh_state(cohort.program, settings, cohort.initial_parameters())
        again = self.recipe.optimizer != jobs[0].recipe.optimizer
        state = grafted(fresh, self.state, keep_optimizer=not again)
        if fields.keys() & set(LENGTH):
            state = replace(state, active=~state.frozen & (np.asarray(settings.epochs) > self.epoch))
        if fields.keys() & set(BEST):
            state = replace(state, best_value=fresh.best_value, since_best=fresh.since_best)
        self.cohort, self.jobs, self.state = cohort, jobs, state
        whole = self.recipe.to_dict()
        own = {name: whole[name] for name in fields}
        self._mark(Act(epoch=self.epoch, change=own), own, in_words(self.recipe, fields))
        return "The optimiser starts anew, without moments." if again else ""

    def set_weight(self, weight: WeightAct) -> None:
        """Set one weight or bias of a net by hand, or of all nets.

        What a slider sets on its way is one change: the same weight, set again after the same epoch.
        """
        nets = range(len(self.jobs)) if weight.net is None else [weight.net]
        before = self.marks[-1].act if self.marks else None
        again = (
            before is not None
            and before.weight is not None
            and before.epoch == self.epoch
            and before.weight.model_copy(update={"value": weight.value}) == weight
        )
        if not again:
            self._has_room()
        self.state = edited(self.cohort, self.state, nets, one_weight(len(self.jobs), weight))
        if again:
            self.marks = self.marks[:-1]
            self.frames = [frame for frame in self.frames if frame.marks <= len(self.marks)]
        layer, value = weight.layer + 1, f"{weight.value:g}"
        said = f"a weight of layer {layer} set to {value}"
        if weight.kind == "b":
            said = f"a bias of layer {layer} set to {value}"
        self._mark(Act(epoch=self.epoch, weight=weight), {}, said)

    def make_equal(self, layer: int) -> None:
        """Make all units of a hidden layer of every net alike."""
        self._has_room()
        nets = range(len(self.jobs))
        self.state = edited(self.cohort, self.state, nets, equal_units(len(nets), layer))
        self._mark(Act(epoch=self.epoch, equal=layer), {}, f"units of layer {layer + 1} made equal")

    def follow(self, acts: Sequence[Act], epoch: int, look: Look | None = None) -> None:
        """Do again what a state says was done, as far as `epoch`, or until `look` has enough, to go on later."""
        for act in acts[self._followed :]:
            self.train(act.epoch, look, CATCHING_CHUNK)
            if self.epoch < act.epoch and not self.ended:
                return
            self.do(act)
            self._followed += 1
        self.train(epoch, look, CATCHING_CHUNK)

    def do(self, act: Act) -> None:
        """Do what a state says was done, after its epoch."""
        self.train(act.epoch, chunk_seconds=0.5)
        if act.change is not None:
            self.change(act.change)
        elif act.weight is not None:
            self.set_weight(act.weight)
        elif act.equal is not None:
            self.make_equal(act.equal)

    def nets_at(self, state: State) -> list[TrainedNet]:
        """All nets as a state of this training has them."""
        return self.nets(nets_of(self.cohort, state.parameters))

    def after_batches(self, batches: int) -> State:
        """What it is after so many batches of the next epoch. The training itself stays where it is."""
        cohort = of_first_batches(self.opened, self.jobs, self.cohort, batches)
        found: list[Fitted] = []
        self._run(cohort, found.append, None, Pace(until=self.epoch + 1))
        return copied(found[0].state)

    def branch(self, epoch: int, fields: Mapping[str, Any]) -> Track:
        """Another training that leaves this one at an epoch, with other fields of the recipe."""
        changed_jobs(self.opened, self.jobs, fields)  # refused before anything is trained again
        made = copy.copy(self)
        made.marks, made.frames, made._table = [*self.marks], [*self.frames], self._table.copy()
        made.rewind(epoch)
        made.change(fields)
        return made

    def note(self, report: Report) -> None:
        """Take down what a chunk of epochs measured."""
        if report.epoch > len(self._table):
            more = np.full((max(report.epoch, len(self._table)), *self._table.shape[1:]), np.nan, np.float32)
            self._table = np.concatenate([self._table, more])
        self._table[report.epoch - len(report.metrics) : report.epoch] = report.metrics
        self.epoch = report.epoch

    def keep(self, *, start: bool = False) -> None:
        """Keep this epoch, so that a rewind need not train far."""
        self.frames.append(KeptEpoch(self.epoch, self.state, self.jobs, len(self.marks), start))
        self.kept = time.perf_counter()
        size = sum(leaf.nbytes for leaf in jax.tree.leaves(self.state))
        if size * len(self.frames) > KEPT_BYTES:
            inner = [frame for frame in self.frames if not frame.start]
            gone = {id(frame) for frame in inner[1::2]}
            self.frames = [frame for frame in self.frames if id(frame) not in gone]

    def _run(self, cohort: Cohort, ended: Callable[[Fitted], None], observer: Observer | None, pace: Pace) -> None:
        """Train a cohort on from the state as it is now."""
        turn = Turn(0, tuple(range(len(self.jobs))), 1.0)
        session.run(
            [JobList(self.jobs, cohort.examples)],
            lambda *given: ended(given[2]),
            planned=SessionPlan((turn,), (), 0),
            observers=[] if observer is None else [observer],
            relay=_From(self.epoch, self.state),
            build=lambda *_: cohort,
            pace=pace,
        )

    def _has_room(self) -> None:
        """A state holds so many changes, and no more: one that had more could not be opened again."""
        if len(self.marks) >= MOST_ACTS:
            fix = "Undo one, or open the changed state as a training of its own."
            raise InputError(problem(WHERE, f"a training has at most {MOST_ACTS} changes on its way", fix=fix))

    def _mark(self, act: Act, fields: Mapping[str, Any], sentence: str) -> None:
        self.marks.append(Mark(act, fields, sentence))
        self.keep(start=True)

    def _back_to(self, frames: list[KeptEpoch]) -> None:
        """Be what the last of these was."""
        frame = frames[-1]
        self.frames, self.marks = frames, self.marks[: frame.marks]
        if self.jobs is not frame.jobs:
            self.jobs, self.cohort = frame.jobs, cohort_for(self.opened, frame.jobs)
        self.epoch, self.state = frame.epoch, frame.state


class _Looking(Observer):
    """Brings a track along with its training."""

    def __init__(self, track: Track, look: Look | None) -> None:
        self.track, self.look = track, look

    def chunk(self, turn: Turn, report: Report) -> None:
        """Take down what was trained; stop where somebody has enough."""
        track = self.track
        track.note(report)
        enough = self.look is not None and self.look(track, report)
        due = time.perf_counter() - track.kept > KEPT_SECONDS
        if enough or due:
            track.state = copied(report.snapshot())
        if due:
            track.keep()
        if enough:
            raise _Enough

    def ended(self, fitted: Fitted) -> None:
        """The training has come to where it was to go."""
        self.track.state = copied(fitted.state)


class _From:
    """Brings nets in the middle of their training to a session."""

    def __init__(self, epoch: int, state: State) -> None:
        self.epoch, self.state = epoch, state

    def start(self, turn: Turn, cohort: Cohort) -> tuple[int, State]:
        """Where they are."""
        return self.epoch, self.state

    def ended(self, turn: Turn, cohort: Cohort, state: State) -> None:
        """Nothing is left to do."""
