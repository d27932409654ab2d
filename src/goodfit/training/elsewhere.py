"""Training elsewhere: the turns of a session as tasks of an executor, anything with `submit` of `concurrent.futures`.

A plan for workers has turns of about a second, each for one device. What a turn gives depends on the plan alone: not
on how many workers there are, which of them trains it, or how often one dies. A task whose worker died is given to
another; the session's store keeps what is finished, so that the driver may be killed too.
"""

from __future__ import annotations

import functools
import pickle
import queue
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ParamSpec, Protocol, TypeVar

import jax

from goodfit.errors import GoodfitError, InputError, problem
from goodfit.training.fitting import SECONDS_DEAF
from goodfit.training.interrupts import look
from goodfit.training.moving import NetState
from goodfit.training.parcels import Parcels
from goodfit.training.tasks import Answer, Sent, Task, carry_out
from goodfit.training.turns import SessionPlan, planned_for_workers

Given = ParamSpec("Given")
Result = TypeVar("Result")
_config: Any = jax.config  # its options are not typed
TRIES = 3  # of a task whose worker dies
MOST_AHEAD = 20_000  # tasks that an executor is given at a time
_current: ContextVar[Elsewhere | None] = ContextVar("goodfit_executor", default=None)
Done = queue.SimpleQueue[Future[bytes]]


class Keeping(Protocol):
    """What a session knows of its turns."""

    @property
    def planned(self) -> SessionPlan:
        """All of them."""

    def has(self, number: int) -> bool:
        """Whether a turn is finished."""

    def task(self, number: int, spent: Mapping[str, float]) -> Task:
        """A turn as a task."""

    def arrived(self, number: int, kept: Any, states: Sequence[NetState] | None) -> None:
        """Keep what a task gave."""


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
    """Have what a function trains be trained by the workers of its argument `executor`, where it is given one."""

    @functools.wraps(function)
    def call(*arguments: Given.args, **named: Given.kwargs) -> Result:
        with elsewhere(named.get("executor")):
            return function(*arguments, **named)

    return call


class Elsewhere:
    """An executor, and what its workers were sent."""

    def __init__(self, executor: Any) -> None:
        self.executor, self.parcels = executor, Parcels(getattr(executor, "share", None))
        self._whole = False  # whether rows come along with every task, since some worker does not see the folder

    def train(self, shared: Any, keeping: Keeping, spent: Mapping[str, float], asked: Callable[[], bool]) -> None:
        """Train the turns of a session that are not finished.

        shared: has a method `train` that takes a task, and travels by pickle; asked: whether to stop, which leaves
        what is being trained.
        """
        waiting = [number for number in range(len(keeping.planned.turns)) if not keeping.has(number)]
        waiting.reverse()
        if not waiting or asked():
            return
        names = self.parcels.packed(shared)
        running, done, tries = dict[Future[bytes], int](), Done(), Counter[int]()

        def submit(number: int) -> None:
            task = Sent(keeping.task(number, spent), names, self.parcels.folder, bool(_config.jax_enable_x64))
            given = self.parcels.given(names, whole=self._whole)
            try:
                future = self.executor.submit(carry_out, task.packed(), *given)
            except (KeyboardInterrupt, SystemExit):
                raise
            except BaseException as error:
                raise _not_taken(error) from error
            running[future] = number
            future.add_done_callback(done.put)

        try:
            while waiting or running:
                while waiting and len(running) < MOST_AHEAD:
                    submit(waiting.pop())
                look()
                if asked():
                    return
                try:
                    future = done.get(timeout=SECONDS_DEAF)
                except queue.Empty:
                    continue
                number = running.pop(future)
                answer = self._answer(future, number, tries)
                if answer is None or (answer.found is None and answer.error is None):
                    waiting.append(number)
                elif answer.error is not None:
                    raise answer.error
                elif answer.found is not None:
                    keeping.arrived(number, *answer.found)
        finally:
            for future in running:
                future.cancel()

    def _answer(self, future: Future[bytes], number: int, tries: Counter[int]) -> Answer | None:
        """What a worker answered; None where it died. GoodfitError after TRIES."""
        try:
            answer: Answer = pickle.loads(future.result())
        except Exception as error:
            tries[number] += 1
            if tries[number] >= TRIES:
                raise _lost(error) from error
            return None
        self._whole = self._whole or (answer.found is None and answer.error is None)
        return answer


def _lost(error: BaseException) -> GoodfitError:
    rule = f"lost a task {TRIES} times, the last time with {_named(error)}"
    fix = "See whether workers have goodfit and enough memory; what was finished is kept where there is a folder."
    return GoodfitError(problem("executor", rule, fix=fix))


def _not_taken(error: BaseException) -> GoodfitError:
    fix = "Make a new one and call again; what was finished is kept where there is a folder."
    return GoodfitError(problem("executor", f"takes no more tasks: {_named(error)}", fix=fix))


def _named(error: BaseException) -> str:
    """An error in a few words."""
    said = str(error).strip().splitlines()
    return f"{type(error).__name__}: {said[0].rstrip('.')}" if said else type(error).__name__
