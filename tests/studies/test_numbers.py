"""Numbers as people read them."""

from __future__ import annotations

import math

import pytest

from goodfit.studies.estimates import Estimate, exactly
from goodfit.studies.numbers import estimate, interval, intervals_of, shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.35565209, "0.3557"),
        (12.963241, "12.96"),
        (123456.7, "123,457"),
        (2.1897e26, "2.190e+26"),
        (-0.00012345, "−1.234e−04"),
        (0.0, "0"),
        (1500, "1,500"),
        (-3, "−3"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
        (math.nan, "–"),
        (None, "–"),
        (True, "True"),
        ("relu", "relu"),
        ((1.5, 2), "1.500, 2"),
    ],
)
def test_a_cell(value: object, text: str) -> None:
    assert shown(value) == text


def test_estimates_and_intervals() -> None:
    assert estimate(Estimate(0.37, 0.36, 0.38)) == "0.3700 [0.3600, 0.3800]"
    assert estimate(exactly(1e-16)) == "1.000e−16"
    assert estimate(Estimate(2.0, math.nan, math.nan)) == "2.000"
    assert interval(math.nan, 1.0) == "–"


@pytest.mark.parametrize(
    ("names", "places"),
    [
        (["net", "norm", "norm_low", "norm_high"], [(1, 2, 3)]),
        (["net", "train_low", "train_median", "train_high", "bias"], [(2, 1, 3)]),
        (["low", "median", "high", "a_median", "a_low", "a_high"], [(1, 0, 2), (3, 4, 5)]),
        (["a_low", "b", "c_high"], []),
        (["a_low", "a_high", "b"], []),
    ],
)
def test_columns_that_make_an_interval(names: list[str], places: list[tuple[int, int, int]]) -> None:
    assert intervals_of(names) == places
