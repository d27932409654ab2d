"""A turn as a task: what is sent to a worker, and what the worker's process does with it."""

from __future__ import annotations

import pickle
import sys
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from goodfit import __version__
from goodfit.errors import GoodfitError, problem
from goodfit.host import libraries
from goodfit.training.devices import Choice, choice, doubles, follow, prepare
from goodfit.training.machine import machine
from goodfit.training.moving import NetState
from goodfit.training.parcels import PICKLE, opened
from goodfit.training.turns import Turn


@dataclass(frozen=True)
class Task:
    """One turn. start: (epochs done, a state a net) that it goes on from; ends: whether states are sent back; spent:
    seconds that count as its own, by name.
    """

    turn: Turn
    start: tuple[int, Sequence[NetState]] | None
    ends: bool
    spent: Mapping[str, float]


@dataclass(frozen=True)
class Sent:
    """What a task comes with.

    names, folder: of what it needs, see `parcels`.
    x64: whether arithmetic may be in float64.
    chosen: the kind of device and the precision that the driver was asked for.
    """

    task: Task
    names: tuple[str, ...]
    folder: str
    x64: bool
    chosen: Choice = field(default_factory=choice)

    def packed(self) -> bytes:
        """As it is sent."""
        return pickle.dumps(self, PICKLE)


@dataclass(frozen=True)
class Answer:
    """What came of a task.

    found: what the session keeps, and the states of its nets; error: why there is none; both None where the worker has
    no way to the rows, which then come along.
    mark: of the machine that trained it, see `Machine.mark`; "" where nothing was trained.
    """

    found: tuple[Any, Sequence[NetState] | None] | None = None
    error: BaseException | None = None
    mark: str = ""


def versions() -> dict[str, str]:
    """What driver and workers must have alike: a pickle or the bits may depend on it."""
    return {"goodfit": __version__, "Python": ".".join(map(str, sys.version_info[:2])), **libraries()}


def carry_out(wanted: Mapping[str, str], sent: bytes, *given: Any) -> bytes:
    """Train a turn in this process; an Answer, pickled.

    wanted: the driver's versions, compared before anything is unpickled that another version may not know.
    given: contents that came along, see `parcels.opened`.
    """
    try:
        _check_versions(wanted)
        return pickle.dumps(_answer(pickle.loads(sent), given), PICKLE)
    except Exception as error:  # noqa: BLE001 - whatever it is, the driver raises it
        return _failed(error)


def _check_versions(wanted: Mapping[str, str]) -> None:
    here = versions()
    others = [name for name in {**wanted, **here} if wanted.get(name) != here.get(name)]
    if others:
        needed, got = (", ".join(f"{name} {of.get(name, 'none')}" for name in others) for of in (wanted, here))
        fix = "Install the same versions on all machines."
        raise GoodfitError(problem("Worker", f"must have {needed}, as the driver has; got {got}", fix=fix))


def _answer(sent: Sent, given: Sequence[Any]) -> Answer:
    follow(sent.chosen)
    prepare()  # which refuses a fork, before anything waits for JAX
    shared = opened(sent.names, sent.folder, given)
    if shared is None:
        return Answer()
    with doubles(sent.x64):
        return Answer(shared.train(sent.task), mark=machine().mark)


def _failed(error: Exception) -> bytes:
    """The error as an answer, with where it came from if it is no plain one."""
    text = "".join(traceback.format_exception(error))
    if not isinstance(error, GoodfitError):
        error.add_note(f"In a worker:\n{text}")
    try:
        packed = pickle.dumps(Answer(error=error), PICKLE)
        pickle.loads(packed)
    except Exception:  # noqa: BLE001 - an error of another library that pickle does not take, or not back
        return pickle.dumps(Answer(error=RuntimeError(text)), PICKLE)
    return packed
