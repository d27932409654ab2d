"""Five folds of twenty settings on digits: scikit-learn's grid search against one population."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks import processes
from benchmarks.bars import Bar, Measurement, seconds
from benchmarks.timing import alternate
from benchmarks.training import train
from goodfit.data import load
from goodfit.training import Examples, Job, Recipe
from goodfit.training.examples import Scaling

FOLDS, WORKERS = 5, 2
RATES, PENALTIES = (0.02, 0.05, 0.1, 0.2), (0.0, 1e-5, 1e-4, 1e-3, 1e-2)
RECIPE = Recipe(
    hidden=(32,),
    activation="relu",
    init="xavier-uniform",
    dropout=0,
    optimizer="sgd",
    momentum=0.9,
    schedule="constant",
    batch_size=32,
    epochs=20,
    valid=0,
    keep_best=False,
)
CLOSE = 0.02  # mean accuracy over all settings and folds of the two; the first weights differ

_SAME = (
    "5 folds x 20 settings (learning rate, L2) of one seed: 32 hidden units, batch 32, momentum 0.9, 20 epochs, in the "
    "same folds. Each is scored on its held-out fold at the end; the mean accuracies over all 100 nets must agree "
    f"within {CLOSE}. GridSearchCV has its workers running before its clock starts."
)
WARM = Bar(
    f"grid search on digits: GridSearchCV(n_jobs={WORKERS}) / goodfit, warm", 15, at_least=True, aim=30, how=_SAME
)
COLD = Bar(
    "the same / goodfit, cold",
    8,
    at_least=True,
    how="goodfit in a new process without cached programs: its clock starts after the imports and the loading of the "
    "data, and starting JAX's devices and compiling count.",
)


def measure(quick: bool) -> list[Measurement]:
    """Both in one run, in turn."""
    repeats = 1 if quick else 3
    jobs, examples = _jobs(quick), _examples()
    accuracy: dict[str, float] = {}

    def warm() -> float:
        taken, fitted = train(jobs, examples, score_every=RECIPE.epochs)
        accuracy["goodfit"] = float(fitted.metrics[-1, 3].mean())
        return taken

    times = alternate(
        {
            "grid": _grid_search(quick, examples, accuracy),
            "warm": warm,
            "cold": lambda: float(processes.call("cross_validation:cold", quick)),
        },
        repeats,
    )
    if not abs(accuracy["goodfit"] - accuracy["sklearn"]) <= (1.0 if quick else CLOSE):
        raise RuntimeError(f"the mean accuracies differ: {accuracy}: the two do not do the same work")
    grid = seconds("GridSearchCV", times["grid"])
    scores = f"mean accuracy {accuracy['goodfit']:.3f} and {accuracy['sklearn']:.3f}"
    return [
        Measurement(WARM, times["grid"] / times["warm"], f"{seconds('goodfit', times['warm'])}, {grid}; {scores}"),
        Measurement(COLD, times["grid"] / times["cold"], f"{seconds('goodfit', times['cold'])}, {grid}"),
    ]


def cold(quick: bool) -> float:
    """In a new process: seconds from the imports to the scores."""
    jobs, examples = _jobs(quick), _examples()
    return train(jobs, examples, score_every=RECIPE.epochs)[0]


def _settings(quick: bool) -> tuple[tuple[float, ...], tuple[float, ...], int]:
    return (RATES[:1], PENALTIES[:1], 2) if quick else (RATES, PENALTIES, RECIPE.epochs)


def _jobs(quick: bool) -> list[Job]:
    rates, penalties, epochs = _settings(quick)
    return [
        Job(RECIPE.replace(learning_rate=rate, l2=l2, epochs=epochs), rows=fold)
        for rate in rates
        for l2 in penalties
        for fold in range(FOLDS)
    ]


def _examples() -> Examples:
    """All rows train; a net of fold k gives the rows of fold k weight 0, and is scored on them alone."""
    from sklearn.model_selection import StratifiedKFold

    digits = load("digits")
    inputs, outputs, everyone = digits.n_inputs, digits.n_outputs, np.arange(len(digits), dtype=np.int32)
    folds = np.zeros(len(digits), np.int32)
    for fold, (_, rows) in enumerate(StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(digits.x, digits.y)):
        folds[rows] = fold
    scaling = Scaling(
        np.zeros(inputs, np.float32),
        np.full(inputs, 1 / 16, np.float32),
        np.zeros(outputs, np.float32),
        np.ones(outputs, np.float32),
    )
    whole = Examples(digits.x, digits.y, digits.task, outputs, train=everyone, scaling=scaling)
    return whole.with_folds(folds)


def _grid_search(quick: bool, examples: Examples, accuracy: dict[str, float]) -> Callable[[], float]:
    """scikit-learn's side. Its alpha / batch is the l2 of the mean loss."""
    from sklearn.model_selection import GridSearchCV, PredefinedSplit
    from sklearn.neural_network import MLPClassifier

    os.environ["PYTHONWARNINGS"] = "ignore"  # the workers': each net warns that it was stopped after its epochs
    rates, penalties, epochs = _settings(quick)
    x, y = examples.x.astype(np.float32) / 16, examples.y
    table = {"learning_rate_init": list(rates), "alpha": [l2 * RECIPE.batch_size for l2 in penalties]}

    def search(table: dict[str, Any], epochs: int) -> GridSearchCV:
        net = MLPClassifier(
            RECIPE.hidden,
            solver="sgd",
            momentum=RECIPE.momentum,
            nesterovs_momentum=False,
            batch_size=RECIPE.batch_size,
            max_iter=epochs,
            tol=0.0,
            n_iter_no_change=epochs + 1,
            random_state=0,
        )
        return GridSearchCV(net, table, cv=PredefinedSplit(examples.folds), n_jobs=WORKERS, refit=False).fit(x, y)

    search({"alpha": [0.0, 0.1]}, 1)  # starts the workers

    def run() -> float:
        began = time.perf_counter()
        found = search(table, epochs)
        taken = time.perf_counter() - began
        accuracy["sklearn"] = float(found.cv_results_["mean_test_score"].mean())
        return taken

    return run
