"""The epoch curve against trainings that end there, and against a search's own scores."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.model_selection import TimeSeriesSplit

from goodfit.curves import epoch_curve
from goodfit.data import Dataset
from goodfit.errors import GoodfitError, InputError
from goodfit.selection import select
from goodfit.selection.layout import lay_out
from goodfit.selection.methods import SearchRequest
from goodfit.selection.sheets import row_values
from goodfit.training import Job, cohort_of, fit, session
from goodfit.training.settings import schedule_of
from searching import BASE, Stop, dataset, killed_after


def numbers(outputs: int = 1) -> Dataset:
    rng = np.random.default_rng(1)
    x = rng.normal(3.0, 5.0, (60, 4)).astype(np.float32)
    y = (x @ rng.normal(size=(4, outputs)) + rng.normal(size=(60, outputs))).astype(np.float32) * 7
    return Dataset("n", x, y, "regression", scale_targets=True)


@pytest.mark.parametrize("by", ["score", "loss"])
@pytest.mark.parametrize("data", [dataset(), numbers()], ids=["classes", "numbers"])
@pytest.mark.parametrize("folds", [3, TimeSeriesSplit(2)], ids=["partition", "alone"])
def test_the_last_epoch_is_what_a_search_scores(data: Dataset, by: Any, folds: Any) -> None:
    found = epoch_curve(BASE, data, folds=folds, seeds=2, by=by)
    whole = select(BASE, data, vary={"l2": [BASE.l2]}, folds=folds, seeds=2, by=by, train_scores=True)
    assert found.values == tuple(range(1, 10))
    assert found.field == "epochs"
    assert found.what == whole.score_name
    valid, train = (whole.scores, whole.train_scores) if by == "score" else (whole.losses, whole.train_losses)
    assert found.valid.mean[-1] == pytest.approx(valid.mean(), rel=1e-4)
    assert found.train.mean[-1] == pytest.approx(train.mean(), rel=1e-4)
    row = whole.rows()[0]
    assert found.valid.low[-1] == pytest.approx(row["low"], rel=1e-3, abs=1e-4)
    assert found.valid.high[-1] == pytest.approx(row["high"], rel=1e-3, abs=1e-4)


def test_an_earlier_epoch_is_a_training_that_ends_there() -> None:
    """Of the whole schedule, with dropout off where rows are scored."""
    data = dataset()
    found = epoch_curve(BASE, data, folds=3, by="loss")
    sheet = lay_out(data, {"l2": [BASE.l2]}, SearchRequest(BASE, folds=3)).sheets()[0]
    train, valid = [], []
    for number, job in enumerate(sheet.jobs):
        short = Job(job.recipe.replace(epochs=4, warmup=0.0), rows=job.rows, schedule=schedule_of(job))
        net = sheet.net(number, fit(cohort_of([short], sheet.examples, 1)).nets[0])
        for rows, losses in ((sheet.training_rows(number), train), (sheet.fits[number].held_out, valid)):
            losses.append(row_values(net, net.outputs(data.x[rows]), data.y[rows])[1].mean())
    assert found.valid.mean[3] == pytest.approx(np.mean(valid), rel=1e-4)
    assert found.train.mean[3] == pytest.approx(np.mean(train), rel=1e-4)


def test_the_best_epoch_is_marked_and_few_can_be_scored() -> None:
    found = epoch_curve(BASE, dataset(), folds=3, by="loss", every=4)
    assert found.values == (4, 8, 9)
    assert found.best == int(np.argmin(found.valid.mean))
    whole = epoch_curve(BASE, dataset(), folds=3, by="loss")
    np.testing.assert_allclose(found.valid.mean, whole.valid.mean[[3, 7, 8]], rtol=1e-5)


def test_several_targets_count_in_their_scaled_units() -> None:
    """The same as for targets that were divided by their spread before."""
    data = numbers(2)
    even = replace(data, y=data.y / data.y.std(axis=0))
    one, other = (epoch_curve(BASE, each, folds=3).valid.mean for each in (data, even))
    np.testing.assert_allclose(one, other, rtol=1e-3)


def test_nets_that_diverge_have_no_value_from_there_on() -> None:
    wild = BASE.replace(activation="relu", dropout=0.0)
    found = epoch_curve(wild.replace(learning_rate=10.0), numbers(), folds=3)
    assert np.isnan(found.valid.mean[-1])
    assert np.isfinite(found.valid.mean[0])
    with pytest.raises(GoodfitError, match="at every value of epochs a net diverged on some fold"):
        epoch_curve(wild.replace(learning_rate=1e38), numbers(), folds=3)


@pytest.mark.parametrize("reports", [0, 1, 2, 3])
def test_a_curve_goes_on_where_it_was_killed(tmp_path: Path, reports: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("goodfit.training.store.FEWEST_SECONDS", 0.0)
    monkeypatch.setattr("goodfit.training.store.SHARE_OF_TIME", float("inf"))
    monkeypatch.setattr(session, "fit", lambda *a, **k: fit(*a, **{**k, "chunk_seconds": 0.0}))
    how: dict[str, Any] = {"folds": TimeSeriesSplit(2), "by": "loss"}
    whole = epoch_curve(BASE, dataset(), **how)
    with pytest.raises(Stop):
        epoch_curve(BASE, dataset(), **how, out=tmp_path, progress=killed_after(reports * 4))
    again = epoch_curve(BASE, dataset(), **how, out=tmp_path)
    np.testing.assert_array_equal(again.valid.mean, whole.valid.mean)
    np.testing.assert_array_equal(again.train.mean, whole.train.mean)

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("nothing is left to be trained")

    monkeypatch.setattr(session, "fit", refuse)
    np.testing.assert_array_equal(epoch_curve(BASE, dataset(), **how, out=tmp_path).valid.mean, whole.valid.mean)
    with pytest.raises(InputError, match=r"holds a different curve\. Give another folder"):
        epoch_curve(BASE.replace(l2=0.5), dataset(), **how, out=tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"every": 0}, "'every' must be an integer from 1 to the 9 epochs; got 0"),
        ({"every": 10}, "'every' must be an integer from 1 to the 9 epochs; got 10"),
        ({"by": "accuracy"}, "'by' must be score or loss"),
        ({"folds": 1}, "there must be at least two folds"),
    ],
)
def test_curves_that_cannot_be(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        epoch_curve(BASE, dataset(), **changes)
