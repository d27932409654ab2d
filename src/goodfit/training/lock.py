"""One process at a time writes to a run: a lock on its folder, which the system lets go of even after `kill -9`.

The lock is on the folder itself, which leaves no file behind and needs no right to write, so that a list of runs may
ask for it anywhere. `filelock` (tried: 4.3.1) locks a file, which it leaves in the folder; it refuses a folder ("Is a
directory") and fails in one that cannot be written and on file systems without locks; loading it takes 0.15 s.
"""

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from goodfit.errors import InputError, problem

try:
    import fcntl
except ImportError:  # pragma: no cover - a system without these locks: runs are then not guarded
    fcntl = None  # type: ignore[assignment]


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold a run's folder; InputError if another process, or another training of this one, holds it."""
    with _opened(folder) as descriptor:
        if descriptor is not None and not _locked(descriptor):
            fix = "Wait for it to end, or stop it."
            raise InputError(problem(str(folder), "is in use by another training", fix=fix))
        yield


def is_held(folder: Path) -> bool:
    """Whether somebody trains this run now."""
    with _opened(folder) as descriptor:
        return descriptor is not None and not _locked(descriptor)


@contextmanager
def _opened(folder: Path) -> Iterator[int | None]:
    """A descriptor of the folder; None where it cannot be had, or the system has no locks."""
    descriptor = None
    if fcntl is not None:
        with contextlib.suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _locked(descriptor: int) -> bool:
    """Lock it. True too where the file system knows no locks."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
