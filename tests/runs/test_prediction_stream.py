"""Predictions of a file in parts are those of the whole file, to the bit."""

from __future__ import annotations

import csv
import io
import json
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pyarrow import feather, parquet

import goodfit as gf
from goodfit.cli.predict import _texts
from goodfit.data.tables import csv_parts, file_parts, read_frame
from goodfit.errors import InputError
from goodfit.models.model_file import Model
from goodfit.runs import Predictions, PredictionStream, predict, predicting
from goodfit.runs.predictions import csv_header, csv_rows, json_rows


def frame(rows: int, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    made = pd.DataFrame(
        {
            "age": rng.integers(18, 90, rows).astype(float),
            "code": rng.choice(["1", "2", "x", "y\nz"], rows),
            "since": (np.datetime64("2020-01-01") + rng.integers(0, 900, rows)).astype(str),
            "at": [f"{hour:02d}:30" for hour in rng.integers(0, 24, rows)],
            "member": rng.choice(["yes", "no"], rows),
            "note": [f'row {row}, said "so"' for row in range(rows)],
        }
    )
    for name in ("age", "since", "member"):
        made.loc[rng.random(rows) < 0.1, name] = None
    made["rich"] = np.where(made["age"].fillna(40) + rng.normal(0, 9, rows) > 50, "yes", "not yet")
    return made


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("people")
    frame(120).to_csv(folder / "people.csv", index=False)
    kinds = {"code": "categorical", "since": "date", "at": "date", "member": "boolean", "age": "numeric"}
    table = gf.data.read_table(folder / "people.csv", "rich", ids=["note"], kinds=kinds)
    gf.train(gf.Recipe(hidden=(6,), epochs=2, batch_size=32), table, seeds=2, out=folder / "run", leaks="off")
    return folder / "run"


def hard() -> pd.DataFrame:
    """Parts of it would be taken for other kinds: codes that are numbers first, ages that are 0 and 1, one truth, dates
    that are years or times, columns without any value; and then the others, with some that cannot be read.
    """
    new = frame(90, seed=1).drop(columns="rich").astype(object)
    new.loc[:29, "code"] = "1"
    new.loc[:19, "age"], new.loc[20:29, "age"] = 1, None
    new.loc[30:49, "member"] = "1"
    new.loc[30:39, "since"] = None
    new.loc[[5, 61], "age"] = "old"
    new.loc[[62], "since"] = "17:42"
    new.loc[70:79, "code"] = "new"
    new.loc[80:, "code"] = "3.0"
    new.loc[50:59, "age"] = "inf"
    return new


def same(one: Predictions, other: Predictions) -> None:
    assert one.values.tobytes() == other.values.tobytes()
    assert one.predicted.tobytes() == other.predicted.tobytes()
    assert (one.unread, one.warnings, one.notes) == (other.unread, other.warnings, other.notes)


@pytest.mark.parametrize("size", [200, 1000, 10**6])
def test_a_csv_file_in_parts_is_the_file(run: Path, tmp_path: Path, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_parts, "PART_BYTES", size)
    hard().to_csv(tmp_path / "new.csv", index=False)
    hard().to_csv(tmp_path / "new.tsv", index=False, sep="\t")
    whole = predict(run, read_frame(tmp_path / "new.csv"))
    assert whole.unread == (5, 61, 62)
    assert whole.notes[0] == "Column 'age': 10 values are infinite; taken as missing."
    assert "Column 'code': 20 values are not seen in training: '3', 'new'." in whole.notes
    assert whole.warnings[1].startswith("Column 'since': row 62 without a prediction: '17:42' cannot be read as dates")
    for name in ("new.csv", "new.tsv"):
        parts = list(PredictionStream(run, tmp_path / name))
        assert (len(parts) > 3) == (size < 10**6)
        same(predict(run, tmp_path / name), whole)
    alone = [predict(run, hard().iloc[[row]].to_dict("list")).values for row in (0, 35, 75)]
    assert np.concatenate(alone).tobytes() == whole.values[[0, 35, 75]].tobytes()


def test_a_parquet_file_in_parts_is_the_file(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_parts, "PART_ROWS", 7)
    new = hard().drop(index=[5, 61, 62])
    new["age"] = pd.array([*[1] * 40, None, *[2**60] * (len(new) - 41)], "Int64")
    new["code"] = new["age"]  # of which a part without a gap must not be written in another way
    new["member"] = new["member"].map({"yes": True, "no": False})
    new["since"] = pd.to_datetime(new["since"])
    for name in ("age", "code", "since", "member"):
        assert new[name].isna().any()
    new.to_parquet(tmp_path / "new.parquet", row_group_size=20)
    whole = predict(run, read_frame(tmp_path / "new.parquet"))
    assert len(list(PredictionStream(run, tmp_path / "new.parquet"))) > 10
    same(predict(run, tmp_path / "new.parquet"), whole)


def test_what_is_wrong_is_named_as_in_a_whole_file(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_parts, "PART_BYTES", 300)
    lost = hard()
    lost["age"] = "old"
    lost.to_csv(tmp_path / "lost.csv", index=False)
    lost.drop(columns="age").to_csv(tmp_path / "lacking.csv", index=False)
    hard().iloc[:0].to_csv(tmp_path / "empty.csv", index=False)
    message = r"column 'age' must hold numbers; 90 rows \(0, 1, 2, 3, 4, \.\.\.\) do not; got 'old'"
    for data in (tmp_path / "lost.csv", read_frame(tmp_path / "lost.csv")):
        found = predict(run, data)  # every part is bad, and none of them stops the file
        assert found.unread == tuple(range(90))
        assert found.warnings[0].startswith("Column 'age': 90 rows")
        with pytest.raises(InputError, match=message):
            predict(run, data, strict=True)
    with pytest.raises(InputError, match="missing: 'age'"):
        predict(run, tmp_path / "lacking.csv")
    assert predict(run, tmp_path / "empty.csv").values.shape == (0, 2)


def test_standard_input_and_kept_columns(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_parts, "PART_BYTES", 300)
    text = hard().to_csv(index=False)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(text.encode())))
    stream = PredictionStream(run, "-", keep=("note", "age"))
    written = csv_header_and_rows(stream)
    rows = list(csv.DictReader(io.StringIO(text)))
    found = list(csv.DictReader(io.StringIO(written)))
    assert [row["note"] for row in found] == [row["note"] for row in rows]
    assert [row["age"] for row in found] == [row["age"] for row in rows]
    assert [row["row"] for row in found] == [str(place) for place in range(90)]
    assert found[5]["prediction"] == found[5]["probability of yes"] == ""
    assert not any("'note'" in note for note in stream.notes)  # that it is no feature is known to whoever keeps it
    with pytest.raises(
        InputError, match=r"has no column of the name that is to be kept; got 'nate'\. Did you mean 'note'"
    ):
        list(PredictionStream(run, run.parent / "people.csv", keep=("nate",)))


def csv_header_and_rows(stream: PredictionStream) -> str:
    texts, first = [], 0
    for found, kept in stream:
        texts.append(("" if first else csv_header(found, stream.keep)) + csv_rows(found, first, kept))
        first += len(found.values)
    return "".join(texts)


def test_lines_of_json(run: Path) -> None:
    table = hard().iloc[:8].to_dict("list")
    found = predict(run, table)
    kept: dict[str, Sequence[Any]] = {
        "n": [1, 2.5, float("nan"), None, True, "é", np.datetime64("2024-01-31").item(), "=1"]
    }
    lines = [json.loads(line) for line in json_rows(found, 10, kept).splitlines()]
    assert [line["row"] for line in lines] == list(range(10, 18))
    assert [line["kept"]["n"] for line in lines] == [1, 2.5, None, None, True, "é", "2024-01-31", "=1"]
    assert lines[5]["prediction"] is lines[5]["probabilities"] is None  # its age is 'old'
    model = gf.load_model(run)
    others = [row for row in range(8) if row != 5]
    expected = model.predict_proba(hard().iloc[others])
    values = np.array([[lines[row]["probabilities"][name] for name in model.classes] for row in others])
    assert values.astype(np.float32).tobytes() == expected.tobytes()
    assert [lines[row]["prediction"] for row in others] == model.predict(hard().iloc[others]).tolist()


def test_lines_of_json_of_labels_and_numbers() -> None:
    labels = Predictions("multilabel", ("a", "b"), np.array([[0.75, 0.25]], np.float32), np.array([[1.0, 0.0]]), 1)
    assert json.loads(json_rows(labels)) == {
        "row": 0,
        "prediction": {"a": 1, "b": 0},
        "probabilities": {"a": 0.75, "b": 0.25},
    }
    one = Predictions("regression", (), np.array([[0.1]], np.float32), np.array([[0.1]]), 1)
    assert json_rows(one) == '{"row": 0, "prediction": 0.1}\n'
    two = Predictions("regression", (), np.array([[0.5, 2]], np.float32), np.array([[0.5, 2]]), 1)
    assert json.loads(json_rows(two))["prediction"] == [0.5, 2]


def test_a_kept_column_has_a_name_of_its_own() -> None:
    one = Predictions("regression", (), np.array([[0.1]], np.float32), np.array([[0.1]]), 1)
    with pytest.raises(InputError, match="must not have the name of one that is written; got 'prediction'"):
        csv_header(one, ["prediction"])


def test_a_time_of_day_needs_no_neighbours(run: Path) -> None:
    """A net that was trained on times reads them beside dates; one that was trained on dates never reads them. Nor does
    the first read a date: it would be taken for a time that training had not.
    """
    columns = {column.name: column for column in gf.load_model(run).preprocessing.columns}
    assert columns["at"].clock
    assert not columns["since"].clock
    table = hard().iloc[:2].to_dict("list")
    later = predict(run, table | {"at": ["05:30", "2024-01-31"]})
    assert later.values[0].tobytes() == predict(run, table | {"at": ["05:30", "05:30"]}).values[0].tobytes()
    assert later.unread == (1,)
    assert later.warnings == (
        "Column 'at': row 1 without a prediction: '2024-01-31' cannot be read as times of day, as 17:42.",
    )
    with pytest.raises(InputError, match="column 'since' must hold dates, as 2024-01-31; 2 rows"):
        predict(run, table | {"since": ["17:42", "17:43"]}, strict=True)
    with pytest.raises(InputError, match="column 'at' must hold times of day, as 17:42; row 0 does not; got 'soon'"):
        predict(run, table | {"at": ["soon", "17:43"]}, strict=True)


def test_a_model_of_numbers_keeps_no_columns(tmp_path: Path) -> None:
    net = gf.inspection.describe_net([np.ones((3, 4))], [np.zeros(3)], (), classes=("a", "b", "c"))
    Model((net,)).save(tmp_path / "m.safetensors")
    with pytest.raises(InputError, match="was trained on arrays without column names, so there is no column to keep"):
        PredictionStream(tmp_path / "m.safetensors", "iris", keep=["x"])


def some(rows: int = 6) -> pd.DataFrame:
    return frame(rows, seed=2).drop(columns="rich").assign(born=pd.Timestamp("2001-02-03"), n=range(rows))


def sources(folder: Path) -> dict[str, Any]:
    """One table from every door that tables come in by, and in every form that a file has."""
    made = some()
    whole = pa.Table.from_pandas(made, preserve_index=False)
    made.to_csv(folder / "t.csv", index=False)
    made.to_csv(folder / "t.tsv", index=False, sep="\t")
    parquet.write_table(whole, folder / "t.parquet")
    for name in ("t.feather", "t.arrow"):
        feather.write_feather(whole, folder / name)
    texts = {name: np.array(["" if pd.isna(v) else str(v) for v in made[name]]) for name in made if name != "n"}
    np.savez(folder / "t.npz", **texts, n=made["n"].to_numpy())
    files = [folder / f"t.{end}" for end in ("csv", "tsv", "parquet", "feather", "arrow", "npz")]
    lists = whole.to_pydict()
    passing: dict[str, Any] = {name: iter(values) for name, values in lists.items()}
    memory = {"pandas": made, "polars": pl.from_arrow(whole), "arrow": whole, "dict": lists, "iterators": passing}
    return {path.suffix: path for path in files} | memory


def test_columns_are_kept_of_tables_from_everywhere(run: Path, tmp_path: Path) -> None:
    for name, data in sources(tmp_path).items():
        stream = PredictionStream(run, data, keep=("n", "note", "born", "n"))
        found = list(csv.DictReader(io.StringIO(csv_header_and_rows(stream))))
        assert list(found[0])[-3:] == ["n", "note", "born"], name
        assert [row["n"] for row in found] == [str(row) for row in range(6)], name
        assert [row["note"] for row in found] == some()["note"].tolist(), name
        assert {row["born"][:10] for row in found} == {"2001-02-03"}, name
        assert not any("'note'" in note for note in stream.notes), name
        if name != "iterators":
            with pytest.raises(InputError, match="has no column of the name that is to be kept; got 'nonsense'"):
                list(PredictionStream(run, data, keep=["nonsense"]))


def test_what_cannot_be_kept_is_refused(run: Path, tmp_path: Path) -> None:
    some().to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(InputError, match="its cells are encoded, so no column can be kept; got 'note'"):
        PredictionStream(run, read_frame(tmp_path / "t.csv"), keep=["note"])
    table = some().to_dict("list")
    with pytest.raises(InputError, match=r"all columns must have the same number of rows, 6; got \{.short.: 2\}"):
        list(PredictionStream(run, table | {"short": [1, 2]}, keep=["short"]))
    with pytest.raises(
        InputError, match=r"column 'odd', which is to be kept, must hold numbers, texts, .*; got 'object'"
    ):
        list(PredictionStream(run, table | {"odd": [object()] * 6}, keep=["odd"]))


def test_times_that_python_does_not_hold_are_kept_as_texts(run: Path, tmp_path: Path) -> None:
    micros = [0, None, 2**58]
    columns = {
        name: pa.array(micros, kind) for name, kind in (("when", pa.timestamp("us")), ("far", pa.duration("us")))
    }
    columns |= {"day": pa.array([0, None, 3_000_000], pa.date32()), "zone": pa.array(micros, pa.timestamp("us", "UTC"))}
    table = pa.Table.from_pandas(some(3), preserve_index=False)
    for name, column in columns.items():
        table = table.append_column(name, column)
    parquet.write_table(table, tmp_path / "t.parquet")
    for data in (tmp_path / "t.parquet", table):
        rows = list(csv.DictReader(io.StringIO(csv_header_and_rows(PredictionStream(run, data, keep=list(columns))))))
        assert [row["when"] for row in rows] == ["1970-01-01T00:00:00", "", "11103-08-29T17:22:31.711744"]
        assert rows[2]["zone"] == "11103-08-29T17:22:31.711744Z"
        assert rows[0]["day"] == "1970-01-01"
        assert all(row["far"] or place == 1 for place, row in enumerate(rows))


@pytest.mark.parametrize("given", [None, io.StringIO("a\n1\n")])
def test_standard_input_must_be_there(run: Path, given: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", given)
    with pytest.raises(InputError, match="standard input: must be open, and give bytes"):
        predict(run, "-")


def test_the_header_stands_once(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where parts have no rows."""
    some().to_csv(tmp_path / "t.csv", index=False)
    stream = PredictionStream(run, tmp_path / "t.csv")
    (part,) = list(stream)
    nothing = replace(part[0], values=part[0].values[:0], predicted=part[0].predicted[:0])
    monkeypatch.setattr(PredictionStream, "__iter__", lambda _: iter([(nothing, {}), (nothing, {}), part]))
    lines = "".join(_texts(stream, json=False)).splitlines()
    assert len(lines) == 7
    assert sum(line.startswith("row,") for line in lines) == 1


def test_what_is_read_ahead(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of a file, in a thread that ends with whoever asked; an error comes after the parts before it."""
    monkeypatch.setattr(predicting, "cores", lambda: 2)
    monkeypatch.setattr(csv_parts, "PART_BYTES", 300)
    new = hard().drop(index=[5, 61, 62])
    new.to_csv(tmp_path / "t.csv", index=False)

    def readers() -> list[str]:
        return [each.name for each in threading.enumerate() if each.name.startswith("goodfit reads")]

    stream = iter(PredictionStream(run, tmp_path / "t.csv"))
    next(stream)
    assert readers()
    stream.close()  # type: ignore[attr-defined]
    assert not readers()
    with (tmp_path / "t.csv").open("a") as file:
        file.write("1,2\n")  # a row that is too short, in the last part
    parts = list[Predictions]()
    with pytest.raises(InputError, match="every row must have 6 cells"):
        parts += (found for found, _ in PredictionStream(run, tmp_path / "t.csv"))
    assert 60 < sum(len(found.values) for found in parts) <= 87
    text = new.to_csv(index=False).encode()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(text)))
    for data in ("-", new):
        next(iter(PredictionStream(run, data)))
        assert not readers()


def test_large_numbers_are_written_out() -> None:
    """A price of millions keeps the digits before its point; where there are none to keep, it is as short as others."""
    values = np.array([[1234567.9], [-999_999.6], [999_999.4], [0.1234567], [1e15], [np.inf]])
    text = csv_rows(Predictions("regression", (), values, values, 1))
    assert text.split() == ["0,1234568", "1,-1000000", "2,999999", "3,0.123457", "4,1e+15", "5,inf"]


def test_a_table_in_the_place_of_the_run(tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("a\n1\n")
    with pytest.raises(InputError, match=r"new.csv: is a table, where a run .* The run comes first, then the data\.$"):
        predict(tmp_path / "new.csv", tmp_path)
