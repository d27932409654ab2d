"""A typical row is read without a note, and is in the middle of what the net was trained on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from goodfit.data.robust import ColumnScaling
from goodfit.data.tables import Preprocessing, typical_row
from goodfit.data.tables.categories import Frequent, OneHot
from goodfit.data.tables.dates import Moments
from goodfit.data.tables.typical import typical_value

TABLE: dict[str, list[Any]] = {
    "number": [3, 1, 2.5, 100, 2],
    "whole": [7, 7, 9, 8, 8],
    "day": ["2020-01-01", "2020-03-01", "2020-02-01", "2021-01-01", "2019-01-01"],
    "moment": ["2020-01-01T10:00", "2020-01-03T11:30", "2020-01-02T12:15", "2020-01-05T01:00", "2019-12-01T02:00"],
    "time": ["10:00", "11:30", "9:15", "12:00", "13:00"],
    "yes": ["yes", "no", "yes", "yes", "no"],
    "word": ["b", "a", "c", "a", "b"],
}
KINDS: dict[str, Any] = {
    **dict.fromkeys(("number", "whole"), "numeric"),
    **dict.fromkeys(("day", "moment", "time"), "date"),
    "yes": "boolean",
    "word": "categorical",
}


def test_each_kind_has_its_middle() -> None:
    assert typical_row(Preprocessing.fit(TABLE, KINDS)) == {
        "number": 2.5,
        "whole": 8,
        "day": "2020-02-01",
        "moment": "2020-01-02T12:15:00",
        "time": "11:30:00",
        "yes": True,
        "word": "a",
    }


def test_it_is_read_without_a_note_and_lies_in_the_middle() -> None:
    made = Preprocessing.fit(TABLE, KINDS)
    x, notes = made.transform({name: [value] for name, value in typical_row(made).items()})
    assert notes == []
    inputs = dict(zip(made.features, x[0].tolist(), strict=True))
    middle = [inputs[name] for name in ("number", "whole", "day days", "moment days", "time days")]
    np.testing.assert_allclose(middle, 0, atol=1e-5)
    assert (inputs["yes"], inputs["word=a"]) == (1, 1)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (OneHot("x", False, ()), None),
        (Frequent("x", False, (), 3), None),
        (Frequent("x", False, ("often",), 3), "often"),
        (Moments("x", False, ColumnScaling(1e300, 1.0), ("trend",)), None),
        (Moments("x", False, ColumnScaling(-800_000.0, 1.0), ("trend",)), None),
        (Moments("x", False, ColumnScaling(-135140.0, 1.0), ("trend",)), "1600-01-01"),
    ],
    ids=repr,
)
def test_what_has_no_value_to_show_has_none(column: Any, value: Any) -> None:
    assert typical_value(column) == value
