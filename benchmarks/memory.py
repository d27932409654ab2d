"""What a process that trains nets of ever new shapes keeps in memory."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks import processes
from benchmarks.bars import Bar, Measurement

FITS, SETTLED = 200, 50  # the last fit, and the one from which growth counts: until then the process settles
HOW = (
    f"{FITS} nets of as many shapes, one after another in one new process: widths 4 to {3 + FITS}, 3 to 42 inputs, 120 "
    f"rows. The resident memory after the last, less that after number {SETTLED}. Every shape is a program of its own; "
    "they are kept on disk, in a folder that is empty at first."
)
BARS = {
    "fits": Bar("growth of memory over 150 fits of new shapes, `MLPClassifier`", 60, unit="MiB", how=HOW),
    "trainings": Bar("the same, `goodfit.train`", 60, unit="MiB", how=HOW),
}


def measure(quick: bool) -> list[Measurement]:
    """Each kind of fit in a process of its own."""
    measured = []
    for kind, bar in BARS.items():
        with tempfile.TemporaryDirectory(prefix="goodfit-benchmark-") as cache:
            kept = {"GOODFIT_CACHE": cache, "JAX_ENABLE_COMPILATION_CACHE": "true"}
            found = processes.call(f"memory:{kind}", quick, kept)
        context = f"{found['settled']:.0f} MiB after {found['at']} fits, {found['end']:.0f} MiB after {found['fits']}"
        measured.append(Measurement(bar, found["end"] - found["settled"], context))
    return measured


def fits(quick: bool) -> dict[str, float]:
    """In a new process: resident memory in MiB while estimators are fitted."""
    from goodfit import MLPClassifier

    def fit(number: int) -> Any:
        return MLPClassifier(hidden_layer_sizes=(4 + number,), max_iter=3).fit(*_rows(number))

    return _growth(fit, quick)


def trainings(quick: bool) -> dict[str, float]:
    """In a new process: resident memory in MiB while recipes are trained."""
    import goodfit as gf
    from goodfit.data import Dataset

    def train(number: int) -> Any:
        x, y = _rows(number)
        data = Dataset("rows", x.astype(np.float32), y.astype(np.int32), "classification", ("a", "b", "c"))
        return gf.train(gf.Recipe(hidden=(4 + number,), epochs=2), data)

    return _growth(train, quick)


def _rows(number: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(number)
    return random.normal(size=(120, 3 + number % 40)), random.integers(0, 3, 120)


def _growth(fit: Callable[[int], Any], quick: bool) -> dict[str, float]:
    settled, last = (2, 4) if quick else (SETTLED, FITS)
    found: dict[str, float] = {"at": settled, "fits": last}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nets that have not converged
        for number in range(last):
            fit(number)
            if number + 1 == settled:
                found["settled"] = resident()
    return {**found, "end": resident()}


def resident() -> float:
    """Memory of this process that is resident now, in MiB; Linux alone says it."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
