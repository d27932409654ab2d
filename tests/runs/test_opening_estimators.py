"""Sealed rows opened for what has scikit-learn's interface."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import goodfit as gf
from goodfit.data import Dataset, Ledger, Split, split
from goodfit.errors import GoodfitError, InputError
from goodfit.runs import open_estimator


@pytest.fixture(autouse=True)
def book() -> Ledger:
    return Ledger()


@pytest.fixture(scope="module")
def iris() -> Split:
    return split(gf.data.load("iris"))


def fitted(parts: Split, **how: Any) -> gf.MLPClassifier:
    how = {"max_iter": 30, "tol": 1.0, "random_state": 0, **how}
    return gf.MLPClassifier((8,), **how).fit(parts.x("train"), parts.y("train"))


def test_an_estimator_opens_sealed_rows(iris: Split, book: Ledger) -> None:
    net = fitted(iris, n_nets=2)
    opened = iris.test.open(net)
    rows = iris.rows("test")
    assert opened.score.value == pytest.approx(net.score(iris.data.x[rows], iris.data.y[rows]))
    assert (opened.score.name, opened.score.rows, opened.nth, opened.score.level) == ("accuracy", 30, 1, 0.95)
    assert iris.test.open(net).again
    other = open_estimator(DummyClassifier().fit(iris.x("train"), iris.y("train")), iris.test)
    assert (other.nth, other.score.level) == (2, 0.975)
    assert [line.nth for line in book.openings()] == [1, 1, 2]
    assert book.openings()[0].score == opened.score.to_dict()


def test_a_search_and_estimators_of_others(iris: Split) -> None:
    x, y = iris.x("train"), iris.y("train")
    net = make_pipeline(StandardScaler(), gf.MLPClassifier((4,), max_iter=20, tol=1.0, random_state=0))
    search = gf.PopulationSearchCV(net, {"mlpclassifier__alpha": [1e-4, 1.0]}, cv=3).fit(x, y)
    assert iris.test.open(search).nth == 1
    forest = RandomForestClassifier(20, random_state=0).fit(x, y)
    opened = open_estimator(forest, iris.test)
    assert opened.nth == 2
    assert opened.score.value > 0.8
    named = LogisticRegression(max_iter=500).fit(x, np.array(iris.data.classes)[y])
    rows = iris.rows("test")
    truth = np.array(iris.data.classes)[iris.data.y[rows]]
    assert open_estimator(named, iris.test).score.value == pytest.approx(
        (named.predict(iris.data.x[rows]) == truth).mean()
    )


def test_numbers_and_labels() -> None:
    parts = split(gf.data.load("diabetes"))
    line = LinearRegression().fit(parts.x("train"), parts.y("train"))
    rows = parts.rows("test")
    expected = line.score(parts.data.x[rows], parts.data.y[rows])
    assert open_estimator(line, parts.test).score.value == pytest.approx(expected, abs=1e-4)
    net = gf.MLPRegressor(hidden_layer_sizes=(4,), max_iter=30, tol=1e9, random_state=0).fit(
        parts.x("train"), parts.y("train").ravel()
    )
    assert parts.test.open(net).nth == 2
    x = np.random.default_rng(0).normal(size=(60, 3))
    labels = split(Dataset("labels", x, (x[:, :2] > 0).astype(float), "multilabel", ("a", "b")))
    many = gf.MLPClassifier((4,), max_iter=30, tol=1e9, random_state=0).fit(
        labels.x("train"), labels.y("train").astype(int)
    )
    assert labels.test.open(many).score.name == "exact match"


class Predicts:
    def __init__(self, values: Any) -> None:
        self.values = values

    def predict(self, x: Any) -> Any:
        return self.values


def test_what_cannot_be_opened_is_not_recorded(iris: Split, book: Ledger) -> None:
    for wrong, message in (
        (gf.MLPClassifier(), "MLPClassifier must be fitted and predict for them: This MLPClassifier instance is not"),
        (LogisticRegression().fit(np.eye(3), [0, 1, 2]), "LogisticRegression must be fitted and predict .* 3 features"),
        (3, "int must be fitted and predict for them: 'int' object has no attribute 'predict'"),
        (Predicts(np.zeros(4)), r"predictions of Predicts must be of shape \(30,\); got \(4,\)"),
        (Predicts(np.full(30, 7)), "classes must be codes from 0 to 2, or names of 'iris'; got '7'"),
        (Predicts(np.full(30, "rose")), "classes must be codes from 0 to 2, or names of 'iris'; got 'rose'"),
    ):
        with pytest.raises(InputError, match=message):
            open_estimator(wrong, iris.test)
    with pytest.raises(InputError, match="there is no test set to open"):
        open_estimator(fitted(iris), split(iris.data, test=0).test)
    with pytest.raises(InputError, match="runs and models are scored one at a time"):
        iris.test.open([fitted(iris), fitted(iris)])
    with pytest.raises(InputError, match="RandomForestClassifier must be fitted and predict for them"):
        iris.test.open(RandomForestClassifier())
    parts = split(gf.data.load("diabetes"))
    with pytest.raises(InputError, match="predictions of Predicts must be finite"):
        open_estimator(Predicts(np.full(len(parts.test), np.nan)), parts.test)
    assert book.openings() == []


def test_without_a_ledger_an_estimator_is_not_scored(iris: Split, book: Ledger) -> None:
    net = fitted(iris)
    book.path.write_text("no ledger, but a text that is long enough to be looked at as a data base" * 20)
    with pytest.raises(GoodfitError, match="must be a ledger of goodfit, but it is damaged"):
        iris.test.open(net)
