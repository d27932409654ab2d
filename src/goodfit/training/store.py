"""What a session keeps in a folder, so that it can be killed at any moment and go on with the same bits.

`turn-0000.safetensors` holds what the first turn gave, and so on; `checkpoints/` the state of the turn that is being
trained, with all that it has measured. A turn's file is written before its checkpoints go: a kill between the two
leaves both, and the file counts.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import jax
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from goodfit.checked_json import damaged, read_json, read_model
from goodfit.errors import GoodfitError, InputError, problem
from goodfit.files import folder_to_write, sweep, write_atomically, write_error
from goodfit.training import tensor_file
from goodfit.training.checkpoints import (
    CHECKPOINTS,
    Checkpoint,
    checkpoint_files,
    load_checkpoint,
    newest_epoch,
    save_checkpoint,
)
from goodfit.training.cohort import Cohort
from goodfit.training.compile import fresh_state
from goodfit.training.fitting import Report
from goodfit.training.lock import held
from goodfit.training.machine import machine
from goodfit.training.population import NetGrid
from goodfit.training.state import State
from goodfit.training.turns import Turn, for_workers, planned_for_workers

FORMAT = 1
MACHINE = "machine"  # in the metadata: on what it was trained
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
        self._home = _nearest(folder)
        self._records = tuple(folder.glob("*.json"))  # what says of which run or search the folder is
        self.start_clock()

    def check_there(self) -> None:
        """GoodfitError where the folder has disappeared since the last look, which must not be made again in halves.

        Whoever removes a folder removes its files first: without its records, it is none of a session any more.
        """
        path, known = self._home
        if _nearest(path) != (path, known) or not all(map(os.path.lexists, self._records)):
            fix = "Start it again, in this folder or another."
            rule = f"was removed while the {self.kind} was being trained, so training has stopped"
            raise GoodfitError(problem(str(self.folder), rule, fix=fix))
        self._home = _nearest(self.folder)

    def finished(
        self, number: int, turn: Turn, compare: Callable[[str], None] | None = None
    ) -> tensor_file.Content | None:
        """What a turn gave; None where it has not come to its end. InputError where it is another session's.

        compare: refuses the mark of a machine that the rest is not trained on; None where that is this one.
        """
        path = self.path(number)
        if not os.path.exists(path):
            return None
        content = tensor_file.read(path, kind=self.kind, version=FORMAT)
        if compare is None:
            self._check_machine(content.metadata)
        else:
            compare(str(content.metadata.get(MACHINE, "cpu")))
        if content.metadata.get("work") != turn.work or content.metadata.get("jobs") != list(turn.jobs):
            fix = "Give another folder, or the data and settings that it was started with."
            raise InputError(problem(str(path), f"belongs to a different {self.kind}", fix=fix))
        return content

    def finish(
        self, number: int, turn: Turn, arrays: Arrays, metadata: Mapping[str, Any], mark: str | None = None
    ) -> None:
        """Keep what a turn gave, and forget its state. mark: of the machine that trained it; None for this one."""
        self.check_there()
        trained = machine().mark if mark is None else mark
        about = {**metadata, "work": turn.work, "jobs": list(turn.jobs), MACHINE: trained}
        write_atomically(self.path(number), tensor_file.pack(arrays, about, kind=self.kind, version=FORMAT))
        self.forget_state()

    def unfinished(self, number: int, cohort: Cohort) -> Unfinished | None:
        """Where an earlier session was killed in this turn; None where it had no time to save."""
        if not checkpoint_files(self.folder / CHECKPOINTS):
            return None
        found = load_checkpoint(self.folder / CHECKPOINTS)
        if found.metadata.get("kind", self.kind) != self.kind:
            fix = "Give another folder, or finish first what was started there."
            rule = f"holds a checkpoint of something else than a {self.kind}"
            raise InputError(problem(str(self.folder), rule, got=found.metadata["kind"], fix=fix))
        if found.metadata.get("turn", number) != number:  # of a turn whose file was written, and no more
            self.forget_state()
            return None
        self._check_machine(found.metadata)
        fresh = fresh_state(cohort.program, cohort.settings(), cohort.initial_parameters())
        state = restored(found, fresh, cohort.grid)
        try:
            measures, nets = 2 + 2 * len(cohort.program.parts), len(cohort.grid.place)
            metrics = tensor_file.array_of(found.arrays, METRICS, "f", None, measures, nets)
            if not 0 < len(metrics) <= found.epoch:  # fewer where the turn began with nets of an earlier rung
                raise ValueError("metrics of more epochs than were trained")
            return Unfinished(found.epoch, state, metrics, tensor_file.seconds_of(found.metadata))
        except ValueError as error:
            raise tensor_file.damaged(found.path, "checkpoint") from error

    def _check_machine(self, metadata: Mapping[str, Any]) -> None:
        """InputError where a session was started on another kind of device, whose row orders and roundings differ."""
        began, here = metadata.get(MACHINE, "cpu"), machine().mark
        if began != here:
            kind, _, precision = str(began).partition(", ")
            flags = f"--device {kind}" + (f" --precision {precision}" if precision else "")
            rule = (
                f"this {self.kind} was started on {began}, and resumes only there, to the same bits; "
                f"this process trains on {here}"
            )
            raise InputError(
                problem(str(self.folder), rule, fix=f"Resume with {flags}, or start again in another folder.")
            )

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
        about = {"kind": self.kind, "turn": number, "seconds": dict(seconds), MACHINE: machine().mark}
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

    def path(self, number: int) -> Path:
        """Where a turn's file is."""
        return self.folder / f"turn-{number:04d}.safetensors"


def _nearest(folder: Path) -> tuple[Path, tuple[int, int]]:
    """The folder itself, or the nearest above it that is there, and the system's number of it."""
    for path in (folder, *folder.parents):
        with contextlib.suppress(OSError):
            facts = os.stat(path)
            return path, (facts.st_dev, facts.st_ino)
    return folder, (0, 0)


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
    digest of the data alone, by which changed data are told from another call; tasks: whether turns were planned as
    tasks for workers, which decides them too.
    """

    print: str
    memory: float
    about: str = ""
    call: Mapping[str, Any] | None = None
    data: str = ""
    tasks: bool = field(default_factory=for_workers)

    def to_json(self) -> str:
        """The content of its file."""
        memory = self.memory if math.isfinite(self.memory) else None
        fields = _fields({**vars(self), "memory": memory})
        return json.dumps({**fields, "whole": _digest(fields)}, indent=2) + "\n"

    @classmethod
    def read(cls, path: Path, what: str) -> SessionRecord:
        """The record in a file; InputError where it is damaged. what: "search", "curve", ..."""
        must, fix = f"the record of a {what}", f"Remove its folder, or give another, and start the {what} again."
        if is_older(path):
            rule = f"was begun by an older version, whose {what} this one cannot resume"
            fix = f"Start the {what} again in another folder. What is finished in this one can still be read."
            raise InputError(problem(os.fspath(path), rule, fix=fix))
        found = read_model(path, _KeptRecord, must=must, fix=fix)
        fields = _fields(found.model_dump(exclude={"whole"}))
        if found.whole != _digest(fields):
            raise damaged(path, must=must, fix=fix)
        memory = math.inf if found.memory is None else found.memory
        return cls(**{**fields, "memory": memory, "tasks": found.tasks})


def _fields(record: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a record that its file has; "tasks" where turns are tasks, for older versions know none."""
    return {name: value for name, value in record.items() if name != "tasks" or value}


def is_older(path: Path) -> bool:
    """Whether a file holds a record as goodfit wrote it before records had a digest of themselves."""
    try:
        found = read_json(path, must="a record", fix="")
    except InputError:
        return False
    return isinstance(found, dict) and {"print", "memory", "about", "call"} <= found.keys() and "whole" not in found


class _KeptRecord(BaseModel):
    """A record as its file has it. whole: a digest of the rest, since a changed call would be carried out."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    print: str
    memory: Annotated[float, Field(ge=0)] | None
    about: str
    call: dict[str, Any] | None
    data: str
    whole: str
    tasks: bool = False


def _digest(fields: Mapping[str, Any]) -> str:
    """A digest of values of JSON, whatever the order of their names."""
    text = json.dumps(json.loads(json.dumps(fields)), sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


@contextmanager
def session_folder(
    out: str | Path, name: str, record: SessionRecord, what: str, finish: str = ""
) -> Iterator[tuple[Path, float]]:
    """The folder of a session, made and locked, and the memory that its turns were cut to; turns are planned as then.

    name: of the file that holds the record; what: "search", "curve", ...; finish: the command that finishes what the
    folder holds, if that is not the call again.
    Nothing is mixed or lost: InputError where the folder was begun as another session.
    """
    folder = folder_to_write(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(folder, error) from error
    with held(folder):
        sweep(folder)
        path = folder / name
        if os.path.lexists(path):
            kept = _kept_record(folder, path, record, what, finish)
        else:
            if any(folder.rglob("turn-*")) or os.path.exists(folder / CHECKPOINTS):
                rule = f"holds results of a {what}, or of another training, but no {name}"
                raise InputError(problem(str(folder), rule, fix="Give another folder."))
            write_atomically(path, record.to_json().encode())
            kept = record
        with planned_for_workers(kept.tasks):
            yield folder, kept.memory


def _kept_record(folder: Path, path: Path, record: SessionRecord, what: str, finish: str) -> SessionRecord:
    """The record of the earlier session, which decides the turns; InputError where it was not this one."""
    kept = SessionRecord.read(path, what)
    if kept.print != record.print:
        finished = f"Finish that one with: {finish}, or delete {folder}." if finish else ""
        rule, fix = f"holds a different {what}", "Give another folder, or the settings, folds and seeds of that one."
        if kept.data and kept.data != record.data:
            rule = f"holds a {what} of other data, or its data have changed since"
            fix = "Give another folder, or the data that it was started with."
        elif kept.call is not None and kept.call == json.loads(record.to_json())["call"]:
            rule, fix = f"holds a {what} that another version of goodfit started", "Give another folder."
            if finish:  # which this version would refuse as well
                finished = f"Finish that one with that version, or delete {folder} and start again."
        raise InputError(problem(str(folder), rule, fix=finished or fix))
    return kept


def read_call(folder: str | Path, name: str, what: str) -> dict[str, Any]:
    """The arguments that a session was begun with; InputError where no file holds them."""
    path = Path(folder) / name
    if not os.path.lexists(path):
        rule = f"must be the folder of a {what}; it has no {name}"
        raise InputError(problem(str(folder), rule, fix=f"Give the folder that the {what} was written to."))
    call = SessionRecord.read(path, what).call
    if call is None:
        fix = f"Start the {what} again from Python, with the same arguments and folder."
        raise InputError(problem(str(folder), "was started from Python with objects that cannot be stored", fix=fix))
    return dict(call)
