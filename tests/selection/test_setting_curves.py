from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from goodfit.data import Dataset
from goodfit.errors import InputError
from goodfit.selection import select
from goodfit.selection.comparing import interval
from goodfit.selection.layout import lay_out
from goodfit.selection.methods import SearchRequest
from goodfit.selection.setting_curve import band
from goodfit.selection.values import train
from goodfit.training import Recipe
from goodfit.training.turns import plan_session

RECIPE = Recipe(
    hidden=(4,), activation="tanh", dropout=0, optimizer="adam", learning_rate=0.05, schedule="constant", epochs=30
)


def noise(rows: int = 80) -> Dataset:
    """A line tells the classes apart in three rows of four; the rest is chance, which a large net learns by heart."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=(rows, 6)).astype(np.float32)
    flipped = rng.random(rows) < 0.25
    return Dataset("noise", x, ((x[:, 0] > 0) ^ flipped).astype(np.int32), "classification", ("a", "b"))


def test_a_net_that_is_too_large_learns_by_heart(tmp_path: Path) -> None:
    found = select(
        RECIPE.replace(epochs=80, batch_size=16),
        noise(),
        vary={"hidden": [64, (), 2]},
        folds=4,
        by="loss",
        train_scores=True,
        out=tmp_path,
    )
    curve = found.curve()
    assert curve.values == ((), (2,), (64,))  # by their units
    assert (np.diff(curve.train.mean) < 0).all()
    assert curve.valid.mean[2] > 2 * curve.valid.mean[0]
    assert curve.best == 0
    assert curve.what == "loss"
    with (tmp_path / "curve.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["hidden"] for row in rows] == ["none", "2", "64"]
    assert float(rows[2]["validation loss"]) == pytest.approx(curve.valid.mean[2], rel=1e-5)
    assert [row["best"] for row in rows] == ["True", "False", "False"]
    assert (tmp_path / "curve.svg").read_bytes().startswith(b"<?xml")
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")


def test_training_scores_are_those_of_the_rows_that_a_fold_learns_from() -> None:
    data, asked = noise(), SearchRequest(RECIPE, folds=4, train_scores=True)
    sheets = lay_out(data, {"l2": [0.0]}, asked).sheets()
    results = train(sheets, plan_session(sheets))
    for job, fit in enumerate(sheets[0].fits):
        rows = np.sort(sheets[0].training_rows(job))
        learned = np.setdiff1d(sheets[0].examples.train, fit.held_out)
        np.testing.assert_array_equal(rows, learned)
        assert np.isfinite(results.values[0, job].train).all()
    found = select(RECIPE, data, vary={"l2": [0.0, 0.1]}, folds=4)
    assert np.isnan(found.train_scores).all()  # were not asked for
    assert found.curve().what == "accuracy"


def test_bands_are_the_intervals_of_the_folds() -> None:
    values = np.array([[0.8, 0.9, 0.7, 0.85], [0.5, np.nan, 0.6, 0.7]])
    found = band(values, 0.25, "accuracy")
    expected = interval(values[0], 0.25)
    assert found.mean[0] == pytest.approx(0.8125)
    assert (found.low[0], found.high[0]) == (expected.low, min(expected.high, 1.0))  # cut where a share ends
    assert np.isnan([found.mean[1], found.low[1], found.high[1]]).all()


def test_a_curve_has_one_field() -> None:
    found = select(RECIPE.replace(epochs=2), noise(), vary={"l2": [0.0, 0.1], "l1": [0.0]}, folds=3)
    with pytest.raises(InputError, match="a curve needs a search that varies one field; got 'l2, l1'"):
        found.curve()


@pytest.mark.parametrize(
    ("values", "scale"),
    [([0.0, 1e-4, 1e-1], "symlog"), ([1e-4, 1e-1], "log"), ([0.1, 0.2], "linear"), (["relu", "tanh"], "linear")],
)
def test_the_axis_suits_the_values(values: list[Any], scale: str) -> None:
    from goodfit.figures import setting_curve

    flat = {name: np.full(len(values), 0.5) for name in ("mean", "low", "high")}
    figure = setting_curve("l2", values, "accuracy", flat, flat, 1)
    (axes,) = figure.axes
    assert axes.get_xscale() == scale
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels[:2] == ["training data", "held-out data"]
    assert labels[2].startswith("best: ")
    if values[0] == "relu":
        assert [tick.get_text() for tick in axes.get_xticklabels()] == values


def test_what_was_not_measured_is_not_drawn() -> None:
    from goodfit.figures import setting_curve

    known = {name: np.array([0.5, 0.6]) for name in ("mean", "low", "high")}
    nothing = {name: np.full(2, np.nan) for name in ("mean", "low", "high")}
    figure = setting_curve("l2", [1.0, 2.0], "loss", nothing, {**known, "low": nothing["low"]}, 0)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["held-out data", "best: 1"]
    assert figure.get_suptitle() == "Loss by l2"
    figure = setting_curve("l2", [1.0, 2.0], "loss", nothing, nothing, 0)  # as where every net diverged
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["best: 1"]


def test_the_best_point_has_its_interval_and_what_spans_far_a_logarithmic_height() -> None:
    from goodfit.figures import setting_curve

    spread = {"mean": np.array([10.0, 0.01]), "low": np.array([-1.0, 0.005]), "high": np.array([20.0, 0.02])}
    (axes,) = setting_curve("degree", [1, 3], "loss", spread, spread, 1).axes
    assert axes.get_yscale() == "log"
    segments = [each.get_segments() for each in axes.collections if hasattr(each, "get_segments")]
    assert [[[3.0, 0.005], [3.0, 0.02]]] in [[segment.tolist() for segment in each] for each in segments]
    (axes,) = setting_curve("degree", [1, 3], "loss", spread | {"mean": np.array([1.0, -0.01])}, spread, 1).axes
    assert axes.get_yscale() == "linear"


def test_many_epochs_are_a_line_on_an_even_axis() -> None:
    from goodfit.figures import setting_curve

    flat = {name: np.full(100, 0.5) for name in ("mean", "low", "high")}
    (axes,) = setting_curve("epochs", list(range(1, 101)), "loss", flat, flat, 1).axes
    assert axes.get_xscale() == "linear"
    assert all(line.get_marker() in ("", "None", "D") for line in axes.lines)
