"""What scikit-learn builds around an estimator works around goodfit's, and gives what it gives around its own.

goodfit draws as scikit-learn does, so the same composition around scikit-learn's net is the reference throughout.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sklearn
from estimators_help import FLOWERS, KINDS, NUMBER_X, NUMBERS, UNCONVERGED, WEIGHTS, assert_same_bits, ours, theirs
from joblib import Parallel, delayed, parallel_config
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score, learning_curve
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier, MultiOutputRegressor, RegressorChain
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import goodfit as gf

pytestmark = UNCONVERGED

Around = Callable[[Any], Any]
TWO_LABELS = np.column_stack([KINDS == 0, KINDS == 1]).astype(int)
TWO_NUMBERS = np.column_stack([NUMBERS, NUMBERS**2])


def logistic() -> Any:
    return LogisticRegression(max_iter=1000)


AROUND_CLASSIFIERS: dict[str, Around] = {
    "pipeline": lambda net: make_pipeline(StandardScaler(), net),
    "calibrated": lambda net: CalibratedClassifierCV(net, cv=3),
    "voting": lambda net: VotingClassifier([("net", net), ("line", logistic())], voting="soft"),
    "stacking": lambda net: StackingClassifier([("net", net)], final_estimator=logistic(), cv=3),
    "bagging": lambda net: BaggingClassifier(net, n_estimators=3, max_samples=0.5, random_state=0),
    "one net a class": OneVsRestClassifier,
}
AROUND_REGRESSORS: dict[str, Around] = {
    "scaled target": lambda net: TransformedTargetRegressor(net, transformer=StandardScaler()),
    "one net a target": MultiOutputRegressor,
    "chain": lambda net: RegressorChain(net, order=[1, 0]),
}


@pytest.mark.parametrize("name", AROUND_CLASSIFIERS)
def test_around_a_classifier(name: str) -> None:
    around = AROUND_CLASSIFIERS[name]
    found, expected = (around(net).fit(FLOWERS, KINDS).predict_proba(FLOWERS) for net in (ours(), theirs()))
    np.testing.assert_allclose(found, expected, atol=1e-7)


@pytest.mark.parametrize("name", AROUND_REGRESSORS)
def test_around_a_regressor(name: str) -> None:
    nets = ours("MLPRegressor"), theirs("MLPRegressor")
    found, expected = (AROUND_REGRESSORS[name](net).fit(NUMBER_X, TWO_NUMBERS).predict(NUMBER_X) for net in nets)
    np.testing.assert_allclose(found, expected, atol=1e-7)


def test_one_net_a_label() -> None:
    found, expected = (
        MultiOutputClassifier(net).fit(FLOWERS, TWO_LABELS).predict_proba(FLOWERS) for net in (ours(), theirs())
    )
    np.testing.assert_allclose(found, expected, atol=1e-7)


def test_a_clone_is_unfitted_and_has_every_parameter() -> None:
    given = {"dropout": [0.5], "init": "he-normal", "class_weight": {0: 1, 1: 2, 2: 3}, "validation_data": (1, 2)}
    net = ours(**given, n_nets=3, schedule={"schedule": "cosine", "warmup": 2})
    copied = clone(net)
    assert type(copied) is type(net)
    assert not hasattr(copied, "coefs_")
    assert copied.get_params() == net.get_params()
    assert copied.get_params()["dropout"] == [0.5]


def test_parameters_are_set_and_a_wrong_name_is_refused() -> None:
    pipeline = make_pipeline(StandardScaler(), ours())
    pipeline.set_params(mlpclassifier__dropout=0.25, mlpclassifier__n_nets=2)
    assert pipeline[-1].dropout == 0.25
    assert pipeline.get_params()["mlpclassifier__n_nets"] == 2
    with pytest.raises(ValueError, match="Invalid parameter 'droput' for estimator MLPClassifier"):
        ours().set_params(droput=0.5)


@pytest.mark.parametrize("names", [("learning_rate_init",), ("dropout", "n_nets")])
def test_a_grid_search_in_this_process(names: tuple[str, ...]) -> None:
    values = {"learning_rate_init": [1e-4, 0.05], "dropout": [0.0, 0.9], "n_nets": [1, 2]}
    search = GridSearchCV(ours(), {name: values[name] for name in names}, cv=3, error_score="raise")
    search.fit(FLOWERS, KINDS)
    scores = search.cv_results_["mean_test_score"]
    assert search.best_score_ == scores.max() > scores.min()
    if names == ("learning_rate_init",):
        expected = GridSearchCV(theirs(), {names[0]: values[names[0]]}, cv=3).fit(FLOWERS, KINDS)
        np.testing.assert_allclose(scores, expected.cv_results_["mean_test_score"])


def test_a_grid_search_in_two_other_processes_gives_the_same() -> None:
    """JAX starts anew in loky's workers; this process has it running, with threads of its own."""
    ours().fit(FLOWERS, KINDS)
    grid = {"alpha": [1e-4, 30.0]}
    alone = GridSearchCV(ours(), grid, cv=2, error_score="raise").fit(FLOWERS, KINDS)
    with parallel_config("loky", n_jobs=2, inner_max_num_threads=1):
        shared = GridSearchCV(ours(), grid, cv=2, error_score="raise", n_jobs=2).fit(FLOWERS, KINDS)
    for split in ("split0_test_score", "split1_test_score"):
        np.testing.assert_array_equal(shared.cv_results_[split], alone.cv_results_[split])
    assert_same_bits(shared.best_estimator_, alone.best_estimator_)


def test_cross_validation() -> None:
    found, expected = (cross_val_score(net, FLOWERS, KINDS, cv=3) for net in (ours(), theirs()))
    np.testing.assert_allclose(found, expected)


def test_permutation_importance() -> None:
    found, expected = (
        permutation_importance(net.fit(FLOWERS, KINDS), FLOWERS, KINDS, n_repeats=3, random_state=0).importances
        for net in (ours(), theirs())
    )
    np.testing.assert_allclose(found, expected)


def test_a_learning_curve_with_partial_fit() -> None:
    found, expected = (
        learning_curve(
            net,
            FLOWERS,
            KINDS,
            cv=3,
            train_sizes=[30, 60, 90],
            exploit_incremental_learning=True,
            shuffle=True,
            random_state=0,
        )[2]
        for net in (ours(), theirs())
    )
    np.testing.assert_allclose(found, expected)


def test_two_threads_at_once() -> None:
    """Both compile, train in their own precision and draw their own numbers; nothing of one is seen in the other."""
    nets = [ours(random_state=seed, dtype=kind) for seed, kind in ((1, "float64"), (2, "float32")) * 2]
    alone = [clone(net).fit(FLOWERS, KINDS) for net in nets]
    with parallel_config("threading", n_jobs=2):
        together = Parallel()(delayed(net.fit)(FLOWERS, KINDS) for net in nets)
    for one, other in zip(together, alone, strict=True):
        assert_same_bits(one, other)
        assert one.coefs_[0].dtype == other.dtype


def test_sample_weights_are_routed() -> None:
    with sklearn.config_context(enable_metadata_routing=True):
        found, expected = (
            GridSearchCV(
                net.set_fit_request(sample_weight=True).set_score_request(sample_weight=True), {"alpha": [0.1]}, cv=2
            )
            .fit(FLOWERS, KINDS, sample_weight=WEIGHTS)
            .best_estimator_
            for net in (ours(), theirs())
        )
        refused = GridSearchCV(ours(), {"alpha": [0.1]}, cv=2)
        with pytest.raises(ValueError, match=r"\[sample_weight\] are passed but are not explicitly set as requested"):
            refused.fit(FLOWERS, KINDS, sample_weight=WEIGHTS)
    np.testing.assert_allclose(found.coefs_[0], expected.coefs_[0], atol=1e-8)
    plain = ours(alpha=0.1).fit(FLOWERS, KINDS)
    assert not np.allclose(found.coefs_[0], plain.coefs_[0])  # the weights did arrive


def test_the_picture_in_a_notebook() -> None:
    net = ours(dropout=0.3)
    unfitted, fitted = net._repr_html_(), net.fit(FLOWERS, KINDS)._repr_html_()
    assert "MLPClassifier" in unfitted
    assert "dropout" in unfitted
    assert "Not fitted" in unfitted
    assert "Fitted" in fitted
    assert repr(gf.MLPClassifier(dropout=0.3)) == "MLPClassifier(dropout=0.3)"
