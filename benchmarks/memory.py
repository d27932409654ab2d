"""What a process keeps that trains nets of ever new shapes, and what one takes whose nets do not fit into memory."""

from __future__ import annotations

import os
import resource
import tempfile
import warnings
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import numpy as np

from benchmarks import processes
from benchmarks.bars import Bar, Measurement

FITS, SETTLED = 200, 50  # the last fit, and the one from which growth counts: until then the process settles
HOW = (
    f"{FITS} nets of as many shapes, one after another in one new process: widths 4 to {3 + FITS}, 3 to 42 inputs, 120 "
    f"rows. The resident memory after the last, less that after number {SETTLED}. Every shape is a program of its own; "
    "they are kept on disk, in a folder that is empty at first."
)
NETS, FITS_SEARCHED = 20_000, 5_000
BOUND = 256  # MiB that one turn may take in the two populations below; usually half of what is free
PEAK = (
    f"The most resident memory of a new process, less that after a small training of the same kind (which loads the "
    f"libraries and starts the compiler). Half of the free memory is taken to be {BOUND} MiB, so that the nets train "
    "in turns. On top of that bound come the program, which is compiled, and what is given back: the nets, about "
    "12 KiB each with their recipes."
)
PEAKS = {
    "population": Bar(
        f"peak memory of `goodfit.train` on digits, {NETS:,} seeds of 64-8-10", 3 * BOUND, unit="MiB", how=PEAK
    ),
    "search": Bar(
        f"peak memory of `PopulationSearchCV` on iris, {FITS_SEARCHED:,} fits of 4-8-3", 3 * BOUND, unit="MiB", how=PEAK
    ),
}
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
    for kind, bar in PEAKS.items():
        found = processes.call(f"memory:{kind}", quick)
        context = (
            f"{found['nets']:.0f} nets in {found['turns']:.0f} turns of at most {BOUND} MiB; "
            f"{found['held']:.0f} MiB are held at the end"
        )
        measured.append(Measurement(bar, found["peak"], context))
    return measured


def population(quick: bool) -> dict[str, float]:
    """In a new process: peak memory in MiB of one run with very many seeds."""
    import goodfit as gf
    from goodfit.runs import training
    from goodfit.training.turns import SessionPlan, plan_session

    recipe = gf.Recipe(hidden=(8,), epochs=2, activation="relu", dropout=0.0)
    gf.train(recipe, "digits", seeds=2)
    before, began, plans = peak(), resident(), list[SessionPlan]()

    def noted(*given: Any) -> SessionPlan:
        plans.append(plan_session(*given))
        return plans[-1]

    # of a process of this alone; unlike an assignment they fail where the name has moved
    patch.object(training, "plan_session", noted).start()
    patch.object(training, "free_memory", _twice_the_bound).start()
    run = gf.train(recipe, "digits", seeds=300 if quick else NETS)
    return {"peak": peak() - before, "turns": len(plans[0].turns), "nets": len(run.nets), "held": resident() - began}


def search(quick: bool) -> dict[str, float]:
    """In a new process: peak memory in MiB of one search with very many fits."""
    from sklearn.datasets import load_iris

    from goodfit import MLPClassifier, PopulationSearchCV
    from goodfit.training import turns

    def searched(fits: int) -> Any:
        estimator = MLPClassifier((8,), max_iter=5, random_state=0)
        grid = {"alpha": np.geomspace(1e-6, 1, fits // 5).tolist()}
        return PopulationSearchCV(estimator, grid, cv=5, refit=False).fit(*load_iris(return_X_y=True))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nets that have not converged
        searched(10)
        before, began, count = peak(), resident(), 100 if quick else FITS_SEARCHED
        patch.object(turns, "free_memory", _twice_the_bound).start()
        found = searched(count)
    return {
        "peak": peak() - before,
        "turns": found.n_populations_,
        "nets": len(found.cv_results_["params"]) * 5,
        "held": resident() - began,
    }


def _twice_the_bound() -> float:
    return 2.0 * BOUND * 2**20


def peak() -> float:
    """The most memory of this process that was ever resident, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * processes.BYTES_A_UNIT / 2**20


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
