"""Small data and one precise filter, for the tests of the estimators."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sklearn.neural_network
from sklearn.base import clone
from sklearn.datasets import load_iris, make_multilabel_classification

import goodfit as gf

UNCONVERGED = pytest.mark.filterwarnings(
    r"ignore:Stochastic Optimizer. Maximum iterations \(\d+\) reached:sklearn.exceptions.ConvergenceWarning"
)
"""For tests that train a few epochs on purpose: only the warning that says so."""

FLOWERS, KINDS = load_iris(return_X_y=True)
LABEL_X, LABELS = make_multilabel_classification(60, n_features=8, n_classes=3, random_state=0)

_rng = np.random.default_rng(0)
NUMBER_X = _rng.normal(size=(60, 3))
NUMBERS = NUMBER_X @ np.array([1.0, -2.0, 0.5]) + 0.1 * _rng.normal(size=60)
WEIGHTS = _rng.uniform(0.2, 2.0, 150)

SMALL = {"hidden_layer_sizes": (8,), "random_state": 3, "max_iter": 8, "learning_rate_init": 0.05}


def ours(kind: str = "MLPClassifier", **more: Any) -> Any:
    """A small net of goodfit's that trains a few epochs."""
    return getattr(gf, kind)(**{**SMALL, **more})


def theirs(kind: str = "MLPClassifier", **more: Any) -> Any:
    """The same net of scikit-learn's: with the same `random_state` it becomes the same, up to rounding."""
    return getattr(sklearn.neural_network, kind)(**{**SMALL, **more})


def arrays(net: Any) -> list[Any]:
    """All weights and biases of a fitted net."""
    return [*net.coefs_, *net.intercepts_]


def assert_same_bits(one: Any, other: Any) -> None:
    """Two fitted nets have equal weights, to the bit."""
    for a, b in zip(arrays(one), arrays(other), strict=True):
        np.testing.assert_array_equal(a, b)


def assert_same_net(one: Any, other: Any, **tolerances: float) -> None:
    """Two fitted nets have equal weights, up to rounding."""
    for a, b in zip(arrays(one), arrays(other), strict=True):
        np.testing.assert_allclose(a, b, **{"rtol": 1e-9, "atol": 1e-10, **tolerances})


def forward(x: Any, net: Any, activations: list[Any], link: Any = lambda z: z) -> Any:
    """The forward pass by hand. net: anything with `coefs_`, or (coefs, intercepts); activations: functions."""
    coefs, intercepts = net if isinstance(net, tuple) else (net.coefs_, net.intercepts_)
    for layer, (coef, intercept) in enumerate(zip(coefs, intercepts, strict=True)):
        x = x @ coef + intercept
        x = activations[layer](x) if layer < len(activations) else link(x)
    return x


def softmax(z: Any) -> Any:
    """Rows that sum to one."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def relu(z: Any) -> Any:
    """max(z, 0)."""
    return np.maximum(z, 0)


def still(net: Any, x: Any, y: Any) -> Any:
    """The net as it is before the first step: a fit of one epoch whose steps are too small to change a number."""
    return (
        clone(net).set_params(max_iter=1, learning_rate_init=1e-300, l1=0.0, dropout=0.0, input_dropout=0.0).fit(x, y)
    )
