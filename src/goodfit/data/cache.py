"""goodfit's cache folder, and files in it that are whole or not there."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from goodfit.errors import GoodfitError, problem

CACHE_VARIABLE = "GOODFIT_CACHE"
STALE_SECONDS = 24 * 3600  # a part file older than this was left by a process that was killed


def user_cache() -> Path:
    """The folder for what goodfit can fetch or work out again; it may not exist yet.

    `GOODFIT_CACHE` in the environment, or else the system's usual place (`~/.cache/goodfit` on Linux).
    """
    chosen = os.environ.get(CACHE_VARIABLE)
    if chosen:
        return Path(os.path.expanduser(chosen)).absolute()
    import platformdirs

    return Path(platformdirs.user_cache_dir("goodfit", appauthor=False))


def write_atomically(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file so that others see the old one, the new one, or none, and never a part.

    `write` gets a binary file with a temporary name in the same folder, which is flushed to the disk and renamed to
    `path`. Processes that write the same path at once do not disturb each other: the last rename wins.
    Missing folders are made. Raises GoodfitError if the machine does not let it (full disk, no permission).
    """
    part = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_stale_parts(path)
        with part.open("xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError as error:
        raise GoodfitError(_cannot_write(path, error)) from error
    finally:
        with contextlib.suppress(OSError):  # it is not there if all went well, or if it could not be made
            part.unlink()
    _sync_folder(path.parent)


def _remove_stale_parts(path: Path) -> None:
    """Remove what killed processes left behind; files of living ones are younger than STALE_SECONDS."""
    for left in path.parent.glob(f".{path.name}.*.part"):
        with contextlib.suppress(OSError):  # another process may be removing it too
            if time.time() - left.stat().st_mtime > STALE_SECONDS:
                left.unlink()


def _sync_folder(folder: Path) -> None:
    """Flush the rename itself, where the system can (it cannot on Windows)."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _cannot_write(path: Path, error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        rule, fix = (
            "the disk must have room for the file",
            "Make room, or set GOODFIT_CACHE to a folder on another disk.",
        )
    else:
        rule, fix = "the folder must be writable", "Set GOODFIT_CACHE to a folder that you may write to."
    return problem(str(path), rule, got=error.strerror or str(error), fix=fix)
