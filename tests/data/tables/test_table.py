"""Tables as a whole, and dirty ones: each has a result, or one clear error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pyarrow import parquet
from table_help import csv, people

import goodfit as gf
from goodfit.data import Table, read_table, table
from goodfit.data.tables import look, split_names
from goodfit.data.tables.categories import MOST_BUCKETS, MOST_OWN
from goodfit.data.tables.survey import joined_names
from goodfit.errors import InputError

COLUMNS = people()
Y = ["a", "b"] * 30
X = [f"{(i * 37) % 101}.5" for i in range(60)]


def test_a_table_tells_what_it_was_taken_for() -> None:
    found = table(COLUMNS, "income", ids=["rich"])
    assert isinstance(found, Table)
    assert dict(found.kinds) == {
        "age": "numeric",
        "school": "categorical",
        "town": "categorical",
        "member": "boolean",
        "joined": "date",
        "height": "numeric",
    }
    assert repr(found) == "Table('table', 200 rows, 6 input columns, target 'income': regression)"
    told = {column.name: column for column in found.columns}
    assert list(told) == list(COLUMNS)
    assert (told["age"].missing, told["town"].distinct) == (10, len(set(COLUMNS["town"])))
    assert told["town"].about == "40 categories: a feature each"
    assert told["joined"].about == "time of day does not vary"
    assert (told["income"].role, told["income"].about, told["rich"].role) == ("target", "regression", "id")
    assert (found.notes, found.leaks) == ((), ())


@pytest.mark.parametrize("make", [dict, pd.DataFrame, pl.DataFrame, pa.table])
def test_frames_of_every_library_give_the_same_split(make: Any) -> None:
    one, other = (
        table(COLUMNS, "rich", ids="income").split(seed=3),
        table(make(COLUMNS), "rich", ids="income").split(seed=3),
    )
    assert np.array_equal(one.data.x, other.data.x)
    assert all(np.array_equal(one.rows(part), other.rows(part)) for part in ("train", "valid", "test"))


def test_the_split_is_that_of_data_split_and_comes_first() -> None:
    found = table(COLUMNS, "rich", ids="income")
    parts = found.split(valid=0.25, test=0.1, seed=5)
    data = parts.data
    bare = gf.data.Dataset("bare", np.zeros((200, 1)), data.y, "classification", data.classes)
    same = gf.data.split(bare, valid=0.25, test=0.1, seed=5)
    assert all(np.array_equal(parts.rows(part), same.rows(part)) for part in ("train", "valid", "test"))
    assert (data.scaling, data.scale_targets, data.classes) == ("none", False, ("poor", "rich"))
    assert data.features == data.preprocessing.features
    ages = np.array([COLUMNS["age"][row] or np.nan for row in parts.train], float)
    assert data.preprocessing.columns[0].scaling.median == np.nanmedian(ages)


def test_rows_outside_of_training_change_nothing_that_is_fitted() -> None:
    parts = table(COLUMNS, "rich", ids="income").split()
    changed = {name: list(values) for name, values in COLUMNS.items()}
    for row in (*parts.test, *parts.valid):
        changed["age"][row], changed["height"][row], changed["school"][row] = 10_000, None, "kindergarten"
    other = table(changed, "rich", ids="income").split()
    assert other.data.preprocessing == parts.data.preprocessing
    assert np.array_equal(other.x("train"), parts.x("train"))


def test_regression_scales_its_targets() -> None:
    data = table(COLUMNS, "income", ids="rich").split().data
    assert (data.task, data.scale_targets, data.y.shape) == ("regression", True, (200, 1))
    assert np.allclose(data.y[:, 0], COLUMNS["income"])


def test_rows_without_a_target_are_left_out_and_counted() -> None:
    y = [None, "?", *Y[2:]]
    found = table({"x": X, "y": y}, "y")
    assert len(found) == 58
    assert found.notes == ("2 rows of 60 left out: the target 'y' is missing.",)
    assert np.array_equal(found.frame.columns["x"].numbers(), [float(x) for x in X[2:]])
    numbers = [float("inf"), None, *[i + 0.5 for i in range(58)]]
    assert table({"x": X, "y": numbers}, "y").notes == (
        "2 rows of 60 left out: the target 'y' is missing or infinite.",
    )
    assert table({"x": X, "y": [float("inf"), *[i + 0.5 for i in range(59)]]}, "y").notes == (
        "1 row of 60 left out: the target 'y' is infinite.",
    )


def test_kinds_and_the_task_are_overruled() -> None:
    zips = [f"{10_000 + i % 7}" for i in range(60)]
    found = table({"zip": zips, "flag": [0, 1] * 30, "y": Y}, "y", kinds={"zip": "categorical", "flag": "numeric"})
    assert dict(found.kinds) == {"zip": "categorical", "flag": "numeric"}
    assert found.split().data.features[:2] == ("zip=10000", "zip=10001")
    assert table({"x": X, "y": [i % 3 for i in range(60)]}, "y", task="regression").target.task == "regression"


def test_what_counts_up_is_noted() -> None:
    found = table({"nr": range(5, 65), "x": X, "y": Y}, "y")
    note = "Column 'nr' counts up row by row; if it is an id, leave it out with --id nr."
    assert found.notes == (note,)
    assert table({"nr": [3 * i for i in range(60)], "x": X, "y": Y}, "y").notes == ()


def test_all_refused_texts_come_with_one_fix() -> None:
    columns = {
        "name": [f"n{i}" for i in range(60)],
        "a note, long": [f"{'w ' * 30}{i}" for i in range(60)],
        "x": X,
        "y": Y,
    }
    with pytest.raises(InputError, match="column 'name' holds a different text in every row") as caught:
        table(columns, "y")
    assert len(caught.value.problems) == 2
    assert caught.value.problems[1].endswith(
        "Leave out with --id 'name,\"a note, long\"', or treat a column as categorical with "
        "--kind 'a note, long=categorical'."
    )
    assert list(table(columns, "y", ids='name, "a note, long"').kinds) == ["x"]


@pytest.mark.parametrize(
    ("texts", "names"),
    [
        (["a, b", '"c,d"', ""], ["a", "b", "c,d"]),
        (["a\nb", "c\r\nd,e"], ["a\nb", "c\r\nd", "e"]),
        (['"a\n,b", c', '"say ""a"""'], ["a\n,b", "c", 'say "a"']),
        (['"a', 'b"'], ['"a', 'b"']),
        (['5" pipe,"a"b', ",, ,"], ['5" pipe', '"a"b']),
        (["x" * 200_000], ["x" * 200_000]),
    ],
)
def test_any_text_has_names(texts: list[str], names: list[str]) -> None:
    assert split_names(texts) == tuple(names)


def test_names_that_are_advised_are_read_back() -> None:
    names = ("a, b", 'say "a"', '"a"', "plain name", 'x","y', "a\nb")
    assert split_names([joined_names(names)]) == names


def test_names_may_have_lines(tmp_path: Path) -> None:
    """A target, an id and a header of several lines, whatever separates the columns of the file."""
    columns: dict[str, Any] = {"the\ntarget": [0.5, 1.5, 2.5, 4.0], "an\nid": [*"abcd"], "x": [1, 2, 3, 5]}
    assert list(table(columns, "the\ntarget", ids="an\nid").kinds) == ["x"]
    with pytest.raises(InputError, match=r"the target must be one of its columns; got 'the\\nprice'"):
        table(columns, "the\nprice")
    file = tmp_path / "new.csv"
    file.write_text('"the\ntarget";"an\nid";x\n0.5;a;1\n1.5;b;2\n2.5;c;3\n', "utf-8")
    assert list(read_table(file, "the\ntarget", ids="an\nid").kinds) == ["x"]


@pytest.mark.parametrize(
    ("choices", "texts"),
    [
        ({"target": "z"}, ["the target must be one of its columns; got 'z'. Valid: x, why."]),
        ({"target": "wy"}, ["the target must be one of its columns; got 'wy'. Did you mean 'why'?"]),
        ({"target": "x,why"}, ["the target must be one of its columns; got 'x,why'. Name each by itself: --target a"]),
        ({"target": "x,§"}, ["the target must be one of its columns; got 'x,§'. Valid: x, why."]),
        ({"target": "why", "ids": ["q", "whi"], "kinds": {"xx": "numeric"}},
         ["an id must be one of its columns; got 'q'", "got 'whi'. Did you mean 'why'?", "a column with a kind must"]),
        ({"target": "why", "ids": "why"}, ["the target must not be an id; got 'why'."]),
        ({"target": "why", "kinds": {"why": "numeric"}}, ["the target has no kind; got 'why'. Use --task"]),
        ({"target": "why", "task": "binary", "kinds": {"x": "number", "why": 3}},
         ["'task' must be a known one; got 'binary'. Valid: classification, regression.",
          "the kind of column 'x' must be a known one; got 'number'. Did you mean 'numeric'?",
          "the kind of column 'why' must be a known one; got 3."]),
        ({"target": 3}, ["table: 'target' must be a text or a sequence, each a text; got 3."]),
        ({"target": "why", "ids": "x"}, ["must have at least one feature; none is left."]),
    ],
)  # fmt: skip
def test_wrong_choices_are_all_named(choices: dict[str, Any], texts: list[str]) -> None:
    with pytest.raises(InputError, match="table: ") as caught:
        table({"x": X, "why": Y}, **choices)
    assert len(caught.value.problems) == len(texts)
    for text, problem in zip(texts, caught.value.problems, strict=True):
        assert text in problem


def test_many_columns_are_not_all_listed() -> None:
    with pytest.raises(InputError, match=r"the target must be one of its columns; got '§'. It has 100 columns."):
        table({f"x{i}": [1, 2] for i in range(100)}, "§")


def test_an_npz_file_knows_its_target(tmp_path: Path) -> None:
    x, y = np.random.default_rng(0).normal(size=(60, 3)), np.arange(60) % 3
    np.savez(tmp_path / "a.npz", x=x, y=y)
    found = read_table(tmp_path / "a.npz")
    assert (found.name, found.target.name, list(found.kinds)) == ("a", "y", ["x0", "x1", "x2"])
    assert found.origin["target"] == "y"
    path = csv(tmp_path / "a.csv", {"x": X, "y": Y})
    with pytest.raises(InputError, match=r"needs a target column: --target, or target=. Columns: x, y."):
        read_table(path)


DIRTY: dict[str, tuple[dict[str, Any], str]] = {  # name -> columns, and the error ("" where there is a result)
    "mixed types": ({"x": [*X[:-1], "unknown"], "y": Y}, "column 'x' holds numbers but for row 59; got 'unknown'"),
    "mixed python types": ({"x": [1, "a", 2.5, None, True, "b"] * 10, "y": Y}, ""),
    "a column of lists": ({"x": [[1]] * 60, "y": Y}, "column 'x' must hold numbers, text, dates or booleans; got"),
    "an all-missing column": ({"x": X, "z": [None] * 60, "y": Y}, ""),
    "only missing columns": ({"z": [""] * 60, "y": Y}, "must have at least one feature; none is left"),
    "a constant column": ({"x": X, "z": [5] * 60, "y": Y}, ""),
    "constant but for missing": ({"z": [5, None] * 30, "y": Y[1:] + Y[:1]}, ""),
    "only constant columns": ({"z": ["k"] * 60, "y": Y}, "must have at least one feature; none is left"),
    "one class": ({"x": X, "y": ["a"] * 60}, "the target 'y' must have at least two classes; got 'a'"),
    "one class and missing": ({"x": X, "y": ["a", None] * 30}, "the target 'y' must have at least two classes"),
    "inf": ({"x": [float("inf"), -1.5, 2.5] * 20, "y": Y}, ""),
    "only inf": ({"x": [float("inf")] * 60, "y": Y}, "must have at least one feature; none is left"),
    "huge numbers": ({"x": [f"{i}e300" for i in range(60)], "y": Y}, ""),
    "dates": ({"x": [np.datetime64("2020-01-30") + np.timedelta64(i, "D") for i in range(60)], "y": Y}, ""),
    "0 rows": ({"x": [], "y": []}, "must have at least 2 rows; it has none"),
    "1 row": ({"x": [1], "y": ["a"]}, "must have at least 2 rows; it has 1"),
    "1 row with a target": ({"x": [1, 2, 3], "y": ["a", None, None]}, "the target 'y' must have at least two classes"),
    "2 rows": ({"x": [1, 2], "y": ["a", "b"]}, "of 2 rows none are left for that part"),
    "a class with one row": ({"x": X, "y": [*Y[:-1], "c"]}, ""),
    "no other column": ({"y": Y}, "must have at least one feature; none is left"),
}  # fmt: skip


@pytest.mark.parametrize("name", DIRTY)
@pytest.mark.parametrize("source", ["memory", "csv"])
def test_a_dirty_table_has_a_result_or_one_clear_error(name: str, source: str, tmp_path: Path) -> None:
    columns, error = DIRTY[name]
    if source == "csv" and name in ("a column of lists", "mixed python types", "0 rows"):
        return  # text files have none, or a header only, which another test holds

    def made() -> gf.data.Split:
        if source == "memory":
            return table(columns, "y").split()
        return read_table(csv(tmp_path / "a.csv", columns), "y").split()

    if error:
        with pytest.raises(InputError, match=error) as caught:
            made()
        assert len(caught.value.problems) == 1
    else:
        assert np.isfinite(made().data.x).all()


def test_a_table_of_one_constant_tells_so() -> None:
    (column,) = (each for each in table({"x": X, "z": [5] * 60, "y": Y}, "y").columns if each.name == "z")
    assert (column.role, column.about) == ("left out", "is constant, '5'")
    (column,) = (each for each in table({"x": X, "z": [None] * 60, "y": Y}, "y").columns if each.name == "z")
    assert (column.role, column.about) == ("left out", "has no values")


def test_ten_thousand_categories() -> None:
    rows = 10_000
    y, x = ["a", "b"] * (rows // 2), np.random.default_rng(0).normal(size=rows)
    columns = {"x": x, "c": [f"c{i}" for i in range(rows)], "y": y}
    with pytest.raises(InputError, match=r"column 'c' holds a different text in every row.*--kind c=categorical"):
        table(columns, "y")
    data = table(columns, "y", kinds={"c": "categorical"}).split().data
    assert data.n_inputs == 1 + MOST_BUCKETS
    repeated = {name: [*values, *values] for name, values in columns.items()}
    assert table(repeated, "y").split().data.n_inputs == 1 + MOST_OWN + MOST_BUCKETS


def test_lists_in_parquet_may_be_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"l": [[1, 2]] * 60, "x": X, "y": Y}), path)
    with pytest.raises(InputError, match=r"a.parquet: column 'l' must hold numbers.*got 'list<.*Leave it out: --id l"):
        read_table(path, "y")
    assert list(read_table(path, "y", ids="l").kinds) == ["x"]


def test_header_only(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x,y\n")
    with pytest.raises(InputError, match=r"a.csv: must have at least 2 rows; it has none"):
        read_table(path, "y")


def test_a_look_refuses_nothing(tmp_path: Path) -> None:
    path = csv(tmp_path / "a.csv", {"name": [f"n{i}" for i in range(60)], "x": X, "y": Y})
    found = look(path)
    assert [column.role for column in found.columns] == ["text", "input", "input"]
    assert (found.target, found.leaks, len(found.problems)) == (None, (), 1)
    found = look(path, "y", ids="name", kinds={"x": "date"})
    assert [column.role for column in found.columns] == ["id", "input", "target"]
    assert found.problems[0].startswith(f"{path}: column 'x' must hold dates")


def test_public_names_load_on_first_use() -> None:
    assert gf.data.Table is Table
    for name in gf.data.__all__:
        assert getattr(gf.data, name) is not None
    with pytest.raises(AttributeError, match=r"module 'goodfit.data' has no attribute 'tabel'"):
        gf.data.tabel  # noqa: B018


def test_yes_and_no_is_no_choice_for_words_that_mean_the_same() -> None:
    columns = {"x": X, "c": ["N", "F"] * 30, "y": Y}
    assert table(columns, "y").kinds["c"] == "categorical"
    with pytest.raises(
        InputError, match=r"column 'c' must hold yes and no to be boolean; all its values mean the same"
    ):
        table(columns, "y", kinds={"c": "boolean"})


def test_a_code_as_the_time_is_a_number() -> None:
    hours = [f"{place % 24:02d}{place % 6}0" for place in range(60)]
    found = table({"x": X, "at": hours, "y": Y}, "y", time="at").split()
    times = np.array([int(hour) for hour in hours])
    assert times[found.train].max() <= times[found.valid].min()


@pytest.mark.parametrize(
    ("values", "twice"), [(["N", "F"], False), (["05", "5"], False), (["yes", "YES"], True), (["1.0", "1"], True)]
)
def test_rows_are_the_same_only_if_their_cells_mean_the_same(values: list[str], twice: bool) -> None:
    found = table({"c": values * 30, "x": [1.5, 1.5, 2.5, 2.5] * 15, "y": [1.5, 1.5, 2.5, 2.5] * 15}, "y", ids="c")
    rows = found.raw_rows(np.arange(2))
    assert bool((rows[0] == rows[1]).all()) is twice


@pytest.mark.parametrize("name", ["id", "ID", "customer_id", "Kunden-ID", "PassengerId", "user uuid"])
def test_what_is_surely_an_id_is_left_out_with_a_word(name: str) -> None:
    """Its name says so, and each row has another text or whole number; anything less is a feature, or refused."""
    numbers, texts = [7 * each % 61 for each in range(1, 61)], [f"k{each}" for each in range(60)]
    why = f"Column {name!r} is left out as an id: its name says so, and it differs in every row. To keep it, give its "
    for cells, kind in ((numbers, "numeric"), (texts, "categorical")):
        found = table({name: cells, "x": X, "y": Y}, "y")
        assert (dict(found.kinds), found.columns[0].role) == ({"x": "numeric"}, "id")
        given = f'"{name}={kind}"' if " " in name else f"{name}={kind}"  # as cmd.exe takes it, too
        assert found.notes == (f"{why}kind: --kind {given}.",)
        kept = table({name: cells, "x": X, "y": Y}, "y", kinds={name: kind})  # type: ignore[dict-item]
        assert kept.kinds == {name: kind, "x": "numeric"}
    for cells in ([1, 1, *numbers[2:]], [None, *numbers[1:]], [each + 0.5 for each in numbers]):
        assert table({name: cells, "x": X, "y": Y}, "y").kinds[name] == "numeric"
    assert name in table({name: numbers, "x": X, "y": Y}, "y", group=name).frame.columns


@pytest.mark.parametrize("name", ["valid", "Android", "humid", "id_type", "idle", "PAID"])
def test_other_names_are_no_ids(name: str) -> None:
    assert name in table({name: [7 * each % 61 for each in range(1, 61)], "x": X, "y": Y}, "y").kinds


def test_an_id_of_a_sample_is_advised_and_not_left_out(tmp_path: Path) -> None:
    """Other rows of a file that is streamed may repeat what is in the sample."""
    path = tmp_path / "a.csv"
    path.write_text("user id,x,y\n" + "".join(f"{7 * each % 61},{each % 5},{each / 2}\n" for each in range(1, 61)))
    found = read_table(path, "y", stream=True)
    assert list(found.kinds) == ["user id", "x"]
    assert "Column 'user id' looks like an id; if it is one, leave it out with --id \"user id\"." in found.notes
