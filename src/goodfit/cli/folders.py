"""Where a command writes when it is not told, and what it says where it is interrupted."""

from __future__ import annotations

import itertools
import os
import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from goodfit.cli.exits import Interrupted, explain
from goodfit.cli.worker_flags import worker_flags
from goodfit.errors import GoodfitError, InputError
from goodfit.leaving import on_leaving

NOTHING = "Interrupted before any training; nothing was written."
VERDICT_CALL = "verdict/verdict-call.json"  # in the folder of a run whose verdict has begun


def default_folder(data: str, below: str = "runs") -> Path:
    """A folder below `runs` that is not there yet, named after the data set and the time."""
    folder = Path(below) / f"{data}-{time.strftime('%Y%m%d-%H%M%S')}"
    later = (folder.with_name(f"{folder.name}-{count}") for count in itertools.count(2))
    return next(path for path in itertools.chain([folder], later) if not os.path.exists(path))


def name_of(path: Path) -> str:
    """What a folder or a file is called, whichever way it was given: that of the working folder is not "."."""
    return path.resolve().name or str(path)


@contextmanager
def resumable(command: str, folder: Path, *records: str) -> Iterator[None]:
    """Say how to resume where Ctrl-C, or a fault that is not the input's, ends something that had begun.

    command: of goodfit, which takes --resume; records: files, one of which stands in the folder once it has begun.
    """
    again = shlex.join(["goodfit", command, "--resume", str(folder), *worker_flags()])

    def begun() -> bool:
        return any(os.path.lexists(folder / record) for record in records)

    def told() -> str:
        return f"Interrupted. Resume with: {again}" if begun() else NOTHING

    try:
        with on_leaving(told):
            yield
    except KeyboardInterrupt:
        raise Interrupted(told()) from None
    except InputError:
        raise
    except (GoodfitError, MemoryError, RuntimeError) as error:  # JAX tells of a full device by a RuntimeError
        if begun():
            raise GoodfitError(f"{explain(error)} Resume with: {again}") from error
        raise
