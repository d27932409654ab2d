"""What may be given as X and y: data frames with their names, and sparse tables."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from estimators_help import (
    FLOWERS,
    KINDS,
    LABEL_X,
    LABELS,
    UNCONVERGED,
    assert_same_bits,
    assert_same_net,
    ours,
    theirs,
)
from scipy import sparse
from sklearn.exceptions import DataConversionWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import goodfit as gf
from goodfit.estimators import inputs

pytestmark = UNCONVERGED

NAMES = ["sepal length", "sepal width", "petal length", "petal width"]
FRAMES = {"pandas": pd.DataFrame(FLOWERS, columns=NAMES), "polars": pl.DataFrame(FLOWERS, schema=NAMES)}
SPARSE = {"csr": sparse.csr_array, "csc": sparse.csc_array, "coo": sparse.coo_array, "csr matrix": sparse.csr_matrix}


@pytest.mark.parametrize("kind", FRAMES)
def test_a_frame_trains_the_net_of_its_numbers(kind: str) -> None:
    frame = FRAMES[kind]
    words = np.array(["setosa", "versicolor", "virginica"], dtype=object)
    labels = {"pandas": pd.Series(words[KINDS]), "polars": pl.Series(words[KINDS].tolist())}[kind]
    net = ours().fit(frame, labels)
    assert_same_bits(net, ours().fit(FLOWERS, KINDS))
    assert net.feature_names_in_.tolist() == NAMES
    assert set(net.predict(frame)) <= set(words)


@pytest.mark.parametrize("kind", FRAMES)
@pytest.mark.parametrize("early_stopping", [True, "accuracy"])
def test_validating_on_a_share_of_a_frame_warns_of_nothing(kind: str, early_stopping: Any) -> None:
    net = ours(early_stopping=early_stopping).fit(FRAMES[kind], KINDS)
    assert len(net.validation_scores_) == net.n_iter_
    own = ours(early_stopping=early_stopping, validation_data=(FRAMES[kind], KINDS)).fit(FRAMES[kind], KINDS)
    assert own.best_validation_score_ == pytest.approx(own.score(FRAMES[kind], KINDS))


def test_other_names_are_noticed() -> None:
    frame = FRAMES["pandas"]
    net = ours().fit(frame, KINDS)
    with pytest.warns(UserWarning, match="X does not have valid feature names, but MLPClassifier was fitted with"):
        net.predict(FLOWERS)
    with pytest.raises(
        ValueError, match=r"The feature names should match[\s\S]*unseen at fit time:\n- width of petals"
    ):
        net.predict(frame.rename(columns={"petal width": "width of petals"}))
    with pytest.raises(ValueError, match="Feature names must be in the same order"):
        net.predict(frame[NAMES[::-1]])
    with pytest.raises(gf.InputError, match="'validation_data' must fit the training data: The feature names should"):
        ours(validation_data=(frame.rename(columns={"petal width": "w"}), KINDS)).fit(frame, KINDS)


def test_partial_fit_keeps_the_names() -> None:
    net = ours().partial_fit(FRAMES["pandas"], KINDS, classes=[0, 1, 2])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net.partial_fit(FRAMES["pandas"], KINDS)
    with pytest.raises(ValueError, match="The feature names should match"):
        net.partial_fit(FRAMES["pandas"].rename(columns={"petal width": "w"}), KINDS)


@pytest.mark.parametrize("kind", FRAMES)
def test_a_pipeline_that_passes_frames_on(kind: str) -> None:
    pipeline = make_pipeline(StandardScaler(), ours()).set_output(transform=kind)
    pipeline.fit(FRAMES[kind], KINDS)
    assert pipeline[-1].feature_names_in_.tolist() == NAMES
    plain = make_pipeline(StandardScaler(), ours()).fit(FLOWERS, KINDS)
    # not to the bit: a frame lies column by column in memory, which changes the order of sums
    np.testing.assert_allclose(pipeline.predict_proba(FRAMES[kind]), plain.predict_proba(FLOWERS), rtol=1e-9)


@pytest.mark.parametrize("kind", SPARSE)
def test_a_sparse_table_trains_the_net_of_the_full_one(kind: str) -> None:
    holes = np.where(FLOWERS > 2.0, FLOWERS, 0.0)
    table = SPARSE[kind](holes)
    net = ours().fit(table, KINDS)
    assert_same_bits(net, ours().fit(holes, KINDS))
    np.testing.assert_allclose(net.predict_proba(table), net.predict_proba(holes), rtol=1e-12)
    assert_same_net(net, theirs().fit(table, KINDS), rtol=1e-6, atol=1e-8)
    again = ours().partial_fit(table, KINDS, classes=[0, 1, 2])
    assert_same_bits(again, ours().partial_fit(holes, KINDS, classes=[0, 1, 2]))


@pytest.mark.parametrize("more", [{}, {"early_stopping": True}, {"solver": "lbfgs", "max_iter": 200}])
def test_labels_as_a_sparse_table(more: dict[str, Any]) -> None:
    net = ours(**more).fit(sparse.csr_array(LABEL_X), sparse.csr_array(LABELS))
    assert_same_bits(net, ours(**more).fit(LABEL_X, LABELS))
    found = net.predict(LABEL_X)
    np.testing.assert_array_equal(found, ours(**more).fit(LABEL_X, LABELS).predict(LABEL_X))
    assert set(np.unique(found)) <= {0, 1}


def test_a_sparse_table_that_would_not_fit_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "host_memory", lambda: 1e4)
    table = sparse.random_array((100, 20), density=0.1, rng=np.random.default_rng(0))
    with pytest.raises(gf.InputError, match=r"X of shape \(100, 20\) must fit in memory as a dense array"):
        ours().fit(table, np.arange(100) % 2)


def test_a_column_of_labels_is_taken_with_a_warning() -> None:
    with pytest.warns(DataConversionWarning, match="A column-vector y was passed when a 1d array was expected"):
        net = ours().fit(FLOWERS, KINDS[:, None])
    assert_same_bits(net, ours().fit(FLOWERS, KINDS))
