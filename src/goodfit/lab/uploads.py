"""Tables that are dropped on the page: kept in a folder of this start alone, and read by the command line's reader."""

from __future__ import annotations

import secrets
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from goodfit.errors import InputError, problem
from goodfit.files import write_atomically, write_error

MOST_BYTES = 20_000_000  # of a file
MOST_FILES = 20
MOST_LETTERS = 200  # of a name
WHERE = "Upload"
Read = TypeVar("Read")


class Uploads:
    """The files of this start. They are gone when the lab ends."""

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._paths: dict[str, Path] = {}
        self._keeping = threading.Lock()  # the server keeps each file in a thread

    @property
    def paths(self) -> dict[str, str]:
        """Where each is, by the name that it has on the page."""
        return {name: str(path) for name, path in [*self._paths.items()]}

    def keep(self, name: str, content: bytes) -> dict[str, Any]:
        """Keep a file; its name, rows and columns. InputError, in the reader's words, where it is no table.

        One of the same name takes the place of the one before. GoodfitError where the disk has no room.
        """
        with self._keeping:
            return self._keep(name, content)

    def _keep(self, name: str, content: bytes) -> dict[str, Any]:
        from goodfit.data.tables.files import READERS, read_columns

        known = self._checked(name)
        suffix = Path(known).suffix.lower()
        if suffix not in READERS:
            rule = f"must be a table file: its name must end in {', '.join(READERS)}"
            raise InputError(problem(known, rule, got=suffix or known))
        if self._folder is None:
            try:
                self._folder = tempfile.TemporaryDirectory(prefix="goodfit-lab-", ignore_cleanup_errors=True)
            except OSError as error:
                raise write_error(tempfile.gettempdir(), error) from error
        path = Path(self._folder.name) / f"{secrets.token_hex(8)}{suffix}"
        write_atomically(path, content)
        try:
            frame = named_as(known, path, lambda own: read_columns(own).frame())
            columns = list(frame.columns)
            if not columns:
                raise InputError(problem(known, "must have a column of numbers or texts"))
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        before = self._paths.pop(known, None)
        if before is not None:
            before.unlink(missing_ok=True)
        self._paths[known] = path
        return {"file": known, "rows": frame.rows, "columns": columns, "target": columns[-1]}

    def end(self) -> None:
        """Remove all of them."""
        self._paths.clear()
        if self._folder is not None:
            self._folder.cleanup()

    def _checked(self, name: str) -> str:
        found = name.strip()
        if not found or len(found) > MOST_LETTERS or not found.isprintable() or any(sign in found for sign in "/\\:"):
            rule = f"the name of a file must have 1 to {MOST_LETTERS} letters, and no slashes"
            raise InputError(problem(WHERE, rule, got=name))
        if found not in self._paths and len(self._paths) >= MOST_FILES:
            fix = "Drop one of a name that is there already, or start the lab again."
            raise InputError(
                problem(WHERE, f"there are {MOST_FILES} files already, which is as many as it keeps", fix=fix)
            )
        return found


def named_as(name: str, path: Path, read: Callable[[Path], Read]) -> Read:
    """What is read of a file that was uploaded; its errors name it as its owner does."""
    try:
        return read(path)
    except InputError as error:
        raise InputError(*(text.replace(str(path), name) for text in error.problems)) from error
