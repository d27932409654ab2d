"""The same `random_state` gives scikit-learn's net: weights, batches, validation rows, curves and predictions.

Both compute in float64, so that they differ by rounding alone, which grows along a training: to about 1e-15 for smooth
settings, more where many small steps amplify it. The cases are chosen so that 1e-9 is room enough.
"""

from __future__ import annotations

import copy
import functools
import inspect
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import neural_network
from sklearn.datasets import load_diabetes, load_iris, make_multilabel_classification
from sklearn.exceptions import ConvergenceWarning

import goodfit

CLOSE = 1e-9
SMOOTH = 1e-6  # for L-BFGS, whose line search amplifies rounding within tens of iterations

Data = tuple[NDArray[Any], NDArray[Any]]


@functools.cache
def classes() -> Data:
    x, y = load_iris(return_X_y=True)
    return x, np.array(["setosa", "versicolor", "virginica"])[y]


@functools.cache
def two_classes() -> Data:
    x, y = load_iris(return_X_y=True)
    return x, np.where(y > 0, "other", "setosa")


@functools.cache
def labels() -> Data:
    x, y = make_multilabel_classification(120, n_features=12, random_state=0)
    return x / 5, y


@functools.cache
def numbers() -> Data:
    x, y = load_diabetes(return_X_y=True)
    return x[:200] * 20, (y[:200] - y.mean()) / y.std()


@functools.cache
def hundreds() -> Data:
    x, y = numbers()
    return x, y * 100


@functools.cache
def more_numbers() -> Data:
    x, y = numbers()
    return x, np.column_stack([y, y**2, x[:, 2] * y])


@functools.cache
def counts() -> Data:
    x, y = numbers()
    return x, np.round(np.exp(y))


def weights(rows: int) -> NDArray[np.float64]:
    drawn = np.random.default_rng(1).uniform(0, 2, rows)
    drawn[::7] = 0.0
    return drawn


def fitted(data: Data, weighted: bool = False, **parameters: Any) -> tuple[Any, Any]:
    """(scikit-learn's, goodfit's) estimator, fitted with the same arguments."""
    x, y = data
    kind = "MLPRegressor" if np.issubdtype(y.dtype, np.floating) else "MLPClassifier"
    parameters = {"random_state": 3, "max_iter": 40, "hidden_layer_sizes": (17,), **parameters}
    more = {"sample_weight": weights(len(x))} if weighted else {}
    made = [getattr(library, kind)(**copy.deepcopy(parameters)) for library in (neural_network, goodfit)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for each in made:
            each.fit(x, y, **more)
    return made[0], made[1]


def assert_same(theirs: Any, ours: Any, x: NDArray[Any], atol: float = CLOSE) -> None:
    """Every public fitted attribute, and the predictions."""
    for name in ("n_iter_", "t_", "n_layers_", "n_outputs_", "out_activation_", "n_features_in_"):
        assert getattr(ours, name) == getattr(theirs, name), name
    for name in ("loss_curve_", "validation_scores_", "loss_", "best_loss_", "best_validation_score_"):
        if hasattr(theirs, name) and getattr(theirs, name) is not None:
            np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), atol=atol, rtol=atol, err_msg=name)
        elif hasattr(theirs, name):
            assert getattr(ours, name) is None, name
    for name in ("coefs_", "intercepts_"):
        for a, b in zip(getattr(ours, name), getattr(theirs, name), strict=True):
            assert a.dtype == b.dtype
            np.testing.assert_allclose(a, b, atol=atol, err_msg=name)
    np.testing.assert_array_equal(np.asarray(ours.predict(x)).shape, np.asarray(theirs.predict(x)).shape)
    if hasattr(theirs, "predict_proba"):
        np.testing.assert_array_equal(ours.classes_, theirs.classes_)
        np.testing.assert_array_equal(ours.predict(x), theirs.predict(x))
        np.testing.assert_allclose(ours.predict_proba(x), theirs.predict_proba(x), atol=atol)
        np.testing.assert_allclose(np.exp(ours.predict_log_proba(x)), theirs.predict_proba(x), atol=max(atol, 1e-8))
    else:
        np.testing.assert_allclose(ours.predict(x), theirs.predict(x), atol=atol)


@pytest.mark.parametrize(
    ("data", "parameters"),
    [
        pytest.param(classes, {}, id="adam"),
        pytest.param(classes, {"batch_size": 32, "hidden_layer_sizes": (9, 7)}, id="adam in batches"),
        pytest.param(classes, {"alpha": 2.0, "batch_size": 32, "activation": "tanh"}, id="alpha, a short last batch"),
        pytest.param(classes, {"epsilon": 1e-3, "beta_1": 0.7, "beta_2": 0.95}, id="adam's decays and epsilon"),
        pytest.param(classes, {"batch_size": 40, "weighted": True, "alpha": 0.1}, id="row weights"),
        pytest.param(classes, {"solver": "sgd", "batch_size": 32, "learning_rate_init": 0.05}, id="nesterov"),
        pytest.param(
            classes, {"solver": "sgd", "nesterovs_momentum": False, "momentum": 0.8, "shuffle": False}, id="momentum"
        ),
        pytest.param(classes, {"solver": "sgd", "momentum": 0.0, "learning_rate_init": 0.1}, id="plain sgd"),
        pytest.param(classes, {"solver": "sgd", "momentum": 1.0, "max_iter": 8}, id="momentum that never decays"),
        pytest.param(
            classes,
            {"solver": "sgd", "learning_rate": "adaptive", "learning_rate_init": 0.2, "tol": 0.02}
            | {"n_iter_no_change": 2, "max_iter": 200},
            id="adaptive",
        ),
        pytest.param(
            classes,
            {"solver": "sgd", "learning_rate": "invscaling", "learning_rate_init": 0.5, "power_t": 0.3}
            | {"batch_size": 30, "momentum": 0.5},
            id="invscaling",
        ),
        pytest.param(classes, {"max_iter": 300, "tol": 5e-3, "n_iter_no_change": 3}, id="stops by itself"),
        pytest.param(classes, {"n_iter_no_change": np.inf, "tol": 1.0}, id="never stops"),
        pytest.param(classes, {"tol": 0.0, "n_iter_no_change": 1}, id="tol 0"),
        pytest.param(classes, {"early_stopping": True, "learning_rate_init": 0.01}, id="early stopping"),
        pytest.param(
            classes, {"early_stopping": True, "tol": 0.0, "n_iter_no_change": 4, "validation_fraction": 0.3}, id="ties"
        ),
        pytest.param(classes, {"random_state": np.random.RandomState(5)}, id="a generator"),
        pytest.param(classes, {"hidden_layer_sizes": ()}, id="no hidden layer"),
        pytest.param(classes, {"hidden_layer_sizes": 5, "activation": "logistic"}, id="logistic"),
        pytest.param(two_classes, {"activation": "identity"}, id="two classes"),
        pytest.param(
            two_classes,
            {"early_stopping": True, "weighted": True, "learning_rate_init": 0.01},
            id="weighted validation",
        ),
        pytest.param(labels, {"hidden_layer_sizes": (20, 10), "tol": 0.0}, id="several labels"),
        pytest.param(labels, {"early_stopping": True, "activation": "tanh"}, id="several labels, early stopping"),
        pytest.param(numbers, {"activation": "tanh"}, id="numbers"),
        pytest.param(numbers, {"early_stopping": True, "learning_rate_init": 0.01}, id="numbers, early stopping"),
        pytest.param(numbers, {"weighted": True, "early_stopping": True, "alpha": 1.0}, id="numbers, weighted"),
        pytest.param(more_numbers, {"activation": "logistic", "batch_size": 64}, id="several numbers"),
        pytest.param(
            more_numbers,
            {"solver": "sgd", "early_stopping": True, "learning_rate": "adaptive", "learning_rate_init": 0.01}
            | {"tol": 1e-2, "n_iter_no_change": 2, "max_iter": 120},
            id="several numbers, early stopping and adaptive",
        ),
        pytest.param(hundreds, {"early_stopping": True, "tol": 0.02, "n_iter_no_change": 3}, id="tol is in R²"),
        pytest.param(
            numbers,
            {"solver": "sgd", "early_stopping": True, "learning_rate": "adaptive", "learning_rate_init": 0.1}
            | {"tol": 0.02, "n_iter_no_change": 2, "max_iter": 120},
            id="early stopping and adaptive",
        ),
        pytest.param(counts, {"loss": "poisson", "activation": "tanh"}, id="poisson"),
    ],
)
def test_a_fit_is_scikit_learns(data: Callable[[], Data], parameters: dict[str, Any]) -> None:
    theirs, ours = fitted(data(), **parameters)
    assert_same(theirs, ours, data()[0])


@pytest.mark.parametrize(
    ("data", "parameters"),
    [
        pytest.param(classes, {"max_iter": 30}, id="classes"),
        pytest.param(two_classes, {"alpha": 1.0, "activation": "tanh", "max_iter": 30}, id="two classes"),
        pytest.param(labels, {"max_iter": 20, "activation": "logistic"}, id="several labels"),
        pytest.param(numbers, {"max_iter": 30, "weighted": True}, id="numbers"),
        pytest.param(counts, {"max_iter": 20, "loss": "poisson", "activation": "tanh"}, id="poisson"),
        pytest.param(numbers, {"max_iter": 200, "max_fun": 12}, id="evaluations run out"),
    ],
)
def test_lbfgs_is_scikit_learns(data: Callable[[], Data], parameters: dict[str, Any]) -> None:
    theirs, ours = fitted(data(), **{"solver": "lbfgs", "hidden_layer_sizes": (11,), **parameters})
    assert_same(theirs, ours, data()[0], atol=SMOOTH)
    assert len(ours.loss_curve_) == ours.n_iter_


def test_lbfgs_of_several_numbers_minimises_what_it_says() -> None:
    """scikit-learn gives SciPy a loss averaged over targets with the gradient of the sum; goodfit's two fit together.

    So its end is better by the objective that scikit-learn's stochastic solvers minimise: half the squared error,
    summed over targets, and the penalty.
    """
    x, y = more_numbers()
    theirs, ours = fitted(more_numbers(), solver="lbfgs", max_iter=300, activation="tanh", alpha=0.1)

    def objective(net: Any) -> float:
        penalty = sum((w**2).sum() for w in net.coefs_) * 0.1 / 2 / len(x)
        return float(0.5 * ((net.predict(x) - y) ** 2).sum(axis=1).mean() + penalty)

    assert objective(ours) < objective(theirs)
    averaged = 0.5 * ((ours.predict(x) - y) ** 2).mean() + sum((w**2).sum() for w in ours.coefs_) * 0.1 / 2 / len(x)
    assert ours.loss_ == pytest.approx(averaged, rel=1e-9)


@pytest.mark.parametrize(
    "parameters",
    [
        {"solver": "sgd", "batch_size": 20},
        {"solver": "adam", "batch_size": 20},
        {"solver": "sgd", "learning_rate": "invscaling", "learning_rate_init": 0.5},
        {"solver": "sgd", "learning_rate": "adaptive", "learning_rate_init": 0.3, "tol": 0.05, "n_iter_no_change": 1},
    ],
)
def test_partial_fit_is_scikit_learns(parameters: dict[str, Any]) -> None:
    x, y = classes()
    theirs, ours = (
        library.MLPClassifier(random_state=2, hidden_layer_sizes=(8,), **parameters)
        for library in (neural_network, goodfit)
    )
    order = np.random.default_rng(0).permutation(len(x))
    for call in range(9):
        rows = order[(call % 3) * 50 : (call % 3) * 50 + 50]
        for each in (theirs, ours):
            each.partial_fit(x[rows], y[rows], classes=np.unique(y))
    assert_same(theirs, ours, x)


def test_a_warm_start_without_momentum_is_scikit_learns() -> None:
    x, y = numbers()
    theirs, ours = (
        library.MLPRegressor(
            random_state=2, hidden_layer_sizes=(8,), solver="sgd", momentum=0.0, warm_start=True, max_iter=6
        )
        for library in (neural_network, goodfit)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for _ in range(3):
            for each in (theirs, ours):
                each.fit(x, y)
    assert_same(theirs, ours, x)


def test_float32_stays_float32() -> None:
    x, y = classes()
    theirs, ours = fitted((x.astype(np.float32), y), max_iter=20)
    assert_same(theirs, ours, x.astype(np.float32), atol=1e-4)


def test_printing_is_scikit_learns(capsys: pytest.CaptureFixture[str]) -> None:
    parameters: dict[str, Any] = {"verbose": True, "early_stopping": True, "max_iter": 5}
    x, y = classes()
    printed = []
    for library in (neural_network, goodfit):
        with pytest.warns(ConvergenceWarning, match=r"Maximum iterations \(5\) reached"):
            library.MLPClassifier(random_state=0, **parameters).fit(x, y)
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]


def test_signatures_begin_as_scikit_learns_do() -> None:
    for kind in ("MLPClassifier", "MLPRegressor"):
        theirs = inspect.signature(getattr(neural_network, kind).__init__).parameters
        ours = inspect.signature(getattr(goodfit, kind).__init__).parameters
        assert list(ours)[: len(theirs)] == list(theirs)
        for name, parameter in theirs.items():
            assert (ours[name].default, ours[name].kind) == (parameter.default, parameter.kind), name
        assert all(each.kind is each.KEYWORD_ONLY for each in list(ours.values())[len(theirs) :])
