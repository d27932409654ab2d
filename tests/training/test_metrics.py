"""One R² everywhere: what train, select, the curves and the verdict say is `sklearn.metrics.r2_score` of the rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss, r2_score
from sklearn.model_selection import TimeSeriesSplit

import goodfit as gf
from goodfit.curves import epoch_curve
from goodfit.data import Dataset, make_folds
from goodfit.errors import InputError
from goodfit.selection.layout import lay_out
from goodfit.selection.methods import SearchRequest
from goodfit.selection.preparing import LearningRows
from goodfit.selection.values import train as train_fits
from goodfit.training.metrics import hits, log_losses, r2, r2_of_rows, variances
from goodfit.training.turns import plan_session
from goodfit.verdicts.judging import VerdictRequest
from goodfit.verdicts.judging import lay_out as lay_out_verdict
from goodfit.verdicts.trying import measure

RECIPE = gf.Recipe(hidden=(5,), epochs=6, batch_size=16, patience=0, keep_best=False, dropout=0.0)


TRANSFORMS = ("none", "log", "log1p", "yeo-johnson", "quantile", "auto")


def heavy(outputs: int, rows: int = 90) -> Dataset:
    """Positive targets whose logarithms drift: held-out rows lie beyond the training targets. The last is not heavy."""
    data = drifting(outputs, rows)
    spread = data.y / data.y.std(axis=0) * np.asarray([1.3, 1.6, 0.2])[:outputs]
    return Dataset("heavy", data.x, np.exp(spread) * 100, "regression", scale_targets=True)


def drifting(outputs: int, rows: int = 90) -> Dataset:
    """A series whose spread and level change: training and held-out rows differ in variance."""
    rng = np.random.default_rng(outputs)
    x = rng.standard_normal((rows, 3)).astype(np.float32)
    trend = np.linspace(0, 4, rows)[:, None]
    y = (x @ rng.standard_normal((3, outputs)) + trend) * np.asarray([1.0, 50.0, 0.01])[:outputs]
    return Dataset("drifting", x, y.astype(np.float32), "regression", scale_targets=True)


def test_the_definition_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    targets, predicted = rng.standard_normal((30, 3)) * [1, 100, 0.1], rng.standard_normal((4, 30, 3))
    weights = rng.integers(0, 4, 30).astype(float)
    for net in range(4):
        assert r2(predicted, targets)[net] == pytest.approx(r2_score(targets, predicted[net]), rel=1e-12)
        weighted = r2_score(targets, predicted[net], sample_weight=weights)
        assert r2(predicted, targets, weights)[net] == pytest.approx(weighted, rel=1e-12)
    np.testing.assert_allclose(r2_of_rows(predicted, targets).mean(-1), r2(predicted, targets), rtol=1e-12)
    codes, chances = rng.integers(0, 3, 30), rng.dirichlet(np.ones(3), 30)
    assert hits("classification", chances.argmax(1), codes).mean() == accuracy_score(codes, chances.argmax(1))
    assert log_losses("classification", chances, codes).mean() == pytest.approx(log_loss(codes, chances), rel=1e-12)
    labels = (rng.random((30, 2)) > 0.5).astype(float)
    assert hits("multilabel", labels, labels).all()
    assert not hits("multilabel", labels, 1 - labels).any()


def test_it_is_not_defined_without_a_spread() -> None:
    assert np.isnan(variances(np.full((9, 1), 0.1))).all()  # although the mean of such numbers is off by a rounding
    assert np.isnan(variances(np.ones((1, 2)))).all()
    assert np.isnan(variances(np.arange(4.0)[:, None], np.asarray([1.0, 0, 0, 0]))).all()
    assert np.isnan(r2(np.zeros((3, 2)), np.asarray([[1.0, 2], [1, 3], [1, 4]])))


@pytest.mark.parametrize(
    ("outputs", "transform", "optimizer"),
    [
        *((3, transform, "adamw") for transform in TRANSFORMS),
        (1, "none", "adamw"),
        (1, "auto", "adamw"),
        (1, "log", "lbfgs"),
        (3, "none", "lbfgs"),
        (3, "quantile", "lbfgs"),
    ],
)
def test_a_run_says_it_in_scores_and_history(outputs: int, transform: str, optimizer: str) -> None:
    """Of the targets in their own unit, whatever a net is trained on."""
    data = drifting(outputs) if transform == "none" else heavy(outputs)
    rows = np.arange(90, dtype=np.int32)
    parts = gf.data.Split(data, rows[:60], rows[60:80], rows[80:])
    run = gf.train(RECIPE.replace(optimizer=optimizer, target_transform=transform), parts, seeds=2)
    for net, place in zip(run.nets, range(2), strict=True):
        for part in ("train", "valid"):
            expected = r2_score(parts.y(part), net.predict(parts.x(part)))  # type: ignore[arg-type]
            found = net.score(parts.x(part), parts.y(part)).value  # type: ignore[arg-type]
            assert found == pytest.approx(expected, rel=1e-5, abs=1e-6)  # scikit-learn computes in float32
        assert run.history["valid_score"][-1, place] == pytest.approx(expected, rel=1e-4, abs=1e-5)
    means = [r2_score(parts.y("valid"), net.predict(parts.x("valid"))) for net in run.nets]
    assert run.scores["valid"].value == pytest.approx(np.mean(means), rel=1e-5)


@pytest.mark.parametrize(
    ("outputs", "folds", "transform"),
    [(1, TimeSeriesSplit(2), "none"), (3, 3, "auto"), (1, 3, "quantile")],
)
def test_searches_curves_and_verdicts_say_it(outputs: int, folds: Any, transform: str) -> None:
    data = drifting(outputs) if transform == "none" else heavy(outputs)
    asked = RECIPE.replace(target_transform=transform)
    found = lay_out(data, {"l2": [0.0]}, SearchRequest(asked, folds=folds))
    (recipe,) = found.recipes
    divided, sheets = found.folds, found.sheets()
    results = train_fits(sheets, plan_session(sheets))
    chosen = gf.select(asked, data, vary={"l2": [0.0]}, folds=folds)
    curve = epoch_curve(asked, data, folds=folds)
    for number, sheet in enumerate(sheets):
        for job, fit in enumerate(sheet.fits):
            alone = gf.train(recipe.replace(seed=sheet.jobs[job].recipe.seed), _parts(data, divided.all[fit.fold]))
            expected = r2_score(data.y[fit.held_out], alone.nets[0].predict(data.x[fit.held_out]))
            assert results.values[number, job].score.mean() == pytest.approx(expected, rel=2e-2, abs=2e-2)
            assert chosen.scores[0, fit.fold] == pytest.approx(expected, rel=2e-2, abs=2e-2)
    assert curve.valid.mean[-1] == pytest.approx(chosen.scores.mean(), rel=1e-3, abs=1e-4)
    rows = np.sort(found.rows)
    layout = lay_out_verdict(
        LearningRows(data, rows), asked, VerdictRequest(folds=folds, quick=True, by="score"), early=False
    )
    errors = measure(layout).errors[0]
    own = [_verdict_score(layout, column) for column in range(len(layout.folds.all))]
    np.testing.assert_allclose(1 - errors, own, rtol=2e-2, atol=2e-2)


def _parts(data: Dataset, fold: Any) -> Any:
    return gf.data.Split(data, fold.train, fold.valid, np.empty(0, np.int32))


def _verdict_score(layout: Any, column: int) -> float:
    """R² of the recipe's net on a fold, trained alone."""
    fold = layout.folds.all[column]
    (job,) = (
        sheet.jobs[place]
        for sheet in layout.sheets
        for place, fit in enumerate(sheet.fits)
        if (fit.setting, fit.fold) == (0, column)
    )
    data = layout.sheets[0].data
    run = gf.train(layout.recipes[0].replace(seed=job.recipe.seed), _parts(data, fold))
    return float(r2_score(data.y[fold.valid], run.nets[0].predict(data.x[fold.valid])))


def test_folds_on_which_it_is_not_defined_are_refused() -> None:
    data = drifting(1, rows=12)
    rows = np.arange(12, dtype=np.int32)
    folds = make_folds(data, rows, folds=12)
    assert {len(fold.valid) for fold in folds.all} == {1}
    rule = r"R² is not defined on fold 0: it needs two held-out rows whose targets differ; got .*"
    recipe = RECIPE.replace(batch_size=4)
    given = gf.data.Split(data, rows[:11], rows[11:], rows[:0])
    with pytest.raises(InputError, match=rule + r"\. Measure the loss, or use fewer folds"):
        gf.select(recipe, given, vary={"l2": [0.0, 0.1]}, folds=12)
    assert np.isfinite(gf.select(recipe, given, vary={"l2": [0.0, 0.1]}, folds=12, by="loss").losses).all()
    with pytest.raises(InputError, match=rule):
        gf.verdict(recipe, given, folds=12)


def test_early_stopping_by_a_score_that_is_not_defined_watches_the_loss() -> None:
    data = Dataset("flat", drifting(1).x, np.ones((90, 1), np.float32), "regression")
    by_score, by_loss = (
        gf.train(RECIPE.replace(monitor=what, keep_best=True, patience=3, epochs=20), data)
        for what in ("score", "loss")
    )
    assert by_score.best_epochs == by_loss.best_epochs
    assert np.isnan(by_score.history["valid_score"]).all()
    assert "R² is undefined" in by_score.scores["valid"].method
