"""`encoding="piecewise"` in estimators: a fit on features that were encoded before, by edges of the training rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

import goodfit as gf
from goodfit.data.encoding import PiecewiseEncoding
from goodfit.errors import InputError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3)).astype(np.float32)
X[:, 1] = X[:, 1] > 0
Y = (X[:, 0] > 0.3).astype(int)
GIVEN: dict[str, Any] = {"hidden_layer_sizes": (6,), "max_iter": 4, "random_state": 0, "bins": 4, "tol": 0.0}
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def ours(**given: Any) -> Any:
    return gf.MLPClassifier(**{**GIVEN, "encoding": "piecewise", **given})


def encoded(x: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Components by hand, from quantiles of the rows."""
    edges = np.quantile(rows[:, [0, 2]].astype(np.float64), np.linspace(0, 1, 5), axis=0).T
    return PiecewiseEncoding(np.array([0, 2]), edges).apply(x)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_fit_is_that_of_features_encoded_before(solver: str, tmp_path: Path) -> None:
    net = ours(solver=solver).fit(X, Y)
    plain = ours(solver=solver, encoding="none", bins=16).fit(encoded(X, X), Y)
    np.testing.assert_allclose(net.coefs_[0], plain.coefs_[0], rtol=1e-4, atol=1e-5)
    expected = plain.predict_proba(encoded(X, X))
    np.testing.assert_allclose(net.predict_proba(X), expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(net.predict_proba(sparse.csr_array(X)), expected, rtol=1e-4, atol=1e-5)
    assert (net.n_features_in_, net.coefs_[0].shape) == (3, (11, 6))
    net.save(tmp_path / "net.safetensors")
    model = gf.load_model(tmp_path / "net.safetensors")
    np.testing.assert_allclose(model.predict_proba(X), expected, rtol=1e-4, atol=1e-5)


def test_edges_come_from_the_rows_that_train() -> None:
    """Rows set aside may be what they like; a scorer on the host sees them as they were given."""
    train, valid = X[:40], X[40:] * 50
    given: dict[str, Any] = {"validation_data": (valid, Y[40:]), "early_stopping": "neg_log_loss"}
    net = ours(**given).fit(train, Y[:40])
    edges = np.quantile(train[:, [0, 2]].astype(np.float64), np.linspace(0, 1, 5), axis=0).T
    np.testing.assert_array_equal(net.encoding_.edges, edges.astype(np.float32))
    by_hand = ours(encoding="none", bins=16, **{**given, "validation_data": (encoded(valid, train), Y[40:])}).fit(
        encoded(train, train), Y[:40]
    )
    np.testing.assert_allclose(net.validation_scores_, by_hand.validation_scores_, rtol=1e-4)
    share = ours(early_stopping=True).fit(X, Y)
    assert share.encoding_.edges.shape == (2, 5)
    assert not np.array_equal(share.encoding_.edges, ours().fit(X, Y).encoding_.edges)


def test_fits_that_go_on_keep_their_edges() -> None:
    net = ours(warm_start=True).fit(X, Y)
    edges = net.encoding_.edges
    assert net.fit(X + 1, Y).encoding_.edges is edges
    with pytest.raises(InputError, match=r"warm_start requires the same number of nets and layer sizes"):
        net.set_params(bins=5).fit(X, Y)
    with pytest.raises(InputError, match=r"warm_start requires the same number of nets and layer sizes"):
        net.set_params(bins=16, encoding="none").fit(X, Y)
    batches = ours().partial_fit(X, Y, classes=[0, 1])
    assert batches.partial_fit(X + 1, Y).encoding_.columns.tolist() == [0, 2]
    switches = ours().partial_fit(X[:, 1:2], Y, classes=[0, 1])
    assert switches.partial_fit(X[:, :1], Y).encoding_ is None


def test_a_search_gives_what_grid_search_gives() -> None:
    grid = [{"bins": [3, 5]}, {"encoding": ["none"], "bins": [16]}]
    one = gf.PopulationSearchCV(ours(), grid, cv=2).fit(X, Y)
    other = GridSearchCV(clone(ours()), grid, cv=2).fit(X, Y)
    np.testing.assert_allclose(one.cv_results_["mean_test_score"], other.cv_results_["mean_test_score"])


def test_wrong_parameters_are_named() -> None:
    with pytest.raises(InputError, match=r"MLPClassifier: 'bins' must be 16 with encoding 'none'; got 4"):
        ours(encoding="none").fit(X, Y)
    with pytest.raises(ValueError, match=r"The 'encoding' parameter of MLPClassifier must be a str among"):
        ours(encoding="periodic").fit(X, Y)
