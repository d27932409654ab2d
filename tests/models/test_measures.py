"""Measures against scikit-learn's functions, their baselines against its constant predictors, warnings and errors."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from sklearn import metrics
from sklearn.dummy import DummyClassifier, DummyRegressor

from goodfit.errors import InputError
from goodfit.models import Measures
from goodfit.models.measures import Measure
from goodfit.models.measuring import measured


def drawn(classes: int, rows: int, seed: int, places: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities that know something, rounded so that many are equal, and codes of which every class has some."""
    rng = np.random.default_rng(seed)
    y = np.concatenate([np.arange(classes), rng.choice(classes, rows - classes, p=rng.dirichlet(np.ones(classes) * 3))])
    z = np.round(rng.standard_normal((rows, classes)) + 1.5 * np.eye(classes)[y], 1 if places < 8 else 8)
    chances = np.exp(z)
    return chances / chances.sum(1, keepdims=True), y


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("places", [1, 8])
def test_two_classes_are_measured_as_scikit_learn_does(seed: int, places: int) -> None:
    chances, y = drawn(2, 120, seed, places)
    found = measured("classification", chances, y, ("no", "yes"), positive="yes")
    said = chances.argmax(1)
    expected = {
        "accuracy": metrics.accuracy_score(y, said),
        "balanced accuracy": metrics.balanced_accuracy_score(y, said),
        "log loss": metrics.log_loss(y, chances),
        "Brier score": metrics.brier_score_loss(y, chances, scale_by_half=False),
        "ROC AUC": metrics.roc_auc_score(y, chances[:, 1]),
        "average precision": metrics.average_precision_score(y, chances[:, 1]),
        "F1": metrics.f1_score(y, said),
    }
    assert {name: found[name].value for name in expected} == pytest.approx(expected)
    assert found.confusion == tuple(map(tuple, metrics.confusion_matrix(y, said).tolist()))
    for each in found.measures[:-1]:
        assert math.isnan(each.low) or each.low <= each.value <= each.high
    other = measured("classification", chances, y, ("no", "yes"), positive="no")
    assert other["average precision"].value == pytest.approx(metrics.average_precision_score(y == 0, chances[:, 0]))
    assert other["F1"].value == pytest.approx(metrics.f1_score(y, said, pos_label=0))
    assert other["ROC AUC"].value == pytest.approx(expected["ROC AUC"], abs=0.01)  # rounding breaks ties otherwise


@pytest.mark.parametrize(("classes", "seed"), [(3, 0), (3, 1), (6, 2)])
def test_several_classes_are_measured_as_scikit_learn_does(classes: int, seed: int) -> None:
    chances, y = drawn(classes, 200, seed)
    names = tuple("abcdef"[:classes])
    found, said, truth = measured("classification", chances, y, names), chances.argmax(1), np.eye(classes)[y]
    expected = {
        "balanced accuracy": metrics.balanced_accuracy_score(y, said),
        "log loss": metrics.log_loss(y, chances, labels=range(classes)),
        "Brier score": metrics.brier_score_loss(y, chances, labels=list(range(classes)), scale_by_half=False),
        "ROC AUC": metrics.roc_auc_score(y, chances, multi_class="ovr"),
        "average precision": metrics.average_precision_score(truth, chances),
        "F1": metrics.f1_score(y, said, average="macro"),
    }
    assert {name: found[name].value for name in expected} == pytest.approx(expected)
    assert found.confusion == tuple(map(tuple, metrics.confusion_matrix(y, said).tolist()))
    assert (found.positive, len(found.headline)) == ("", 4)


def test_labels_are_measured_as_scikit_learn_does() -> None:
    rng = np.random.default_rng(3)
    y = (rng.random((150, 4)) < (0.3, 0.5, 0.1, 0.6)).astype(np.float64)
    chances = 1 / (1 + np.exp(-(rng.standard_normal((150, 4)) + 2 * y - 1)))
    found, said = measured("multilabel", chances, y, tuple("abcd")), (chances > 0.5).astype(float)
    expected = {
        "exact match": metrics.accuracy_score(y, said),
        "log loss": sum(metrics.log_loss(y[:, label], chances[:, label]) for label in range(4)),
        "Brier score": sum(metrics.brier_score_loss(y[:, label], chances[:, label]) for label in range(4)),
        "ROC AUC": metrics.roc_auc_score(y, chances, average="macro"),
        "average precision": metrics.average_precision_score(y, chances, average="macro"),
        "F1": metrics.f1_score(y, said, average="macro"),
    }
    assert {name: found[name].value for name in expected} == pytest.approx(expected)
    assert found["exact match"].baseline == pytest.approx(np.unique(y, axis=0, return_counts=True)[1].max() / 150)


@pytest.mark.parametrize("outputs", [1, 3])
def test_numbers_are_measured_as_scikit_learn_does(outputs: int) -> None:
    rng = np.random.default_rng(outputs)
    y = rng.standard_normal((80, outputs)) * (1, 10, 100)[:outputs] + 5
    said = y + rng.standard_normal((80, outputs))
    found = measured("regression", said, y)
    assert found["R²"].value == pytest.approx(metrics.r2_score(y, said))
    for place in range(outputs):
        of = f" of 'target {place + 1}'" if outputs > 1 else ""
        own, true = said[:, place], y[:, place]
        mean, median = (
            DummyRegressor(strategy=how).fit(own[:, None], true).predict(own[:, None]) for how in ("mean", "median")
        )
        for name, function, constant in (
            ("R²", metrics.r2_score, mean),
            ("root mean squared error", metrics.root_mean_squared_error, mean),
            ("mean absolute error", metrics.mean_absolute_error, median),
            ("median absolute error", metrics.median_absolute_error, median),
        ):
            each = found[name + of]
            assert each.value == pytest.approx(function(true, own))
            assert each.baseline == pytest.approx(function(true, constant), abs=1e-9)
            assert each.low < each.value < each.high


@pytest.mark.parametrize("classes", [2, 3])
def test_baselines_are_those_of_constant_predictions(classes: int) -> None:
    chances, y = drawn(classes, 150, 5)
    names = tuple("abc"[:classes])
    prior = DummyClassifier(strategy="prior").fit(chances, y)
    constant = measured("classification", prior.predict_proba(chances), y, names, positive="b" * (classes == 2) or None)
    found = measured("classification", chances, y, names, positive="b" * (classes == 2) or None)
    for each in found.measures:
        if each.name != "calibration error":
            assert each.baseline == pytest.approx(constant[each.name].value), each.name
    assert found.majority == names[int(prior.predict(chances)[0])]
    assert found.beside(found["accuracy"]).endswith(f"(share of {found.majority!r})")


def test_the_calibration_error_is_that_of_the_diagram() -> None:
    from goodfit.models.calibration import of_top_class

    chances, y = drawn(3, 100, 1)
    top = of_top_class(chances, y)
    assert top is not None
    found = measured("classification", chances, y, tuple("abc"))["calibration error"]
    assert found.value == top.error
    assert f"up to {top.limit:.4f}" in found.method
    few = measured("classification", chances[:39], y[:39], tuple("abc"))
    with pytest.raises(InputError, match="there is no such measure of these predictions; got 'calibration error'"):
        few["calibration error"]


def test_the_positive_class_is_the_second_unless_the_first_is_rare() -> None:
    for rare, positive in ((24, "no"), (26, "yes"), (60, "yes")):  # of 76 rows
        y = (np.arange(76) >= rare).astype(int)
        assert measured("classification", np.full((76, 2), 0.5), y, ("no", "yes")).positive == positive


def imbalanced() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    y = (np.arange(1000) < 8).astype(int)
    p = 0.1 / (1 + np.exp(-rng.standard_normal(1000) - 2 * y))
    return np.stack([1 - p, p], 1), y


def test_one_class_for_every_row_is_told_in_words() -> None:
    chances, y = imbalanced()
    (text,) = measured("classification", chances, y, ("no", "yes"), row="validation row").warnings
    auc = metrics.roc_auc_score(y, chances[:, 1])
    assert text.startswith(
        "Predicts 'no' for every validation row; accuracy 0.9920 is the share of 'no'. "
        f"Look at ROC AUC {auc:.4f} (0.5 by chance) and average precision"
    )
    found = measured("classification", chances, y, ("no", "yes"))
    assert [each.name for each in found.headline] == ["accuracy", "log loss", "ROC AUC", "average precision"]
    assert not measured(
        "classification", chances[y == 0], y[y == 0], ("no", "yes")
    ).warnings  # there is one class alone
    assert not measured("classification", chances[4:13], y[4:13], ("no", "yes")).warnings  # too few rows to tell
    labels = np.stack([y, np.zeros(1000)], 1)
    (text,) = measured("multilabel", np.full((1000, 2), 0.1), labels, ("a", "b")).warnings
    assert text == "Predicts no labels for every row; exact match 0.9920 is the share of such rows."


def test_what_is_undefined_or_too_little_has_no_interval_and_says_why() -> None:
    chances, y = drawn(3, 60, 2)
    alone = measured("classification", chances, np.zeros(60, int), tuple("abc"))
    assert math.isnan(alone["ROC AUC"].value)
    assert alone["ROC AUC"].method == "no interval: no class has rows beside those of others"
    assert alone["balanced accuracy"].method == "no interval: 2 classes have no rows"
    kept = y != 2
    absent = measured("classification", chances[kept], y[kept], tuple("abc"))
    for name in ("balanced accuracy", "ROC AUC", "average precision", "F1"):
        assert absent[name].method == "no interval: 1 class has no rows"
        assert math.isnan(absent[name].low)
        assert not math.isnan(absent[name].value)
    few = measured("classification", chances[:29], y[:29], tuple("abc"))
    assert few["F1"].method == "no interval: fewer than 10 rows a class"
    two = measured(
        "classification", chances[:, :2] / chances[:, :2].sum(1, keepdims=True), np.arange(60) < 2, tuple("ab")
    )
    assert two["ROC AUC"].method == "no interval: fewer than 3 rows of a class"
    with np.errstate(all="raise"):
        exact = measured("regression", np.arange(9.0)[:, None], np.arange(9.0)[:, None])
    assert exact["root mean squared error"].method == "no interval: the errors of all rows are the same"
    far = measured("regression", np.array([[0.0], [0], [50]]), np.array([[1.0], [2], [0]]))
    assert far["root mean squared error"].method == "no interval: one row accounts for most of it"


@pytest.mark.parametrize("task", ["classification", "multilabel", "regression"])
def test_they_come_back_from_json(task: str) -> None:
    chances, y = drawn(3, 60, 2)
    targets: Any = y if task == "classification" else np.eye(3)[y]
    found = measured(task, chances, targets, () if task == "regression" else tuple("abc"))
    told = json.loads(json.dumps(found.to_dict()))
    back = Measures.from_dict(told)
    assert json.loads(json.dumps(back.to_dict())) == told
    assert str(back) == str(found)
    with pytest.raises(ValueError, match="rows"):
        Measures.from_dict({**told, "rows": -1})
    with pytest.raises(ValueError, match="a row and a column for each class"):
        Measures.from_dict({**told, "confusion": [[1, 2]]})
    with pytest.raises(ValueError, match="a positive class has an average precision"):
        Measures.from_dict({**told, "measures": [], "positive": "a"})


def test_what_does_not_fit_together_is_one_clear_error() -> None:
    chances, y = drawn(2, 30, 1)
    with pytest.raises(InputError, match=r"Measures: unknown task; got 'ranking'"):
        measured("ranking", chances, y, ("a", "b"))
    with pytest.raises(InputError, match=r"'targets' must have the same rows; got '\(30, 2\) and \(29,\)'"):
        measured("classification", chances, y[1:], ("a", "b"))
    with pytest.raises(InputError, match="must have the same rows"):
        measured("classification", chances[:0], y[:0], ("a", "b"))
    with pytest.raises(InputError, match="'outputs' must be finite"):
        measured("classification", chances * np.nan, y, ("a", "b"))
    with pytest.raises(InputError, match="'classes' must name 2 classes; got 3"):
        measured("classification", chances, y, ("a", "b", "c"))
    with pytest.raises(InputError, match="'targets' must be codes from 0 to 1; got 2"):
        measured("classification", chances, y + 1, ("a", "b"))
    with pytest.raises(InputError, match=r"'positive' must be one of two classes; got 'c'. Valid: a, b"):
        measured("classification", chances, y, ("a", "b"), positive="c")
    with pytest.raises(InputError, match=r"'positive' must be one of two classes; got 'a'. Leave it out"):
        measured("regression", chances, chances, positive="a")


def test_a_net_that_has_not_learned_is_told_apart_from_a_rare_class() -> None:
    y = np.arange(30) % 3
    (text,) = measured("classification", np.full((30, 3), 1 / 3), y, tuple("abc")).warnings
    assert text == (
        "Predicts 'a' for every row; accuracy 0.3333 is the share of 'a'. Look at ROC AUC 0.5000 (0.5 by chance). "
        "It has hardly learned: train it longer; 'goodfit inspect' looks for causes."
    )
    chances, y = imbalanced()
    assert "class_weight='balanced'" in measured("classification", chances, y, ("no", "yes")).warnings[0]


@pytest.mark.parametrize("outputs", [1, 2])
def test_numbers_that_a_constant_predicts_better_are_a_warning(outputs: int) -> None:
    rng = np.random.default_rng(0)
    y = rng.standard_normal((200, outputs))
    bad = np.column_stack([2 * rng.standard_normal(200), *y.T[1:]])  # the second target is predicted well
    (text,) = measured("regression", bad, y, row="validation row").warnings
    r2 = metrics.r2_score(y[:, 0], bad[:, 0])
    label = "R²" if outputs == 1 else "R² of 'target 1'"
    assert text.startswith(f"Worse than a constant on these 200 validation rows: {label} {r2:.4f}, at most -")
    assert "always the mean would give 0. Look at R² of the training rows" in text
    assert "target 2" not in text
    (learned,) = measured("regression", bad, y, row="training row").warnings
    assert learned.endswith("would give 0. It has hardly learned: train it longer; 'goodfit inspect' looks for causes.")
    about_zero = np.full_like(y, y.mean())
    assert measured("regression", about_zero, y).warnings == ()  # 0 or a little less is no proof
    assert measured("regression", bad[:9], y[:9]).warnings == ()


def test_numbers_of_nets_that_diverged_are_short() -> None:
    rng = np.random.default_rng(0)
    found = measured("regression", 1e17 * rng.standard_normal((200, 1)), rng.standard_normal((200, 1)))
    (text,) = found.warnings
    assert f"R² {found['R²'].value:.4g}, at most {found['R²'].high:.4g}; always the mean" in text
    assert all(len(each) < 30 for measure in found.measures for each in measure.shown)


def test_a_constant_prediction_has_no_interval_of_no_width() -> None:
    """Nor does a baseline of nothing have a sign."""
    y = np.zeros(30, np.int64)
    found = measured("classification", np.tile([[0.21, 0.79]], (30, 1)), y, ("no", "yes"))
    labels = measured("multilabel", np.tile([[0.21, 0.79]], (30, 1)), np.ones((30, 2)) * [1, 0], ("a", "b"))
    for each in (found["log loss"], found["Brier score"], labels["log loss"], labels["Brier score"]):
        assert math.isnan(each.low)
        assert math.isnan(each.high)
        assert each.method == f"no interval: all rows have the same {each.name}"
        assert math.copysign(1, each.baseline) == 1


def one(value: float, low: float, high: float, name: str = "accuracy", baseline: float = 0.9) -> Measure:
    return Measure(name, value, low, high, baseline, "method")


def test_the_interval_decides_whether_a_constant_is_beaten() -> None:
    def said(*measures: Measure, warnings: tuple[str, ...] = ()) -> str:
        return Measures("classification", 100, measures, ("no", "yes"), majority="no", warnings=warnings).no_better

    worse, open_ = one(0.8, 0.7, 0.9), one(0.89, 0.81, 0.94)
    better, sharp = one(0.95, 0.91, 0.98), one(0.2, 0.1, 0.3, "log loss", 0.325)
    assert said(better) == said(better, sharp) == said(one(1.0, 0.96, 1.0, baseline=1.0)) == ""
    assert said(worse) == (
        "No better than a constant prediction on these rows: "
        "accuracy 0.8000 (0.7000 to 0.9000), a constant 0.9000 (share of 'no')."
    )
    assert said(open_, sharp) == (
        "Not shown to be better than a constant prediction on these rows: accuracy 0.8900 (0.8100 to 0.9400), a "
        "constant 0.9000 (share of 'no'); by log loss it is better."
    )
    ranks = one(0.93, 0.83, 0.97, "ROC AUC", 0.5)
    assert said(open_, ranks).endswith("(share of 'no'); by ROC AUC it is better.")
    assert said(open_, one(0.6, 0.4, 0.8, "ROC AUC", 0.5)).endswith("(share of 'no').")
    loose = one(0.3, 0.2, 0.4, "log loss", 0.325)
    assert said(worse, loose).endswith(
        "; not shown to be better: log loss 0.3000 (0.2000 to 0.4000), a constant 0.3250."
    )
    assert said(open_, warnings=("1 of 5 nets predicts the same class for every row.",))
    assert said(open_, warnings=("Predicts 'no' for every row; accuracy 0.8900 is the share of 'no'.",)) == ""
    target = np.random.default_rng(0).standard_normal((50, 1))
    assert (
        "R² 0.0000 (-0.1402 to 0.1550), a constant 0"
        in measured("regression", np.full_like(target, target.mean()), target).no_better
    )
    assert measured("regression", 0.5 * target, target).no_better == ""
