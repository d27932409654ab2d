"""Searches: goodfit's own and the one with scikit-learn's interface, against scikit-learn's grid search."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks import processes
from benchmarks.bars import Bar, Measurement, seconds
from benchmarks.timing import alternate
from goodfit.data import Dataset, load

WORKERS, FOLDS = 2, 5
RATES, PENALTIES = (0.02, 0.05, 0.1, 0.2), (0.0, 1e-5, 1e-4, 1e-3, 1e-2)
WIDTHS, ROWS, SEEDS = (32, 64, 128, 256), 10_000, 3
FEW = 3  # scores of a hundred that rounding may change
CLOSE = 0.02  # mean accuracy over all settings and folds of the two; the first weights differ
NET: dict[str, Any] = {"solver": "sgd", "momentum": 0.9, "nesterovs_momentum": False, "batch_size": 32, "tol": 0.0}

_SAME = (
    "100 fits: 20 settings (learning rate, L2) on 5 stratified folds of digits, 32 hidden units, batch 32, "
    f"momentum 0.9, 20 epochs. GridSearchCV(n_jobs={WORKERS}) fits scikit-learn's MLPClassifier, with its "
    "workers running before its clock starts. "
)
WARM = Bar(
    "select on digits: GridSearchCV / goodfit.select, warm",
    15,
    at_least=True,
    how=f"{_SAME}It computes in float64, and goodfit in float32; the mean accuracies over all fits must agree within "
    f"{CLOSE}. Intervals and optimism included.",
)
COLD = Bar(
    "the same, cold",
    8,
    at_least=True,
    how="goodfit in a new process without cached programs; its clock starts after the imports and the loading of the "
    "data. Starting JAX's devices and compiling count.",
)
SAME = Bar(
    "PopulationSearchCV on digits: GridSearchCV / PopulationSearchCV, warm",
    4,
    at_least=True,
    aim=8,
    how=f"{_SAME}Both compute in float64, and all scores but {FEW} must be the same: rounding grows in nets that are "
    "about to diverge.",
)
LARGE = Bar(
    "select on Fashion-MNIST: GridSearchCV / goodfit.select, warm",
    2.2,
    at_least=True,
    aim=3,
    how=f"Four widths x five penalties x 5 folds x {SEEDS} seeds = 300 fits on {ROWS:,} rows, batch 256, momentum 0.9, "
    "learning rate 0.05, 5 epochs, float32; there the arithmetic itself is the limit.",
)


def measure(quick: bool) -> list[Measurement]:
    """Each pair in one run, in turn."""
    os.environ["PYTHONWARNINGS"] = "ignore"  # the workers': each net warns that it was stopped after its epochs
    warnings.simplefilter("ignore")
    repeats = 1 if quick else 3
    found: dict[str, Any] = {}
    times = alternate(
        {
            "grid": _kept(found, "grid", lambda: _grid(*_digits(), _table(quick), _epochs(quick))),
            "select": _kept(found, "select", lambda: _select(quick)),
            "same": _kept(found, "same", lambda: _population(quick)),
            "cold": lambda: float(processes.call("search:cold", quick)),
        },
        repeats,
    )
    close = 1.0 if quick else CLOSE
    if abs(found["grid"].mean() - found["select"].mean()) > close or (found["grid"] != found["same"]).sum() > FEW:
        raise RuntimeError("the accuracies differ: the searches do not do the same work")
    grid = seconds("GridSearchCV", times["grid"])
    measured = [
        Measurement(WARM, times["grid"] / times["select"], f"{seconds('select', times['select'])}, {grid}"),
        Measurement(COLD, times["grid"] / times["cold"], f"{seconds('select', times['cold'])}, {grid}"),
        Measurement(SAME, times["grid"] / times["same"], f"{seconds('population', times['same'])}, {grid}"),
    ]
    return [*measured, _large(quick)]


def cold(quick: bool) -> float:
    """In a new process: seconds from the imports to the result."""
    import sklearn.model_selection  # noqa: F401 - the splitter is an argument, so that its user has imported it

    from goodfit.selection.search import select  # noqa: F401 - before the clock starts

    load("digits")
    began = time.perf_counter()
    _select(quick)
    return time.perf_counter() - began


def _kept(found: dict[str, Any], name: str, run: Callable[[], Any]) -> Callable[[], float]:
    """Run, keep the scores under a name, and give the seconds."""

    def timed() -> float:
        began = time.perf_counter()
        found[name] = run()
        return time.perf_counter() - began

    return timed


def _epochs(quick: bool) -> int:
    return 2 if quick else 20


def _table(quick: bool) -> dict[str, Any]:
    rates, penalties = (RATES[:1], PENALTIES[:1]) if quick else (RATES, PENALTIES)
    return {"alpha": [l2 * 32 for l2 in penalties], "learning_rate_init": list(rates)}


def _digits() -> tuple[Any, Any]:
    data = load("digits")
    return data.x.astype(np.float64) / 16, data.y


def _folds() -> Any:
    from sklearn.model_selection import StratifiedKFold

    return StratifiedKFold(FOLDS, shuffle=True, random_state=0)


def _grid(x: Any, y: Any, table: dict[str, Any], epochs: int, **net: Any) -> Any:
    """scikit-learn's side: the accuracy of every fit."""
    from sklearn.model_selection import GridSearchCV
    from sklearn.neural_network import MLPClassifier

    made = MLPClassifier(**{"hidden_layer_sizes": (32,), **NET, "max_iter": epochs, "random_state": 0, **net})
    return _scores(GridSearchCV(made, table, cv=_folds(), n_jobs=WORKERS, refit=False).fit(x, y))


def _population(quick: bool) -> Any:
    from goodfit import MLPClassifier, PopulationSearchCV

    made = MLPClassifier((32,), **NET, max_iter=_epochs(quick), random_state=0)
    return _scores(PopulationSearchCV(made, _table(quick), cv=_folds(), refit=False).fit(*_digits()))


def _scores(search: Any) -> Any:
    return np.stack([search.cv_results_[f"split{fold}_test_score"] for fold in range(FOLDS)], axis=1)


def _select(quick: bool) -> Any:
    """goodfit's side: the accuracy of every fit."""
    from goodfit import select

    x, y = _digits()
    data = Dataset("digits", x, y, "classification", tuple("0123456789"), scaling="none")
    table = _table(quick)
    recipe = _recipe(32, _epochs(quick))
    vary = {"l2": [alpha / 32 for alpha in table["alpha"]], "learning_rate": table["learning_rate_init"]}
    return select(recipe, _all_learn(data), vary=vary, folds=_folds()).scores


def _recipe(batch: int, epochs: int) -> Any:
    from goodfit import Recipe

    return Recipe(
        hidden=(32,),
        activation="relu",
        init="xavier-uniform",
        dropout=0,
        optimizer="sgd",
        momentum=0.9,
        schedule="constant",
        batch_size=batch,
        epochs=epochs,
    )


def _all_learn(data: Dataset) -> Any:
    """A split of which no row is sealed."""
    from goodfit.data import Split

    return Split(data, np.arange(len(data), dtype=np.int32), np.empty(0, np.int32), np.empty(0, np.int32))


def _large(quick: bool) -> Measurement:
    """Many widths on many rows: once, for it takes minutes."""
    from goodfit import select

    found = load("fashion-mnist")
    rows = 1_000 if quick else ROWS
    x, y = found.x[:rows].astype(np.float32) / 255, found.y[:rows]
    data = Dataset("fashion-mnist", x, y, "classification", found.classes, scaling="none")
    widths, penalties, seeds = (WIDTHS[:1], PENALTIES[:1], 1) if quick else (WIDTHS, PENALTIES, SEEDS)
    epochs = 1 if quick else 5
    vary = {"hidden": list(widths), "l2": list(penalties)}
    recipe = _recipe(256, epochs).replace(learning_rate=0.05)
    results: dict[str, Any] = {}

    def ours() -> Any:
        return select(recipe, _all_learn(data), vary=vary, folds=_folds(), seeds=seeds).scores

    table = {
        "hidden_layer_sizes": [(width,) for width in widths],
        "alpha": [l2 * 256 for l2 in penalties],
        "random_state": list(range(seeds)),
    }

    def theirs() -> Any:
        return _grid(x, y, table, epochs, batch_size=256, learning_rate_init=0.05)

    ours()  # compile
    times = {"select": _kept(results, "select", ours)(), "grid": _kept(results, "grid", theirs)()}
    if abs(results["select"].mean() - results["grid"].mean()) > (1.0 if quick else CLOSE):
        raise RuntimeError("the mean accuracies differ: the searches do not do the same work")
    what = f"{seconds('select', times['select'])}, {seconds('GridSearchCV', times['grid'])}"
    return Measurement(LARGE, times["grid"] / times["select"], what)
