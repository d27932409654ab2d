"""Nets that were each validated on a fold: checked against nets that are trained alone, and scikit-learn's scores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, r2_score

import goodfit as gf
from goodfit.data import Dataset, Split
from goodfit.errors import InputError
from goodfit.runs import load, resume
from goodfit.runs.checks import as_split
from goodfit.runs.defaults import settled
from goodfit.runs.members import OutOfFold, left_out_note, score_folds
from goodfit.training.recipe import Recipe

RNG = np.random.default_rng(5)
X = RNG.normal(size=(150, 4)).astype(np.float32)
CODES = (X[:, 0] + X[:, 1] ** 2 + 0.3 * RNG.normal(size=150) > 0.8).astype(np.int32)
NUMBERS = (X[:, :1] * 3 + X[:, 1:2] ** 2 + 0.2 * RNG.normal(size=(150, 1))).astype(np.float32)
RECIPE = Recipe(hidden=(8,), epochs=6, batch_size=16, dropout=0.2, fold_members=3, seed=4)


@pytest.fixture(scope="module")
def five() -> gf.Run:
    return gf.train(RECIPE.replace(epochs=1), dataset("classification"), seeds=5)


def dataset(task: str, **more: Any) -> Dataset:
    if task == "classification":
        return Dataset("rows", X, CODES, task, ("no", "yes"), **more)
    return Dataset("rows", X, NUMBERS, "regression", scaling="standard", scale_targets=True, **more)


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_every_row_is_predicted_by_the_nets_that_left_it_out(task: str) -> None:
    run = gf.train(RECIPE, dataset(task), seeds=5)
    parts, out = run.split, run.out_of_fold
    assert parts is not None
    assert out is not None
    assert (len(parts.train), len(parts.valid), run.test_rows) == (120, 0, 30)
    assert run.seeds == (4, 5, 6, 7, 8)
    x, y = parts.data.x[out.rows], parts.data.y[out.rows]
    each = [net.predict(x) if task == "regression" else net.predict_proba(x) for net in run.nets]
    for fold in range(3):
        own = out.folds == fold
        mean = np.mean([each[net][own] for net in range(5) if net % 3 == fold], axis=0)
        np.testing.assert_allclose(out.values[own], mean, rtol=1e-5, atol=1e-6)
    found = run.scores["valid"]
    if task == "regression":
        assert found.value == pytest.approx(r2_score(y, out.values), abs=1e-6)
    else:
        assert found.value == accuracy_score(y, out.values.argmax(1))
    assert found.rows == 120
    best = [run.history["valid_score"][epoch - 1, net] for net, epoch in enumerate(run.best_epochs)]
    alone = [net.score(x[out.folds == k % 3], y[out.folds == k % 3]).value for k, net in enumerate(run.nets)]
    np.testing.assert_allclose(best, alone, atol=1e-5)


def test_a_member_is_the_net_that_its_rows_alone_would_give() -> None:
    """Up to the scaling, which is of all rows that may train: without one, and a batch for all rows, nets agree."""
    data = Dataset("rows", X, CODES, "classification", ("no", "yes"), scaling="none")
    recipe = RECIPE.replace(dropout=0.0, batch_size=80, optimizer="sgd")
    run = gf.train(recipe, data)
    parts = run.split
    assert parts is not None
    for fold in range(3):
        alone = gf.train(recipe.replace(fold_members=0, seed=4 + fold), parts.with_valid(fold))
        assert alone.best_epochs[0] == run.best_epochs[fold]
        for one, other in zip(alone.nets[0].weights, run.nets[fold].weights, strict=True):
            np.testing.assert_allclose(one, other, rtol=2e-4, atol=2e-5)


def test_folds_divide_classes_alike_and_keep_groups_whole() -> None:
    parts = as_split(RECIPE, dataset("classification"))
    assert parts.folds is not None
    shares = [np.bincount(parts.data.y[parts.train[parts.folds == fold]], minlength=2) for fold in range(3)]
    assert np.ptp(shares, axis=0).max() <= 1
    groups = np.repeat(np.arange(30), 5)
    parts = as_split(RECIPE, dataset("regression", groups=groups))
    assert parts.folds is not None
    assert all(len(np.unique(parts.folds[groups[parts.train] == group])) <= 1 for group in range(30))
    rare = Dataset("rows", X, np.r_[np.zeros(148, np.int32), 1, 1], "classification", ("a", "b"))
    assert as_split(RECIPE, rare).folds is not None  # a class of two rows is no reason to refuse the others


def test_they_predict_and_are_tested_together(tmp_path: Path) -> None:
    run = gf.train(RECIPE, dataset("classification"))
    assert run.split is not None
    x, y = run.split.data.x[run.split.rows("test")], run.split.data.y[run.split.rows("test")]
    together = np.mean([net.predict_proba(x) for net in run.nets], axis=0)
    np.testing.assert_allclose(run.predict_proba(x), together, atol=1e-6)
    assert run.test().score.value == accuracy_score(y, together.argmax(1))


def test_a_run_keeps_its_out_of_fold_predictions(tmp_path: Path) -> None:
    run = gf.train(RECIPE, dataset("regression"), out=tmp_path / "run")
    same = load(tmp_path / "run")
    assert run.out_of_fold is not None
    assert same.out_of_fold is not None
    assert same.out_of_fold.values.tobytes() == run.out_of_fold.values.tobytes()
    assert same.scores == run.scores
    assert resume(tmp_path / "run").scores == run.scores  # a finished run is loaded
    (tmp_path / "run" / "out-of-fold.safetensors").write_bytes(b"x")
    with pytest.raises(InputError, match="out-of-fold"):
        load(tmp_path / "run")


def test_calibration_and_comparison_take_out_of_fold_predictions() -> None:
    first, second = (
        gf.train(RECIPE, dataset("classification")),
        gf.train(RECIPE.replace(l2=0.1), dataset("classification")),
    )
    found = gf.calibration(first)
    assert first.out_of_fold is not None
    assert first.split is not None
    y = first.split.data.y[first.out_of_fold.rows]
    expected = -np.log(first.out_of_fold.values[np.arange(len(y)), y]).mean()
    losses = {score.name: score.value for score in found.scores}
    assert losses["log loss"] == pytest.approx(expected, rel=1e-6)
    compared = gf.compare(first, second)
    assert compared.rows == 120


def test_they_are_compared_with_a_net_on_its_validation_rows() -> None:
    data = dataset("classification")
    members, alone = gf.train(RECIPE, data), gf.train(RECIPE.replace(fold_members=0, valid=0.2), data)
    assert alone.split is not None
    assert members.out_of_fold is not None
    compared = gf.compare(members, alone)
    assert compared.rows == len(alone.split.valid) == 24
    place = {int(row): at for at, row in enumerate(members.out_of_fold.rows)}
    rows = alone.split.valid
    own = members.out_of_fold.values[[place[int(row)] for row in rows]].argmax(1) == data.y[rows]
    other = alone.nets[0].predict(data.x[rows]) == data.y[rows]
    (accuracy,) = [each for each in compared.pairs[0].measures if each.measure == "accuracy"]
    assert (accuracy.first, accuracy.second) == (pytest.approx(own.mean()), pytest.approx(other.mean()))


def test_folds_of_a_split_are_kept_or_dropped_as_the_recipe_says(tmp_path: Path) -> None:
    parts = as_split(RECIPE, dataset("classification"))
    whole = as_split(RECIPE.replace(fold_members=0), parts)
    assert (whole.folds, whole.train.tolist()) == (None, parts.train.tolist())
    run = gf.train(RECIPE.replace(fold_members=0, epochs=1), parts, seeds=2, out=tmp_path / "run")
    assert (set(run.scores), run.out_of_fold, load(tmp_path / "run").out_of_fold) == ({"train"}, None, None)
    assert np.isfinite(run.scores["train"].value)
    assert as_split(RECIPE, parts).folds is parts.folds
    assert settled("table", parts, None)[0].fold_members == 3
    assert settled(RECIPE.replace(fold_members=0), parts, 2)[1].folds is None
    with pytest.raises(InputError, match="must be the 3 of the split's own folds, or 0; got 4"):
        as_split(RECIPE.replace(fold_members=4), parts)


@pytest.mark.parametrize("frozen", [[1], [1, 2], [0, 1, 2], [4], [1, 4]])
def test_nets_that_diverged_take_no_part_out_of_fold(five: gf.Run, frozen: list[int], tmp_path: Path) -> None:
    """Nets 0 to 2, or 0 to 4 of which 3 and 4 leave out the folds of 0 and 1 as well."""
    assert five.split is not None
    assert five.split.folds is not None
    nets = five.nets if 4 in frozen else five.nets[:3]
    stuck = np.isin(np.arange(len(nets)), frozen)
    scores, out = score_folds(nets, stuck, five.split)
    sound = [net for net in range(len(nets)) if not stuck[net]] or [*range(len(nets))]
    heard = {net % 3 for net in sound}
    assert set(out.folds.tolist()) == heard
    assert scores["valid"].rows == len(out.rows) == np.isin(five.split.folds, list(heard)).sum()
    x = five.split.data.x[out.rows]
    for fold in heard:
        own = out.folds == fold
        mean = np.mean([nets[net].predict_proba(x[own]) for net in sound if net % 3 == fold], axis=0)
        np.testing.assert_allclose(out.values[own], mean, atol=1e-6)
    lost = 120 - len(out.rows)
    assert [f"{lost} of 120 training rows are left out" in note for note in left_out_note(out, five.split)] == (
        [True] if lost else []
    )
    out.write(tmp_path)
    assert np.array_equal(OutOfFold.read(tmp_path, 3, 2, stuck).values, out.values)
    if lost:
        with pytest.raises(InputError, match="out-of-fold"):
            OutOfFold.read(tmp_path, 3, 2, np.zeros(len(nets), bool))


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(InputError, match="'fold_members' must be 0, or an integer >= 2"):
        Recipe(fold_members=1)
    with pytest.raises(InputError, match="'fold_members' needs a seed for each of its 3 folds; got 2"):
        gf.train(RECIPE, dataset("regression"), seeds=2)
    with pytest.raises(InputError, match="rows have a time"):
        gf.train(RECIPE, dataset("regression", time=np.arange(150)))
    with pytest.raises(InputError, match="must not exceed the 2 groups"):
        gf.train(RECIPE, dataset("regression", groups=np.repeat(np.arange(3), 50)))
    nothing = np.empty(0, np.int32)
    for folds in ([0] * 150, [0, 2] * 75, [0, 1], [0.5] * 150):
        with pytest.raises(InputError, match="'folds' must"):
            Split(dataset("regression"), np.arange(150), nothing, nothing, folds=np.asarray(folds))
