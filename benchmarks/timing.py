"""Times side by side: A B A B ..., so that whatever else the machine does meets both."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence

PAUSE = 0.2  # seconds between two runs: threads of the one before go to sleep (OpenBLAS's and XLA's spin for a while)

Summary = Callable[[Sequence[float]], float]


def alternate(
    runs: Mapping[str, Callable[[], float]], repeats: int, summary: Summary = statistics.median, warm: bool = True
) -> dict[str, float]:
    """Run all in turn, `repeats` times; each returns its own seconds. The summary of each, one rule for all.

    warm: one round before that does not count, which compiles, allocates and fills caches.
    """
    times: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(repeats + warm):
        for name, run in runs.items():
            time.sleep(PAUSE)
            taken = run()
            if number >= warm:
                times[name].append(taken)
    return {name: summary(found) for name, found in times.items()}


def timed(work: Callable[[], object]) -> Callable[[], float]:
    """A run for `alternate`: the seconds that `work` takes. It must return only when all its results are there."""

    def run() -> float:
        began = time.perf_counter()
        work()
        return time.perf_counter() - began

    return run
