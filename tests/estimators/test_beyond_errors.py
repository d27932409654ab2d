"""What does not go together, or makes no sense, is refused in one message that names the estimator's parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from estimators_help import FLOWERS, KINDS, NUMBER_X, NUMBERS, UNCONVERGED, ours, theirs
from sklearn.exceptions import NotFittedError
from sklearn.utils._param_validation import InvalidParameterError

import goodfit as gf

pytestmark = UNCONVERGED

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"dropout": 1.0}, "The 'dropout' parameter of MLPClassifier must be"),
    ({"dropout": "much"}, "The 'dropout' parameter of MLPClassifier must be"),
    ({"input_dropout": -0.1}, "The 'input_dropout' parameter of MLPClassifier must be a float in the range"),
    ({"l1": -1.0}, "The 'l1' parameter of MLPClassifier must be a float in the range"),
    ({"weight_decay": -1.0}, "The 'weight_decay' parameter of MLPClassifier must be"),
    ({"activation": "rellu"}, "The 'activation' parameter of MLPClassifier must be a str among"),
    ({"init": "glorot"}, "The 'init' parameter of MLPClassifier must be"),
    ({"init_bias": "ones"}, "The 'init_bias' parameter of MLPClassifier must be"),
    ({"class_weight": "even"}, "The 'class_weight' parameter of MLPClassifier must be"),
    ({"label_smoothing": 1.0}, "The 'label_smoothing' parameter of MLPClassifier must be a float in the range"),
    ({"schedule": "cosin"}, "The 'schedule' parameter of MLPClassifier must be"),
    ({"clip_norm": 0}, "The 'clip_norm' parameter of MLPClassifier must be"),
    ({"validation_data": 0.2}, "The 'validation_data' parameter of MLPClassifier must be"),
    ({"n_nets": 0}, "The 'n_nets' parameter of MLPClassifier must be an int in the range"),
    ({"dtype": "float16"}, "The 'dtype' parameter of MLPClassifier must be a str among"),
    ({"solver": "newton"}, "The 'solver' parameter of MLPClassifier must be a str among"),
    ({"loss": "squared_error"}, "The 'loss' parameter of MLPClassifier must be a str among {'log_loss'}"),
    ({"early_stopping": 3}, "The 'early_stopping' parameter of MLPClassifier must be"),
]
APART: list[tuple[dict[str, Any], str]] = [
    ({"dropout": [0.1, 0.2]}, "'dropout' must list one rate for each of the 1 hidden layers; got"),
    (
        {"activation": ["relu", "tanh"]},
        "'activation' must list one name for each of the 1 hidden layers",
    ),
    ({"activation": ["reloo"]}, r"'activation' must be one of .* a list of them; got \('reloo',\)"),
    ({"dropout": [1.5]}, r"'dropout' must be a finite number .* list of them; got \(1\.5,\)"),
    ({"dropout": 0.5, "solver": "lbfgs"}, "'dropout' must be 0 with solver 'lbfgs'; got 0.5. It has an effect"),
    ({"l1": 0.5, "solver": "lbfgs"}, "'l1' must be 0 with solver 'lbfgs'; got 0.5"),
    ({"clip_norm": 1.0, "solver": "lbfgs"}, "'clip_norm' must be none with solver 'lbfgs'"),
    ({"schedule": "cosine", "solver": "lbfgs"}, "'schedule' must be constant with solver 'lbfgs'"),
    (
        {"weight_decay": 0.1},
        "'weight_decay' must be 0 with solver 'adam'; got 0.1. It has an effect only with solver",
    ),
    ({"init_scale": 0.1}, "'init_scale' needs 'init'; got 0.1. Give 'init' too"),
    (
        {"init": "normal", "init_scale": -1.0},
        "'init_scale' must be a finite number > 0 with init 'normal'",
    ),
    ({"init": "zeros", "init_scale": 1.0}, "'init_scale' must be none with init 'zeros'"),
    (
        {"schedule": "cosine", "solver": "sgd", "learning_rate": "adaptive"},
        "'schedule' must be left out where 'learning_rate' is 'adaptive'; got 'cosine'. Use one",
    ),
    (
        {"schedule": {"sched": "cosine"}},
        "'schedule' must be a name, or a dict with the keys .*; got sched",
    ),
    (
        {"schedule": {"schedule": "cosine", "warmup": 99}},
        "'warmup' must be less than 'max_iter', which",
    ),
    ({"schedule": {"schedule": "cosine", "schedule_rate": 0.5}}, "'schedule_rate' must be 0.1 with schedule 'cosine'"),
]


@pytest.mark.parametrize(("given", "message"), REFUSED)
def test_a_value_that_makes_no_sense(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        ours(**given).fit(FLOWERS, KINDS)


@pytest.mark.parametrize(("given", "message"), APART)
def test_values_that_do_not_go_together(given: dict[str, Any], message: str) -> None:
    with pytest.raises(gf.InputError, match=f"^MLPClassifier: {message}") as caught:
        ours(**given).fit(FLOWERS, KINDS)
    assert isinstance(caught.value, ValueError)  # as scikit-learn's users expect


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(gf.InputError, match="'dropout' must be 0") as caught:
        ours(solver="lbfgs", dropout=0.5, l1=0.1, activation=["relu", "relu"]).fit(FLOWERS, KINDS)
    assert len(caught.value.problems) == 3


def test_a_regressor_has_no_labels_to_smooth() -> None:
    with pytest.raises(gf.InputError, match="MLPRegressor: 'label_smoothing' must be 0 with loss 'squared"):
        ours("MLPRegressor", label_smoothing=0.1).fit(NUMBER_X, NUMBERS)


def test_the_width_of_huber_is_for_huber() -> None:
    with pytest.raises(gf.InputError, match="MLPRegressor: 'huber_delta' must be 1 with loss 'squared"):
        ours("MLPRegressor", huber_delta=2.0).fit(NUMBER_X, NUMBERS)


def test_poisson_takes_no_negative_targets() -> None:
    with pytest.raises(gf.InputError, match=r"MLPRegressor: loss 'poisson' needs targets >= 0; got -"):
        ours("MLPRegressor", loss="poisson").fit(NUMBER_X, NUMBERS)


def test_balanced_needs_all_rows() -> None:
    net = ours(class_weight="balanced")
    with pytest.raises(
        gf.InputError, match="'class_weight' must not be 'balanced' in partial_fit, which sees only part"
    ):
        net.partial_fit(FLOWERS, KINDS, classes=[0, 1, 2])


@pytest.mark.parametrize("schedule", ["one-cycle", {"schedule": "cosine", "warmup": 2}])
def test_a_schedule_needs_an_end(schedule: Any) -> None:
    with pytest.raises(gf.InputError, match="'schedule' must be left out in partial_fit, where the number of"):
        ours(schedule=schedule).partial_fit(FLOWERS, KINDS, classes=[0, 1, 2])


def test_half_a_unit_is_refused_as_in_scikit_learn() -> None:
    for net in (ours, theirs):
        with pytest.raises(TypeError, match="'float' object cannot be interpreted as an integer"):
            net(hidden_layer_sizes=(5.5,)).fit(FLOWERS, KINDS)


def test_lbfgs_has_no_partial_fit() -> None:
    assert not hasattr(ours(solver="lbfgs"), "partial_fit")
    with pytest.raises(AttributeError, match="has no attribute 'partial_fit'"):
        ours(solver="lbfgs").partial_fit(FLOWERS, KINDS)


def test_a_failed_fit_says_so_before_it_trains() -> None:
    net = ours(weight_decay=0.1)
    with pytest.raises(gf.InputError, match="weight_decay"):
        net.fit(FLOWERS, KINDS)
    assert not hasattr(net, "coefs_")


def test_nothing_is_known_before_a_fit() -> None:
    for ask in (lambda net: net.nets_, lambda net: net.history_, lambda net: net.predict(FLOWERS)):
        with pytest.raises(NotFittedError, match="This MLPClassifier instance is not fitted yet"):
            ask(ours())


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_what_is_not_finite_is_refused_as_in_scikit_learn(wrong: float) -> None:
    x = FLOWERS.copy()
    x[3, 1] = wrong
    with pytest.raises(ValueError, match=r"Input X contains (NaN|infinity)"):
        ours().fit(x, KINDS)
