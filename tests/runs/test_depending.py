"""`goodfit.partial_dependence`: the same as scikit-learn's, and the values that are tried."""

from __future__ import annotations

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
