"""What `MLPClassifier` takes beside scikit-learn's: the wait for a small fit, and larger fits in both types."""

from __future__ import annotations

import functools
import statistics
import sys
import tempfile
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn import neural_network
from sklearn.datasets import load_digits, load_iris
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

import goodfit as gf
from benchmarks import processes
from benchmarks.bars import Bar, Measurement, seconds
from benchmarks.timing import alternate, timed

NETS = 8
ROWS = 10_000  # of Fashion-MNIST
EPOCHS = 50  # on digits
SAME = (
    "Both draw the same weights and batches from `random_state=0`, so that they do the same steps. scikit-learn runs "
    "with one BLAS thread and with one a core, and the better of the two counts; the median."
)

WARM = Bar(
    "a fit on iris, beyond scikit-learn's",
    0.15,
    unit="s",
    how=f"`MLPClassifier(random_state=0).fit(X, y)`, 200 epochs, in a process that has fitted such a net. {SAME}",
)
FIRST = Bar(
    "`from goodfit import MLPClassifier` and a first fit on iris, in a new process",
    1.5,
    unit="s",
    how="A new process that has imported scikit-learn's MLPClassifier, and that finds the compiled program in the "
    "cache on disk: from the import of goodfit, and of JAX with it, to the end of the same fit; the median.",
)
DIGITS = {
    dtype: Bar(
        f"a fit on digits, {dtype} (scikit-learn = 1)",
        1.0,
        how=f"{EPOCHS} epochs of `MLPClassifier(random_state=0)`, 100 units, on 1,797 images of 8 x 8 pixels. {SAME}",
    )
    for dtype in ("float64", "float32")
}
FASHION = {
    dtype: Bar(
        f"a fit on Fashion-MNIST, {dtype} (scikit-learn = 1)",
        1.0,
        how=f"10 epochs of `MLPClassifier(random_state=0)`, 100 units, on {ROWS:,} images. {SAME}",
    )
    for dtype in ("float64", "float32")
}
ENSEMBLE = Bar(
    f"an ensemble of {NETS} on digits ({NETS} fits of scikit-learn = 1)",
    1.0,
    aim=0.5,
    how=f"{EPOCHS} epochs of `MLPClassifier(n_nets={NETS})` in one fit, against scikit-learn's nets of the same {NETS} "
    f"seeds one after another, in float64. {SAME}",
)
FIRST_FIT = """
import time
started = time.perf_counter()
from sklearn.neural_network import MLPClassifier as Theirs
from sklearn.datasets import load_iris
X, y = load_iris(return_X_y=True)
began = time.perf_counter()
from goodfit import MLPClassifier
imported = time.perf_counter()
MLPClassifier(random_state=0).fit(X, y)
print(began - started, imported - began, time.perf_counter() - imported)
"""


def measure(quick: bool) -> list[Measurement]:
    """Small fits first, then larger ones."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    x, y = load_digits(return_X_y=True)
    pixels, classes = _fashion()
    epochs, large, repeats = (2, 1, 1) if quick else (EPOCHS, 10, 3)
    digits = [_ratio(bar, x.astype(dtype), y, repeats, max_iter=epochs) for dtype, bar in DIGITS.items()]
    fashion = [_ratio(bar, pixels.astype(dtype), classes, repeats, max_iter=large) for dtype, bar in FASHION.items()]
    ensemble = _ratio(ENSEMBLE, x, y, repeats, n_nets=NETS, max_iter=epochs)
    return [_warm(quick), _first(quick), *digits, *fashion, ensemble]


def _times(x: Any, y: Any, repeats: int, n_nets: int = 1, **given: Any) -> tuple[float, float, str]:
    """Seconds of goodfit, of scikit-learn at its better number of threads, and all in words."""

    def ours() -> None:
        gf.MLPClassifier(random_state=0, n_nets=n_nets, **given).fit(x, y)

    def theirs(threads: int | None) -> None:
        with threadpool_limits(threads, user_api="blas"):
            for seed in range(n_nets):
                neural_network.MLPClassifier(random_state=seed, **given).fit(x, y)

    one, all_cores = "scikit-learn with one thread", "with one a core"
    runs: dict[str, Callable[[], None]] = {"goodfit": ours}
    runs |= {one: functools.partial(theirs, 1), all_cores: functools.partial(theirs, None)}
    times = alternate({name: timed(run) for name, run in runs.items()}, repeats)
    words = ", ".join(seconds(name, taken) for name, taken in times.items())
    return times["goodfit"], min(times[one], times[all_cores]), words


def _ratio(bar: Bar, x: Any, y: Any, repeats: int, **given: Any) -> Measurement:
    ours, theirs, words = _times(x, y, repeats, **given)
    return Measurement(bar, ours / theirs, words)


def _warm(quick: bool) -> Measurement:
    ours, theirs, words = _times(*load_iris(return_X_y=True), repeats=1 if quick else 15)
    return Measurement(WARM, ours - theirs, words)


def _first(quick: bool) -> Measurement:
    """Processes one after another; the first fills the cache and does not count."""
    found = []
    with tempfile.TemporaryDirectory(prefix="goodfit-benchmark-") as folder:
        extra = {"GOODFIT_CACHE": folder, "JAX_ENABLE_COMPILATION_CACHE": "true"}
        for _ in range(2 if quick else 8):
            ended = processes.run((sys.executable, "-W", "ignore", "-c", FIRST_FIT), extra)
            found.append([float(word) for word in ended.stdout.split()])
    theirs, imports, fits = (statistics.median(column) for column in zip(*found[1:], strict=True))
    words = (
        f"{seconds('imports', imports)}, {seconds('the fit', fits)}; {seconds('with an empty cache', found[0][2])}; "
        f"{seconds('before that, the import of scikit-learn', theirs)}"
    )
    return Measurement(FIRST, statistics.median(imported + fit for _, imported, fit in found[1:]), words)


def _fashion() -> tuple[Any, Any]:
    data = gf.data.load("fashion-mnist")
    return np.asarray(data.x[:ROWS], np.float64).reshape(ROWS, -1) / 255, data.y[:ROWS]
