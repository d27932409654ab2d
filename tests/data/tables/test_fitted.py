from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.preprocessing import OneHotEncoder, RobustScaler
from table_help import raw

from goodfit.data.robust import CLIP, ColumnScaling
from goodfit.data.tables.base import CellNotes
from goodfit.data.tables.categories import Frequent, OneHot
from goodfit.data.tables.fitted import FIT, Boolean, FittedColumn, Numeric

NAN = float("nan")


def filled(column: FittedColumn, values: Any) -> tuple[np.ndarray, list[str]]:
    out, notes = np.zeros((len(values), len(column.features)), np.float32), CellNotes()
    column.fill(raw(values), out, notes)
    return out, notes.texts([column.name])


def test_scaling_by_hand() -> None:
    scaling = ColumnScaling.fit(np.array([0.0, 1, 2, 3, 4]))
    assert (scaling.median, scaling.factor) == (2, 1 / 2)  # quartiles 1 and 3
    z = np.array([-1, 0, 1, NAN])  # of 0, 2, 4 and a missing one
    expected = np.nan_to_num(z / np.sqrt(1 + (z / 3) ** 2))
    assert np.allclose(scaling.apply(np.array([0, 2, 4, NAN])), expected)
    assert ColumnScaling.fit(np.array([0.0] * 9 + [10])) == ColumnScaling(
        0.0, 0.2
    )  # no spread in the middle: 2 / (10 - 0)
    assert ColumnScaling.fit(np.array([5.0, 5])) == ColumnScaling(5.0, 0.0)
    assert ColumnScaling.fit(np.array([])) == ColumnScaling(0.0, 0.0)


def test_scaling_against_scikit_learn() -> None:
    x = np.random.default_rng(0).lognormal(size=(501, 1))
    z = RobustScaler().fit_transform(x)[:, 0]
    ours = ColumnScaling.fit(x[:, 0]).apply(x[:, 0])
    assert np.allclose(ours, z / np.sqrt(1 + (z / CLIP) ** 2))


@pytest.mark.parametrize(
    "values",
    [
        [1e300, -1e300, 1e308, -1.7e308],
        [0, 5e-324, 1e-320],
        [1e16, 1e16 + 2],
        [1 / 3] * 3 + [1 / 3 + 1e-16],
        [-5.0, 5.0],
    ],
)
def test_scaling_of_extreme_numbers_stays_within_the_clip(values: list[float]) -> None:
    scaling = ColumnScaling.fit(np.array(values, float))
    scaled = scaling.apply(np.array([*values, 1.7e308, -1.7e308]))
    assert np.isfinite(scaled).all()
    assert np.abs(scaled).max() <= CLIP


def test_a_spread_of_rounding_alone_is_none() -> None:
    assert ColumnScaling.fit(np.array([0.1 + 0.2, 0.3, 0.3, 0.1 + 0.2])).factor == 0
    assert ColumnScaling.fit(np.array([1e6, 1e6 + 1e-3, 1e6 + 2e-3])).factor == pytest.approx(1e3, rel=1e-5)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=50))
def test_scaling_keeps_the_order(values: list[float]) -> None:
    scaled = ColumnScaling.fit(np.array(values)).apply(np.sort(values))
    assert (np.diff(scaled) >= 0).all()


def test_numbers_with_and_without_missing_ones() -> None:
    column = Numeric.fit("age", raw([1, None, 3, 5, float("inf")]))
    assert column.features == ("age", "age is missing")
    assert column.scaling.median == 3
    out, notes = filled(column, [3, None, float("-inf")])
    assert out.tolist() == [[0, 0], [0, 1], [0, 1]]
    assert notes == ["Column 'age': 1 value is infinite; taken as missing."]
    whole = Numeric.fit("age", raw([1, 2, 3]))
    out, notes = filled(whole, [2, None, "3.0", "inf"])
    assert out[:3, 0].tolist() == [0, 0, whole.scaling.apply(np.array([3.0]))[0].astype(np.float32)]
    assert notes == [
        "Column 'age': 1 value is infinite; taken as missing.",
        "Column 'age': 2 values are missing; taken as the median of the training rows.",
    ]


def test_yes_and_no_are_one_and_zero() -> None:
    column = Boolean.fit("member", raw(["yes", "yes", "no", ""]))
    assert (column.missing, column.often) == (True, True)
    out, notes = filled(column, ["no", "TRUE", None])
    assert out.tolist() == [[0, 0], [1, 0], [1, 1]]
    assert notes == []
    out, notes = filled(Boolean.fit("member", raw([True, False, False])), [True, None])
    assert out.tolist() == [[1], [0]]
    assert notes == ["Column 'member': 1 value is missing; taken as the more frequent value of the training rows."]


def test_categories_against_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    seen, new = rng.choice(["a", "b", "é", "3"], 50), rng.choice(["a", "b", "é", "3", "x"], 50)
    column = FIT["categorical"]("town", raw(seen))
    assert isinstance(column, OneHot)
    out, notes = filled(column, new)
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(seen[:, None])
    assert np.array_equal(out, encoder.transform(new[:, None]))
    assert column.features == tuple(f"town={name}" for name in encoder.categories_[0])
    assert notes == [f"Column 'town': {(new == 'x').sum()} values are not seen in training: 'x'."]


def test_missing_categories() -> None:
    column = FIT["categorical"]("town", raw(["a", None, "b"]))
    out, notes = filled(column, ["b", None, "c", "d", "e", "f"])
    assert out.tolist() == [[0, 1, 0], [0, 0, 1], *[[0, 0, 0]] * 4]
    assert notes == ["Column 'town': 4 values are not seen in training: 'c', 'd', 'e', ...."]
    _, notes = filled(FIT["categorical"]("town", raw(["a", "b"])), [None, "a"])
    assert notes == ["Column 'town': 1 value is missing; taken as none of its categories."]


def test_only_categories_of_the_rows_at_hand_count() -> None:
    column = raw([f"town {i}" for i in range(100)]).take(np.arange(2))
    assert FIT["categorical"]("town", column).features == ("town=town 0", "town=town 1")


def test_buckets_are_the_declared_hash() -> None:
    column = Frequent("town", False, (), 64)
    for word in ("a", "é", ""):
        digest = hashlib.blake2b(b"town\0" + word.encode("utf-8"), digest_size=8).digest()
        assert column.bucket(word) == sum(byte << (8 * place) for place, byte in enumerate(digest)) % 64
    code = (
        "from goodfit.data.tables.categories import Frequent; "
        "print([Frequent('t', False, (), 1000).bucket(w) for w in 'abc'])"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True
        ).stdout
        for seed in ("1", "2")
    }
    assert said == {f"{[Frequent('t', False, (), 1000).bucket(word) for word in 'abc']}\n"}


def test_buckets_are_even() -> None:
    """Chi-squared with 63 degrees of freedom: 99.99 % lie below 112."""
    counts = np.bincount([Frequent("town", False, (), 64).bucket(f"town {i}") for i in range(6400)], minlength=64)
    assert ((counts - 100) ** 2 / 100).sum() < 112
