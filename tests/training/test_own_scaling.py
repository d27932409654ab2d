"""Folds that scale by their own training rows: each net is the one that a training with that scaling alone gives."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from engine_reference import PLAIN, fit64, make_examples
from sklearn.metrics import r2_score

from goodfit.training import Examples, Job, Recipe
from goodfit.training.examples import Scaling

FOLDS = np.random.default_rng(4).permutation(np.arange(24, dtype=np.int32) % 3)


def fitted_scaling(examples: Examples, rows: Any) -> Scaling:
    """Mean 0 and deviation 1 over these rows, of inputs and numeric targets."""
    x, y = examples.x[rows].astype(np.float64), examples.y[rows].astype(np.float64)
    if examples.task != "regression":
        return Scaling(x.mean(0), 1 / x.std(0), np.zeros(3), np.ones(3))
    return Scaling(x.mean(0), 1 / x.std(0), y.mean(0), 1 / y.std(0))


def folded(task: str, *, clipped: bool = False) -> Examples:
    whole = replace(make_examples(task), train=np.arange(24, dtype=np.int32), parts={})

    def fit(rows: Any) -> Scaling:
        found = fitted_scaling(whole, rows)
        bend = np.resize([1 / 3, 0.0, 0.7], found.shift.shape)  # some inputs are clipped and others not
        return replace(found, bend=bend) if clipped else found

    examples = whole.with_folds(FOLDS, fit)
    return replace(examples, scaling=fit(np.arange(24)))


EVERY_TASK = [
    (task, changes)
    for task in ("classification", "multilabel", "regression")
    for changes in (
        {},
        {"input_dropout": 0.4, "hidden": (5, 4)},
        {"bias": False, "init_bias": "zeros"},
        {"hidden": (), "l2": 0.1, "l1": 0.01, "momentum": 0.5},
    )
]


@pytest.mark.parametrize(
    ("task", "changes", "clipped"),
    [
        *((task, changes, True) for task, changes in EVERY_TASK),
        *((task, changes, False) for task, changes in EVERY_TASK if not changes),
        ("regression", {"optimizer": "lbfgs", "learning_rate": None}, False),
    ],
)
def test_a_net_sees_what_its_fold_has_scaled(task: str, changes: dict[str, Any], clipped: bool) -> None:
    examples = folded(task, clipped=clipped)
    given = {**PLAIN.model_dump(include=PLAIN.model_fields_set), **changes}
    recipe = Recipe(**{name: value for name, value in given.items() if value is not None})
    fitted = fit64([Job(recipe, rows) for rows in range(3)], examples)
    for rows in range(3):
        own = examples.scaling_of(rows)
        apart = replace(examples, scaling=own, own_scalings=None)
        if clipped and changes:  # by hand: a training on inputs that were clipped before
            by_hand = (examples.x.astype(np.float64) - own.shift) * own.scale
            zeros, ones = np.zeros_like(own.shift), np.ones_like(own.scale)
            plain = Scaling(zeros, ones, own.target_shift, own.target_scale)
            apart = replace(apart, x=by_hand / np.sqrt(1 + (by_hand * own.bend) ** 2), scaling=plain)
        alone = fit64([Job(recipe, rows)], apart)
        for a, b in zip(fitted.nets[rows].weights, alone.nets[0].weights, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10)
        for a, b in zip(fitted.nets[rows].biases, alone.nets[0].biases, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10)
        np.testing.assert_allclose(fitted.metrics[:, [0, 2], rows], alone.metrics[:, [0, 2], 0], rtol=1e-8)
        if task != "regression":
            np.testing.assert_allclose(fitted.metrics[:, [1, 3], rows], alone.metrics[:, [1, 3], 0], rtol=1e-8)


def test_scores_of_numbers_are_of_the_raw_targets_of_the_fold() -> None:
    """R² by scikit-learn, of predictions that are computed by hand in the raw targets' unit."""
    examples = folded("regression")
    fitted = fit64([Job(PLAIN.replace(hidden=()), rows) for rows in range(3)], examples)
    for rows in range(3):
        own, net = examples.scaling_of(rows), fitted.nets[rows]
        held_out = rows == FOLDS
        x = (examples.x[:24][held_out] - own.shift) * own.scale
        predicted = (x @ net.weights[0].T + net.biases[0]) / own.target_scale + own.target_shift
        assert fitted.metrics[-1, 3, rows] == pytest.approx(r2_score(examples.y[:24][held_out], predicted), rel=1e-6)


def test_without_folds_of_their_own_scaling_all_share_one() -> None:
    whole = replace(make_examples(), train=np.arange(24, dtype=np.int32), parts={})
    assert whole.with_folds(FOLDS).own_scalings is None
    assert whole.with_folds(FOLDS).scaling_of(2) is whole.scaling
    seen: list[set[int]] = []

    def fit(rows: Any) -> Scaling:
        seen.append(set(rows.tolist()))
        return whole.scaling

    assert len(whole.with_folds(FOLDS, fit).own_scalings or ()) == 3
    assert seen == [set(np.flatnonzero(fold != FOLDS).tolist()) for fold in range(3)]  # never a held-out row
