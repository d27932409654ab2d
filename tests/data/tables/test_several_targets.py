"""Several targets of a table: which are taken, which rows have them, what tells them, and what is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from goodfit.data import Dataset, read_table, table
from goodfit.data.tables import look
from goodfit.errors import InputError

RNG = np.random.default_rng(0)
X, Z = RNG.normal(size=(2, 60))
A, B = 3 * X + RNG.normal(size=60), 100 * Z + 60 * RNG.normal(size=60)
COLUMNS = {"x": X, "z": Z, "a": A, "b": B}


def test_several_targets_are_columns_of_y_in_the_order_named() -> None:
    found = table(COLUMNS, ["b", "a"])
    assert list(found.kinds) == ["x", "z"]
    assert found.target.columns == ("b", "a")
    assert [column.role for column in found.columns] == ["input", "input", "target", "target"]
    assert repr(found) == "Table('table', 60 rows, 2 input columns, target 'b', 'a': regression, 2 targets)"
    data = found.split(seed=0).data
    np.testing.assert_array_equal(data.y, np.stack([B, A], axis=1).astype(np.float32))
    assert (data.targets, data.n_outputs, data.scale_targets) == (("b", "a"), 2, True)


def test_a_list_of_one_is_one_target() -> None:
    one, other = table(COLUMNS, ["a"]), table(COLUMNS, "a")
    assert one.target.name == other.target.name == "a"
    assert one.target.names == ()
    assert one.dataset(np.arange(60)).y.shape == (60, 1)


def test_a_row_must_have_all_of_its_targets() -> None:
    a, b = A.copy(), B.copy()
    a[[3, 4]], b[[4, 9]], b[10] = np.nan, np.nan, np.inf
    found = table(COLUMNS | {"a": a, "b": b}, ["a", "b"])
    assert found.target.rows.tolist() == [row for row in range(60) if row not in (3, 4, 9, 10)]
    note = "4 rows of 60 left out: one of the targets 'a', 'b' is missing or infinite."
    assert found.notes == (note,)


@pytest.mark.parametrize(
    ("columns", "target", "choices", "text"),
    [
        ({"c": ["u", "v"] * 30}, ["a", "c"], {}, "several targets must all be numbers; 'c' has classes. Train one tar"),
        ({"c": [0, 1] * 30}, ["a", "c"], {}, "several targets must all be numbers; 'c' has classes"),
        ({}, ["a", "b"], {"task": "classification"}, "several targets must be numbers: classes are one target"),
        ({}, ["a", "a"], {}, "'target' must name each column once; got 'a'."),
        ({}, [], {}, "'target' must be the name of a column, or a list of names of numeric columns; got"),
        ({}, ["a", "q"], {}, "the target must be one of its columns; got 'q'"),
        ({}, ["a", "b"], {"ids": "b"}, "the target must not be an id; got 'b'"),
        ({"c": [2.5] * 60}, ["a", "c"], {}, "the target 'c' must have at least two different finite numbers; got 2.5"),
        ({"a": [*A[:30], *[None] * 30], "b": [*[None] * 30, *B[30:]]}, ["a", "b"], {},
         "a row must have all of its targets; none has 'a', 'b'"),
    ],
)  # fmt: skip
def test_what_cannot_be_several_targets_is_said_in_one_sentence(
    columns: dict[str, Any], target: list[str], choices: dict[str, Any], text: str
) -> None:
    with pytest.raises(InputError, match=text) as caught:
        table(COLUMNS | columns, target, **choices)
    assert len(caught.value.problems) == 1


def test_whole_numbers_are_taken_as_numbers_where_that_is_said() -> None:
    found = table(COLUMNS | {"c": [0, 1] * 30}, ["a", "c"], task="regression")
    assert found.target.y[:3, 1].tolist() == [0, 1, 0]


def test_a_leak_names_the_target_that_it_tells() -> None:
    found = table(COLUMNS | {"copy": B, "twice": 2 * A}, ["a", "b"])
    told = {(leak.column, leak.why) for leak in found.leaks}
    assert ("copy", "equals the target 'b' in every row") in told
    assert any(column == "twice" and "the target 'a'" in why for column, why in told)
    assert {column for column, _ in told} == {"copy", "twice"}
    suspects = found.suspects(np.arange(50))
    assert {column for column, *_ in suspects} == {"copy", "twice"}


def test_a_file_is_read_again_with_its_targets(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    lines = [f"{x},{z},{a},{b}" for x, z, a, b in zip(X, Z, A, B, strict=True)]
    path.write_text("\n".join(["x,z,a,b", *lines]))
    found = read_table(path, ["a", "b"])
    assert found.origin is not None
    assert found.origin["target"] == ["a", "b"]
    again = read_table(**found.origin)
    np.testing.assert_array_equal(again.target.y, found.target.y)
    assert [column.role for column in look(path, ["a", "b"]).columns].count("target") == 2


def test_test_rows_of_their_own_have_all_targets_too() -> None:
    more = {name: values[:20] + 0.5 for name, values in COLUMNS.items()}
    more["a"] = more["a"].copy()
    more["a"][5] = np.nan
    found = table(COLUMNS, ["a", "b"], test=more)
    assert found.sealed is not None
    assert found.sealed.y.shape == (19, 2)
    assert any("row 5 left out: one of the targets 'a', 'b' is missing" in note for note in found.notes)
    assert found.bare.y.shape == (79, 2)
    with pytest.raises(InputError, match="must have the target column 'b'"):
        table(COLUMNS, ["a", "b"], test={name: values for name, values in more.items() if name != "b"})


def test_rows_are_known_again_whatever_their_targets_are_called() -> None:
    found = table(COLUMNS, ["a", "b"])
    rows = np.arange(60)
    assert len(np.unique(found.raw_rows(rows), axis=0)) == 60
    assert not np.array_equal(found.raw_rows(rows), table(COLUMNS, "a").raw_rows(rows))


def test_a_data_set_may_name_its_targets() -> None:
    y = np.stack([A, B], axis=1)
    assert Dataset.from_arrays(X[:, None], y, targets=("a", "b")).targets == ("a", "b")
    with pytest.raises(InputError, match="'targets' must name each target of a regression; got"):
        Dataset.from_arrays(X[:, None], y, targets=("a",))
    with pytest.raises(InputError, match="'targets' must name each target of a regression; got"):
        Dataset.from_arrays(X[:, None], y, targets=("a", "b", "a"))
    with pytest.raises(InputError, match="'targets' must name each target of a regression"):
        Dataset.from_arrays(X[:, None], ["u", "v"] * 30, targets=("a",))
