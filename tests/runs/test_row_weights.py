"""Rows that count differently: in training, in every score, and in what a run keeps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as oracle

import goodfit as gf
from goodfit.cli import main
from goodfit.data import Dataset, Split
from goodfit.data.tables import look
from goodfit.errors import InputError
from goodfit.models.measuring import measured
from goodfit.selection.sheets import row_values
from goodfit.training.recipe import Recipe

RNG = np.random.default_rng(7)
QUICK = {"epochs": 3, "hidden": (4,), "encoding": "none"}
WHOLE = Recipe(hidden=(5,), epochs=20, batch_size=1000, dropout=0.0, optimizer="sgd", keep_best=False, valid=0)


def rows(task: str, count: int = 40) -> tuple[np.ndarray, np.ndarray]:
    x = RNG.normal(size=(count, 3)).astype(np.float32)
    y = x @ [1.0, -2.0, 0.5] + RNG.normal(size=count)
    return x, (y > 0).astype(int) if task == "classification" else y


def made(x: np.ndarray, y: np.ndarray, task: str, **more: Any) -> Dataset:
    return Dataset.from_arrays(x, y, task=task, scaling="none", scale_targets=False, **more)


def nets(data: Dataset, recipe: Recipe) -> list[np.ndarray]:
    parts = Split(data, np.arange(len(data)), [], [])  # by hand: rows of weight 0 take part, and count for nothing
    (net,) = gf.train(recipe.replace(batch_size=len(data)), parts, leaks="off").nets
    return [*net.weights, *net.biases]


@pytest.mark.parametrize(("task", "optimizer"), [("classification", "adamw"), ("regression", "sgd")])
def test_whole_weights_are_repeated_rows(task: str, optimizer: str) -> None:
    x, y = rows(task)
    counts = RNG.integers(0, 4, len(x))
    recipe = WHOLE.replace(optimizer=optimizer, learning_rate=0.05, l2=0.01)
    weighted = nets(made(x, y, task, weight=3.0 * counts), recipe)
    repeated = nets(made(np.repeat(x, counts, 0), np.repeat(y, counts, 0), task), recipe)
    for ours, theirs in zip(weighted, repeated, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2e-3, atol=2e-4)


def frame(count: int = 200) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(count, 2))
    kind = rng.choice(["red", "green", "blue"], count)
    y = x[:, 0] + (kind == "red") + rng.normal(size=count) > 0.5
    return pd.DataFrame(
        {"a": x[:, 0], "b": x[:, 1], "kind": kind, "w": rng.integers(0, 4, count) / 2, "y": np.where(y, "yes", "no")}
    )


def test_a_row_of_weight_zero_is_a_row_left_out() -> None:
    """Down to the bits: kinds of columns, folds and preprocessing do not see it."""
    whole = frame()
    some = whole[whole.w > 0].reset_index(drop=True)
    runs = [gf.train(QUICK, gf.data.table(each, "y", weight="w"), leaks="off") for each in (whole, some)]
    for ours, theirs in zip(runs[0].nets, runs[1].nets, strict=True):
        assert all(np.array_equal(*pair) for pair in zip(ours.weights, theirs.weights, strict=True))
    lost = int((whole.w == 0).sum())
    assert f"{lost} rows of 200 left out: the weight 'w' is 0." in gf.data.table(whole, "y", weight="w").notes
    assert [column.role for column in look_of(whole).columns] == ["input", "input", "input", "weight", "target"]


def look_of(given: pd.DataFrame) -> Any:
    return gf.data.table(given, "y", weight="w")


def test_a_data_set_gives_a_row_of_weight_zero_to_no_part() -> None:
    x, y = rows("classification", 60)
    weight = np.arange(60) % 3
    parts = gf.data.split(made(x, y, "classification", weight=weight))
    everyone = np.concatenate([parts.train, parts.valid, parts.rows("test")])
    assert sorted(everyone) == np.flatnonzero(weight).tolist()


def test_scores_and_losses_of_a_run_are_weighted_as_by_scikit_learn() -> None:
    table = gf.data.table(frame(), "y", weight="w")
    run = gf.train({**QUICK, "fold_members": 0, "valid": 0.4}, table, leaks="off")
    parts = run.split
    x, y, weight = parts.x("valid"), parts.y("valid"), parts.data.weight[parts.valid]
    chances = run.nets[0].predict_proba(x)
    assert run.scores["valid"].value == pytest.approx(oracle.accuracy_score(y, chances.argmax(1), sample_weight=weight))
    best = run.best_epochs[0] - 1
    told = run.history
    assert told["valid_loss"][best, 0] == pytest.approx(oracle.log_loss(y, chances, sample_weight=weight), rel=1e-4)
    assert told["valid_score"][best, 0] == pytest.approx(run.scores["valid"].value, abs=1e-6)
    assert "effective rows of" in run.scores["valid"].method
    assert run.measures("valid")["accuracy"].value == pytest.approx(run.scores["valid"].value)
    assert "unweighted" in run.measures("valid").notes[0]
    opened = run.test()
    own = parts.data.weight[parts.rows("test")]
    said = run.predict(frame()[frame().w > 0].iloc[parts.rows("test")])
    right = said == frame()[frame().w > 0].y.to_numpy()[parts.rows("test")]
    assert opened.score.value == pytest.approx(np.average(right, weights=own))


def test_out_of_fold_scores_are_weighted() -> None:
    run = gf.train(QUICK, gf.data.table(frame(), "y", weight="w"), leaks="off")
    out = run.out_of_fold
    y, weight = run.split.data.y[out.rows], run.split.data.weight[out.rows]
    value = oracle.accuracy_score(y, out.values.argmax(1), sample_weight=weight)
    assert run.scores["valid"].value == pytest.approx(value)
    assert run.measures()["ROC AUC"].value == pytest.approx(
        oracle.roc_auc_score(y, out.values[:, 1], sample_weight=weight)
    )
    for looked in (gf.importance(run, repeats=1), gf.partial_dependence(run, "a", points=2)):
        assert "Unweighted: all rows count alike here, whatever their weights." in looked.notes


def test_measures_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(1)
    weight = rng.random(300) * 3
    y = rng.integers(0, 2, 300)
    one = np.clip(0.3 * y + 0.7 * rng.random(300), 0.01, 0.99).round(2)
    chances, told = np.stack([1 - one, one], 1), one > 0.5
    found = measured("classification", chances, y, ("no", "yes"), weight=weight)
    how = {"sample_weight": weight}
    expected = {
        "accuracy": oracle.accuracy_score(y, told, **how),
        "balanced accuracy": oracle.balanced_accuracy_score(y, told, **how),
        "log loss": oracle.log_loss(y, chances, **how),
        "Brier score": 2 * oracle.brier_score_loss(y, one, **how),
        "ROC AUC": oracle.roc_auc_score(y, one, **how),
        "average precision": oracle.average_precision_score(y, one, **how),
        "F1": oracle.f1_score(y, told, **how),
    }
    for name, value in expected.items():
        assert found[name].value == pytest.approx(value, rel=1e-9), name
        assert found[name].low < value < found[name].high, name
    alike = measured("classification", chances, y, ("no", "yes"), weight=np.full(300, 0.1))
    plain = measured("classification", chances, y, ("no", "yes"))
    for ours, theirs in zip(alike.measures, plain.measures, strict=True):
        assert (ours.value, ours.low, ours.high) == pytest.approx(
            (theirs.value, theirs.low, theirs.high), rel=1e-9, nan_ok=True
        )
    with pytest.raises(InputError, match="Measures: no row has a weight above 0"):
        measured("classification", chances, y, ("no", "yes"), weight=np.zeros(300))


def test_measures_of_numbers_and_labels_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(2)
    weight = rng.integers(1, 5, 80).astype(float)
    y = rng.normal(size=(80, 2))
    predicted = y + rng.normal(size=(80, 2))
    found, how = measured("regression", predicted, y, weight=weight), {"sample_weight": weight}
    assert found["R²"].value == pytest.approx(oracle.r2_score(y, predicted, **how))
    one = y[:, 0], predicted[:, 0]
    rmse, mae = oracle.root_mean_squared_error(*one, **how), oracle.mean_absolute_error(*one, **how)
    assert found["root mean squared error of 'target 1'"].value == pytest.approx(rmse)
    assert found["mean absolute error of 'target 1'"].value == pytest.approx(mae)
    median = np.median(np.repeat(np.abs(one[0] - one[1]), weight.astype(int)))
    assert found["median absolute error of 'target 1'"].value == pytest.approx(median)
    labels, chances = y > 0, 1 / (1 + np.exp(-predicted))
    of_labels = measured("multilabel", chances, labels, ("a", "b"), weight=weight)
    assert of_labels["exact match"].value == pytest.approx(oracle.accuracy_score(labels, chances > 0.5, **how))
    assert of_labels["ROC AUC"].value == pytest.approx(oracle.roc_auc_score(labels, chances, **how))


def test_a_search_scores_held_out_rows_by_their_weights() -> None:
    x, y = rows("regression", 50)
    weight = RNG.random(50) + 0.1
    run = gf.train(WHOLE.replace(epochs=2, batch_size=50), Split(made(x, y, "regression"), np.arange(50), [], []))
    (net,) = run.nets
    score, loss = row_values(net, net.outputs(x), y[:, None], weight)
    predicted = net.predict(x)[:, 0]
    assert score.mean() == pytest.approx(oracle.r2_score(y, predicted, sample_weight=weight), rel=1e-4)
    assert loss.mean() == pytest.approx(oracle.mean_squared_error(y, predicted, sample_weight=weight), rel=1e-4)


@pytest.mark.parametrize(
    ("weight", "words"),
    [
        ([1, 2, None, 1], r"column 'w' must hold a finite number >= 0 in every row, not 0 in all; row 2 does not"),
        ([1, 2, -1, 1], r"column 'w' must hold a finite number >= 0 .* row 2 does not; got '-1.0'|got '-1'"),
        ([0, 0, 0, 0], r"column 'w' must hold a finite number >= 0 in every row, not 0 in all; got '0 in all rows'"),
        (["a", "b", "a", "b"], r"column 'w' must hold a finite number >= 0 in every row"),
        ([[1], [2], [1], [2]], r"\Atable: column 'w' must hold a finite number >= 0 [^\n]*; got 'list[^\n]*\Z"),
        ([0, 1, 0, 0], r"table: must have at least 2 rows with a weight above 0; it has 1"),
    ],
    ids=["missing", "negative", "zeros", "texts", "lists", "one row"],
)
def test_weights_that_cannot_be_read(weight: list[Any], words: str) -> None:
    given = {"a": [1.0, 2.0, 3.0, 4.0], "w": weight, "y": [0.1, 0.2, 0.4, 0.3]}
    with pytest.raises(InputError, match=words):
        gf.data.table(given, "y", weight="w")
    if None not in weight and isinstance(weight[0], int) and 1 not in weight[1:2]:
        with pytest.raises(InputError, match="'weight' must hold a finite number >= 0 in every row"):
            Dataset.from_arrays(np.eye(4), [0.1, 0.2, 0.4, 0.3], weight=weight)


def test_a_column_cannot_be_the_weight_and_something_else() -> None:
    given = {"a": [1.0, 2.0], "w": [1, 2], "y": [0.1, 0.2]}
    for more, words in (
        ({"target": "w"}, "column of 'weight' is not a feature, so it can be neither the target"),
        ({"target": "y", "group": "w"}, "the column of 'weight' must not define the split"),
        ({"target": "y", "kinds": {"w": "numeric"}}, "column of 'weight' is not a feature"),
    ):
        with pytest.raises(InputError, match=words):
            gf.data.table(given, weight="w", **more)
    with pytest.raises(InputError, match="the weight must be one of its columns"):
        gf.data.table(given, "y", weight="v")


def test_the_command_line_keeps_the_weights(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, folder, new = tmp_path / "t.csv", tmp_path / "run", tmp_path / "new.csv"
    frame().to_csv(path, index=False)
    frame(230).iloc[200:].to_csv(new, index=False)
    assert "weight" in [column.role for column in look(path, "y", weight="w").columns]
    given = ["train", str(path), "--target", "y", "--weight", "w", "--epochs", "2", "--hidden", "4"]
    given += ["--fit", "never", "--quiet"]
    assert main([*given, "--out", str(folder)]) == 0
    run = gf.runs.load(folder)
    assert run.origin["weight"] == "w"
    assert "w" not in run.model.preprocessing.features
    assert main(["test", str(folder), "--data", str(new)]) == 0
    frame(230).iloc[200:].drop(columns="w").to_csv(new, index=False)
    capsys.readouterr()
    assert main(["measure", str(folder), str(new)]) == 0
    assert "Unweighted: there is no column 'w', so that all rows count alike." in "".join(capsys.readouterr())
    assert main(["measure", str(folder), "--costs", "1,5"]) == 0
    told = "".join(capsys.readouterr()).replace("\n", " ")
    assert told.index("Decide for") < told.index("Unweighted: all rows count alike here")
    assert main(["calibrate", str(folder)]) == 0
    assert "Unweighted: all rows count alike here" in "".join(capsys.readouterr()).replace("\n", " ")
    changed = frame()
    changed.loc[changed.w > 0, "w"] = 1.0
    changed.to_csv(path, index=False)
    assert main(["test", str(folder)]) == 2
    assert "different rows" in "".join(capsys.readouterr()).replace("\n", " ")


def test_a_data_set_with_other_weights_is_another(tmp_path: Path) -> None:
    x, y = rows("classification", 60)
    data = made(x, y, "classification", weight=np.linspace(1, 2, 60))
    run = gf.train(WHOLE.replace(epochs=1, batch_size=20), data, out=tmp_path / "run", leaks="off")
    again = gf.runs.load(run.folder)
    assert again.test(data).score.value == run.test().score.value
    with pytest.raises(InputError, match=r"in the training or validation set|different rows"):
        again.test(replace(data, weight=np.linspace(2, 1, 60)))


def test_the_estimators_take_sample_weight() -> None:
    whole = frame()
    x, y, weight = whole[["a", "b", "kind"]], whole.y, whole.w.to_numpy()
    nets = gf.TableClassifier(QUICK, random_state=0, leaks="off").fit(x, y, sample_weight=weight)
    some = gf.TableClassifier(QUICK, random_state=0, leaks="off").fit(x[weight > 0], y[weight > 0], weight[weight > 0])
    assert np.array_equal(nets.predict_proba(x), some.predict_proba(x))
    assert np.array_equal(nets.out_of_fold_[weight > 0], some.out_of_fold_)
    assert np.array_equal(nets.out_of_fold_[weight == 0], nets.predict_proba(x)[weight == 0])
    right = nets.classes_[nets.out_of_fold_.argmax(1)] == y
    assert nets.score_.value == pytest.approx(np.average(right, weights=weight))
    value = oracle.accuracy_score(y, nets.predict(x), sample_weight=weight)
    assert nets.score(x, y, sample_weight=weight) == pytest.approx(value)
    numbers = gf.TableRegressor(QUICK, random_state=0, leaks="off").fit(x, whole.b + whole.a, sample_weight=weight)
    assert numbers.score_.value == pytest.approx(
        oracle.r2_score(whole.a + whole.b, numbers.out_of_fold_, sample_weight=weight)
    )
    with pytest.raises(ValueError, match="Negative values in data passed to `sample_weight`"):
        gf.TableClassifier(QUICK).fit(x, y, sample_weight=weight - 1)
