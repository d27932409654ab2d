"""Training on transformed targets, from the recipe to the predictions of a file, and where it is refused."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import r2_score

import goodfit as gf
from goodfit.data import Dataset
from goodfit.errors import InputError
from goodfit.inspection.subject import subject_of
from goodfit.runs.model_facts import describe_model
from goodfit.selection.sheets import make_sheets, may_share

RECIPE = gf.Recipe(hidden=(32,), epochs=40, batch_size=32, dropout=0.0, learning_rate=0.01)
HEAVY = "Recipe: the targets of 'prices' are positive and heavy-tailed: the few largest decide the fit, and predictions"


def prices(rows: int = 700) -> Dataset:
    """Log-normal, the logarithms of standard deviation 1.6."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((rows, 3))
    signal = x @ np.array([1.0, 0.8, 0.6])
    y = np.exp(1.6 * (0.99 * signal / signal.std() + 0.1 * rng.standard_normal(rows)))
    return Dataset.from_arrays(x, y, name="prices")


def parts_of(data: Dataset) -> gf.data.Split:
    rows = np.arange(len(data), dtype=np.int32)
    return gf.data.Split(data, rows[:320], rows[320:400], rows[400:])


@pytest.mark.parametrize("kind", ["log", "yeo-johnson", "quantile", "auto"])
def test_predictions_of_heavy_tails_are_positive_and_near(kind: str, tmp_path: Path) -> None:
    data = prices()
    run = gf.train(RECIPE.replace(target_transform=kind), parts_of(data), out=tmp_path / "run")
    x, y = data.x[400:], data.y[400:]
    predicted = gf.load_model(tmp_path / "run" / "model.safetensors").predict(x)
    assert predicted.min() > 0
    assert np.median(np.abs(predicted - y) / y) < 0.3
    again = gf.runs.load(tmp_path / "run")
    np.testing.assert_array_equal(again.nets[0].predict(x), run.nets[0].predict(x))
    assert again.recipe.target_transform == kind
    expected = r2_score(data.y[320:400], run.nets[0].predict(data.x[320:400]))
    assert run.scores["valid"].value == pytest.approx(expected, rel=1e-5)
    assert run.scores["valid"].low < expected < run.scores["valid"].high


def test_without_one_they_are_neither_and_training_says_so() -> None:
    data = prices()
    with pytest.warns(UserWarning, match=HEAVY):
        run = gf.train(RECIPE, parts_of(data))
    predicted = run.nets[0].predict(data.x[400:])
    assert (predicted < 0).mean() > 0.1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        short = RECIPE.replace(epochs=1)
        for quiet in (short.replace(target_transform="none"), short.replace(loss="absolute-error")):
            gf.train(quiet, parts_of(data))
        mild = Dataset("mild", data.x, np.log(data.y) + 100, "regression", scale_targets=True)
        gf.train(short, parts_of(mild))


def test_nothing_of_the_other_rows_is_in_it() -> None:
    """Neither of a validation row, nor of a fold's held-out rows."""
    data = prices()
    y = data.y.copy()
    y[320:] *= 1e6
    other = Dataset.from_arrays(data.x, y, name="prices")
    recipe = RECIPE.replace(target_transform="yeo-johnson", epochs=2, keep_best=False)
    one, two = (gf.train(recipe, parts_of(each)).nets[0] for each in (data, other))
    np.testing.assert_array_equal(one.predict(data.x), two.predict(data.x))
    folds = gf.data.make_folds(data, np.arange(400, dtype=np.int32), folds=4)
    sheets = make_sheets(data, folds, [recipe], [0])
    for sheet, fold in zip(sheets, folds.all, strict=True):
        found = sheet.examples.scaling.transform
        assert found is not None
        assert found.numbers[0, 3] == pytest.approx(found.forward(data.y[fold.train]).max(), rel=1e-6)


def test_folds_share_a_program_where_nothing_is_transformed() -> None:
    data = prices()
    mild = Dataset("mild", data.x, np.log(data.y), "regression", scale_targets=True)
    folds = gf.data.make_folds(data, np.arange(400, dtype=np.int32), folds=4)
    assert may_share(data, folds, RECIPE)
    assert not may_share(data, folds, RECIPE.replace(target_transform="auto"))
    assert may_share(mild, folds, RECIPE.replace(target_transform="auto"))


def test_it_is_a_dimension_of_a_search() -> None:
    kinds = ["none", "log"]
    found = gf.select(RECIPE.replace(epochs=10), parts_of(prices()), vary={"target_transform": kinds}, folds=3)
    assert np.isfinite(found.scores).all()
    assert found.scores.shape == (2, 3)


@pytest.mark.parametrize(
    ("data", "changes", "rule"),
    [
        ("iris", {"target_transform": "log"}, "'target_transform' needs numeric targets; those of 'iris'"),
        (
            "zeros",
            {"target_transform": "log"},
            "'target_transform' log needs training targets > 0; target 0 has others",
        ),
        ("below", {"target_transform": "log1p"}, "'target_transform' log1p needs training targets > -1; target 0 has"),
    ],
)
def test_data_that_it_does_not_fit_is_refused(data: str, changes: dict[str, Any], rule: str) -> None:
    given: Any = data
    if data != "iris":
        y = np.abs(prices().y) * (-3 if data == "below" else 1)
        y[5] = 0.0
        given = parts_of(Dataset(data, prices().x, y, "regression"))
    with pytest.raises(InputError, match=rule) as caught:
        gf.train(RECIPE.replace(**changes), given)
    assert len(caught.value.problems) == 1


def test_it_does_not_go_with_the_loss_that_has_a_link() -> None:
    with pytest.raises(InputError, match="'target_transform' must be none with loss 'poisson'; got 'log'"):
        gf.Recipe(loss="poisson", target_transform="log")
    assert gf.Recipe(loss="poisson").target_transform == "none"


CLIPPED = gf.Recipe(hidden=(8,), epochs=6, batch_size=16, dropout=0.0, learning_rate=0.03, clip_predictions=True)


def line(rows: int = 200) -> Dataset:
    """Two targets, which the last rows of the data outgrow on both sides."""
    x = np.random.default_rng(3).normal(size=(rows, 2)) * np.linspace(0.3, 3, rows)[:, None]
    noise = np.random.default_rng(4).normal(size=(rows, 2)) * 0.2
    y = np.column_stack([x.sum(1), 100 - x[:, 0]]) + noise
    return Dataset("line", x, y, "regression", scale_targets=True)


def test_predictions_stay_within_the_range_of_the_training_targets(tmp_path: Path) -> None:
    """They are those of the same net without, cut off by NumPy; scores in training are of these, losses are not."""
    data = line()
    rows = np.arange(200, dtype=np.int32)
    parts = gf.data.Split(data, rows[:120], rows[120:160], rows[160:])
    run = gf.train(CLIPPED, parts, out=tmp_path / "run")
    free = gf.train(CLIPPED.replace(clip_predictions=False), parts)
    least, largest = data.y[:120].min(0), data.y[:120].max(0)
    expected = np.clip(free.nets[0].predict(data.x), least, largest)
    assert (expected != free.nets[0].predict(data.x)).any(0).all()
    np.testing.assert_allclose(run.nets[0].predict(data.x), expected, rtol=1e-5, atol=1e-5)
    loaded = gf.load_model(tmp_path / "run")
    np.testing.assert_allclose(loaded.predict(data.x), expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(run.history["valid_loss"], free.history["valid_loss"], rtol=1e-4)
    best = int(run.history.best_epoch[0])
    score = r2_score(data.y[120:160], expected[120:160])
    assert run.history["valid_score"][best - 1, 0] == pytest.approx(score, abs=1e-5)
    assert run.scores["valid"].value == pytest.approx(score, abs=1e-5)
    facts = describe_model(tmp_path / "run")
    assert (facts.clipped, facts.target_transform, facts.format) == (True, (), 3)
    assert not describe_model(save_plain(free, tmp_path)).clipped


def save_plain(run: Any, folder: Path) -> Path:
    run.save(folder / "free.safetensors")
    return folder / "free.safetensors"


def test_a_range_is_of_each_folds_own_rows_and_stays_with_a_start() -> None:
    data = line()
    folds = gf.data.make_folds(data, np.arange(120, dtype=np.int32), folds=3)
    assert not may_share(data, folds, CLIPPED)
    for sheet, fold in zip(make_sheets(data, folds, [CLIPPED], [0]), folds.all, strict=True):
        found = sheet.examples.scaling.transform
        assert found is not None
        np.testing.assert_allclose(found.numbers[:, 3], data.y[fold.train].max(0), rtol=1e-6)
    rows = np.arange(200, dtype=np.int32)
    parts = gf.data.Split(data, rows[:120], rows[120:160], rows[160:])
    run = gf.train(CLIPPED.replace(epochs=1), parts)
    on = gf.train(CLIPPED.replace(epochs=1), parts, start=run, leaks="off")
    assert on.nets[0].predict(data.x).max() <= data.y[:120].max() * (1 + 1e-6)
    with pytest.raises(InputError, match="'clip_predictions' must stay True"):
        gf.train(CLIPPED.replace(clip_predictions=False), parts, start=run, leaks="off")
    with pytest.raises(InputError, match="'clip_predictions' needs numeric targets; those of 'iris'"):
        gf.train(CLIPPED, "iris")
    with pytest.raises(InputError, match="'clip_predictions' must be off with loss 'poisson'"):
        gf.Recipe(loss="poisson", clip_predictions=True)


def test_an_inspection_takes_targets_as_they_were_trained_on() -> None:
    data = prices()
    net = gf.train(RECIPE.replace(target_transform="log", epochs=1), parts_of(data)).nets[0]
    subject = subject_of(net, data.x[:50], data.y[:50])
    logs = np.log(data.y[:320].astype(float))
    expected = (np.log(data.y[:50]) - logs.mean()) / logs.std()
    np.testing.assert_allclose(subject.target.T, expected, rtol=1e-4, atol=1e-5)


def test_a_losses_scale_is_that_of_training_and_of_scores_that_of_the_targets() -> None:
    data = prices()
    run = gf.train(RECIPE.replace(target_transform="log", epochs=3, keep_best=False), parts_of(data))
    net, logs = run.nets[0], np.log(data.y[:320].astype(float))
    predicted = net.predict(data.x[320:400])
    target = (np.log(data.y[320:400]) - logs.mean()) / logs.std()
    expected = 0.5 * ((net.outputs(data.x[320:400]) - target) ** 2).mean()
    assert run.history["valid_loss"][-1, 0] == pytest.approx(expected, rel=1e-4)
    assert run.history["valid_score"][-1, 0] == pytest.approx(r2_score(data.y[320:400], predicted), rel=1e-4, abs=1e-5)
