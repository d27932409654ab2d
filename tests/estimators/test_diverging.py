"""Nets that diverge, and validation rows that tell nothing: as scikit-learn does it, or one clear error."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import sklearn
from estimators_help import (
    FLOWERS,
    KINDS,
    NUMBER_X,
    NUMBERS,
    UNCONVERGED,
    WEIGHTS,
    arrays,
    assert_same_net,
    ours,
    theirs,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import r2_score
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold

import goodfit as gf

FAST = {"solver": "sgd", "learning_rate_init": 1e10, "hidden_layer_sizes": (8,), "max_iter": 20}
FASTER = {**FAST, "learning_rate_init": 1e300}
ROWS = {"MLPClassifier": (FLOWERS, KINDS), "MLPRegressor": (NUMBER_X, NUMBERS)}


def quietly(net: Any, *given: Any) -> Any:
    """scikit-learn warns of every overflow on the way."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return net.fit(*given)


def test_early_stopping_keeps_the_best_weights_and_warns_as_scikit_learn_does() -> None:
    with pytest.warns(ConvergenceWarning, match=r"1 of 1 nets diverged .* keep the best weights on the validation set"):
        net = ours("MLPRegressor", **FAST, early_stopping=True).fit(NUMBER_X, NUMBERS)
    reference = quietly(theirs("MLPRegressor", **FAST, early_stopping=True), NUMBER_X, NUMBERS)
    assert_same_net(net, reference)
    assert net.best_validation_score_ == pytest.approx(reference.best_validation_score_)
    assert net.history_.frozen.all()


@pytest.mark.parametrize("kind", ROWS)
@pytest.mark.parametrize("watched", [True, "loss", "neg_log_loss", "neg_mean_squared_error"])
@pytest.mark.parametrize("nets", [1, 3])
def test_without_a_finite_epoch_the_first_weights_are_the_best(kind: str, watched: Any, nets: int) -> None:
    if (kind == "MLPRegressor") == (watched == "neg_log_loss") and isinstance(watched, str) and watched != "loss":
        return
    x, y = ROWS[kind]
    net = ours(kind, **FASTER, early_stopping=watched, n_nets=nets)
    with pytest.warns(ConvergenceWarning, match=rf"{nets} of {nets} nets diverged .* \({nets} of them, without"):
        net.fit(x, y)
    still = quietly(ours(kind, **{**FAST, "learning_rate_init": 1e-300, "max_iter": 1}, momentum=0), x, y)
    assert_same_net(net, still)
    assert np.isfinite(net.predict(x).astype(float)).all()


@pytest.mark.parametrize("kind", ROWS)
def test_without_early_stopping_it_is_scikit_learn_s_error(kind: str) -> None:
    for net in (ours(kind, **FASTER), theirs(kind, **FASTER)):
        with pytest.raises(ValueError, match="Solver produced non-finite parameter weights"):
            quietly(net, *ROWS[kind])
    with pytest.raises(ValueError, match="Solver produced non-finite parameter weights"):
        ours("MLPRegressor", **FASTER, early_stopping=True).partial_fit(NUMBER_X, NUMBERS)


def test_of_an_ensemble_the_nets_with_a_best_epoch_predict() -> None:
    x = NUMBER_X.copy()
    net = ours("MLPRegressor", **{**FAST, "learning_rate_init": 3.0}, early_stopping=True, n_nets=6)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net.fit(x, NUMBERS)
    assert all(np.isfinite(each).all() for each in arrays(net))
    assert np.isfinite(net.predict(x)).all()
    assert len(net._sound) == 6 - int((net.history_.frozen & (net.history_.best_epoch == 0)).sum())


@pytest.mark.parametrize("kind", ROWS)
@pytest.mark.parametrize("watched", [True, "loss", "r2", "accuracy"])
def test_validation_rows_that_all_weigh_nothing_are_one_clear_error(kind: str, watched: Any) -> None:
    if watched == {"MLPClassifier": "r2", "MLPRegressor": "accuracy"}[kind]:
        return
    x, y = ROWS[kind]
    weights = np.where(np.arange(len(y)) < len(y) - 4, 0.0, 1.0)
    net = ours(kind, early_stopping=watched, random_state=0)
    message = rf"{kind}: the validation set that 'early_stopping' splits off must have samples with a weight above zero"
    with pytest.raises(gf.InputError, match=message):
        net.fit(x, y, sample_weight=weights)
    with pytest.raises(gf.InputError, match=message):
        net.partial_fit(x, y, sample_weight=weights, **({"classes": [0, 1, 2]} if kind == "MLPClassifier" else {}))


def test_so_are_training_rows() -> None:
    net = ours(early_stopping=True, random_state=0, validation_fraction=0.5)
    valid = np.setdiff1d(np.arange(150), _training_rows(net))
    weights = np.where(np.isin(np.arange(150), valid), 1.0, 0.0)
    with pytest.raises(gf.InputError, match="the training set that 'early_stopping' splits off must have samples with"):
        net.fit(FLOWERS, KINDS, sample_weight=weights)
    with pytest.raises(gf.InputError, match="'sample_weight' and 'class_weight' must not leave all samples"):
        ours(class_weight={0: 0.0, 1: 0.0, 2: 0.0}).fit(FLOWERS, KINDS)


def _training_rows(net: Any) -> Any:
    """The rows that a fit trains on: X holds their numbers."""
    from goodfit.estimators.fitting import EstimatorFit

    made = EstimatorFit(sklearn.clone(net), incremental=False)
    numbered = np.concatenate([np.arange(150.0)[:, None], FLOWERS[:, 1:]], axis=1)
    made.prepare(numbered, KINDS, None)
    return made.given.train.x[:, 0].astype(int)


@UNCONVERGED
@pytest.mark.parametrize("watched", [True, "loss", False])
@pytest.mark.parametrize("columns", [1, 2])
def test_r2_of_equal_validation_targets_is_scikit_learn_s_whatever_is_watched(watched: Any, columns: int) -> None:
    y = np.ones(60) if columns == 1 else np.stack([NUMBERS, np.ones(60)], axis=1)
    net = ours("MLPRegressor", early_stopping=watched, validation_data=(NUMBER_X[:20], y[:20]), max_iter=4)
    net.fit(NUMBER_X, y)
    assert len(net.validation_scores_) == 4
    assert np.isfinite(net.validation_scores_).all()
    last = ours("MLPRegressor", max_iter=4).fit(NUMBER_X, y).predict(NUMBER_X[:20])
    assert net.validation_scores_[-1] == pytest.approx(r2_score(y[:20], last))


@UNCONVERGED
@pytest.mark.parametrize("splitter", [GroupKFold(3), StratifiedGroupKFold(3)])
def test_a_search_by_groups_under_metadata_routing(splitter: Any) -> None:
    groups = np.repeat(np.arange(6), 25)[np.random.default_rng(0).permutation(150)]
    grid = {"alpha": [1e-4, 1e-2]}
    plain = gf.PopulationSearchCV(ours(), grid, cv=splitter).fit(FLOWERS, KINDS, groups=groups)
    with sklearn.config_context(enable_metadata_routing=True):
        net = ours().set_fit_request(sample_weight=True).set_score_request(sample_weight=False)
        routed = gf.PopulationSearchCV(ours(), grid, cv=splitter).fit(FLOWERS, KINDS, groups=groups)
        both = gf.PopulationSearchCV(net, grid, cv=splitter)
        both.fit(FLOWERS, KINDS, groups=groups, sample_weight=WEIGHTS)
        with pytest.raises(TypeError, match=r"got unexpected argument\(s\) {'groups'}"):
            gf.PopulationSearchCV(ours(), grid, cv=3).fit(FLOWERS, KINDS, groups=groups)
    np.testing.assert_array_equal(routed.cv_results_["mean_test_score"], plain.cv_results_["mean_test_score"])
    assert routed.cv is splitter
    assert routed.n_splits_ == both.n_splits_ == 3
