"""Values of a column to try: those that the column has, whatever its kind."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from goodfit.data.tables.grids import MOST_CATEGORIES, column_grid
from goodfit.data.tables.ordered import Ordered
from goodfit.data.tables.preprocessing import Preprocessing

SIZES = ("small", "medium", "large", "huge", "none yet")
TABLE: dict[str, list[Any]] = {
    "number": [3.0, 1.0, 2.5, None, 2.0, 3.0],
    "day": ["2024-01-01", "2024-03-01", "2024-02-01", None, "2024-01-15", "2024-01-01"],
    "truth": ["yes", "no", "yes", None, "yes", "no"],
    "word": ["b", "a", "c", None, "b", "b"],
    "size": ["large", "small", "huge", None, "small", "medium"],
}
KINDS: dict[str, Any] = {
    "number": "numeric",
    "day": "date",
    "truth": "boolean",
    "word": "categorical",
    "size": "categorical",
}


@pytest.mark.parametrize("name", TABLE)
def test_the_values_are_those_of_the_column_and_become_its_inputs(name: str) -> None:
    fitted = Preprocessing.fit(TABLE, KINDS, orders={"size": SIZES})
    x, _ = fitted.transform(TABLE)
    (column,) = (each for each in fitted.columns if each.name == name)
    start = [*fitted.features].index(column.features[0])
    own = x[:, start : start + column.width]
    grid = column_grid(column, own, 20)
    assert not grid.notes
    if name != "day":  # even steps, between which the column has none
        assert {str(value) for value in grid.values} == {str(value) for value in TABLE[name] if value is not None}
        known = own[own[:, -1] == 0]
        assert {tuple(row) for row in grid.inputs.tolist()} == {tuple(row) for row in known.tolist()}
    assert len(grid.values) == len(np.unique(grid.inputs, axis=0))
    assert not grid.inputs[:, -1].any()  # of a missing value


def test_ordered_categories_stand_in_their_order_and_the_most_frequent_are_taken() -> None:
    column = Ordered.fit("size", _column([2, 0, 3, 0, 1]), SIZES)
    grid = column_grid(column, column.values[[2, 0, 3, 0, 1]][:, None].astype(np.float32), 20)
    assert grid.values == ("small", "medium", "large", "huge")
    many = tuple(f"step {place:03}" for place in range(100))
    ranks = np.concatenate([np.arange(100), np.arange(40, 40 + MOST_CATEGORIES)])
    wide = Ordered.fit("step", _column(ranks, many), many)
    found = column_grid(wide, wide.values[ranks][:, None].astype(np.float32), 20)
    assert found.values == many[40 : 40 + MOST_CATEGORIES]
    alone = Ordered.fit("size", _column([1, 1, 1]), SIZES)
    assert column_grid(alone, np.zeros((3, 1), np.float32), 20).values == ("medium",)


def _column(ranks: Any, names: Any = SIZES) -> Any:
    from goodfit.data.tables.frames import frame_of

    return frame_of({"column": [names[rank] for rank in ranks]}).columns["column"]
