"""Checkpoints: the state of a training on disk, the newest two of them, so that a damaged one does not lose the run."""

import contextlib
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from goodfit import notices
from goodfit.errors import InputError, problem
from goodfit.files import write_atomically
from goodfit.training import tensor_file

FORMAT = 1
KEPT = 2
CHECKPOINTS = "checkpoints"  # the folder of a session's
_NAME = re.compile(r"epoch-([0-9]{6,})\.safetensors")


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """What a training needs to go on as if it had never stopped.

    epoch: epochs that are done. arrays: weights, optimiser state and the like by name (read-only).
    metadata: anything else, as JSON has it. path: the file it came from.
    """

    epoch: int
    arrays: dict[str, np.ndarray]
    metadata: dict[str, Any]
    path: Path


def save_checkpoint(
    folder: str | os.PathLike[str],
    epoch: int,
    arrays: Mapping[str, np.ndarray],
    metadata: Mapping[str, Any],
) -> Path:
    """Write the checkpoint of an epoch, whole or not at all, then remove all but the newest KEPT.

    arrays: NumPy or JAX arrays of numbers or booleans, copied to the file as they are. metadata: JSON without
    non-finite numbers (those belong in arrays). Checkpoints of later epochs, which a run leaves that was resumed from
    an earlier one, are removed too, and so are the unfinished files of a process that was killed.
    """
    path = Path(folder) / f"epoch-{epoch:06d}.safetensors"
    content = tensor_file.pack(arrays, {**metadata, "epoch": epoch}, kind="checkpoint", version=FORMAT)
    write_atomically(path, content)
    earlier = [file for file in checkpoint_files(folder) if _epoch(file) <= epoch]
    stale = set(checkpoint_files(folder)) - set(earlier[:KEPT])
    for file in [*stale, *path.parent.glob(".epoch-*.part")]:
        with contextlib.suppress(OSError):
            file.unlink()
    return path


def checkpoint_files(folder: str | os.PathLike[str]) -> list[Path]:
    """The checkpoints of a folder, newest first; none if there is no such folder. Does not open them."""
    try:
        found = [entry for entry in Path(folder).iterdir() if _NAME.fullmatch(entry.name)]
    except OSError:
        return []
    return sorted(found, key=_epoch, reverse=True)


def newest_epoch(folder: str | os.PathLike[str]) -> int:
    """The epoch of the newest checkpoint of a folder; 0 where there is none. Does not open it."""
    return next(map(_epoch, checkpoint_files(folder)), 0)


def load_checkpoint(folder: str | os.PathLike[str], *, warn: Callable[[str], None] | None = None) -> Checkpoint:
    """The newest checkpoint that is whole.

    A damaged one is passed over with one line to `warn` (default: `warnings.warn`). InputError if there is none, or if
    all of them are damaged; then every one is named.
    """
    damaged: list[str] = []
    for path in checkpoint_files(folder):
        try:
            found = tensor_file.read(path, kind="checkpoint", version=FORMAT)
        except InputError as error:
            damaged += error.problems
            continue
        epoch = found.metadata.pop("epoch", None)
        if epoch != _epoch(path) or type(epoch) is not int:
            damaged += tensor_file.damaged(path, "checkpoint").problems
            continue
        if damaged:
            text = f"{' '.join(damaged)} Resuming from the checkpoint before it, after epoch {epoch}."
            (warn or notices.warn)(text)
        return Checkpoint(epoch, found.arrays, found.metadata, path)
    if damaged:
        raise InputError(*damaged)
    raise InputError(
        problem(str(folder), "must hold a checkpoint to resume from", fix="Start the run without resuming.")
    )


def _epoch(path: Path) -> int:
    match = _NAME.fullmatch(path.name)
    return int(match[1]) if match else -1
