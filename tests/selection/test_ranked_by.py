"""Settings ranked by any measure: the same as scikit-learn's scorers, and what cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import metrics
from sklearn.model_selection import KFold

import goodfit as gf
from goodfit.data import Dataset
from goodfit.data.folds import make_folds
from goodfit.errors import InputError
from goodfit.reports import search_page
from goodfit.selection.ranked_by import RankedBy, ranked_by
from goodfit.selection.search import select

RECIPE = gf.Recipe(hidden=(4,), epochs=4, learning_rate=0.02, dropout=0, batch_size=16, valid=0)


def classes(count: int = 3, rows: int = 60) -> Dataset:
    rng = np.random.default_rng(0)
    y = np.arange(rows) % count
    x = rng.standard_normal((rows, 3)).astype(np.float32) + y[:, None]
    return Dataset.from_arrays(x, np.array(["a", "b", "c"])[y], name="mine")


def chances(rows: int, count: int) -> np.ndarray:
    return np.random.default_rng(1).dirichlet(np.ones(count), rows)


@pytest.mark.parametrize("count", [2, 3])
def test_classes_as_scikit_learn_measures_them(count: int) -> None:
    y, given = np.random.default_rng(2).integers(0, count, 80), chances(80, count)
    told, data = given.argmax(1), classes(count)
    folds = make_folds(data, np.arange(60), folds=3, repeats=1, seed=0)
    one = given[:, 1] if count == 2 else given
    average = "binary" if count == 2 else "macro"
    truth = y if count == 2 else np.eye(count)[y]
    right = {
        "balanced_accuracy": metrics.balanced_accuracy_score(y, told),
        "roc_auc": metrics.roc_auc_score(y, one, multi_class="ovr"),
        "average_precision": metrics.average_precision_score(truth, one),
        "f1": metrics.f1_score(y, told, average=average),
        "f1_macro": metrics.f1_score(y, told, average="macro"),
        "neg_brier_score": ((given - np.eye(count)[y]) ** 2).sum(1).mean(),
    }
    for by, value in right.items():
        _, measure = ranked_by(by, data, folds)
        assert measure is not None
        assert measure.value(given, y) == pytest.approx(value), by
        assert measure.sign == (-1 if by.startswith("neg") else 1)
    assert [ranked_by(by, data, folds) for by in ("accuracy", "neg_log_loss", "loss")] == [
        ("score", None),
        ("loss", None),
        ("loss", None),
    ]
    numbers = Dataset.from_arrays(data.x, data.x[:, 0], name="numbers", task="regression")
    assert [ranked_by(by, numbers, folds) for by in ("r2", "neg_mean_squared_error")] == [
        ("score", None),
        ("loss", None),
    ]


def test_numbers_and_labels_as_scikit_learn_measures_them() -> None:
    rng = np.random.default_rng(3)
    y, given = rng.standard_normal((50, 2)), rng.standard_normal((50, 2))
    for name, scorer in (
        ("root mean squared error", metrics.root_mean_squared_error),
        ("mean absolute error", metrics.mean_absolute_error),
        ("median absolute error", metrics.median_absolute_error),
    ):
        assert RankedBy(name, "regression").value(given, y) == pytest.approx(scorer(y, given))
    labels, given = rng.integers(0, 2, (50, 2)).astype(np.float32), rng.random((50, 2))
    assert RankedBy("ROC AUC", "multilabel").value(given, labels) == pytest.approx(metrics.roc_auc_score(labels, given))
    assert RankedBy("F1", "multilabel").value(given, labels) == pytest.approx(
        metrics.f1_score(labels, given > 0.5, average="macro")
    )


def test_a_search_ranks_by_it_in_halving_too(tmp_path: Path) -> None:
    vary = {"learning_rate": [1e-5, 0.1, 1e-4, 1e-3]}
    how: dict[str, Any] = {"folds": 3, "by": "neg_brier_score", "method": "halving", "out": tmp_path / "search"}
    found = select(RECIPE, classes(), vary=vary, **how)
    assert found.best.learning_rate == 0.1
    assert (found.by, found.score_name, found.sign) == ("Brier score", "Brier score", -1)
    assert found.measures is not None
    best = found.rows()[0]
    assert best["Brier score"] == pytest.approx(found.measures[found.comparison.winner].mean())
    assert 0 <= best["low"] <= best["Brier score"] <= best["high"]
    assert found.optimism is None
    assert found.to_json()["higher_is_better"] is False
    assert all(np.isfinite(each.measured(found.by)) for each in found.stopped)
    assert "Brier score" in search_page(tmp_path / "search").html()
    again = select(RECIPE, classes(), vary=vary, **how)
    np.testing.assert_array_equal(again.measures, found.measures)  # read from the folder


def test_training_rows_and_the_curve_have_the_measure() -> None:
    found = select(RECIPE, classes(2), vary={"l2": [0.0, 0.1]}, folds=3, by="roc_auc", train_scores=True)
    assert found.sign == 1
    assert found.train_measures is not None
    assert (found.train_measures > 0.5).all()
    curve = found.curve()
    assert curve.what == "ROC AUC"
    assert curve.valid.mean.tolist() == found.measures.mean(1).tolist()
    assert (curve.valid.high <= 1).all()


def test_what_cannot_be() -> None:
    for by, told in (
        ("roc_acu", r"Search: 'by' must be score, loss, a measure of .*; got 'roc_acu'. Did you mean 'roc_auc'?"),
        ("r2", r"Search: 'by' must be a measure of classification; got 'r2'. For example: accuracy, balanced_accuracy"),
    ):
        with pytest.raises(InputError, match=told):
            select(RECIPE, classes(), vary={"l2": [0.0, 1.0]}, by=by)
    data = classes()
    y = data.y.copy()
    y[:] = np.where(np.arange(60) % 30 == 0, 0, 1 + np.arange(60) % 2)  # two rows of the first class, in three folds
    rare = Dataset.from_arrays(data.x, np.array(["a", "b", "c"])[y], name="rare")
    told = r"Search: 'roc_auc' needs rows of every class in every fold; fold \d of 3 has none of 'a'. Use fewer folds"
    with pytest.raises(InputError, match=told):
        select(RECIPE, rare, vary={"l2": [0.0, 1.0]}, by="roc_auc", folds=KFold(3))


def test_weighted_rows_are_ranked_by_what_weighs_them() -> None:
    data = Dataset.from_arrays(np.arange(8.0)[:, None], np.arange(8) % 2, weight=np.arange(1.0, 9.0))
    folds = make_folds(data, np.arange(8), folds=2)
    with pytest.raises(InputError, match="'by' must be the score or the loss where rows have weights"):
        ranked_by("roc_auc", data, folds)
    assert ranked_by("neg_log_loss", data, folds) == ("loss", None)
