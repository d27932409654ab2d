"""Tables of studies: bands over seeds by hand, intervals, epochs, and what figures read back from them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from goodfit.studies.common.deep_nets import doublings
from goodfit.studies.common.drawing import edges
from goodfit.studies.estimates import mean_of
from goodfit.studies.tabulating import band, by_epoch, cells, columns, table_of


def test_a_band_leaves_out_what_is_not_finite() -> None:
    found = band("loss", [3.0, 1.0, math.nan, 2.0, math.inf])
    assert list(found) == ["loss_low", "loss_median", "loss_high"]
    np.testing.assert_allclose([*found.values()], [1.05, 2.0, 2.95])
    assert all(math.isnan(value) for value in band("loss", [math.nan]).values())


def test_a_row_an_epoch() -> None:
    losses = np.array([[4.0, 2.0], [6.0, 4.0]])  # two seeds, two epochs
    rows = by_epoch([5, 10], {"net": "a"}, loss=losses)
    assert [(row["net"], row["epoch"], row["loss_median"]) for row in rows] == [("a", 5, 5.0), ("a", 10, 3.0)]
    assert list(table_of(rows)) == ["net", "epoch", "loss_low", "loss_median", "loss_high"]


def test_the_cells_of_an_interval() -> None:
    found = mean_of([1.0, 2.0, 3.0])
    assert cells("gap", found) == {"gap": found.value, "gap_low": found.low, "gap_high": found.high}
    assert columns(("a", "b"), [(1, "x"), (2, "y")]) == {"a": [1, 2], "b": ["x", "y"]}


@pytest.mark.parametrize(
    ("names", "name", "expected"),
    [
        (("loss_low", "loss_median", "loss_high"), "loss", [1, 0, 2]),
        (("gap", "gap_low", "gap_high"), "gap", [0, 1, 2]),
        (("low", "median", "high"), "", [1, 0, 2]),
        (("mean", "low", "high"), "", [0, 1, 2]),
    ],
)
def test_edges_are_the_middle_and_both_ends(names: tuple[str, ...], name: str, expected: list[int]) -> None:
    table = {each: np.array([at, at + 10]) for at, each in enumerate(names)}
    assert [int(each[0]) for each in edges(table, name, [0])] == expected


def test_doublings() -> None:
    assert doublings(2, 16) == [2, 4, 8, 16]
    assert doublings(2, 24) == [2, 4, 8, 16, 24]
    assert doublings(1, 1) == [1]
