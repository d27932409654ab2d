"""Prediction intervals and sets of `TableRegressor` and `TableClassifier`."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import goodfit as gf


def test_numbers_have_intervals_by_out_of_fold_errors() -> None:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((150, 3))
    y = X[:, 0] + rng.standard_normal(150)
    nets = gf.TableRegressor({"epochs": 8, "hidden": (8,)}, random_state=0, leaks="off").fit(X, y)
    found = nets.predict_interval(X[:5], 0.8)
    half = np.sort(np.abs(y - nets.out_of_fold_))[int(np.ceil(151 * 0.8)) - 1]  # split conformal, by hand
    np.testing.assert_allclose(found, nets.predict(X[:5])[:, None] + [-half, half], rtol=1e-4)
    wide = nets.predict_interval(X, adaptive=True)
    assert wide.shape == (150, 2)
    assert np.ptp(wide[:, 1] - wide[:, 0]) > 0
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(nets)).predict_interval(X[:5], 0.8), found)
    with pytest.raises(ValueError, match="must be above 0 and below 1; got 1"):
        nets.predict_interval(X, 1)


def test_classes_have_sets_in_the_order_of_the_classes() -> None:
    rng = np.random.default_rng(1)
    X = rng.standard_normal((150, 3))
    y = np.where(X[:, 0] + rng.standard_normal(150) > 0, 7, 3)
    nets = gf.TableClassifier({"epochs": 8, "hidden": (8,)}, random_state=0, leaks="off").fit(X, y)
    scores = np.sort(1 - nets.out_of_fold_[np.arange(150), (y == 7).astype(int)])
    limit = scores[int(np.ceil(151 * 0.9)) - 1]
    np.testing.assert_array_equal(nets.predict_sets(X), 1 - nets.predict_proba(X).astype(float) <= limit)
