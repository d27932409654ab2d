"""Training elsewhere: the turns of a session as tasks of an executor, anything with `submit` of `concurrent.futures`.

A plan for workers has turns of about a second, each for one device. What a turn gives depends on the plan alone: not
on how many workers there are, which of them trains it, or how often one dies. A task whose worker died is given to
another; the session's store keeps what is finished, so that the driver may be killed too.
"""

from __future__ import annotations

import functools
import logging
import pickle
import queue
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Future
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, ParamSpec, Protocol, TypeVar

import jax

from goodfit.errors import GoodfitError, InputError, problem
from goodfit.host import cores
from goodfit.training.interrupts import SECONDS_DEAF, look
from goodfit.training.machine import machine
from goodfit.training.moving import NetState
from goodfit.training.parcels import Parcels
from goodfit.training.tasks import Answer, Sent, Task, carry_out, versions
from goodfit.training.turns import SessionPlan, for_workers, planned_for_workers
from goodfit.training.workers import GUARD, WorkerPool

Given = ParamSpec("Given")
Result = TypeVar("Result")
_config: Any = jax.config  # its options are not typed
TRIES = 3  # of a task whose worker dies
MOST_AHEAD = 20_000  # tasks that an executor is given at a time
FIRST_AHEAD = 16  # as long as no worker has answered: it may be of another version, or not see the folder
BYTES_AHEAD = 2**30  # of contents that travel with tasks, which some executors copy for each
_WRONG = (ImportError, AttributeError, TypeError, pickle.PickleError)  # no death: another worker would say the same
_log = logging.getLogger("goodfit")
_current: ContextVar[Elsewhere | None] = ContextVar("goodfit_executor", default=None)


class Keeping(Protocol):
    """What a session knows of its turns."""

    @property
    def planned(self) -> SessionPlan:
        """All of them."""

    def has(self, number: int) -> bool:
        """Whether a turn is finished."""

    def task(self, number: int, spent: Mapping[str, float]) -> Task:
        """A turn as a task."""

    def arrived(self, number: int, kept: Any, states: Sequence[NetState] | None, mark: str) -> None:
        """Keep what a task gave. mark: of the machine that trained it."""


def current() -> Elsewhere | None:
    """Where sessions are trained now; None for here."""
    return _current.get()


@contextmanager
def elsewhere(executor: Any) -> Iterator[None]:
    """While this lasts, sessions are trained by the workers of an executor; by whom they were, where it is None.

    executor: anything with `submit` of `concurrent.futures.Executor`. InputError where it has none.
    """
    if executor is None:
        yield
        return
    if not callable(getattr(executor, "submit", None)) or isinstance(executor, type):
        fix = (
            "Give a concurrent.futures.ProcessPoolExecutor, goodfit.WorkerPool(4), or what goodfit.cluster(...) gives."
        )
        raise InputError(
            problem("executor", "must have a method 'submit' as of concurrent.futures", got=executor, fix=fix)
        )
    away = Elsewhere(executor)
    token = _current.set(away)
    try:
        with planned_for_workers(True):
            yield
    finally:
        _current.reset(token)
        away.parcels.close()


def on_executor(function: Callable[Given, Result]) -> Callable[Given, Result]:
    """Have what a function trains be trained by the workers of its argument `executor`, where it is given one.

    With an argument `watch` it is planned for this process, which then trains it.
    """

    @functools.wraps(function)
    def call(*arguments: Given.args, **named: Given.kwargs) -> Result:
        with elsewhere(named.get("executor")), planned_for_workers(for_workers() and named.get("watch") is None):
            return function(*arguments, **named)

    return call


class Elsewhere:
    """An executor, and what its workers were sent.

    answered: whether any of its workers ever answered.
    whole: whether contents come along with every task, since some worker does not see the folder.
    mark: of the machines that train, see `Machine.mark`; "" before the first of them told.
    """

    def __init__(self, executor: Any) -> None:
        self.executor, self.parcels = executor, Parcels(getattr(executor, "share", None))
        self.answered, self.whole, self.mark = False, False, ""
        self._told: set[str] = set()

    def train(self, shared: Any, keeping: Keeping, spent: Mapping[str, float], asked: Callable[[], bool]) -> None:
        """Train the turns of a session that are not finished.

        shared: has a method `train` that takes a task, and travels by pickle; asked: whether to stop, which leaves
        what is being trained.
        """
        self._refuse_one_gpu()
        waiting = [number for number in range(len(keeping.planned.turns)) if not keeping.has(number)]
        if waiting and not asked():
            try:
                _Session(self, keeping, spent, self.parcels.packed(shared), deque(waiting)).train(asked)
            finally:
                self.parcels.release()

    def _refuse_one_gpu(self) -> None:
        """GoodfitError where several processes of this machine would share its first GPU."""
        if isinstance(self.executor, WorkerPool) and self.executor.count > 1 and machine().kind != "cpu":
            rule = f"has {self.executor.count} workers, which would all train on the first {machine().kind}"
            fix = "Train without workers, which uses every device; or with one; or on the CPU (--device cpu)."
            raise GoodfitError(problem("WorkerPool", rule, fix=fix))

    def stays(self, why: str) -> None:
        """Say once why something is trained here, though there are workers."""
        if why not in self._told:
            self._told.add(why)
            _log.warning("Trained in this process, without the workers: %s.", why)

    def compare(self, mark: str) -> None:
        """GoodfitError where a worker trains on another kind of machine than those before it."""
        self.mark = self.mark or mark
        if mark and mark != self.mark:
            rule = f"must train on {self.mark}, as the others of this session do; one of them trains on {mark}"
            fix = "Use workers of one kind, or choose it: --device, or goodfit.devices.use."
            raise GoodfitError(problem("Worker", rule, fix=fix))

    @property
    def began(self) -> bool:
        """Whether a worker has begun, as far as is known; True for executors that do not tell."""
        return self.answered or bool(getattr(self.executor, "began", True))

    @property
    def workers(self) -> int:
        """How many there may be, as far as the executor tells."""
        told = [getattr(self.executor, name, None) for name in ("count", "_max_workers")]
        return next((each for each in told if isinstance(each, int)), cores())


@dataclass
class _Session:
    """The tasks of one session. waiting: numbers of turns; running: in the order in which they were submitted."""

    away: Elsewhere
    keeping: Keeping
    spent: Mapping[str, float]
    names: Sequence[str]
    waiting: deque[int]
    running: dict[Future[bytes], int] = field(default_factory=dict)
    done: queue.SimpleQueue[Future[bytes]] = field(default_factory=queue.SimpleQueue)
    tries: Counter[int] = field(default_factory=Counter)
    broken: set[Future[bytes]] = field(default_factory=set)  # that end with a pool, whose end is counted already

    def train(self, asked: Callable[[], bool]) -> None:
        """Submit tasks, and keep what comes back as it comes."""
        try:
            while self.waiting or self.running:
                more = bool(self.waiting) and len(self.running) < self._most()
                if more:
                    self._submit(self.waiting.popleft())
                look()
                self._take(wait=not more)
                if asked():
                    while self._take(wait=False):  # what has come already is kept
                        pass
                    return
        finally:
            for future in self.running:
                future.cancel()

    def _most(self) -> int:
        """Tasks that may run at a time."""
        parcels = self.away.parcels
        if parcels.shares:
            return MOST_AHEAD
        if not self.away.answered:
            return max(FIRST_AHEAD, self.away.workers)
        if not self.away.whole:
            return MOST_AHEAD
        return max(2 * self.away.workers, BYTES_AHEAD // max(1, parcels.bytes_of(self.names)))

    def _submit(self, number: int) -> None:
        away = self.away
        x64 = bool(_config.jax_enable_x64)
        task = Sent(self.keeping.task(number, self.spent), tuple(self.names), away.parcels.folder, x64)
        given = away.parcels.given(self.names, whole=away.whole)
        try:
            future = away.executor.submit(carry_out, versions(), task.packed(), *given)
        except (KeyboardInterrupt, SystemExit, GoodfitError):
            raise
        except BaseException as error:
            raise _not_taken(error, began=away.answered) from error
        self.running[future] = number
        future.add_done_callback(self.done.put)

    def _take(self, *, wait: bool) -> bool:
        """Deal with the next task that is done; whether there was one. wait: SECONDS_DEAF at most."""
        try:
            future = self.done.get(wait, SECONDS_DEAF)
        except queue.Empty:
            return False
        try:
            answer: Answer = pickle.loads(future.result())
        except Exception as error:  # noqa: BLE001 - what it means is decided there
            self._died(future, error)
            return True
        number = self.running.pop(future)
        self.away.answered = True
        if answer.error is not None:
            raise answer.error
        if answer.found is None:
            self.away.whole = True
            self.waiting.appendleft(number)
            return True
        self.away.compare(answer.mark)
        self.keeping.arrived(number, *answer.found, answer.mark)
        return True

    def _died(self, future: Future[bytes], error: BaseException) -> None:
        """Have a task done again whose worker died; GoodfitError where that does not help.

        A pool of processes ends with one of them, and so do all tasks that it was given: counted are those that may
        have been running. They are done again behind all others, which a task that kills its workers then lets through.
        """
        if _fault(error) is not None:
            raise _wrong(error) from error
        counted = future not in self.broken
        if counted and isinstance(error, BrokenExecutor):
            lost = [each for each in self.running if not each.done() or _is_broken(each)]
            self.broken.update(lost)
            suspects = lost[: self.away.workers]
            if not self.away.began:  # and the next would end as it did
                raise _never_began(error) from error
        else:
            suspects = [future] if counted else []
        for each in suspects:
            self.tries[self.running[each]] += 1
            if self.tries[self.running[each]] >= TRIES:
                raise _lost(error) from error
        self.broken.discard(future)
        number = self.running.pop(future)
        if self.tries[number]:
            self.waiting.append(number)
        else:
            self.waiting.appendleft(number)


def _is_broken(future: Future[bytes]) -> bool:
    return not future.cancelled() and isinstance(future.exception(), BrokenExecutor)


def _fault(error: BaseException | None) -> BaseException | None:
    """What is wrong with the workers, or with who runs them, rather than that one of them died; None where one did."""
    if isinstance(error, BrokenExecutor):
        return None
    while error is not None:
        if isinstance(error, (*_WRONG, CancelledError)):
            return error
        error = error.__cause__
    return None


def _wrong(error: BaseException) -> GoodfitError:
    fault = _fault(error)
    if isinstance(fault, CancelledError):
        fix = "Call again; what was finished is kept where there is a folder."
        return GoodfitError(problem("executor", "cancelled a task that it was given", fix=fix))
    fix = "Install goodfit and what it needs in one version on all workers, and let them import what you defined."
    return GoodfitError(problem("executor", f"has a worker that cannot do its task: {_named(fault or error)}", fix=fix))


def _lost(error: BaseException) -> GoodfitError:
    rule = f"lost a task {TRIES} times, the last time with {_named(error)}"
    fix = "See whether workers have goodfit and enough memory; what was finished is kept where there is a folder."
    return GoodfitError(problem("executor", rule, fix=fix))


def _never_began(error: BaseException) -> GoodfitError:
    fix = GUARD + " Else see what the workers wrote to stderr."
    return GoodfitError(problem("executor", f"has workers that end before any has answered: {_named(error)}", fix=fix))


def _not_taken(error: BaseException, *, began: bool) -> GoodfitError:
    if isinstance(error, BrokenExecutor) and not began:
        return _never_began(error)
    fix = "Make a new one and call again; what was finished is kept where there is a folder."
    return GoodfitError(problem("executor", f"takes no more tasks: {_named(error)}", fix=fix))


def _named(error: BaseException) -> str:
    """An error in a few words, and what a worker said was its cause."""
    said = str(error).strip().splitlines()
    name = f"{type(error).__name__}: {said[0].rstrip('.')}" if said else type(error).__name__
    cause = [line for line in str(error.__cause__ or "").splitlines() if line.strip(' "')]
    return f"{name} ({cause[-1].strip().rstrip('.')})" if cause else name
