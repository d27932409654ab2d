"""`TableClassifier` and `TableRegressor`: what `goodfit.train` trains on a table, with scikit-learn's interface."""

from __future__ import annotations

import inspect
import pickle
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import goodfit as gf
from goodfit.estimators import tables
from goodfit.estimators.parameters import TABLES

FIELDS = {"hidden": (8,), "epochs": 4, "bins": 4}


def people(rows: int = 120) -> pd.DataFrame:
    """Numbers with gaps, categories with gaps, dates, truth values."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "age": rng.integers(18, 80, rows).astype(float),
            "city": pd.Categorical(rng.choice(["Ulm", "Bonn", "Kiel"], rows)),
            "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, rows), "D"),
            "member": rng.random(rows) < 0.5,
        }
    )
    frame.loc[::7, "age"] = np.nan
    frame.loc[::9, "city"] = None
    return frame


PEOPLE = people()
INCOME = pd.Series(PEOPLE["age"].fillna(40) * 2 + PEOPLE["member"] * 30, name="income").to_numpy()
RICH = np.where(np.median(INCOME) < INCOME, "rich", "poor")


def classifier(**more: Any) -> gf.TableClassifier:
    return gf.TableClassifier(**{"recipe": FIELDS, "random_state": 3, "leaks": "off", **more})


def regressor(**more: Any) -> gf.TableRegressor:
    return gf.TableRegressor(**{"recipe": FIELDS, "random_state": 3, "leaks": "off", **more})


def trained(y: Any, task: Any) -> gf.Run:
    table = gf.data.table(PEOPLE.assign(y=y), target="y", task=task, test=0)
    return gf.train({**FIELDS, "seed": 3}, table, leaks="off")


def test_a_classifier_is_what_train_gives_to_the_bit() -> None:
    nets, run = classifier().fit(PEOPLE, RICH), trained(RICH, "classification")
    np.testing.assert_array_equal(nets.predict_proba(PEOPLE), run.predict_proba(PEOPLE))
    np.testing.assert_array_equal(nets.predict(PEOPLE), run.predict(PEOPLE))
    assert run.out_of_fold is not None
    np.testing.assert_array_equal(nets.out_of_fold_, run.out_of_fold.values)
    assert nets.score_ == run.scores["valid"]
    assert nets.classes_.tolist() == list(nets.model_.classes) == ["poor", "rich"]
    assert nets.run_.recipe == run.recipe
    np.testing.assert_allclose(nets.predict_log_proba(PEOPLE), np.log(run.predict_proba(PEOPLE)))


def test_a_regressor_is_what_train_gives_to_the_bit() -> None:
    nets, run = regressor().fit(PEOPLE, INCOME), trained(INCOME, "regression")
    np.testing.assert_array_equal(nets.predict(PEOPLE), run.predict(PEOPLE)[:, 0])
    assert run.out_of_fold is not None
    np.testing.assert_array_equal(nets.out_of_fold_, run.out_of_fold.values[:, 0])
    assert nets.score_ == run.scores["valid"]


def test_every_row_trains_four_nets_and_is_predicted_by_the_fifth() -> None:
    """By the nets themselves, one by one: row for row in the order given, and no test row."""
    nets = regressor().fit(PEOPLE, INCOME)
    folds, alone = nets.run_.out_of_fold.folds, np.empty(len(PEOPLE))
    for fold, net in enumerate(nets.run_.nets):
        left_out = folds == fold
        alone[left_out] = net.predict(net.preprocessing.transform(PEOPLE[left_out])[0])[:, 0]
    np.testing.assert_allclose(nets.out_of_fold_, alone, rtol=1e-5)
    assert np.bincount(folds).tolist() == [24] * 5
    assert nets.run_.test_rows == 0
    errors, spread = INCOME - alone, INCOME - INCOME.mean()
    assert nets.score_.value == pytest.approx(1 - (errors**2).sum() / (spread**2).sum(), abs=1e-5)


@pytest.mark.parametrize(
    "labels",
    [[False, True], [9, 10], [1.0, 2.0], ["10", "9"], [-1, 1]],
    ids=["truths", "whole", "floats", "texts", "signs"],
)
def test_classes_keep_their_type_and_order(labels: list[Any]) -> None:
    y = np.array(labels)[(RICH == "rich").astype(int)]
    nets = classifier().fit(PEOPLE, y)
    assert nets.classes_.tolist() == sorted(labels)
    assert nets.predict(PEOPLE).dtype == y.dtype
    assert (nets.predict(PEOPLE) == y).mean() > 0.5
    codes = nets.predict_proba(PEOPLE).argmax(axis=1)
    np.testing.assert_array_equal(nets.predict(PEOPLE), nets.classes_[codes])


def test_frames_of_other_libraries_are_the_same_table() -> None:
    nets, frame = classifier().fit(PEOPLE, RICH), pl.from_pandas(PEOPLE)
    other = classifier().fit(frame, pl.Series("wealth", RICH.tolist()))
    np.testing.assert_array_equal(other.predict_proba(frame), nets.predict_proba(PEOPLE))
    np.testing.assert_array_equal(nets.predict_proba(frame), nets.predict_proba(PEOPLE))
    assert other.feature_names_in_.tolist() == list(PEOPLE)
    assert "wealth" in other.model_.preprocessing.ignored


def test_an_array_is_a_table_of_columns_x0_x1() -> None:
    x = PEOPLE[["age", "city", "member"]].astype(object).to_numpy()
    nets = classifier(kinds={"x1": "categorical"}).fit(x, RICH)
    assert [column.kind for column in nets.model_.preprocessing.columns] == ["numeric", "categorical", "boolean"]
    named = classifier().fit(PEOPLE[["age", "city", "member"]], RICH)
    np.testing.assert_array_equal(nets.predict_proba(x), named.predict_proba(PEOPLE[["age", "city", "member"]]))
    assert nets.n_features_in_ == 3
    assert not hasattr(nets, "feature_names_in_")
    with pytest.raises(ValueError, match="X has 2 features, but TableClassifier is expecting 3 features"):
        nets.predict(x[:, :2])


def test_new_categories_and_gaps_are_told_and_predicted() -> None:
    nets = classifier().fit(PEOPLE, RICH)
    new = PEOPLE.head(2).assign(city=["Rome", None], member=[None, True])
    with (
        pytest.warns(UserWarning, match="'member': 1 value is missing"),
        pytest.warns(UserWarning, match="'city': .*'Rome'"),
    ):
        found = nets.predict_proba(new)
    usual = PEOPLE["member"].mode()[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        filled = nets.predict_proba(new.assign(member=[usual, True]))
    np.testing.assert_array_equal(found, filled)


def test_columns_are_known_by_their_names() -> None:
    nets = classifier().fit(PEOPLE, RICH)
    with pytest.raises(ValueError, match="Feature names must be in the same order as they were in fit"):
        nets.predict(PEOPLE[list(PEOPLE)[::-1]])
    with pytest.raises(ValueError, match="unseen at fit time:\n- town"):
        nets.predict(PEOPLE.rename(columns={"city": "town"}))
    with pytest.warns(UserWarning, match="X does not have valid feature names, but TableClassifier was fitted with"):
        found = nets.predict_proba(PEOPLE.astype({"city": object}).to_numpy())
    np.testing.assert_array_equal(found, nets.predict_proba(PEOPLE))


def test_a_column_may_have_the_name_of_the_target() -> None:
    frame = PEOPLE.rename(columns={"age": "target", "city": "target_"})
    nets = classifier().fit(frame, RICH)
    np.testing.assert_array_equal(nets.predict_proba(frame), classifier().fit(PEOPLE, RICH).predict_proba(PEOPLE))


def test_ids_are_left_out() -> None:
    frame = PEOPLE.assign(name=[f"person {row}" for row in range(len(PEOPLE))])
    with pytest.raises(gf.InputError, match="column 'name' holds a different text in every row"):
        classifier().fit(frame, RICH)
    nets = classifier(ids=["name"]).fit(frame, RICH)
    np.testing.assert_array_equal(nets.predict_proba(frame), classifier().fit(PEOPLE, RICH).predict_proba(PEOPLE))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"recipe": {"epoch": 3}}, r"Recipe: .*'epoch'.* Did you mean 'epochs'\?"),
        ({"recipe": "tabel"}, "'recipe' must be a Recipe, fields of one, or a name; got 'tabel'"),
        ({"recipe": 3}, "The 'recipe' parameter of TableClassifier must be"),
        ({"n_nets": 0}, "The 'n_nets' parameter of TableClassifier must be"),
        ({"ids": ["nobody"]}, "table: an id must be one of its columns; got 'nobody'"),
        ({"kinds": {"age": "number"}}, "the kind of column 'age' must be a known one; got 'number'"),
    ],
)
def test_what_cannot_be_is_said(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        classifier(**given).fit(PEOPLE, RICH)


def test_targets_that_cannot_be_are_said() -> None:
    with pytest.raises(ValueError, match="requires y to be passed, but the target y is None"):
        classifier().fit(PEOPLE, None)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        classifier().fit(PEOPLE, RICH[:-1])
    with pytest.raises(ValueError, match="Input y contains NaN"):
        regressor().fit(PEOPLE, np.where(INCOME > 100, np.nan, INCOME))
    with pytest.raises(ValueError, match="y should be a 1d array"):
        classifier().fit(PEOPLE, np.stack([RICH, RICH], 1))
    with pytest.raises(gf.InputError, match="classes"):
        classifier().fit(PEOPLE, np.full(len(PEOPLE), "poor"))
    with pytest.raises(NotFittedError):
        classifier().predict(PEOPLE)


def test_a_leak_is_told_unless_it_is_not_to_be_looked_for() -> None:
    frame = PEOPLE.assign(twin=INCOME)
    with pytest.warns(UserWarning, match="Column 'twin' equals the target"):
        regressor(leaks="warn").fit(frame, INCOME)
    with pytest.raises(gf.InputError, match="Column 'twin' equals the target"):
        regressor(leaks="error").fit(frame, INCOME)


def test_nets_that_diverge_are_told() -> None:
    wild = {**FIELDS, "optimizer": "sgd", "learning_rate": 1e20, "loss": "squared-error"}
    with pytest.warns(ConvergenceWarning, match="TableRegressor: 5 of 5 nets diverged"):
        found = regressor(recipe=wild).fit(PEOPLE, INCOME)
    assert len(found.run_.frozen) == 5


def test_the_seed() -> None:
    own = classifier(recipe={**FIELDS, "seed": 3}, random_state=None).fit(PEOPLE, RICH)
    np.testing.assert_array_equal(own.predict_proba(PEOPLE), classifier().fit(PEOPLE, RICH).predict_proba(PEOPLE))
    drawn = [classifier(random_state=np.random.RandomState(1)).fit(PEOPLE, RICH).run_.seeds for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert drawn[0] != own.run_.seeds == (3, 4, 5, 6, 7)
    unseeded = [classifier(random_state=None)._asked()["seed"] for _ in range(2)]  # type: ignore[call-overload, index]
    assert unseeded[0] != unseeded[1]
    assert len(classifier(n_nets=10).fit(PEOPLE, RICH).run_.nets) == 10


def test_a_whole_recipe_has_the_folds_that_it_says() -> None:
    recipe = gf.Recipe(hidden=(8,), epochs=4, valid=0.25)
    nets = classifier(recipe=recipe).fit(PEOPLE, RICH)
    assert nets.run_.recipe.hidden == (8,)
    assert nets.run_.seeds == (3,)
    assert nets.out_of_fold_ is None
    assert nets.score_.rows == 30
    few = classifier(n_nets=2).fit(PEOPLE, RICH)
    assert (len(few.run_.nets), few.out_of_fold_, few.score_.rows) == (2, None, 12)


def test_pickles_predict_alike_and_hold_no_rows() -> None:
    nets = classifier().fit(PEOPLE, RICH)
    again = pickle.loads(pickle.dumps(nets))
    np.testing.assert_array_equal(again.predict_proba(PEOPLE), nets.predict_proba(PEOPLE))
    np.testing.assert_array_equal(again.run_.predict(PEOPLE), nets.predict(PEOPLE))
    np.testing.assert_array_equal(again.out_of_fold_, nets.out_of_fold_)
    assert again.run_.split is None
    assert nets.run_.split is not None
    assert again.run_.measures().to_dict() == nets.run_.measures().to_dict()
    assert again.get_params() == nets.get_params()


def test_the_model_saves(tmp_path: Path) -> None:
    nets = classifier().fit(PEOPLE, RICH)
    nets.model_.save(tmp_path / "people.safetensors")
    found = gf.load_model(tmp_path / "people.safetensors")
    np.testing.assert_array_equal(found.predict_proba(PEOPLE), nets.predict_proba(PEOPLE))


def test_parameters_come_and_go_unchanged() -> None:
    given: dict[str, Any] = {"recipe": {"epochs": 2}, "n_nets": 5, "ids": ("a",), "kinds": None, "leaks": "off"}
    given |= {"seconds": None, "random_state": 1}
    nets = gf.TableRegressor(**given)
    assert nets.get_params() == given
    assert clone(nets).get_params() == given
    assert nets.set_params(recipe={"epochs": 3}).recipe == {"epochs": 3}


def test_a_search_over_recipes_in_a_pipeline() -> None:
    pipeline = make_pipeline(FunctionTransformer(lambda frame: frame.drop(columns="since")), classifier())
    recipes = [{**FIELDS, "epochs": 1, "learning_rate": 1e-6}, {**FIELDS, "epochs": 20}]
    search = GridSearchCV(pipeline, {"tableclassifier__recipe": recipes}, cv=2, scoring="neg_log_loss")
    search.fit(PEOPLE, RICH)
    assert search.best_params_ == {"tableclassifier__recipe": recipes[1]}
    assert search.predict(PEOPLE).shape == RICH.shape


def test_a_population_search_fits_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    fits = []
    monkeypatch.setattr(tables, "train", lambda *args, **given: fits.append(args) or gf.train(*args, **given))
    search = gf.PopulationSearchCV(classifier(), {"recipe": [FIELDS, {**FIELDS, "learning_rate": 1e-6}]}, cv=2)
    search.fit(PEOPLE, RICH)
    assert len(fits) == 2 * 2 + 1
    assert search.best_params_ == {"recipe": FIELDS}


def test_all_parameters_are_described() -> None:
    for kind in (gf.TableClassifier, gf.TableRegressor):
        text = " ".join((kind.__doc__ or "").split())
        signature = inspect.signature(kind).parameters
        assert set(signature) == set(TABLES)
        for name, each in TABLES.items():
            words = " ".join(each.text.split())
            assert f"{name} : {each.values}, default={signature[name].default!r} {words}" in text


def test_the_page_lists_all_parameters_and_attributes() -> None:
    page = (Path(__file__).parents[2] / "docs" / "scikit-learn.md").read_text("utf-8")
    section = page.partition("\n## Tables with")[2].partition("\n## ")[0]
    listed = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    assert listed == [*TABLES, "out_of_fold_", "score_", "model_", "run_"]
    nets = classifier().fit(PEOPLE, RICH)
    assert all(hasattr(nets, name) for name in listed)


def test_better_than_a_constant_on_real_tables() -> None:
    x, y = load_breast_cancer(return_X_y=True, as_frame=True)
    x, y = x.iloc[:568, :6], y[:568]
    constant = cross_val_score(DummyClassifier(), x, y, cv=2).mean()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert cross_val_score(classifier(), x, y, cv=2).mean() > constant + 0.25
    x, y = load_diabetes(return_X_y=True, as_frame=True)
    assert cross_val_score(regressor(recipe={**FIELDS, "epochs": 30}), x, y, cv=2).mean() > 0.35
