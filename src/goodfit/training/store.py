"""What a session keeps in a folder, so that it can be killed at any moment and go on with the same bits.

`turn-0000.safetensors` holds what the first turn gave, and so on; `checkpoints/` the state of the turn that is being
trained, with all that it has measured. A turn's file is written before its checkpoints go: a kill between the two
leaves both, and the file counts.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from goodfit.errors import InputError, problem
from goodfit.files import write_atomically, write_error
from goodfit.training import tensor_file
from goodfit.training.checkpoints import Checkpoint, checkpoint_files, load_checkpoint, newest_epoch, save_checkpoint
from goodfit.training.cohort import Cohort
from goodfit.training.compile import fresh_state
from goodfit.training.fitting import Report
from goodfit.training.lock import held
from goodfit.training.population import NetGrid
from goodfit.training.state import State
from goodfit.training.turns import Turn

FORMAT = 1
CHECKPOINTS = "checkpoints"
METRICS = "metrics"  # the array of a checkpoint that is no part of the state
SHARE_OF_TIME = 0.01  # that checkpoints may take
FEWEST_SECONDS = 2.0  # between two checkpoints

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Unfinished:
    """A turn that was killed. epoch: epochs done; state: after them; metrics: [epoch, Q, P]; seconds: spent on them."""

    epoch: int
    state: State
    metrics: NDArray[Any]
    seconds: Mapping[str, float]


class Store:
    """The folder of one session. kind: of its files, which no other kind of session takes for its own."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.folder, self.kind = folder, kind
        self._pause = FEWEST_SECONDS
        self.start_clock()

    def finished(self, number: int, turn: Turn) -> tensor_file.Content | None:
        """What a turn gave; None where it has not come to its end. InputError where it is another session's."""
        path = self._path(number)
        if not path.exists():
            return None
        content = tensor_file.read(path, kind=self.kind, version=FORMAT)
        if content.metadata.get("work") != turn.work or content.metadata.get("jobs") != list(turn.jobs):
            fix = "Give another folder, or the data and settings that it was started with."
            raise InputError(problem(str(path), f"belongs to a different {self.kind}", fix=fix))
        return content

    def finish(self, number: int, turn: Turn, arrays: Arrays, metadata: Mapping[str, Any]) -> None:
        """Keep what a turn gave, and forget its state."""
        about = {**metadata, "work": turn.work, "jobs": list(turn.jobs)}
        write_atomically(self._path(number), tensor_file.pack(arrays, about, kind=self.kind, version=FORMAT))
        self.forget_state()

    def unfinished(self, number: int, cohort: Cohort) -> Unfinished | None:
        """Where an earlier session was killed in this turn; None where it had no time to save."""
        if not checkpoint_files(self.folder / CHECKPOINTS):
            return None
        found = load_checkpoint(self.folder / CHECKPOINTS)
        if found.metadata.get("kind", self.kind) != self.kind:
            fix = "Give another folder, or finish first what was started there."
            raise InputError(problem(str(self.folder), f"holds a checkpoint of a {found.metadata['kind']}", fix=fix))
        if found.metadata.get("turn", number) != number:  # of a turn whose file was written, and no more
            self.forget_state()
            return None
        fresh = fresh_state(cohort.program, cohort.settings(), cohort.initial_parameters())
        state = restored(found, fresh, cohort.grid)
        return Unfinished(found.epoch, state, found.arrays[METRICS], found.metadata["seconds"])

    @property
    def reached(self) -> int:
        """The epoch of the newest checkpoint, as its name says; 0 where there is none."""
        return newest_epoch(self.folder / CHECKPOINTS)

    def start_clock(self) -> None:
        """Count the time to the next checkpoint from now on."""
        self._last = time.perf_counter()

    @property
    def due(self) -> bool:
        """Whether it is time for the next: after FEWEST_SECONDS, and as long as they take SHARE_OF_TIME at most."""
        return time.perf_counter() - self._last >= self._pause

    def save(
        self, number: int, grid: NetGrid, report: Report, metrics: NDArray[Any], seconds: Mapping[str, float]
    ) -> None:
        """Write a checkpoint of a turn: its state, and all metrics up to it, [epoch, Q, P], as one file."""
        began = time.perf_counter()
        arrays = {**state_arrays(report.snapshot(), grid), METRICS: metrics}
        about = {"kind": self.kind, "turn": number, "seconds": dict(seconds)}
        save_checkpoint(self.folder / CHECKPOINTS, report.epoch, arrays, about)
        self.start_clock()
        self._pause = max(FEWEST_SECONDS, (self._last - began) / SHARE_OF_TIME)

    def forget_state(self) -> None:
        """Remove the checkpoints."""
        shutil.rmtree(self.folder / CHECKPOINTS, ignore_errors=True)

    def forget(self) -> None:
        """Remove all that was kept, once it stands elsewhere."""
        self.forget_state()
        for path in self.folder.glob("turn-*"):
            with contextlib.suppress(OSError):
                path.unlink()

    def _path(self, number: int) -> Path:
        return self.folder / f"turn-{number:04d}.safetensors"


def state_arrays(state: State, grid: NetGrid) -> dict[str, NDArray[Any]]:
    """A state as arrays [P, ...] by name: in the order of the nets, so that it can be laid on any grid."""
    leaves, _ = jax.tree_util.tree_flatten_with_path(state)
    return {jax.tree_util.keystr(path): grid.take(np.asarray(leaf)) for path, leaf in leaves}


def restored(found: Checkpoint, fresh: State, grid: NetGrid) -> State:
    """The state in a checkpoint, laid on this grid, in the form of `fresh`.

    The bits of what follows are those of an uninterrupted training where the grid is the same; on another number of
    devices the nets are the same up to rounding.
    """
    leaves, tree = jax.tree_util.tree_flatten_with_path(fresh)
    expected = {jax.tree_util.keystr(path): ((len(grid.place), *leaf.shape[3:]), leaf.dtype) for path, leaf in leaves}
    arrays = {name: array for name, array in found.arrays.items() if name != METRICS}
    if {name: (array.shape, array.dtype) for name, array in arrays.items()} != expected or METRICS not in found.arrays:
        fix = "Resume with the version of goodfit that started the run, or train again."
        raise InputError(problem(os.fspath(found.path), "must hold the state of this run's recipe and seeds", fix=fix))
    state: State = jax.tree_util.tree_unflatten(tree, [grid.lay(arrays[name]) for name in expected])
    return replace(state, active=state.active & ~grid.empty)


@dataclass(frozen=True)
class SessionRecord:
    """Which session a folder holds, so that nothing is mixed and the same call goes on.

    print: a digest of all that decides the results; memory: bytes that one turn may take, kept since it decides the
    turns; about: for people; call: the arguments as JSON, None where they were objects that no file holds; data: a
    digest of the data alone, by which changed data are told from another call.
    """

    print: str
    memory: float
    about: str = ""
    call: Mapping[str, Any] | None = None
    data: str = ""

    def to_json(self) -> str:
        """The content of its file."""
        memory = self.memory if math.isfinite(self.memory) else None
        return json.dumps({**vars(self), "memory": memory}, indent=2) + "\n"


@contextmanager
def session_folder(
    out: str | Path, name: str, record: SessionRecord, what: str, finish: str = ""
) -> Iterator[tuple[Path, float]]:
    """The folder of a session, made and locked, and the memory that its turns were cut to.

    name: of the file that holds the record; what: "search", "curve", ...; finish: the command that finishes what the
    folder holds, if that is not the call again.
    Nothing is mixed or lost: InputError where the folder was begun as another session.
    """
    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(folder, error) from error
    with held(folder):
        path = folder / name
        if path.exists():
            memory = _memory_of(folder, path, record, what, finish)
        else:
            if any(folder.rglob("turn-*")) or (folder / CHECKPOINTS).exists():
                rule = f"holds results of a {what}, or of another training, but no {name}"
                raise InputError(problem(str(folder), rule, fix="Give another folder."))
            write_atomically(path, record.to_json().encode())
            memory = record.memory
        yield folder, memory


def _memory_of(folder: Path, path: Path, record: SessionRecord, what: str, finish: str) -> float:
    """The memory that an earlier session was cut to; InputError where it was not this one."""
    try:
        kept = json.loads(path.read_text("utf-8"))
        same, memory, data, call = kept["print"] == record.print, kept["memory"], kept.get("data"), kept.get("call")
        limit = math.inf if memory is None else float(memory)
    except (OSError, ValueError, KeyError, TypeError) as error:
        rule = f"must be the record of a {what}, but it cannot be read"
        raise InputError(problem(str(path), rule, fix="Give another folder.")) from error
    if not same:
        rule, fix = f"holds a different {what}", "Give another folder, or the settings, folds and seeds of that one."
        if data and data != record.data:
            rule = f"holds a {what} of other data, or its data have changed since"
            fix = "Give another folder, or the data that it was started with."
        elif call is not None and call == json.loads(record.to_json())["call"]:
            rule, fix = f"holds a {what} that another version of goodfit started", "Give another folder."
        if finish:
            fix = f"Finish that one with: {finish}, or delete {folder}."
        raise InputError(problem(str(folder), rule, fix=fix))
    return limit


def read_call(folder: str | Path, name: str, what: str) -> dict[str, Any]:
    """The arguments that a session was begun with; InputError where no file holds them."""
    path = Path(folder) / name
    if not path.exists():
        rule = f"must be the folder of a {what}; it has no {name}"
        raise InputError(problem(str(folder), rule, fix=f"Give the folder that the {what} was written to."))
    try:
        call = json.loads(path.read_text("utf-8"))["call"]
        if call is not None and not isinstance(call, dict):
            raise TypeError(call)
    except (OSError, ValueError, KeyError, TypeError) as error:
        fix = f"Give the folder of a {what}."
        rule = f"must be the record of a {what}, but it cannot be read"
        raise InputError(problem(str(path), rule, fix=fix)) from error
    if call is None:
        fix = f"Start the {what} again from Python, with the same arguments and folder."
        raise InputError(problem(str(folder), "was started from Python with objects that cannot be stored", fix=fix))
    return call
