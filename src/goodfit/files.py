"""Files that are either whole or not there."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

from goodfit.errors import GoodfitError, InputError, problem

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NOT_ALLOWED = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG}


def write_atomically(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file so that a reader, now or after a crash, finds the old content or the new, never a part.

    The content goes to a temporary name in the same folder, is flushed to the disk and then renamed; a missing
    folder is made first. A folder that cannot be written is an InputError, a full disk a GoodfitError; both
    leave the old file as it was and no temporary file behind.
    """
    target = Path(path)
    unfinished = target.with_name(f".{target.name[:200]}.{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with open(unfinished, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(unfinished, target)
        except BaseException:
            with contextlib.suppress(OSError):
                unfinished.unlink()
            raise
        _flush_folder(target.parent)
    except OSError as error:
        raise write_error(target, error) from error


def write_error(path: str | os.PathLike[str], error: OSError) -> GoodfitError:
    """The error to raise where writing `path` failed with `error`: InputError if another path would help."""
    reason = error.strerror or str(error)
    if error.errno in _FULL:
        return GoodfitError(problem(str(path), f"could not be written: {reason}", fix="Free some space and try again."))
    if error.errno in _NOT_ALLOWED:
        return InputError(problem(str(path), f"must be writable: {reason}", fix="Give a folder that you may write to."))
    return GoodfitError(problem(str(path), f"could not be written: {reason}"))


def _flush_folder(folder: Path) -> None:
    """Make the rename itself durable, where the system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
