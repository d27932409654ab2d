"""Files that are either whole or not there."""

import contextlib
import csv
import errno
import glob
import io
import os
import re
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from goodfit.errors import GoodfitError, InputError, problem

STALE_SECONDS = 24 * 3600  # an unfinished file older than this was left by a process that was killed
PAUSES = (0.01, 0.03, 0.1, 0.3)  # seconds between attempts to rename a file that somebody reads
_PART = re.compile(r"\..*\.([0-9]+)-[0-9a-f]{8}\.part", re.DOTALL)  # the process that writes it
_WRITING: set[Path] = set()  # by this process, now
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NOT_ALLOWED = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.ENAMETOOLONG}


def write_error(path: str | os.PathLike[str], error: OSError) -> GoodfitError:
    """The error to raise where writing `path` failed with `error`: InputError if another path would help."""
    reason = error.strerror or str(error)
    if error.errno in _FULL:
        return GoodfitError(problem(str(path), f"could not be written: {reason}", fix="Free some space and try again."))
    if error.errno == errno.EISDIR:
        return InputError(problem(str(path), "must be a file to write; it is a folder", fix="Name a file in it."))
    if error.errno in _NOT_ALLOWED:
        return InputError(problem(str(path), f"must be writable: {reason}", fix="Give a folder that you may write to."))
    return GoodfitError(problem(str(path), f"could not be written: {reason}"))


def folder_to_write(given: str | os.PathLike[str]) -> Path:
    """A folder that somebody named; InputError for an empty name, which Path takes for the current folder."""
    text = os.fspath(given)
    if not text or "\0" in text:
        raise InputError(problem("Folder", "the name of a folder must have letters, and no zero byte", got=text))
    return Path(text)


def write_atomically(
    path: str | os.PathLike[str],
    content: bytes | Callable[[BinaryIO], object],
    *,
    explain: Callable[[Path, OSError], GoodfitError] = write_error,
) -> None:
    """Write a file so that a reader, now or after a crash, finds the old content or the new, never a part.

    The content, or what a function writes to the file that it is handed, goes to a temporary name in the same folder,
    is flushed to the disk and then renamed; a missing folder is made first. Processes may write one path at once: the
    last rename wins. An OSError is raised as what `explain` makes of it; it leaves the old file as it was, and no
    temporary one behind.
    """
    target = Path(path)
    if not target.name:
        raise InputError(problem(repr(str(path)), "must be the path of a file", fix="Give it a name."))
    start = f".{target.name[:200]}."
    unfinished = target.with_name(f"{start}{os.getpid()}-{secrets.token_hex(4)}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _WRITING.add(unfinished)
        try:
            with open(unfinished, "xb") as file:
                file.write(content) if isinstance(content, bytes) else content(file)
                file.flush()
                os.fsync(file.fileno())
            _renamed(unfinished, target)
        except BaseException:
            with contextlib.suppress(OSError):
                unfinished.unlink()
            raise
        finally:
            _WRITING.discard(unfinished)
    except OSError as error:
        raise explain(target, error) from error
    _flush_folder(target.parent)
    _remove_stale(target.parent, start)


def write_table(path: str | os.PathLike[str], rows: Sequence[Mapping[str, Any]], names: Sequence[str] = ()) -> None:
    """Write rows as a CSV file, whole or not at all. names: of the columns; by default those of the first row."""
    text = io.StringIO()
    writer = csv.DictWriter(text, names or list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_atomically(path, text.getvalue().encode())


def _renamed(unfinished: Path, target: Path) -> None:
    """Give a file its name. Windows refuses that for as long as a reader has the old file open, which is not long."""
    for pause in () if os.name == "posix" else PAUSES:
        with contextlib.suppress(PermissionError):
            os.replace(unfinished, target)
            return
        time.sleep(pause)
    os.replace(unfinished, target)


def _flush_folder(folder: Path) -> None:
    """Make the rename itself durable, where the system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _remove_stale(folder: Path, start: str) -> None:
    """Remove what killed processes left of this file; what living ones write is younger than STALE_SECONDS."""
    for left in folder.glob(f"{glob.escape(start)}*.part"):
        with contextlib.suppress(OSError):  # another process may be removing it too
            if time.time() - left.stat().st_mtime > STALE_SECONDS:
                left.unlink()


def sweep(folder: Path) -> None:
    """Remove the unfinished files of processes that are gone, in a folder that this process holds, and below it."""
    for left in folder.rglob(".*.part"):
        name = _PART.fullmatch(left.name)
        if name is not None and left not in _WRITING and not is_living(int(name[1])):
            with contextlib.suppress(OSError):
                left.unlink()


def drop_unfinished() -> None:
    """Remove what this process has not written to its end: it ends now."""
    for left in tuple(_WRITING):
        with contextlib.suppress(OSError):
            left.unlink()


def is_living(process: int) -> bool:
    """Whether another process of that number is there. One of our own number ended before this one began.

    Where the system cannot be asked, it is taken to be there: on Windows the signal 0 is Ctrl-C.
    """
    if process == os.getpid():
        return False
    if os.name != "posix":
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # somebody else's
        return True
    return True
