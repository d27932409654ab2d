"""Nets kept and copied: pickle, joblib, deepcopy. What comes back predicts the same bits, and trains on alike."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Callable
from typing import Any

import joblib
import numpy as np
import pytest
from estimators_help import FLOWERS, KINDS, NUMBER_X, NUMBERS, UNCONVERGED, assert_same_bits, ours

pytestmark = UNCONVERGED


def through_joblib(net: Any) -> Any:
    file = io.BytesIO()
    joblib.dump(net, file)
    file.seek(0)
    return joblib.load(file)


WAYS: dict[str, Callable[[Any], Any]] = {
    "pickle": lambda net: pickle.loads(pickle.dumps(net)),
    "joblib": through_joblib,
    "deepcopy": copy.deepcopy,
}
pytest_ways = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)


@pytest_ways
def test_the_same_bits_are_predicted(way: Callable[[Any], Any]) -> None:
    net = ours(n_nets=2, dropout=0.2, activation="prelu").fit(FLOWERS, KINDS)
    kept = way(net)
    np.testing.assert_array_equal(kept.predict_proba(FLOWERS), net.predict_proba(FLOWERS))
    assert [each.slopes for each in kept.nets_] == [each.slopes for each in net.nets_]
    np.testing.assert_array_equal(kept.history_["train_loss"], net.history_["train_loss"])
    numbers = ours("MLPRegressor", n_nets=2).fit(NUMBER_X, NUMBERS)
    np.testing.assert_array_equal(way(numbers).predict_std(NUMBER_X), numbers.predict_std(NUMBER_X))


@pytest_ways
@pytest.mark.parametrize("more", [{}, {"early_stopping": True, "n_nets": 2, "solver": "rmsprop"}])
def test_partial_fit_goes_on_as_if_nothing_had_happened(way: Callable[[Any], Any], more: dict[str, Any]) -> None:
    net = ours(**more)
    for _ in range(3):
        net.partial_fit(FLOWERS, KINDS, classes=[0, 1, 2])
    kept = way(net)
    for _ in range(3):
        net.partial_fit(FLOWERS, KINDS)
        kept.partial_fit(FLOWERS, KINDS)
    assert_same_bits(kept, net)
    assert kept.loss_curve_ == net.loss_curve_
    assert len(kept.history_) == 6


def test_a_generator_as_random_state_goes_on_too() -> None:
    net = ours(random_state=np.random.RandomState(5)).partial_fit(FLOWERS, KINDS, classes=[0, 1, 2])
    kept = pickle.loads(pickle.dumps(net))
    assert_same_bits(kept.partial_fit(FLOWERS, KINDS), net.partial_fit(FLOWERS, KINDS))


def test_a_copy_is_its_own() -> None:
    net = ours().fit(FLOWERS, KINDS)
    before = net.predict_proba(FLOWERS)
    copy.deepcopy(net).partial_fit(FLOWERS, KINDS)
    np.testing.assert_array_equal(net.predict_proba(FLOWERS), before)


def test_the_file_is_small() -> None:
    """Weights, the optimiser's two moments, the best net and the history: not the data, not a compiled program."""
    net = ours(hidden_layer_sizes=(100,)).fit(FLOWERS, KINDS)
    parameters = sum(array.size for array in (*net.coefs_, *net.intercepts_))
    assert len(pickle.dumps(net)) < 8 * parameters * 8 + 20_000
