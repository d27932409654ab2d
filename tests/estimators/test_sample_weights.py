"""Rows of weight w equal w copies of them, and rows of weight 0 none: scikit-learn's own checks, over parameters.

That can hold only where no step depends on how many rows there are: all rows are one batch (as here, with "auto"), no
row is dropped or set aside at random, and the rate does not fall by rows seen ('invscaling').
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from estimators_help import UNCONVERGED
from sklearn.utils import compute_sample_weight
from sklearn.utils.estimator_checks import (
    check_sample_weight_equivalence_on_dense_data,
    check_sample_weight_equivalence_on_sparse_data,
)

import goodfit as gf

pytestmark = [UNCONVERGED, pytest.mark.filterwarnings("ignore:lbfgs failed to converge")]

RNG = np.random.default_rng(1)
VALID_X, VALID_Y = RNG.random((9, 30)), np.array([0, 1, 2] * 3)
X = RNG.random((24, 5))
COPIES = RNG.integers(0, 4, 24)
BASE = {"hidden_layer_sizes": (6,), "max_iter": 12, "random_state": 0}
SOLVERS: list[dict[str, Any]] = [
    {"solver": "lbfgs"},
    {"solver": "adam"},
    {"solver": "sgd", "learning_rate": "adaptive", "tol": 1e-2, "n_iter_no_change": 2},
    {"solver": "adamw", "schedule": "cosine", "clip_norm": 0.1},
    {"solver": "rmsprop", "l1": 1e-3, "dtype": "float64"},
]
STOPPING: list[dict[str, Any]] = [
    {},
    {"early_stopping": True, "n_iter_no_change": 1, "validation_data": (VALID_X, VALID_Y)},
    {"early_stopping": "loss", "validation_data": (VALID_X, VALID_Y, np.arange(9.0))},
]


GIVEN = [  # every solver and every way to stop, alone and with another; each is two programs to compile
    {**SOLVERS[solver], **STOPPING[stopping], "shuffle": number % 2 == 0}
    for number, (solver, stopping) in enumerate([(0, 0), (1, 1), (2, 2), (3, 0), (4, 1), (1, 0), (3, 2)])
]


@pytest.mark.parametrize("class_weight", [None, "balanced", {0: 3.0, 2: 0.5}], ids=["none", "balanced", "dict"])
def test_classifier(class_weight: Any) -> None:
    for given in GIVEN if class_weight is None else GIVEN[::4]:  # how classes weigh rows is no solver's matter
        net = gf.MLPClassifier(**BASE, **given, class_weight=class_weight)
        check_sample_weight_equivalence_on_dense_data(str(given), net)
    check_sample_weight_equivalence_on_sparse_data(str(given), net)


@pytest.mark.parametrize("loss", ["squared_error", "poisson", "huber", "absolute_error"])
def test_regressor(loss: str) -> None:
    for given in GIVEN[2:5] if loss == "squared_error" else GIVEN[:2]:
        check_sample_weight_equivalence_on_dense_data(str(given), gf.MLPRegressor(**BASE, **given, loss=loss))


SHAPES: dict[str, tuple[str, np.ndarray]] = {
    "two classes": ("MLPClassifier", RNG.integers(0, 2, 24)),
    "words": ("MLPClassifier", np.array(["a", "b", "c"])[RNG.integers(0, 3, 24)]),
    "several labels": ("MLPClassifier", RNG.integers(0, 2, (24, 3))),
    "several targets": ("MLPRegressor", RNG.normal(size=(24, 2))),
}


@pytest.mark.parametrize("class_weight", [None, "balanced"])
@pytest.mark.parametrize("shape", SHAPES)
def test_shapes_of_targets(shape: str, class_weight: str | None) -> None:
    kind, y = SHAPES[shape]
    for given in SOLVERS[:2]:
        more = {"class_weight": class_weight} if kind == "MLPClassifier" else {}
        nets = [getattr(gf, kind)(**BASE, **given, **more) for _ in range(2)]
        nets[0].fit(X, y, sample_weight=COPIES)
        nets[1].fit(X.repeat(COPIES, axis=0), y.repeat(COPIES, axis=0))
        ask = "predict_proba" if kind == "MLPClassifier" else "predict"
        one, other = (getattr(net, ask)(X) for net in nets)
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-9, err_msg=str(given))


def test_partial_fit() -> None:
    y = RNG.integers(0, 3, 24)
    weighted, copied = (gf.MLPClassifier(**BASE, class_weight={0: 3.0}) for _ in range(2))
    for _ in range(4):
        weighted.partial_fit(X, y, sample_weight=COPIES, classes=[0, 1, 2])
        copied.partial_fit(X.repeat(COPIES, axis=0), y.repeat(COPIES), classes=[0, 1, 2])
    np.testing.assert_allclose(weighted.predict_proba(X), copied.predict_proba(X), rtol=1e-7)


def test_balanced_classes_weigh_the_same() -> None:
    y = np.repeat([0, 1, 2], 8)
    weights = gf.MLPClassifier(class_weight="balanced")._row_weights(y, COPIES.astype(float), incremental=False)
    np.testing.assert_allclose(np.bincount(y, weights=weights), COPIES.sum() / 3)
    by_copies = compute_sample_weight("balanced", y.repeat(COPIES))
    np.testing.assert_allclose(weights, np.bincount(np.arange(24).repeat(COPIES), weights=by_copies, minlength=24))


def test_a_class_without_weight_takes_no_part_in_the_balance() -> None:
    y, weights = np.repeat([0, 1, 2], 8), np.repeat([1.0, 3.0, 0.0], 8)
    net = gf.MLPClassifier(class_weight="balanced")
    found = net._row_weights(y, weights, incremental=False)
    np.testing.assert_allclose(np.bincount(y, weights=found), [16, 16, 0])
