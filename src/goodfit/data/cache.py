"""goodfit's cache folder, and files in it that are whole or not there."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from goodfit.errors import GoodfitError, problem
from goodfit.files import write_atomically

CACHE_VARIABLE = "GOODFIT_CACHE"


def user_cache() -> Path:
    """The folder for what goodfit can fetch or work out again; it may not exist yet.

    `GOODFIT_CACHE` in the environment, or else the system's usual place (`~/.cache/goodfit` on Linux).
    """
    chosen = os.environ.get(CACHE_VARIABLE)
    if chosen:
        return Path(os.path.expanduser(chosen)).absolute()
    import platformdirs

    return Path(platformdirs.user_cache_dir("goodfit", appauthor=False))


def keep(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file of the cache, whole or not at all; `write` gets the open file.

    Raises GoodfitError if the machine does not let it (full disk, no permission).
    """
    write_atomically(path, write, explain=_cannot_write)


def _cannot_write(path: Path, error: OSError) -> GoodfitError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        rule, fix = (
            "the disk must have room for the file",
            "Make room, or set GOODFIT_CACHE to a folder on another disk.",
        )
    else:
        rule, fix = "the folder must be writable", "Set GOODFIT_CACHE to a folder that you may write to."
    return GoodfitError(problem(str(path), rule, got=error.strerror or str(error), fix=fix))
