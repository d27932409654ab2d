"""The files of a run: what is written while it trains, so that it can be killed at any moment and go on.

run.json says what is trained on and how far it is; recipe.json is the recipe alone; split.safetensors holds the rows
of each part; events.jsonl grows at the end of every chunk; checkpoints/ holds the newest states.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jax
import numpy as np

from goodfit import __version__
from goodfit.data import Dataset, Split
from goodfit.errors import InputError, problem
from goodfit.files import write_atomically
from goodfit.training import tensor_file
from goodfit.training.checkpoints import checkpoint_files, load_checkpoint, save_checkpoint
from goodfit.training.recipe import Recipe
from goodfit.training.state import State

RECIPE, RUN, SPLIT, EVENTS, HISTORY, MODEL = (
    "recipe.json",
    "run.json",
    "split.safetensors",
    "events.jsonl",
    "history.csv",
    "model.safetensors",
)
CHECKPOINTS = "checkpoints"
SPLIT_FORMAT = 1
SHARE_OF_TIME = 0.02  # that checkpoints may take
FEWEST_SECONDS = 2.0  # between two checkpoints


@dataclass(frozen=True)
class RunRecord:
    """run.json. state: "training" until the results are written, then "done"; data_print: of the data set's rows."""

    data: str
    data_print: str
    seeds: tuple[int, ...]
    started: str
    state: str = "training"
    goodfit: str = __version__
    results: Mapping[str, Any] | None = None

    def write(self, folder: Path) -> None:
        """Write run.json."""
        write_atomically(folder / RUN, (json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n").encode())

    @classmethod
    def read(cls, folder: Path) -> RunRecord:
        """Read run.json; InputError where the folder holds no run, or a damaged one."""
        path = folder / RUN
        try:
            found = json.loads(path.read_text("utf-8"))
            return cls(**{**found, "seeds": tuple(int(seed) for seed in found["seeds"])})
        except FileNotFoundError as error:
            fix = "Give the folder that 'goodfit train' wrote."
            raise InputError(problem(str(folder), f"must be the folder of a run; it has no {RUN}", fix=fix)) from error
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise InputError(problem(str(path), "must be a readable record of a run", got=str(error))) from error


def begin(folder: Path, recipe: Recipe, parts: Split, seeds: tuple[int, ...]) -> RunRecord:
    """Lay out the folder of a new run. A folder that already holds a run is refused."""
    if (folder / RUN).exists():
        fix = "Give another folder, or go on with --resume."
        raise InputError(problem(str(folder), "must not hold a run already", fix=fix))
    record = RunRecord(parts.data.name, fingerprint(parts.data), seeds, datetime.now(UTC).isoformat(timespec="seconds"))
    rows = {name: getattr(parts, name) for name in ("train", "valid", "test")}
    write_atomically(folder / RECIPE, recipe.to_json().encode())
    content = tensor_file.pack(rows, {"seed": parts.seed}, kind="split", version=SPLIT_FORMAT)
    write_atomically(folder / SPLIT, content)
    record.write(folder)
    return record


def read_split(folder: Path, data: Dataset, record: RunRecord) -> Split:
    """The split of a run, for the data set that it was trained on."""
    if fingerprint(data) != record.data_print:
        rule = f"must be resumed with the data that it was begun with; {data.name!r} holds other rows"
        raise InputError(problem(str(folder), rule, fix="Give that data set, or train anew."))
    rows, metadata = tensor_file.read(folder / SPLIT, kind="split", version=SPLIT_FORMAT)
    return Split(data, rows["train"], rows["valid"], rows["test"], seed=int(metadata["seed"]))


def fingerprint(data: Dataset) -> str:
    """A short digest of all rows and targets, to recognise a data set by."""
    digest = hashlib.blake2b(digest_size=16)
    for array in (data.x, data.y):
        digest.update(f"{array.shape} {array.dtype}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


class Checkpointer:
    """Writes states now and then: not more often than FEWEST_SECONDS, and for not more than SHARE_OF_TIME."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / CHECKPOINTS
        self._last = time.perf_counter()
        self._pause = FEWEST_SECONDS

    def maybe(self, epoch: int, snapshot: Callable[[], State]) -> None:
        """Write a checkpoint if it is time."""
        if time.perf_counter() - self._last >= self._pause:
            self.now(epoch, snapshot)

    def now(self, epoch: int, snapshot: Callable[[], State]) -> None:
        """Write a checkpoint."""
        began = time.perf_counter()
        save_checkpoint(self.folder, epoch, state_arrays(snapshot()), {})
        self._last = time.perf_counter()
        self._pause = max(FEWEST_SECONDS, (self._last - began) / SHARE_OF_TIME)


def state_arrays(state: State) -> dict[str, np.ndarray]:
    """A state as arrays by name."""
    leaves, _ = jax.tree_util.tree_flatten_with_path(state)
    return {jax.tree_util.keystr(path): np.asarray(leaf) for path, leaf in leaves}


def restore(folder: Path, fresh: State) -> tuple[int, State] | None:
    """(epochs done, state) of the newest whole checkpoint, in the form of `fresh`; None if there is none yet."""
    if not checkpoint_files(folder / CHECKPOINTS):
        return None
    found = load_checkpoint(folder / CHECKPOINTS)
    leaves, tree = jax.tree_util.tree_flatten_with_path(fresh)
    names = [jax.tree_util.keystr(path) for path, _ in leaves]
    shapes = {name: leaf.shape for name, (_, leaf) in zip(names, leaves, strict=True)}
    if {name: array.shape for name, array in found.arrays.items()} != shapes:
        rule = "must hold the state of this recipe on this many devices"
        fix = "Resume with the goodfit and the machine that began the run, or train anew."
        raise InputError(problem(os.fspath(found.path), rule, fix=fix))
    return found.epoch, jax.tree_util.tree_unflatten(tree, [np.array(found.arrays[name]) for name in names])
