"""The calls of `benchmarks.digests` that fit estimators and run studies."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from sklearn.datasets import load_diabetes, load_wine
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import goodfit as gf
from benchmarks.digest_parts import Parts, score_name
from goodfit import studies

Call = Callable[[], Parts]
SMALL = {"hidden_layer_sizes": (10,), "max_iter": 6, "random_state": 0}
TIMED = {  # study -> names of columns and claims that are times of this machine
    "activations": (
        *("forward", "forward_ratio", "forward_ratio_low", "forward_ratio_high"),
        *("both", "both_ratio", "both_ratio_low", "both_ratio_high"),
        *("relu-cheap", "exponential"),
    ),
    "backprop": ("times", "cost"),
}
"""A name may also be that of a whole table."""


def rows(task: str) -> tuple[Any, Any]:
    """Inputs and targets, standardised."""
    x, y = load_diabetes(return_X_y=True) if task == "regression" else load_wine(return_X_y=True)
    return StandardScaler().fit_transform(x), (y - 150) / 80 if task == "regression" else y


def of_estimator(found: Any, x: Any, y: Any) -> Parts:
    """The parts of a fitted estimator."""
    task = "classification" if hasattr(found, "predict_proba") else "regression"
    history = found.history_
    metrics: dict[str, list[Any]] = {"loss": [], "score": []}
    for name in history.metrics:
        metrics[name.rpartition("_")[2]].append(history[name])
    predicted = found.predict_proba(x) if task == "classification" else found.predict(x)
    return {
        "weights": [[*net.coefs, *net.intercepts] for net in found.nets_],
        "losses": [metrics["loss"], found.loss_curve_, found.loss_, found.n_iter_, found.t_],
        score_name(task): [metrics["score"], found.validation_scores_, found.score(x, y)],
        "predictions": predicted,
    }


def fitted(kind: Any, task: str = "classification", by_r2: bool = False, **parameters: Any) -> Parts:
    """Fit once. by_r2: R² decides when it stops, so that all of it depends on how that is defined."""
    x, y = rows(task)
    parts = of_estimator(kind(**{**SMALL, **parameters}).fit(x, y), x, y)
    return {f"{name} by r2": value for name, value in parts.items()} if by_r2 else parts


def fitted_in_parts(kind: Any, task: str = "classification", **parameters: Any) -> Parts:
    """Fit by parts, twice over the rows."""
    x, y = rows(task)
    found = kind(**{**SMALL, **parameters})
    more = {"classes": np.unique(y)} if task == "classification" else {}
    for _ in range(2):
        for part in range(3):
            found.partial_fit(x[part::3], y[part::3], **more)
    return of_estimator(found, x, y)


def fitted_on(kind: Any, **parameters: Any) -> Parts:
    """Fit, then go on with other weights of the rows."""
    x, y = rows("classification")
    found = kind(**{**SMALL, "warm_start": True, **parameters})
    found.fit(x, y)
    found.fit(x, y, sample_weight=1.0 + np.arange(len(y)) % 3)
    return of_estimator(found, x, y)


def searched(kind: Any, grid: Mapping[str, Any], task: str = "classification", **more: Any) -> Parts:
    """A search of scikit-learn's kind, in a pipeline."""
    x, y = rows(task)
    piped = make_pipeline(StandardScaler(), kind(**SMALL))
    given = {f"{kind.__name__.lower()}__{name}": values for name, values in grid.items()}
    found = gf.PopulationSearchCV(piped, given, cv=3, return_train_score=True, **more).fit(x, y)
    scores = {name: np.asarray(values) for name, values in found.cv_results_.items() if name.split("_")[-1] != "time"}
    texts = {name: [str(each) for each in values] for name, values in scores.items() if values.dtype == object}
    return {
        "candidates": texts,
        f"{score_name(task)} of folds": {name: values for name, values in scores.items() if name not in texts},
        f"{score_name(task)} best": [str(found.best_params_), found.best_score_],
        **{f"{score_name(task)} refit {name}": part for name, part in _refit(found, x, y).items()},
    }


def _refit(found: Any, x: Any, y: Any) -> Parts:
    scaler, best = (step for _, step in found.best_estimator_.steps)
    return of_estimator(best, scaler.transform(x), y)


def studied(name: str) -> Parts:
    """A study in its small form: tables, claims, and the numbers that the notes print."""
    result, timed = studies.run(name, **studies.find(name).small), TIMED.get(name, ())
    tables = {
        f"table {table}": {column: list(values) for column, values in columns.items() if column not in timed}
        for table, columns in result.tables.items()
        if table not in timed
    }
    claims = {each.claim.name: [each.status, each.found.to_dict()] for each in result.claims}
    return {
        **tables,
        "claims": {claim: found for claim, found in claims.items() if claim not in timed},
        "printed": {key: each.to_dict() for key, each in result.printed.items()},
    }


def calls() -> dict[str, Call]:
    """Name -> call, in order."""
    classifier, regressor, partial = gf.MLPClassifier, gf.MLPRegressor, functools.partial
    number = partial(fitted, regressor, "regression")
    found: dict[str, Call] = {
        "classifier adam, stopped early": partial(fitted, classifier, early_stopping=True, max_iter=30),
        "classifier sgd": partial(fitted, classifier, solver="sgd", learning_rate="adaptive", class_weight="balanced"),
        "classifier lbfgs": partial(fitted, classifier, solver="lbfgs", activation="tanh"),
        "classifier adamw, three nets": partial(fitted, classifier, solver="adamw", n_nets=3, dropout=0.2),
        "classifier in parts": partial(fitted_in_parts, classifier, solver="sgd"),
        "classifier gone on with": partial(fitted_on, classifier, solver="rmsprop"),
        "regressor adam": partial(number, early_stopping="loss", max_iter=20),
        "regressor adam, stopped by r2": partial(number, early_stopping=True, max_iter=20, by_r2=True),
        "regressor lbfgs": partial(number, solver="lbfgs"),
        "regressor lion, huber": partial(number, solver="lion", loss="huber", n_nets=2),
        "regressor in parts": partial(fitted_in_parts, regressor, "regression"),
        "population search": partial(searched, classifier, {"alpha": [1e-4, 1.0], "solver": ["adam", "sgd"]}),
        "population search at random": partial(
            searched, classifier, {"learning_rate_init": np.geomspace(1e-3, 1, 20)}, n_iter=4, random_state=0
        ),
        "population search of regression": partial(
            searched, regressor, {"hidden_layer_sizes": [(4,), (16,)], "alpha": [1e-4, 1.0]}, "regression"
        ),
    }
    return found | {f"study {name}": partial(studied, name) for name in studies.studies()}
