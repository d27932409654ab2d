"""Many fits as populations: what would be trained is noted first, trained together, and then handed out.

A search asks an estimator to fit again and again, perhaps deep inside a pipeline. So the same calls are made twice:
once while notes are `taking`, when every fit is noted and given up, and once while results are `given_out`, when a fit
takes the result of the training that its note led to. What was not noted, or is not the same, is trained as usual.
"""

import contextlib
import copy
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import partial
from numbers import Integral
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from goodfit.estimators.fitting import EstimatorFit
from goodfit.estimators.population import FitOutcome, precision
from goodfit.estimators.settings import watched
from goodfit.estimators.streams import ShuffledOrder, rounded_up
from goodfit.estimators.targets import TASKS, WeightedRows
from goodfit.training import session
from goodfit.training.batches import Order
from goodfit.training.cohort import Cohort, cohort_of
from goodfit.training.examples import Examples, Scaling
from goodfit.training.fitting import Fitted, nets_of
from goodfit.training.population import Job
from goodfit.training.turns import JobList, Turn, plan_session

_PER_NET = ("frozen", "stopped", "best", "converged")


class Noted(BaseException):
    """A fit was noted, and goes no further. Not an Exception, so that nobody takes it for a failed fit."""


@dataclass
class NotedFit:
    """One fit that was asked for. estimator: a copy, not fitted; result: the same, fitted, once it has been trained."""

    estimator: Any
    x: Any
    y: Any
    sample_weight: Any
    result: Any = None


@dataclass
class Notes:
    """The fits of a search, in the order in which they are asked for."""

    waiting: deque[NotedFit] = field(default_factory=deque)
    taking: bool = True


_notes: ContextVar[Notes | None] = ContextVar("goodfit_notes", default=None)


@contextlib.contextmanager
def taking() -> Iterator[Notes]:
    """While this lasts, every fit of a goodfit estimator is noted and ends with `Noted`."""
    notes = Notes()
    token = _notes.set(notes)
    try:
        yield notes
    finally:
        _notes.reset(token)


@contextlib.contextmanager
def giving_out(notes: Notes) -> Iterator[None]:
    """While this lasts, fits take the results of their notes, in turn."""
    notes.taking = False
    token = _notes.set(notes)
    try:
        yield
    finally:
        _notes.reset(token)


def taken(estimator: Any, x: Any, y: Any, sample_weight: Any) -> bool:
    """Whether a fit was answered from the notes; raises Noted where notes are being taken."""
    notes = _notes.get()
    if notes is None:
        return False
    if notes.taking:
        notes.waiting.append(NotedFit(clone(estimator), x, y, sample_weight))
        raise Noted
    if not notes.waiting or not _same(notes.waiting[0], estimator, x, y, sample_weight):
        return False
    result = notes.waiting.popleft().result
    if result is None:
        return False
    fitted = {name: value for name, value in vars(result).items() if name not in estimator.get_params(deep=False)}
    vars(estimator).update(fitted)
    return True


def put_off() -> None:
    """Raise Noted where notes are being taken, of a fit that is a population by itself: it is done when it counts."""
    notes = _notes.get()
    if notes is not None and notes.taking:
        raise Noted


def _same(note: NotedFit, estimator: Any, x: Any, y: Any, sample_weight: Any) -> bool:
    """Whether this is the fit that was noted: its parameters, targets and weights, and some rows of its inputs."""
    told, asked = note.estimator.get_params(deep=False), estimator.get_params(deep=False)
    told.pop("random_state"), asked.pop("random_state")  # a generator moves on when it is used
    if np.shape(x) != np.shape(note.x) or joblib.hash((told, note.y, note.sample_weight)) != joblib.hash(
        (asked, y, sample_weight)
    ):
        return False
    return x is note.x or joblib.hash(_some(x)) == joblib.hash(_some(note.x))


def _some(x: Any) -> Any:
    """The first, the middle and the last row."""
    rows = [0, x.shape[0] // 2, x.shape[0] - 1] if hasattr(x, "shape") else slice(None)
    return x.iloc[rows] if hasattr(x, "iloc") else x[rows]


@dataclass(frozen=True)
class _Ready:
    """A fit whose weights are drawn. block: the number of its rows' place in the data; jobs: its nets."""

    fit: EstimatorFit
    block: int
    jobs: tuple[Job, ...]


def train(notes: Notes) -> int:
    """Train all noted fits that can be trained together; the number of populations."""
    kinds: dict[Any, list[_Ready]] = {}
    blocks: dict[Any, int] = {}
    ready: list[tuple[NotedFit, _Ready]] = []
    for note in notes.waiting:
        if not _plain(note.estimator):
            continue
        try:
            made = EstimatorFit(note.estimator, incremental=False)
            made.prepare(note.x, note.y, note.sample_weight)
        except ValueError:  # left to fail where it was asked for
            continue
        block = blocks.setdefault(_block_key(note, made), len(blocks))
        made_ready = _Ready(made, block, tuple(made.jobs(0)))
        rows, estimator = made.given.train, note.estimator
        kind = rows.x.dtype.str, rows.x.shape[1], estimator.out_activation_, estimator.n_outputs_, rows.weight is None
        kinds.setdefault(kind, []).append(made_ready)
        ready.append((note, made_ready))
    count = sum(_train_kind(members) for members in kinds.values())
    for note, each in ready:
        note.result = None if each.fit.failed else note.estimator
    return count


def _plain(estimator: Any) -> bool:
    """Whether a fit needs nothing of the host while it trains, and no rows but its own."""
    return (
        estimator.solver != "lbfgs"
        and watched(estimator) == "nothing"
        and estimator.validation_data is None
        and not estimator.verbose
        and not getattr(estimator, "_skl_callbacks", None)
    )


def _block_key(note: NotedFit, made: EstimatorFit) -> Any:
    """What fits that may share a copy of their rows have in common."""
    labels = getattr(note.estimator, "classes_", None)
    weight = made.given.train.weight
    return id(note.x), joblib.hash((made.given.train.y, weight, labels))


def _train_kind(members: Sequence[_Ready]) -> int:
    """Train fits whose rows have one form, each on its own rows of one array."""
    first = members[0].fit.given.train
    task = TASKS[members[0].fit.estimator.out_activation_]
    starts, pieces = _stacked(members)
    x = np.concatenate([rows.x for rows in pieces])
    y = np.concatenate([rows.y for rows in pieces])
    weights = None if first.weight is None else np.concatenate([rows.weights for rows in pieces])[None]
    outputs = members[0].fit.estimator.n_outputs_
    zeros, ones = np.zeros(x.shape[1], x.dtype), np.ones(x.shape[1], x.dtype)
    scaling = Scaling(zeros, ones, np.zeros(outputs, x.dtype), np.ones(outputs, x.dtype))
    largest = max(len(rows) for rows in pieces)
    every = np.arange(largest, dtype=np.int32)  # as many as one fit trains on, for the plan
    squares = None  # R² of each fit's own rows: its nets take their row of the table by its number
    if task == "regression":
        squares = (np.stack([1 / (each.fit.given.train.variances * outputs) for each in members]),)
    examples = Examples(x, y, task, outputs, every, scaling, weights=weights, squares=squares)
    jobs, owners, orders = _laid_out(members, starts)
    work = JobList(tuple(jobs), examples)
    planned = plan_session([work], itemsize=x.dtype.itemsize)
    with precision(x.dtype):
        found = session.run(
            [work], partial(_outcomes, owners), planned=planned, build=partial(_cohort, orders, x.dtype)
        )
    handing = _HandOut(members)
    for outcomes in found:
        handing.take(outcomes)
    return len(planned.turns)


def _cohort(orders: dict[int, ShuffledOrder], dtype: Any, work: JobList, jobs: Sequence[Job], devices: int) -> Cohort:
    """Nets of several fits: those with fewer batches an epoch than others get empty ones behind theirs."""
    steps = max(orders[job.key].steps for job in jobs)
    own: dict[int, Order] = {job.key: _with_steps(orders[job.key], steps) for job in jobs}
    made = cohort_of(jobs, work.examples, devices, dtype, orders=own, conventions="scikit-learn")
    uneven = any(orders[job.key].steps != steps for job in jobs)
    program = replace(made.program, may_be_weightless=made.program.may_be_weightless or uneven, keep_best=False)
    return replace(made, program=program)


def _outcomes(owners: Sequence[int], turn: Turn, cohort: Cohort, fitted: Fitted) -> dict[int, FitOutcome]:
    """What a turn gave to every fit that has nets in it. owners: the number of every job's fit."""
    take = cohort.grid.take
    nets = nets_of(cohort, fitted.state.parameters)
    settled = take(fitted.state.since_best) >= take(cohort.settings().patience)
    own_of: dict[int, list[int]] = {}
    for place, job in enumerate(turn.jobs):
        own_of.setdefault(owners[job], []).append(place)
    return {
        number: FitOutcome(
            metrics=fitted.metrics[:, :, own],
            judged=None,
            nets=tuple(nets[place] for place in own),
            best_nets=None,
            frozen=fitted.frozen[own],
            stopped=fitted.stopped_epoch[own],
            best=fitted.best_epoch[own],
            converged=settled[own],
            interrupted=False,
            ended=False,
            kept=None,
        )
        for number, own in own_of.items()
    }


def _stacked(members: Sequence[_Ready]) -> tuple[dict[int, int], list[WeightedRows]]:
    """Where the rows of every block begin in the data of all, and the rows, block after block."""
    starts: dict[int, int] = {}
    pieces: list[WeightedRows] = []
    for each in members:
        if each.block not in starts:
            starts[each.block] = sum(map(len, pieces))
            pieces.append(each.fit.given.train)
    return starts, pieces


def _laid_out(
    members: Sequence[_Ready], starts: dict[int, int]
) -> tuple[list[Job], list[int], dict[int, ShuffledOrder]]:
    """All jobs, with groups for those that share their batches; the fit of each; and the batches of every group."""
    jobs: list[Job] = []
    owners: list[int] = []
    orders: dict[int, ShuffledOrder] = {}
    groups: dict[Any, int] = {}
    numbers = TASKS[members[0].fit.estimator.out_activation_] == "regression"
    whole = rounded_up(max(len(each.fit.given.train) for each in members))
    for number, each in enumerate(members):
        made, rows = each.fit, len(each.fit.given.train)
        places = starts[each.block] + np.arange(rows, dtype=np.int32)
        width = whole if made.batch == rows else made.batch
        for net, (job, stream) in enumerate(zip(each.jobs, made.streams, strict=True)):
            drawn = (made.hidden, made.estimator.n_outputs_) if made.estimator.init is None else None
            known = isinstance(made.estimator.random_state, Integral)
            same = (each.block, width, made.batch, made.estimator.shuffle, stream.seed, drawn)
            group = groups.setdefault(same if known else (number, net), len(groups))
            draws = stream.draws if made.estimator.shuffle else None
            orders.setdefault(group, ShuffledOrder(places, made.batch, width, draws))
            recipe = job.recipe.replace(batch_size=width)
            jobs.append(replace(job, group=group, recipe=recipe, rows=number if numbers else 0))
            owners.append(number)
    return jobs, owners, orders


def _with_steps(order: ShuffledOrder, steps: int) -> ShuffledOrder:
    """The same batches, and empty ones up to `steps`. It draws for itself."""
    return ShuffledOrder(order.rows, order.batch, order.width, copy.deepcopy(order.draws), steps)


@dataclass(frozen=True)
class _HandOut:
    """Gives every fit its nets. One whose nets are trained in several turns is given them with the last."""

    members: Sequence[_Ready]
    waiting: dict[int, list[FitOutcome]] = field(default_factory=dict)

    def take(self, outcomes: Mapping[int, FitOutcome]) -> None:
        """Hand out what a turn gave."""
        for number, part in outcomes.items():
            parts = self.waiting.setdefault(number, [])
            parts.append(part)
            if sum(len(each.nets) for each in parts) == len(self.members[number].jobs):
                self._finish(number, self.waiting.pop(number))

    def _finish(self, number: int, parts: Sequence[FitOutcome]) -> None:
        """Complete one fit. Parts come in the order of its nets, since turns do."""
        epochs = max(1, int(max(part.stopped.max() for part in parts)))
        metrics = [_first_epochs(part.metrics, epochs) for part in parts]
        joined: dict[str, Any] = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _PER_NET}
        nets = tuple(net for part in parts for net in part.nets)
        outcome = replace(parts[0], metrics=np.concatenate(metrics, axis=2), nets=nets, **joined)
        try:
            self.members[number].fit.finish(outcome)
        except ValueError:  # not finite: the fit is left to be trained, and to fail, where it was asked for
            self.members[number].fit.failed = True


def _first_epochs(metrics: NDArray[Any], epochs: int) -> NDArray[Any]:
    """The first epochs of [E, Q, P], filled up with nan where there are fewer."""
    missing = epochs - len(metrics)
    filled = [metrics, np.full((missing, *metrics.shape[1:]), np.nan, metrics.dtype)] if missing > 0 else [metrics]
    return np.concatenate(filled)[:epochs]
