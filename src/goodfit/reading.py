"""The one way in which files are opened for reading: regular files only, never waited for, no larger than memory."""

import difflib
import errno
import os
import stat
from typing import BinaryIO

from goodfit.errors import InputError, problem
from goodfit.host import host_total

MOST_BYTES = 2**33  # of one file; less where the machine has less memory
_KINDS = (
    (stat.S_ISDIR, errno.EISDIR, os.strerror(errno.EISDIR)),
    (stat.S_ISFIFO, errno.EINVAL, "it is not a regular file, but a pipe"),
    (stat.S_ISSOCK, errno.EINVAL, "it is not a regular file, but a socket"),
    (stat.S_ISCHR, errno.EINVAL, "it is not a regular file, but a device"),
    (stat.S_ISBLK, errno.EINVAL, "it is not a regular file, but a device"),
)


def open_file(path: str | os.PathLike[str], *, most: int | None = None) -> tuple[BinaryIO, int]:
    """A regular file, open for reading, at its beginning, and the bytes that it has now. Links are followed.

    most: bytes that it may have; None for what memory holds.
    OSError with a reason to show in `strerror` for everything else: a pipe, a device or a folder, none of which is read
    or waited for, a file that is too large, a name that no file can have.
    """
    where = os.fspath(path)
    if not where or "\0" in where:
        reason = "embedded null byte" if where else "the name is empty"
        raise OSError(errno.EINVAL, reason, where)
    # Without O_NONBLOCK, opening a pipe would wait for somebody who writes into it.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    flags |= getattr(os, "O_NOCTTY", 0)
    descriptor = os.open(where, flags)
    try:
        facts = os.fstat(descriptor)
        for is_kind, number, reason in _KINDS:
            if is_kind(facts.st_mode):
                raise OSError(number, reason, where)
        limit = memory_limit() if most is None else most
        if facts.st_size > limit:
            raise OSError(errno.EFBIG, too_large(facts.st_size, limit), where)
        return os.fdopen(descriptor, "rb"), facts.st_size
    except BaseException:
        os.close(descriptor)
        raise


def read_bytes(path: str | os.PathLike[str], *, most: int | None = None) -> bytes:
    """The content of a regular file, as much as it had when it was opened; OSError as of `open_file`."""
    file, size = open_file(path, most=most)
    with file:
        return file.read(size)


def read_text(path: str | os.PathLike[str], *, most: int | None = None) -> str:
    """The text of a regular file in UTF-8. OSError as of `open_file`, UnicodeDecodeError (a ValueError)."""
    return read_bytes(path, most=most).decode("utf-8").replace("\r\n", "\n")


def given_text(path: str | os.PathLike[str], *, most: int | None = None) -> str:
    """The text of a file that a user names; InputError where it is not there, cannot be read, or is no UTF-8."""
    try:
        return read_text(path, most=most)
    except FileNotFoundError as error:
        raise InputError(problem(os.fspath(path), "there is no such file", fix=similar_file(path))) from error
    except OSError as error:
        raise InputError(problem(os.fspath(path), f"cannot be read: {error.strerror or error}")) from error
    except ValueError as error:
        raise InputError(problem(os.fspath(path), "must be a text in UTF-8")) from error


def memory_limit() -> int:
    """The most bytes of one file: half of the machine's memory, MOST_BYTES at most."""
    return int(min(MOST_BYTES, host_total() / 2))


def too_large(size: int, limit: int) -> str:
    """Why so many bytes are not read."""
    return f"it has {size:,} bytes, more than the {limit:,} that are read"


def similar_file(path: str | os.PathLike[str]) -> str:
    """A fix for the path of a file that is not there: one beside it with nearly that name, or ""."""
    folder, name = os.path.split(os.fspath(path))
    try:
        beside = os.listdir(folder or ".")
    except (OSError, ValueError):
        return ""
    close = difflib.get_close_matches(name, beside, n=1, cutoff=0.75)
    return f"Did you mean {os.path.join(folder, close[0])!r}?" if close else ""
