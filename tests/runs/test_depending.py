"""`goodfit.partial_dependence`: the same as scikit-learn's, and the values that are tried."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.inspection import partial_dependence

import goodfit as gf
from goodfit.data import Dataset, Ledger
from goodfit.errors import InputError


def frame(rows: int = 150, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    size, town = rng.normal(100, 20, rows), rng.choice(["Bern", "Oslo", "Rome"], rows)
    size[::10] = np.nan
    days = np.datetime64("2024-01-01") + rng.integers(0, 200, rows)
    return pd.DataFrame({"size": size, "town": town, "new": rng.random(rows) < 0.5, "day": days, "luck": size**2})


@pytest.fixture(scope="module")
def nets() -> gf.TableRegressor:
    rows = frame()
    price = rows["size"].fillna(100) * 2 + 30 * (rows["town"] == "Oslo") + 10 * rows["new"]
    return gf.TableRegressor({"epochs": 12, "hidden": (8,)}, random_state=0, leaks="off").fit(rows, price)


def test_the_same_as_scikit_learn(nets: gf.TableRegressor) -> None:
    """Which fills in no gaps: the value goes into every row, and all nets predict together."""
    rows, opened = frame(60, 1), len(Ledger().openings())
    known = rows.assign(size=rows["size"].fillna(90.0))
    right = partial_dependence(nets, known, ["size"], kind="average", method="brute", grid_resolution=7)
    found = gf.partial_dependence(nets, "size", rows, values=right["grid_values"][0].tolist())
    np.testing.assert_allclose(found.mean[:, 0], right["average"][0], rtol=2e-4)
    right = partial_dependence(nets, rows, ["town"], kind="both", method="brute", categorical_features=["town"])
    found = gf.partial_dependence(nets, "town", rows, single_rows=60)
    assert list(found.values) == right["grid_values"][0].tolist() == ["Bern", "Oslo", "Rome"]
    np.testing.assert_allclose(found.mean[:, 0], right["average"][0], rtol=2e-4)
    np.testing.assert_allclose(found.single[:, :, 0], right["individual"][0], rtol=2e-4)
    assert found.rows == "60 new rows"
    assert len(Ledger().openings()) == opened


def test_the_band_is_the_disagreement_of_nets(nets: gf.TableRegressor) -> None:
    found = gf.partial_dependence(nets, "new")
    rows = frame()
    expected = [
        [
            net.predict(nets.run_.nets[0].preprocessing.transform(rows.assign(new=value))[0]).mean()
            for net in nets.run_.nets
        ]
        for value in (False, True)
    ]
    np.testing.assert_allclose(found.mean[:, 0], np.mean(expected, 1), rtol=1e-4)
    np.testing.assert_allclose(found.spread[:, 0], np.std(expected, 1, ddof=1), rtol=1e-2)
    assert (found.values, found.nets, found.rows) == (("no", "yes"), 5, "150 training rows")
    assert found.notes[0].startswith("Disagreement of nets: their standard deviation. It is no interval")
    heads, lines = found.lines()
    assert heads == ["new", "mean prediction", "disagreement of nets"]
    assert [line[0] for line in lines] == ["no", "yes"]
    assert found.to_dict()["mean"] == found.mean.tolist()


def test_values_are_quantiles_and_dates(nets: gf.TableRegressor) -> None:
    size = gf.partial_dependence(nets, "size", points=5)
    known = frame()["size"].dropna()
    np.testing.assert_allclose(size.values, np.quantile(known, np.linspace(0.05, 0.95, 5), method="nearest"), rtol=1e-3)
    assert size.numeric
    days = gf.partial_dependence(nets, "day", points=3).values
    assert (days[0], days[-1]) == (str(frame()["day"].min())[:10], str(frame()["day"].max())[:10])
    given = gf.partial_dependence(nets, "town", values=["Oslo", "Atlantis"])
    assert given.values == ("Oslo", "Atlantis")
    assert any("not seen in training: 'Atlantis'" in note for note in given.notes)
    assert gf.partial_dependence(nets, "day", values=["2024-02-03"]).values == ("2024-02-03",)
    assert gf.partial_dependence(nets, "size", values=["80", "1e2"]).values == (80.0, 100.0)


@pytest.mark.parametrize(
    ("column", "how", "told"),
    [
        ("sise", {}, "'column' must be one that the net takes; got 'sise'. Did you mean 'size'?"),
        ("size", {"points": 1}, "'points' must be from 2 to 1,000; got 1"),
        ("size", {"single_rows": -1}, "'single_rows' must be from 0 to 5,000; got -1"),
        ("size", {"values": ["big"]}, "values of 'size': must be numbers; got 'big'"),
        ("size", {"values": [None]}, "values of 'size': must be numbers"),
        ("day", {"values": ["soon"]}, "values of 'day': must be dates"),
        ("size", {"values": []}, "has no value to try"),
    ],
)
def test_what_cannot_be(nets: gf.TableRegressor, column: str, how: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told.replace("?", r"\?").replace(".", r"\.")):
        gf.partial_dependence(nets, column, **how)


def test_nets_of_arrays_and_a_model_that_needs_rows(nets: gf.TableRegressor) -> None:
    x = np.random.default_rng(0).standard_normal((90, 2)).astype(np.float32)
    data = Dataset.from_arrays(x, np.where(x[:, 0] > 0, "up", "down"), name="halves")
    run = gf.train(gf.Recipe(hidden=(4,), epochs=30, learning_rate=0.05, valid=0.3, dropout=0), data, leaks="off")
    found = gf.partial_dependence(run, "input 0", values=[-2, 2])
    assert (found.outputs, found.nets, found.notes[0]) == (
        ("down", "up"),
        1,
        "There is one net, so there is no disagreement of nets to show.",
    )
    assert found.lines()[0] == ["input 0", "mean probability of up", "disagreement of nets"]
    assert found.mean[0, 1] < 0.3 < 0.7 < found.mean[1, 1]
    with pytest.raises(InputError, match=r"values of 'input 0': must be finite numbers"):
        gf.partial_dependence(run, "input 0", values=["a"])
    with pytest.raises(InputError, match="is a model without a run"):
        gf.partial_dependence(nets.model_, "size")


def test_nets_count_as_often_as_they_predict(nets: gf.TableRegressor) -> None:
    """Of nets that count several times, the mean is what the model predicts, and the spread that of drawing nets."""
    counts = [3, 1, 1, 1, 1]
    several = [replace(net, count=count) for net, count in zip(nets.run_.nets, counts, strict=True)]
    rows = frame(40, 2)
    found = gf.partial_dependence(several, "town", rows, values=["Oslo"], single_rows=40)
    model = gf.Model(several)
    predicted = model.predict(rows.assign(town="Oslo"))
    np.testing.assert_allclose(found.mean[0], predicted.mean(0), rtol=1e-5)
    np.testing.assert_allclose(found.single[:, 0], predicted, rtol=1e-5)
    x = nets.run_.nets[0].preprocessing.transform(rows.assign(town="Oslo"))[0]
    means = [net.predict(x).mean() for net in several]
    # by hand: the unbiased variance of draws of which each has its share, as of samples of unequal importance
    shares = np.array(counts) / 7
    variance = np.sum(shares * (means - np.sum(shares * means)) ** 2) / (1 - np.sum(shares**2))
    assert found.spread[0, 0] == pytest.approx(np.sqrt(variance), rel=1e-3)


def test_pixels_are_set_to_any_number() -> None:
    """Whole numbers are how they are stored, and no bound of what they may be set to."""
    x = np.random.default_rng(0).integers(0, 255, (60, 2)).astype(np.uint8)
    data = Dataset.from_arrays(x, x[:, 0] / 255.0, name="pixels", task="regression")
    run = gf.train(gf.Recipe(hidden=(), epochs=2, valid=0.3, optimizer="sgd"), data, leaks="off")
    found = gf.partial_dependence(run, "input 0", values=[0.0, 0.5, 1.0, 300.0])
    rows = run.split.x("valid").astype(float)
    for place, value in enumerate(found.values):
        rows[:, 0] = value
        assert found.mean[place, 0] == pytest.approx(run.predict(rows).mean(), rel=1e-5)
    assert len(set(found.mean[:, 0])) == 4


def test_both_of_two_labels_are_shown_and_one_of_two_classes() -> None:
    """The probability of a label says nothing of the other's; classes are told by the task, not by their names."""
    x = np.random.default_rng(0).standard_normal((60, 2)).astype(np.float32)
    recipe = gf.Recipe(hidden=(4,), epochs=2, valid=0.3)
    labels = Dataset.from_arrays(x, (x > 0).astype(int), name="labels", task="multilabel", classes=("hot", "wet"))
    found = gf.partial_dependence(gf.train(recipe, labels, leaks="off"), "input 0", points=2)
    heads = [
        "input 0",
        *(f for name in ("hot", "wet") for f in (f"mean probability of {name}", "disagreement of nets")),
    ]
    assert found.lines()[0] == heads
    classes = Dataset.from_arrays(x, np.where(x[:, 0] > 0, "target 1", "target 2"), name="named")
    found = gf.partial_dependence(gf.train(recipe, classes, leaks="off"), "input 0", points=2)
    assert found.lines()[0] == ["input 0", "mean probability of target 2", "disagreement of nets"]


def test_rows_that_have_weights_are_said_to_count_alike() -> None:
    x = np.random.default_rng(0).standard_normal((60, 2)).astype(np.float32)
    data = Dataset.from_arrays(x, x[:, 0], name="weighed", task="regression", weight=np.arange(1.0, 61.0))
    run = gf.train(gf.Recipe(hidden=(), epochs=2, valid=0.3), data, leaks="off")
    for notes in (gf.partial_dependence(run, "input 0").notes, gf.importance(run, repeats=1).notes):
        assert "Unweighted: all rows count alike here, whatever their weights." in notes
