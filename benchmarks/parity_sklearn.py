"""What `benchmarks.parity` compares with scikit-learn: whole fits with the same `random_state`, in float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn import neural_network
from sklearn.datasets import load_diabetes, load_iris
from sklearn.preprocessing import StandardScaler

import goodfit as gf
from benchmarks.parity import furthest

FITS: dict[str, dict[str, Any]] = {
    "`solver='sgd'` with Nesterov momentum, `alpha` 0.01": {"solver": "sgd", "alpha": 0.01},
    "`solver='adam'`": {},
    "`solver='adam'`, `early_stopping=True`": {"early_stopping": True, "n_iter_no_change": 3},
    "`solver='sgd'`, `learning_rate='adaptive'`": {"solver": "sgd", "learning_rate": "adaptive", "tol": 1e-3},
    "`solver='lbfgs'`": {"solver": "lbfgs"},
}


def classified(**options: Any) -> float:
    """Weights and biases after 30 epochs, or iterations, of two layers of tanh units on iris."""
    x, y = load_iris(return_X_y=True)
    return _fitted("MLPClassifier", StandardScaler().fit_transform(x), y, options)


def regressed(**options: Any) -> float:
    x, y = load_diabetes(return_X_y=True)
    return _fitted("MLPRegressor", StandardScaler().fit_transform(x), (y - y.mean()) / y.std(), options)


def _fitted(kind: str, x: np.ndarray, y: np.ndarray, options: dict[str, Any]) -> float:
    given = {"hidden_layer_sizes": (8, 6), "activation": "tanh", "batch_size": 32, "max_iter": 30, "random_state": 1}
    ours, theirs = (getattr(module, kind)(**given, **options).fit(x, y) for module in (gf, neural_network))
    if ours.n_iter_ != theirs.n_iter_:
        raise ValueError(f"{kind}: must stop after as many epochs; ours {ours.n_iter_}, theirs {theirs.n_iter_}")
    return furthest(ours.coefs_ + ours.intercepts_, theirs.coefs_ + theirs.intercepts_)


def _classified(options: dict[str, Any]) -> Callable[[], float]:
    return lambda: classified(**options)


ROWS: dict[str, dict[str, Callable[[], float]]] = {
    "scikit-learn": {f"weights after at most 30 epochs: {what}": _classified(given) for what, given in FITS.items()}
    | {"weights after at most 30 epochs: `MLPRegressor()`": regressed}
}
