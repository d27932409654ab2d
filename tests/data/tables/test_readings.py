"""Readings that must not depend on what is not meant: digits of other scripts, midnight, the advice for a comma."""

from __future__ import annotations

import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from table_help import raw

from goodfit.data import read_table, table
from goodfit.data.tables.frames import frame_of
from goodfit.data.tables.kinds import are_codes, find_kind
from goodfit.data.tables.raw import raw_column, truth_of
from goodfit.data.tables.survey import Choices, survey
from goodfit.errors import InputError


@pytest.mark.parametrize("digits", ["٠١٢٣٤٥٦٧٨٩", "０１２３４５６７８９", "०१२३४५६७८९"])
def test_digits_of_other_scripts_are_texts_everywhere(digits: str) -> None:
    """Arrow reads no numbers in them, so that nothing else may: a code, a truth, a date."""
    zero, one, *_ = digits
    assert truth_of(one) is None
    assert find_kind(raw([zero, one] * 30)).kind == "categorical"
    assert not are_codes([f"0{one}", "3"])
    assert find_kind(raw([f"{digit}{one}" for digit in digits] * 5)).kind == "categorical"
    assert find_kind(raw([f"{one}:{zero}{zero}", f"{one},{zero}"] * 20)).remark == ""


def test_midnight_is_a_time_among_times_and_a_day_among_days() -> None:
    times = pa.array([datetime.time(0, 0), datetime.time(12, 30), None])
    column = raw_column(times)
    assert column.categories() == ["00:00:00", "12:30:00"]
    assert column.shown(0) == "00:00:00"
    assert column.take(column.codes.argsort()[1:2]).categories() == ["00:00:00"]
    stamps = raw_column(pa.array([datetime.datetime(1970, 1, 1), datetime.datetime(1970, 1, 1, 12, 30)]))
    assert stamps.categories() == ["1970-01-01", "1970-01-01T12:30:00"]


@pytest.mark.parametrize(
    ("cells", "fix"),
    [
        ([f"{place},5" for place in range(30)], "Write them with a decimal point and no other mark, as 1234.5."),
        ([f"{1 + place % 28}.{1 + place % 12}.2020" for place in range(60)], "Write them as 2024-01-31."),
        ([f"{1 + place % 12}:{place:02d} pm" for place in range(60)], "Write them as 17:42."),
        ([f"${place},000.50" for place in range(60)], "Write them as plain numbers, as 1234.5."),
    ],
)
def test_what_is_written_otherwise_is_first_told_to_be_written_so(cells: list[str], fix: str) -> None:
    """Not to be taken for categories: that would hide the order of the numbers."""
    frame = frame_of(pd.DataFrame({"a": cells, "y": range(len(cells))}))
    (problem,) = survey(frame, Choices.of("y", (), None, None)).problems
    assert problem.endswith(f"{fix} If they are names, treat the column as categorical: --kind a=categorical.")


def test_long_doubles_are_numbers(tmp_path: Path) -> None:
    """Of an NPZ file, a dict and a structured array, as inputs and as the target."""
    wide = np.linspace(0, 1, 40, dtype=np.longdouble)
    np.savez(tmp_path / "wide.npz", x=wide[:, None], y=wide)
    given = np.array(list(zip(wide, wide, strict=True)), [("x0", np.longdouble), ("y", np.longdouble)])
    for made in (read_table(tmp_path / "wide.npz", "y"), table({"x0": wide, "y": wide}, "y"), table(given, "y")):
        assert (made.kinds, made.target.task) == ({"x0": "numeric"}, "regression")
        np.testing.assert_array_equal(made.target.y.astype(np.float32), wide.astype(np.float32))


@pytest.mark.parametrize("cells", [["inf", "0.5", "-inf", "1.5"] * 9, [float("inf"), 0.5, -float("inf"), 1.5] * 9])
def test_infinite_numbers_are_told(cells: list[object]) -> None:
    y = list(range(len(cells)))
    found = table({"x": cells, "z": np.linspace(0, 1, len(cells)), "y": y}, target="y")
    about = {column.name: column.about for column in found.columns}
    assert about["x"] == "18 infinite, taken as missing"
    assert about["z"] == ""


def test_an_infinite_number_is_no_class_and_a_word_is() -> None:
    y = ["1", "2", "3", "inf"] * 20
    ratings = table({"x": np.arange(80.0), "y": y}, target="y", task="classification")
    assert ratings.target.classes == ("1", "2", "3")
    assert len(ratings) == 60
    assert any("infinite" in note for note in ratings.notes)
    words = table({"x": np.arange(80.0), "y": ["low", "inf"] * 40}, target="y")
    assert words.target.classes == ("inf", "low")
    with pytest.raises(InputError, match="at least two"):
        table({"x": np.arange(80.0), "y": ["5"] * 79 + ["inf"]}, target="y")
