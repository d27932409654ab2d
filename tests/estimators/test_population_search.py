"""PopulationSearchCV finds what GridSearchCV finds: the same folds, the same nets, the same scores."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from scipy.stats import loguniform
from sklearn import neural_network
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes, load_iris
from sklearn.exceptions import ConvergenceWarning, FitFailedWarning
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold, RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import goodfit
from goodfit import MLPClassifier, MLPRegressor, PopulationSearchCV
from goodfit.estimators import together

X, Y = load_iris(return_X_y=True)
ALWAYS: dict[str, Any] = {"random_state": 0, "max_iter": 6, "hidden_layer_sizes": (6,)}
GRID: dict[str, Any] = {"alpha": [1e-4, 1.0], "hidden_layer_sizes": [(6,), (5, 4)], "learning_rate_init": [1e-3, 0.03]}


@pytest.fixture(autouse=True)
def _no_warnings_of_convergence() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


@functools.cache
def numbers() -> tuple[Any, Any]:
    x, y = load_diabetes(return_X_y=True)
    return x[:90] * 20, (y[:90] - 150) / 80


def check_same(found: Any, expected: Any, atol: float = 1e-9) -> None:
    for name, values in expected.cv_results_.items():
        if "time" in name:
            continue
        if "score" in name:
            np.testing.assert_allclose(found.cv_results_[name], values, atol=atol, err_msg=name)
        else:
            assert list(found.cv_results_[name]) == list(values), name
    assert found.best_params_ == expected.best_params_
    assert found.best_score_ == pytest.approx(expected.best_score_, abs=atol)
    assert found.n_splits_ == expected.n_splits_


@pytest.mark.parametrize(
    ("more", "grid"),
    [
        ({}, GRID),
        ({"batch_size": 16}, GRID),  # 150 rows in 4 folds: 112 and 113 rows, 7 and 8 batches
        ({"solver": "sgd", "shuffle": False}, {"momentum": [0.0, 0.9], "learning_rate": ["constant", "adaptive"]}),
        ({}, {"batch_size": [10, 50], "activation": ["relu", "tanh"], "random_state": [1, 2]}),
        ({"max_iter": 100, "tol": 0.01, "n_iter_no_change": 2}, {"learning_rate_init": [0.01, 0.03]}),  # stop early
    ],
)
@pytest.mark.parametrize("two", [False, True])
def test_the_results_are_those_of_scikit_learns_grid_search(
    more: dict[str, Any], grid: dict[str, Any], two: bool
) -> None:
    y = np.where(Y > 0, "other", "setosa") if two else Y
    expected = GridSearchCV(neural_network.MLPClassifier(**{**ALWAYS, **more}), grid, cv=4, return_train_score=True)
    found = PopulationSearchCV(MLPClassifier(**{**ALWAYS, **more}), grid, cv=4, return_train_score=True)
    check_same(found.fit(X, y), expected.fit(X, y))
    for a, b in zip(found.best_estimator_.coefs_, expected.best_estimator_.coefs_, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-9)
    np.testing.assert_array_equal(found.predict(X), expected.predict(X))
    np.testing.assert_array_equal(found.classes_, expected.classes_)


def test_numbers_in_a_pipeline_with_scaled_targets() -> None:
    def made(net: Any) -> Any:
        return TransformedTargetRegressor(make_pipeline(StandardScaler(), net), transformer=StandardScaler())

    names = ("alpha", "learning_rate_init")
    grid = {f"regressor__mlpregressor__{name}": GRID[name] for name in names}
    expected = GridSearchCV(made(neural_network.MLPRegressor(**ALWAYS)), grid, cv=3).fit(*numbers())
    found = PopulationSearchCV(made(MLPRegressor(**ALWAYS)), grid, cv=3).fit(*numbers())
    check_same(found, expected)
    assert found.n_populations_ == 1


def test_fits_that_need_the_host_are_trained_one_after_another() -> None:
    grid: Any = [{"solver": ["lbfgs"]}, {"early_stopping": [True], "solver": ["adam"]}, {"alpha": [0.1]}]
    expected = GridSearchCV(neural_network.MLPClassifier(**ALWAYS), grid, cv=3).fit(X, Y)
    check_same(PopulationSearchCV(MLPClassifier(**ALWAYS), grid, cv=3).fit(X, Y), expected, atol=1e-6)


def test_ensembles_and_what_scikit_learn_has_not() -> None:
    grid = {"dropout": [0.0, 0.5], "l1": [0.0, 0.01]}
    estimator = MLPClassifier(**ALWAYS, n_nets=2, label_smoothing=0.1, class_weight="balanced")
    expected = GridSearchCV(estimator, grid, cv=3).fit(X, Y)
    found = PopulationSearchCV(estimator, grid, cv=3).fit(X, Y)
    check_same(found, expected, atol=1e-6)


def test_candidates_drawn_at_random_are_scikit_learns() -> None:
    space = {"alpha": loguniform(1e-5, 1), "hidden_layer_sizes": [(4,), (6,)]}
    expected = RandomizedSearchCV(MLPClassifier(**ALWAYS), space, n_iter=4, cv=3, random_state=5).fit(X, Y)
    found = PopulationSearchCV(MLPClassifier(**ALWAYS), space, n_iter=4, cv=3, random_state=5).fit(X, Y)
    check_same(found, expected)


def test_weights_groups_several_scores_and_no_refit() -> None:
    groups = np.arange(150) % 7
    weights = np.random.default_rng(0).uniform(0.5, 2, 150)
    how: dict[str, Any] = {"cv": GroupKFold(3), "scoring": ["accuracy", "neg_log_loss"], "refit": "neg_log_loss"}
    given: dict[str, Any] = {"groups": groups, "sample_weight": weights}
    expected = GridSearchCV(MLPClassifier(**ALWAYS), {"alpha": [0.1, 1.0]}, **how).fit(X, Y, **given)
    found = PopulationSearchCV(MLPClassifier(**ALWAYS), {"alpha": [0.1, 1.0]}, **how).fit(X, Y, **given)
    check_same(found, expected)
    bare = PopulationSearchCV(MLPClassifier(**ALWAYS), {"alpha": [0.1]}, cv=3, refit=False).fit(X, Y)
    assert not hasattr(bare, "best_estimator_")


def test_folds_that_are_drawn_anew_are_drawn_once() -> None:
    """A splitter without a seed gives other folds each time it is asked."""
    found = PopulationSearchCV(MLPClassifier(**ALWAYS), {"alpha": [0.1, 0.1, 0.1]}, cv=KFold(3, shuffle=True)).fit(X, Y)
    scores = np.stack([found.cv_results_[f"split{fold}_test_score"] for fold in range(3)])
    assert (scores == scores[:, :1]).all()
    assert found.n_populations_ == 1
    assert isinstance(found.cv, KFold)


def test_a_candidate_that_fails_gets_the_error_score() -> None:
    grid = {"activation": ["relu", ["relu", "tanh"]]}  # two activations for one hidden layer
    with pytest.warns(FitFailedWarning, match="must list one name for each of the 1 hidden layers"):
        found = PopulationSearchCV(MLPClassifier(**ALWAYS), grid, cv=3, error_score=-1.0).fit(X, Y)
    assert found.cv_results_["mean_test_score"][1] == -1.0
    assert found.best_params_ == {"activation": "relu"}
    with pytest.raises(goodfit.InputError, match="must list one name"):
        PopulationSearchCV(MLPClassifier(**ALWAYS), grid, cv=3, error_score="raise").fit(X, Y)


def test_a_net_that_diverges_fails_as_it_does_alone() -> None:
    x, y = numbers()
    estimator = MLPRegressor(solver="sgd", max_iter=30, random_state=0, hidden_layer_sizes=(5,))
    with pytest.warns(FitFailedWarning, match="non-finite parameter weights"), np.errstate(all="ignore"):
        found = PopulationSearchCV(estimator, {"learning_rate_init": [0.01, 1e9]}, cv=3, error_score=-9.0).fit(x, y)
    assert found.cv_results_["mean_test_score"][1] == -9.0


def test_one_population_trains_what_may_share_a_program() -> None:
    before = goodfit.training.compilations()
    grid = {"alpha": np.logspace(-4, 0, 5), "learning_rate_init": [1e-3, 2e-3], "beta_1": [0.8, 0.9]}
    found = PopulationSearchCV(MLPClassifier(**ALWAYS), grid, cv=4, refit=False).fit(X, Y)
    assert found.n_populations_ == 1
    assert goodfit.training.compilations() - before == 1  # of eighty fits
    assert (found.cv_results_["mean_fit_time"] > 0).all()


def test_notes_answer_only_the_fit_that_was_noted() -> None:
    with together.taking() as notes:
        for seed in (0, 1):
            with pytest.raises(together.Noted):
                MLPClassifier(**{**ALWAYS, "random_state": seed}).fit(X, Y)
    together.train(notes)
    with together.giving_out(notes):
        other = MLPClassifier(**{**ALWAYS, "alpha": 9.0}).fit(X, Y)  # was not noted: trained as usual
        first = MLPClassifier(**ALWAYS).fit(X, Y)
        shuffled = MLPClassifier(**{**ALWAYS, "random_state": 1}).fit(X[::-1], Y[::-1])
    assert len(notes.waiting) == 1
    for found in (other, first, shuffled):
        rows = slice(None, None, -1) if found is shuffled else slice(None)
        alone = clone(found).fit(X[rows], Y[rows])
        np.testing.assert_allclose(found.coefs_[0], alone.coefs_[0], atol=1e-12)
    assert not hasattr(together, "waiting")


def test_parameters_are_checked() -> None:
    with pytest.raises(ValueError, match="The 'n_iter' parameter of PopulationSearchCV must be"):
        PopulationSearchCV(MLPClassifier(**ALWAYS), {"alpha": [1]}, n_iter=0).fit(X, Y)
    search = PopulationSearchCV(MLPClassifier(**ALWAYS), {"alpha": [1]}, cv=3)
    assert clone(search).get_params()["cv"] == 3
    assert "MLPClassifier" in search._repr_html_()


def test_fits_that_do_not_fit_into_memory_are_trained_in_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also the nets of one ensemble, which are put together with the last of its turns."""
    x, y = load_iris(return_X_y=True)
    ensembles = MLPClassifier((5,), n_nets=3, max_iter=6, random_state=0)
    search = PopulationSearchCV(ensembles, {"alpha": [1e-4, 1e-2], "batch_size": [30, 40]}, cv=3)
    whole = clone(search).fit(x, y)
    assert whole.n_populations_ == 2
    monkeypatch.setattr("goodfit.training.turns.free_memory", lambda: 60_000.0)
    cut = clone(search).fit(x, y)
    assert cut.n_populations_ > 6
    for name in ("mean_test_score", "std_test_score", "rank_test_score"):
        np.testing.assert_allclose(cut.cv_results_[name], whole.cv_results_[name], atol=1e-9)
    np.testing.assert_allclose(cut.predict_proba(x), whole.predict_proba(x), atol=1e-6)
