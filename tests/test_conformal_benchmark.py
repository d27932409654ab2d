"""What the benchmark of intervals and sets computes by itself, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks import conformal
from sklearn.linear_model import Ridge
from sklearn.model_selection import PredefinedSplit, cross_val_predict


def test_out_of_fold_predictions_are_those_of_scikit_learn() -> None:
    x, y = conformal.drawn_numbers("equal", np.random.default_rng(0), 53)
    out, new = conformal.in_folds(Ridge(1.0), x, y, x[:7])
    folds = np.arange(53) % conformal.FOLDS
    expected = cross_val_predict(Ridge(1.0), x, y, cv=PredefinedSplit(folds))
    np.testing.assert_allclose(out.ravel(), expected.ravel(), rtol=1e-10)
    models = [Ridge(1.0).fit(x[folds != fold], y[folds != fold]) for fold in range(conformal.FOLDS)]
    np.testing.assert_allclose(new.ravel(), np.mean([model.predict(x[:7]).ravel() for model in models], axis=0))


def test_scores_of_adaptive_sets_and_the_least_coverage_by_hand() -> None:
    found = conformal.cumulative(np.array([[0.2, 0.5, 0.3], [0.7, 0.1, 0.2]]))
    np.testing.assert_allclose(found, [[1.0, 0.5, 0.8], [0.7, 1.0, 0.9]])
    assert conformal.by_fifths(np.arange(10) != 9, np.arange(10.0)) == pytest.approx(0.5)
