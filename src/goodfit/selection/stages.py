"""Populations of several searches one after another, told as one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from goodfit.selection.running import SearchProgress, Watch

ALMOST = 0.99  # the share that is told until all is done


class Stages:
    """Several searches one after another told as one. seconds, fits: predicted, and nets trained, of all."""

    def __init__(self, watch: Watch | None, seconds: float, fits: int) -> None:
        self._watch, self._seconds, self._fits = watch, max(seconds, 1e-9), fits
        self._done, self._nets, self._began = 0.0, 0, time.perf_counter()

    @contextmanager
    def stage(self, fits: int, seconds: float) -> Iterator[Watch | None]:
        """One of them."""
        yield None if self._watch is None else lambda progress: self._tell(progress, seconds)
        self._done += seconds
        self._nets += fits

    def finish(self) -> None:
        """All of them are done."""
        if self._watch is not None:
            self._watch(SearchProgress(self._nets, self._nets, 1.0, 0.0))

    def _tell(self, progress: SearchProgress, seconds: float) -> None:
        share = min((self._done + progress.share * seconds) / self._seconds, ALMOST)
        passed = time.perf_counter() - self._began
        left = passed * (1 - share) / share if share > 0 else None
        if self._watch is not None:
            self._watch(SearchProgress(self._fits, self._nets + progress.done, share, left))
