"""How long a verdict has been measured, over all sessions that it took: its time is one, however often it is killed."""

from __future__ import annotations

import json
import math
import os
import time
from pathlib import Path

from goodfit.checked_json import read_json
from goodfit.errors import InputError
from goodfit.files import write_atomically
from goodfit.training.observer import Watch
from goodfit.training.progress import SessionProgress

SPENT = "spent.json"  # in the folder of a verdict
PAUSE = 1.0  # seconds between two writings


class Spent:
    """A clock that a kill does not set back by more than what passed since the last report.

    folder: that keeps it; None for a verdict that cannot be resumed.
    """

    def __init__(self, folder: Path | None) -> None:
        self._path = None if folder is None else folder / SPENT
        self._before, self._began = _kept(self._path), time.perf_counter()
        self._written = -math.inf

    @property
    def seconds(self) -> float:
        """Of this session and of those before."""
        return self._before + time.perf_counter() - self._began

    def note(self) -> None:
        """Keep it, now and then."""
        seconds = self.seconds
        if self._path is not None and seconds - self._written >= PAUSE:
            self._written = seconds
            write_atomically(self._path, (json.dumps({"seconds": round(seconds, 3)}) + "\n").encode())

    def beside(self, watch: Watch | None) -> Watch:
        """A watch that keeps it as well."""

        def report(progress: SessionProgress) -> None:
            self.note()
            if watch is not None:
                watch(progress)

        return report


def _kept(path: Path | None) -> float:
    """What a file holds; 0 where there is none. One that is damaged costs no more than the limit's being too late."""
    if path is None or not os.path.lexists(path):
        return 0.0
    try:
        found = read_json(path, must="the time of a verdict", fix="")["seconds"]
    except (InputError, KeyError, TypeError):
        return 0.0
    return float(found) if isinstance(found, int | float) and 0 <= found < math.inf else 0.0
