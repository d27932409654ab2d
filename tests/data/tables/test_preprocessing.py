from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from table_help import csv, frame, people

from goodfit.data.tables import stored
from goodfit.data.tables.files import read_frame
from goodfit.data.tables.kinds import Kind
from goodfit.data.tables.preprocessing import Preprocessing, RowReader
from goodfit.errors import InputError

KINDS: dict[str, Kind] = {
    "age": "numeric",
    "school": "categorical",
    "town": "categorical",
    "member": "boolean",
    "joined": "date",
    "height": "numeric",
}
COLUMNS = people()
TOWN_ROWS = np.unique(COLUMNS["town"], return_counts=True)[1]
TOWNS = (TOWN_ROWS >= 2).sum() + int(np.ceil((TOWN_ROWS == 1).sum() / 2))  # a feature for 2 rows
MADE = Preprocessing.fit(COLUMNS, KINDS, ignored=["income", "rich"])
X, NOTES = MADE.transform(COLUMNS)


def test_inputs_stand_in_the_order_of_the_columns() -> None:
    assert X.dtype == np.float32
    assert X.shape == (200, MADE.n_inputs) == (200, 2 + 3 + TOWNS + 1 + 5 + 1)
    assert MADE.features[:5] == ("age", "age is missing", "school=doctor", "school=master", "school=none at all")
    assert MADE.features[-1] == "height"
    assert len(set(MADE.features)) == MADE.n_inputs
    assert np.isfinite(X).all()
    assert np.abs(X).max() < 3
    assert NOTES == []


def test_only_the_given_rows_are_learnt_from() -> None:
    rows = np.arange(0, 200, 2)
    others = {
        name: [value if i % 2 == 0 else values[0] for i, value in enumerate(values)] for name, values in COLUMNS.items()
    }
    one, other = (Preprocessing.fit(columns, KINDS, rows) for columns in (COLUMNS, others))
    assert one == other
    assert one != MADE


SOURCES: dict[str, Callable[[Path], Any]] = {
    "pandas": lambda folder: pd.DataFrame(COLUMNS),
    "polars": lambda folder: pl.DataFrame(COLUMNS),
    "arrow": lambda folder: pa.table(COLUMNS),
    "csv": lambda folder: read_frame(csv(folder / "a.csv", COLUMNS)),
    "typed pandas": lambda folder: pd.DataFrame(COLUMNS).astype({"school": "category", "age": "Int64"}).assign(
        member=np.array(COLUMNS["member"]) == "yes", joined=pd.to_datetime(COLUMNS["joined"])),
    "other order": lambda folder: dict(reversed(COLUMNS.items())),
    "no target": lambda folder: {name: COLUMNS[name] for name in KINDS},
}  # fmt: skip


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_gives_the_same_bits(source: str, tmp_path: Path) -> None:
    x, notes = MADE.transform(SOURCES[source](tmp_path))
    assert np.array_equal(x, X)
    assert notes == []


def test_repeated_and_reloaded_transforms_are_bit_equal() -> None:
    again = Preprocessing.from_json(json.loads(json.dumps(MADE.to_json(), allow_nan=False)))
    assert again == MADE
    assert np.array_equal(MADE.transform(COLUMNS)[0], X)
    assert np.array_equal(again.transform(COLUMNS)[0], X)
    alone = np.concatenate([MADE.transform({k: v[i : i + 1] for k, v in COLUMNS.items()})[0] for i in range(20)])
    assert np.array_equal(alone, X[:20])


def test_extra_columns_are_noted_and_missing_ones_named() -> None:
    x, notes = MADE.transform({**COLUMNS, "shoe": ["x"] * 200, "list": [[1]] * 200})
    assert np.array_equal(x, X)
    assert notes == ["2 columns 'shoe', 'list' ignored: the net was not trained on them."]
    assert MADE.transform({**COLUMNS, "shoe": ["x"] * 200})[1] == [
        "Column 'shoe' ignored: the net was not trained on it."
    ]
    few = {"height": COLUMNS["height"], "income": COLUMNS["income"]}
    rule = "missing: 'age', 'school', 'town', 'member', 'joined'. The order does not matter."
    with pytest.raises(InputError, match=rule) as caught:
        MADE.transform(few)
    assert len(caught.value.problems) == 1
    renamed = {{"height": "heigth"}.get(name, name): values for name, values in COLUMNS.items()}
    with pytest.raises(InputError, match=r"missing: 'height'. Did you mean 'heigth'\?"):
        MADE.transform(renamed)
    capitals = {name.upper(): values for name, values in COLUMNS.items()}
    with pytest.raises(InputError, match=r"and 1 more\. Rename 'AGE' to 'age': names are told apart") as caught:
        MADE.transform(capitals)
    assert len(caught.value.problems) == 1


def test_cells_that_cannot_be_read_are_all_named() -> None:
    wrong = {name: list(values) for name, values in COLUMNS.items()}
    wrong["age"][7], wrong["age"][9], wrong["member"][3], wrong["joined"][0] = "old", "x", "perhaps", "soon"
    wrong["town"] = [[1]] * 200
    with pytest.raises(InputError, match="'town' must hold categorical values; got 'list") as caught:
        MADE.transform(wrong)
    assert sorted(caught.value.problems)[:3] == [
        "table: column 'age' must hold numbers; 2 rows (7, 9) do not; got 'old'. Fix them or leave them empty.",
        "table: column 'joined' must hold dates, as 2024-01-31; row 0 does not; got 'soon'. "
        "Fix them or leave them empty.",
        "table: column 'member' must hold yes and no (or true and false, 1 and 0); row 3 does not; got 'perhaps'. "
        "Fix them or leave them empty.",
    ]


@pytest.mark.parametrize(("cell", "told"), [("40,5", True), ("1.234,5", True), ("€ 12", True), ("old", False)])
def test_numbers_that_are_written_otherwise_are_named_with_how_to_write_them(cell: str, told: bool) -> None:
    wrong = {**COLUMNS, "age": [cell, *COLUMNS["age"][1:]]}
    fix = r"as 1234\.5\.$" if told else r"Fix them or leave them empty\.$"
    with pytest.raises(InputError, match=fix):
        MADE.transform(wrong)
    reader = RowReader(MADE)
    reader.read(wrong)
    (warning,) = reader.warnings()
    assert warning.endswith("as 1234.5." if told else f"{cell!r} cannot be read as numbers.")


def test_a_table_without_rows_gives_none() -> None:
    x, _ = MADE.transform({name: [] for name in KINDS})
    assert x.shape == (0, MADE.n_inputs)


def test_columns_that_are_missing_in_all_training_rows() -> None:
    made = Preprocessing.fit(
        {"a": [None, None, 5], "b": ["", "", "x"]}, {"a": "numeric", "b": "categorical"}, np.arange(2)
    )
    x, notes = made.transform({"a": [None, 5], "b": ["", "x"]})
    assert x.tolist() == [[0, 1, 1], [0, 0, 0]]
    assert notes == ["Column 'b': 1 value is not seen in training: 'x'."]


def test_a_hundred_thousand_rows_of_ten_thousand_categories_keep_to_the_limit_of_inputs() -> None:
    rng, rows = np.random.default_rng(0), 100_000
    columns: dict[str, Any] = {f"n{i}": rng.standard_normal(rows) for i in range(10)}
    columns |= {f"t{i}": np.char.mod("%.4f", rng.standard_normal(rows)) for i in range(3)}
    columns |= {f"c{i}": rng.choice(["a", "b", "c"], rows) for i in range(5)}
    columns |= {"many": np.char.mod("word %d", rng.integers(0, 10_000, rows)), "flag": rng.random(rows) < 0.5}
    kinds: dict[str, Kind] = {name: "numeric" if name[0] in "nt" else "categorical" for name in columns}
    made = Preprocessing.fit(
        frame(columns), {name: kinds[name] for name in columns if name != "t0"} | {"t0": "numeric"}
    )
    table = pd.DataFrame(columns)
    x, _ = made.transform(table)
    assert len(x) == rows
    assert x.size < 2**26 + 350 * rows  # the one wide column's limit, and what the others and the hashed rest take


SCALING = {"median": 1.0, "factor": 2.0}
GOOD = {
    "columns": [
        {"type": "numeric", "name": "a", "missing": True, "scaling": SCALING},
        {"type": "boolean", "name": "b", "missing": False, "often": True},
        {"type": "moments", "name": "c", "missing": False, "scaling": SCALING, "parts": ["trend", "year", "week"]},
        {"type": "onehot", "name": "d", "missing": False, "categories": ["x", "y"]},
        {"type": "frequent", "name": "e", "missing": True, "categories": [], "buckets": 4},
        {"type": "moments", "name": "f", "missing": False, "scaling": SCALING, "parts": ["trend", "day"]},
        {"type": "frequent", "name": "g", "missing": True, "categories": ["x"], "buckets": 3},
    ],
    "ignored": ["z"],
}


def test_a_hand_written_one_is_read() -> None:
    made = Preprocessing.from_json(GOOD)
    assert made.to_json() == GOOD
    assert made.n_inputs == 2 + 1 + 5 + 2 + 5 + 3 + 5


def test_columns_of_model_files_give_the_same_bits_in_later_versions() -> None:
    """The SHA-256 is that of what the code made of these columns when it wrote them for the first time."""
    scaling, parts = {"median": 19723.0, "factor": 0.004}, ["trend", "year", "week"]
    columns: list[dict[str, Any]] = [
        {"type": "numeric", "name": "size", "missing": True, "scaling": {"median": 2.5, "factor": 0.5714285714285714}},
        {"type": "onehot", "name": "kind", "missing": True, "categories": ["a", "b", "c"]},
        {"type": "boolean", "name": "sold", "missing": True, "often": True},
        {"type": "moments", "name": "on", "missing": True, "scaling": scaling, "parts": parts},
        {"type": "frequent", "name": "town", "missing": False, "categories": [], "buckets": 5},
        {"type": "numeric", "name": "code", "missing": True, "scaling": {"median": 5.0, "factor": 0.5}},
    ]
    x, notes = Preprocessing.from_json({"columns": columns, "ignored": []}).transform(
        {
            "size": [1.0, 2.5, None, 4.0, -3.0, 1e6],
            "kind": ["a", "b", "b", None, "c", "a"],
            "sold": ["yes", "no", "yes", "yes", None, "no"],
            "on": ["2024-01-31", "2024-02-29 17:42", "2023-12-01", None, "2020-07-07", "1969-01-01"],
            "town": [f"town {i}" for i in range(6)],
            "code": ["05", "5", "005", "0.5", None, "7"],
        }
    )
    assert (x.shape, notes) == ((6, 21), [])
    assert (
        hashlib.sha256(x.astype("<f4").tobytes()).hexdigest()
        == "56e4233f48afe10f05f73b5c8b52bee79e5f193a654275d21d74bf78a85d0307"
    )


def changed(place: int, **parts: Any) -> dict[str, Any]:
    columns = [dict(column) for column in GOOD["columns"]]  # type: ignore[call-overload]
    columns[place] |= parts
    return {**GOOD, "columns": columns}


NESTED: Any = "x"
for _ in range(50_000):
    NESTED = [NESTED]
HOSTILE: list[Any] = [
    None,
    3,
    "text",
    [],
    {},
    {"columns": []},
    {"columns": [], "ignored": []},
    {**GOOD, "more": 1},
    {**GOOD, "ignored": "z"},
    {**GOOD, "ignored": [3]},
    {**GOOD, "columns": {}},
    {**GOOD, "columns": [None]},
    {**GOOD, "columns": GOOD["columns"][:1] * 2},
    {**GOOD, "ignored": ["z"] * (stored.MOST_COLUMNS + 1)},
    changed(0, type="magic"),
    changed(0, type=NESTED),
    changed(0, type=None),
    changed(0, name=3),
    changed(0, name="x" * (stored.MOST_CHARACTERS + 1)),
    changed(0, name="\ud800"),
    changed(0, missing=1),
    changed(0, more=1),
    changed(0, scaling=None),
    changed(0, scaling={}),
    changed(0, scaling={"median": 1.0, "factor": -1.0}),
    changed(0, scaling={"median": float("nan"), "factor": 1.0}),
    changed(0, scaling={"median": 1.0, "factor": float("inf")}),
    changed(0, scaling={"median": 10**400, "factor": 1}),
    changed(0, scaling={"median": True, "factor": 1}),
    changed(0, scaling={"median": "1", "factor": 1}),
    changed(0, scaling={"median": NESTED, "factor": 1}),
    changed(1, often="yes"),
    changed(3, categories="xy"),
    changed(3, categories=["x", "x"]),
    changed(3, categories=["x", None]),
    changed(3, categories={"x": 1}),
    changed(3, type="hashed"),
    changed(2, type="date"),
    changed(4, buckets=0),
    changed(4, buckets=-3),
    changed(4, buckets=2.0),
    changed(4, buckets=True),
    changed(5, parts=[]),
    changed(5, parts="day"),
    changed(5, parts=["day", "trend"]),
    changed(5, parts=["day", "day"]),
    changed(5, parts=["century"]),
    changed(6, buckets=0),
    changed(6, categories=["x", "x"]),
    changed(4, buckets=10**9),
    {
        "columns": [
            {"type": "frequent", "name": f"{i}", "missing": True, "categories": [], "buckets": 90_000}
            for i in range(12)
        ],
        "ignored": [],
    },
]


@pytest.mark.parametrize("given", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_json_is_one_message(given: Any) -> None:
    with pytest.raises(InputError, match=r"^file: 'preprocessing' must be what goodfit writes; ") as caught:
        Preprocessing.from_json(given, where="file")
    assert len(str(caught.value)) < 400
    assert str(caught.value).endswith("Restore a backup of the file, or train again.")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["numeric", "columns"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(st.data())
def test_any_json_put_anywhere_is_read_or_refused(data: st.DataObject) -> None:
    given = json.loads(json.dumps(GOOD))
    spots: list[tuple[Any, Any]] = []

    def collect(part: Any) -> None:
        for key in range(len(part)) if isinstance(part, list) else list(part):
            spots.append((part, key))
            if isinstance(part[key], list | dict):
                collect(part[key])

    collect(given)
    part, key = data.draw(st.sampled_from(spots))
    part[key] = data.draw(JSON)
    try:
        made = Preprocessing.from_json(given)
    except InputError:
        return
    columns = {column.name: [None, "2024-01-31" if column.kind == "date" else "1"] for column in made.columns}
    assert made.transform(columns)[0].shape == (2, made.n_inputs)
