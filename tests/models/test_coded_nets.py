"""Rows with codes for large categories: nets predict from them what they predict from an array of the same inputs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from model_help import net

from goodfit.data.encoding import PiecewiseEncoding
from goodfit.data.tables.coded import CodedRows
from goodfit.data.tables.preprocessing import Preprocessing
from goodfit.errors import InputError
from goodfit.models.averaging import mean_values
from goodfit.models.quantile_head import QuantileHead
from goodfit.models.quantiles import quantiles_of, quantiles_together


def people(rows: int, seed: int = 0) -> dict[str, list[Any]]:
    """A table with categories of which two columns have many."""
    rng = np.random.default_rng(seed)
    return {
        "age": [None if place % 20 == 3 else age for place, age in enumerate(rng.integers(18, 90, rows).tolist())],
        "school": rng.choice(["doctor", "master", "none at all"], rows).tolist(),
        "town": [f"town {each}" for each in rng.integers(0, 40, rows)],
        "member": rng.choice(["yes", "no"], rows).tolist(),
        "height": rng.normal(170, 10, rows).round(1).tolist(),
    }


COLUMNS = people(300)
COLUMNS["town"][7], COLUMNS["street"] = None, [f"street {place % 120}" for place in range(300)]
KINDS: Any = {
    "age": "numeric",
    "town": "categorical",
    "member": "boolean",
    "street": "categorical",
    "height": "numeric",
}
MADE = Preprocessing.fit(COLUMNS, KINDS, np.arange(200))
NEW = people(300, seed=1)
NEW["town"][3:6], NEW["street"] = [None, "elsewhere", ""], [f"street {place * 3}" for place in range(300)]
DENSE, NOTES = MADE.transform(NEW)
CODED, CODED_NOTES = MADE.transform(NEW, coded=True)
FIRST = MADE.n_inputs
PLAIN: dict[str, Any] = {"shift": [0.0], "scale": [1.0], "bend": [0.0]}  # as nets of tables are


def test_the_same_inputs_and_notes() -> None:
    assert isinstance(CODED, CodedRows)
    assert CODED.codes.shape == (300, 2)
    assert CODED.shape == DENSE.shape
    assert len(CODED.places) == 4  # age and its gaps, member, height
    np.testing.assert_array_equal(CODED.dense, DENSE)
    assert CODED_NOTES == NOTES
    assert any("not seen" in note for note in NOTES)
    few = Preprocessing.fit(COLUMNS, {"age": "numeric", "school": "categorical"})
    assert isinstance(few.transform(NEW, coded=True)[0], np.ndarray)  # no column of many categories
    row = {name: values[:1] for name, values in NEW.items()}
    np.testing.assert_array_equal(MADE.transform(row, coded=True)[0], DENSE[:1])


ONE = replace(net((FIRST, 7, 2), ("gelu",)), **PLAIN)
AGES = PiecewiseEncoding(np.array([0, FIRST - 1]), np.array([[-1, 0, 1], [-2, 0.5, 3]]))
ENCODED = replace(net((FIRST + 4, 7, 2), ("tanh",), 1), encoding=AGES, **PLAIN)
NETS = {
    "plain": ONE,
    "no hidden layer": replace(net((FIRST, 2), (), 2), **PLAIN),
    "encoded": ENCODED,
    "a category encoded": replace(ENCODED, encoding=replace(AGES, columns=np.array([0, 5]))),
    "scaled": net((FIRST, 7, 2), ("relu",), 3, bend=np.full(FIRST, 0.3)),
}


@pytest.mark.parametrize("name", NETS)
def test_the_same_predictions(name: str) -> None:
    one = NETS[name]
    np.testing.assert_array_equal(mean_values([one], CODED), mean_values([one], DENSE))
    np.testing.assert_allclose(one.outputs(CODED, np.float64), one.outputs(DENSE, np.float64), rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(one.outputs(CODED), one.outputs(DENSE), rtol=1e-4, atol=1e-5)


def test_the_same_quantiles() -> None:
    head = QuantileHead((0.1, 0.5, 0.9), np.full((4, 7), 0.1, np.float32), np.arange(4, dtype=np.float32))
    one = replace(net((FIRST, 7, 2), ("tanh",), 10, task="regression", classes=(), head=head), **PLAIN)
    np.testing.assert_allclose(quantiles_of(one, CODED), quantiles_of(one, DENSE), rtol=1e-13)
    # rounded, they are the same beside any number of rows: few come as an array, and many as codes
    few, _ = MADE.transform({name: values[:40] for name, values in NEW.items()}, coded=True)
    assert isinstance(few, np.ndarray)
    np.testing.assert_array_equal(quantiles_together([one], CODED)[:40], quantiles_together([one], few))


def test_rows_of_another_width() -> None:
    with pytest.raises(InputError, match=f"rows of a table with 5 inputs; got '?{FIRST} inputs"):
        net((5, 2), ()).outputs(CODED)


def test_rows_are_made_an_array_once() -> None:
    rows = replace(CODED)
    mean_values([NETS["scaled"]] * 2, rows)
    assert rows.dense is rows.dense
