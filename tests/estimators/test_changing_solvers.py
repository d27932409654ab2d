"""Fits that go on from one another with another solver, and what an interrupted ensemble keeps."""

from __future__ import annotations

import signal
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning

import goodfit
from goodfit import MLPClassifier, MLPRegressor
from goodfit.estimators import lbfgs
from goodfit.training.minimise import minimise

X, Y = load_iris(return_X_y=True)


@pytest.fixture(autouse=True)
def _no_warnings_of_convergence() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def test_the_history_of_fits_with_two_solvers_counts_all_their_epochs() -> None:
    net = MLPClassifier(5, max_iter=4, warm_start=True, random_state=0)
    for solver, epochs in (("adam", 4), ("lbfgs", 8), ("adam", 12)):
        net.set_params(solver=solver).fit(X, Y)
        assert len(net.history_) == epochs
        np.testing.assert_array_equal(net.history_.stopped_epoch, epochs)
        assert len(net.loss_curve_) == epochs


def test_adam_begins_anew_after_another_solver() -> None:
    """Its moments were of weights that are long gone: the fit is that of a net that begins with these weights."""
    net = MLPClassifier(5, max_iter=4, warm_start=True, random_state=0, shuffle=False)
    net.fit(X, Y).set_params(solver="lbfgs").fit(X, Y)
    other = MLPClassifier(5, max_iter=4, warm_start=True, random_state=0, shuffle=False, solver="lbfgs").fit(X, Y)
    other.coefs_, other.intercepts_ = [w.copy() for w in net.coefs_], [b.copy() for b in net.intercepts_]
    for each in (net, other):
        each.set_params(solver="adam").fit(X, Y)
    for a, b in zip(net.coefs_, other.coefs_, strict=True):
        np.testing.assert_array_equal(a, b)


def test_an_interrupted_ensemble_predicts_with_the_nets_that_it_came_to(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*given: Any, **more: Any) -> Any:
        found = minimise(*given, **more)
        signal.raise_signal(signal.SIGINT)
        return found

    monkeypatch.setattr(lbfgs, "minimise", interrupted)
    net = MLPRegressor(hidden_layer_sizes=5, solver="lbfgs", n_nets=3, max_iter=20, random_state=0)
    with pytest.warns(UserWarning, match="Training interrupted by user"):
        net.fit(X, Y.astype(float))
    alone = MLPRegressor(hidden_layer_sizes=5, solver="lbfgs", max_iter=20, random_state=0)
    monkeypatch.undo()
    np.testing.assert_allclose(net.predict(X), alone.fit(X, Y.astype(float)).predict(X))
    assert len(net.nets_) == 3


def test_one_validation_row_has_no_r2() -> None:
    net = MLPRegressor(hidden_layer_sizes=5, early_stopping=True, validation_data=(X[:1], [1.0]))
    with pytest.raises(goodfit.InputError, match="R² needs two rows or more"):
        net.fit(X, Y.astype(float))
