"""How often fits compile: once for equal shapes, whatever the numbers. Counted, not timed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from estimators_help import FLOWERS, KINDS, UNCONVERGED, WEIGHTS, ours
from sklearn.model_selection import cross_val_score

from goodfit.training import compilations
from goodfit.training.compile import forget

pytestmark = UNCONVERGED


def compiled(*fits: Any) -> int:
    """How many programs some fits compile, from none."""
    forget()
    before = compilations()
    for fit in fits:
        fit()
    return compilations() - before


def fit(x: Any = FLOWERS, y: Any = KINDS, weights: Any = None, **given: Any) -> Any:
    return lambda: ours(**given).fit(x, y, sample_weight=weights)


@pytest.mark.parametrize("given", [{}, {"early_stopping": True}, {"n_nets": 2}, {"solver": "lbfgs", "tol": 0.5}])
def test_equal_shapes_compile_once(given: dict[str, Any]) -> None:
    once = compiled(fit(**given))
    assert once == compiled(fit(**given), fit(**given), fit(FLOWERS[::-1] * 2, KINDS, **given))
    assert once == 1


def test_other_numbers_compile_nothing() -> None:
    changes: list[dict[str, Any]] = [
        {"alpha": 1.0}, {"learning_rate_init": 0.1}, {"beta_1": 0.5}, {"epsilon": 1e-3}, {"random_state": 9},
        {"tol": 1.0}, {"n_iter_no_change": 1}, {"max_iter": 3}, {"shuffle": False}, {"init": "he-normal"},
        {"init_bias": 1.0}, {"schedule": "cosine"}, {"class_weight": None}, {"verbose": False},
    ]  # fmt: skip
    assert compiled(fit(), *(fit(**change) for change in changes)) == 1


def test_other_rates_of_dropout_compile_nothing() -> None:
    assert compiled(*(fit(dropout=rate, l1=strength) for rate, strength in ((0.1, 0.1), (0.9, 1e-6)))) == 1


def test_nearly_equal_numbers_of_rows_share_a_program() -> None:
    """As the folds of a cross-validation have: 150 rows in 7 folds leave 128 or 129 to train on."""
    assert compiled(*(fit(FLOWERS[:rows], KINDS[:rows]) for rows in (129, 131, 133, 136))) == 1
    assert compiled(lambda: cross_val_score(ours(), FLOWERS, KINDS, cv=7)) <= 2
    weighted = (fit(FLOWERS[:rows], KINDS[:rows], WEIGHTS[:rows]) for rows in (129, 136))
    assert compiled(*weighted) == 1


def test_rows_that_fill_up_change_nothing() -> None:
    """129 rows are filled up to 136 inside; what is learned does not depend on that."""
    found = ours(shuffle=False).fit(FLOWERS[:129], KINDS[:129])
    more = np.concatenate([FLOWERS[:129], np.full((7, 4), 1e6)]), np.concatenate([KINDS[:129], np.zeros(7, int)])
    weights = np.concatenate([np.ones(129), np.zeros(7)])
    by_weights = ours(shuffle=False, alpha=1e-4).fit(*more, sample_weight=weights)
    for one, other in zip(found.coefs_, by_weights.coefs_, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-7, atol=1e-9)


def test_partial_fit_compiles_once() -> None:
    net = ours()
    parts = [lambda: net.partial_fit(FLOWERS, KINDS, classes=[0, 1, 2])] * 5
    assert compiled(*parts) == 1


def test_predicting_compiles_nothing() -> None:
    net = ours().fit(FLOWERS, KINDS)
    assert compiled(lambda: net.predict_proba(FLOWERS), lambda: net.score(FLOWERS, KINDS)) == 0
