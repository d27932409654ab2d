"""Tables in several Parquet files: as the rows of one file, and refused where they are of two tables."""

from __future__ import annotations

from datetime import datetime, time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.testing import assert_array_equal
from pyarrow import parquet
from test_frames import same

from goodfit.cli.going_on import _there as table_choices
from goodfit.data.tables import read_table
from goodfit.data.tables.file_parts import in_parts
from goodfit.data.tables.files import is_table_path, read_frame
from goodfit.data.tables.several import common_types, is_there, name_of, several_files
from goodfit.data.tables.streamed import memory_of
from goodfit.errors import InputError

ROWS = 90


def _columns() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    kind = rng.choice(["a", "b", "c"], ROWS).astype(object)
    kind[60:] = None  # the third file's column has no type
    whole = pa.array([None if place == 40 else place for place in range(ROWS)], pa.int64())  # floats, where it has gaps
    return {"x": rng.normal(size=ROWS), "whole": whole, "kind": kind, "y": rng.integers(0, 2, ROWS)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Written as programs do it that know no more than their own part: whole numbers, floats; categories, texts."""
    found = tmp_path / "parts"
    found.mkdir()
    table = pa.table(_columns())
    for place in range(3):
        part = table.slice(30 * place, 30)
        if place == 1:
            part = part.set_column(1, "whole", part["whole"].cast(pa.float64()))
            part = part.set_column(2, "kind", part["kind"].dictionary_encode())
        if place == 2:
            part = part.set_column(2, "kind", pa.nulls(30)).select(["y", "kind", "whole", "x"])
        parquet.write_table(part, found / f"{'bca'[place]}.parquet")
    (found / "b.parquet").rename(found / "a.1.parquet")  # by name: the first, the third, the second
    (found / "_SUCCESS").touch()
    (found / ".hidden.parquet").touch()
    return found


@pytest.fixture
def file(tmp_path: Path) -> Path:
    table = pa.table(_columns())
    path = tmp_path / "whole.parquet"
    parquet.write_table(pa.concat_tables([table.slice(0, 30), table.slice(60, 30), table.slice(30, 30)]), path)
    return path


def test_a_folder_is_the_rows_of_its_files_in_the_order_of_their_names(folder: Path, file: Path) -> None:
    assert [Path(name).name for name in several_files(folder) or []] == ["a.1.parquet", "a.parquet", "c.parquet"]
    assert same(read_frame(folder), read_frame(file))
    one, other = (read_table(path, "y", stream=True) for path in (folder, file))
    assert one.kinds == other.kinds
    assert one.stream is not None
    assert other.stream is not None
    parts = [stream.split(table, 0.2, 0).data for table, stream in ((one, one.stream), (other, other.stream))]
    assert parts[0].features == parts[1].features
    assert parts[0].streamed.digest == parts[1].streamed.digest  # type: ignore[union-attr]
    assert_array_equal(parts[0].x, parts[1].x)
    assert memory_of(folder) > 24 * 4 * ROWS


def test_a_pattern_names_some_of_the_files(folder: Path) -> None:
    pattern = str(folder / "a*.parquet")
    assert read_frame(pattern).rows == 60
    assert (name_of(folder), name_of(pattern), name_of(folder / "*.parquet")) == ("parts", "a", "parts")
    for read in (read_frame, lambda path: read_table(path, "y", stream=True)):
        with pytest.raises(InputError, match=r"no-\*\.parquet: no Parquet file matches this pattern\.$"):
            read(folder / "no-*.parquet")
        with pytest.raises(InputError, match=r"no Parquet file matches this pattern. Patterns are for Parquet files"):
            read(folder / "_SUC*")


def test_files_are_there_or_not(folder: Path, tmp_path: Path) -> None:
    there = (folder, folder / "*.parquet", folder / "a.parquet")
    gone = (tmp_path, folder / "no*.parquet", folder / "no.parquet")
    assert [list(map(is_there, paths)) for paths in (there, gone)] == [[True] * 3, [False] * 3]
    test = str(there[1])
    assert table_choices({"target": "y", "test": test}, ["y"])["test"] == test
    assert "test" not in table_choices({"target": "y", "test": str(gone[1])}, ["y"])


def test_only_the_ending_of_parquet_is_left_out_of_a_name(tmp_path: Path) -> None:
    for name in ("v1.2", "v1.2.parquet"):
        (tmp_path / name).mkdir()
        assert name_of(tmp_path / name) == "v1.2"
    assert (name_of("v1.2-*.parquet"), name_of("v1.2.csv")) == ("v1.2", "v1.2")


def test_a_folder_without_a_path_is_a_table(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    assert is_table_path("parts")
    Path("runs").mkdir()
    for read in (read_frame, lambda path: read_table(path, "y", stream=True)):
        with pytest.raises(InputError, match=r"runs: must be a table file, or .*; it is a folder without any"):
            read("runs")
    assert is_table_path("runs")  # so that this is what is said of it
    assert not is_table_path("run")


def test_files_of_two_tables_are_one_error_that_names_what_differs(folder: Path) -> None:
    table = parquet.read_table(folder / "c.parquet")
    parquet.write_table(table.rename_columns(["x", "other", "kind", "y"]), folder / "c.parquet")
    parquet.write_table(table.drop_columns(["x"]), folder / "d.parquet")
    with pytest.raises(InputError) as told:
        list(in_parts(folder) or [])
    assert len(told.value.problems) == 2
    assert "c.parquet: must have the columns of" in told.value.problems[0]
    assert "got \"it lacks ['whole'] and it also has ['other']\"" in told.value.problems[0]
    assert "d.parquet: must have the columns of" in told.value.problems[1]


def test_a_column_of_another_kind_and_a_damaged_file_are_named(folder: Path) -> None:
    table = parquet.read_table(folder / "c.parquet")
    parquet.write_table(table.set_column(0, "x", [["text"] * 30]), folder / "c.parquet")
    with pytest.raises(
        InputError, match=r"c\.parquet: column 'x' must hold numbers, as in .*a\.1\.parquet; got 'texts'"
    ):
        read_table(folder, "y", stream=True)
    (folder / "c.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match=r"c\.parquet: must be a Parquet file"):
        read_frame(folder)


def test_a_file_that_is_added_while_they_are_read_is_noticed(folder: Path) -> None:
    table = read_table(folder, "y", stream=True)
    assert table.stream is not None
    parquet.write_table(parquet.read_table(folder / "c.parquet"), folder / "d.parquet")
    with pytest.raises(InputError, match="must not change while it is read"):
        table.stream.split(table, 0.2, 0)


def _written(folder: Path, *columns: Any) -> Path:
    """A file for each form of the column x."""
    folder.mkdir()
    for place, column in enumerate(columns):
        parquet.write_table(pa.table({"x": column, "y": pa.array(range(len(column)))}), folder / f"{place}.parquet")
    return folder


def _sizes(*names: str) -> Any:
    return pa.DictionaryArray.from_arrays(pa.array([1, 0], pa.int8()), list(names), ordered=True)


def test_an_order_is_kept_where_it_is_that_of_all_files(tmp_path: Path) -> None:
    note = "Column 'x': the file has not kept the order of its categories."
    small, three = _sizes("small", "large"), _sizes("small", "medium", "large")
    kept = read_frame(_written(tmp_path / "same", small, small))
    assert (kept.columns["x"].order, kept.notes) == (("small", "large"), ())
    for place, files in enumerate(([small, three], [small, small.cast(pa.string())], [pa.nulls(2), small])):
        lost = read_frame(_written(tmp_path / str(place), *files))
        assert (lost.columns["x"].order, lost.notes) == (None, (note,))
    parquet.write_table(pa.table({"x": small, "y": [0, 1]}), tmp_path / "same" / "1.parquet", use_dictionary=False)
    lost = read_frame(tmp_path / "same")
    assert (lost.columns["x"].order, lost.notes) == (None, (note,))


def test_types_that_hold_the_same_are_one(tmp_path: Path) -> None:
    days = [datetime(2024, 2, 29), datetime(2025, 3, 1)]
    for place, (types, value) in enumerate(
        [
            ((pa.timestamp("ms"), pa.timestamp("us"), pa.date32(), pa.timestamp("ns")), days),
            ((pa.timestamp("ms", "UTC"), pa.timestamp("ns", "Asia/Tokyo")), days),
            ((pa.decimal128(5, 2), pa.float64(), pa.int8()), [1, 2]),
            ((pa.time32("s"), pa.time64("ns")), [time(3), time(4)]),
        ]
    ):
        arrays = [pa.array(value, of) for of in types]
        found = read_frame(_written(tmp_path / str(place), *arrays)).columns["x"]
        alone = read_frame(_written(tmp_path / f"{place} alone", pa.concat_arrays(arrays[:1] * len(types))))
        assert_array_equal(found.values, alone.columns["x"].values)
    empty = {"x": pa.null()}, {"x": pa.dictionary(pa.int8(), pa.null())}
    assert common_types(["a", "b"], empty) == {"x": pa.null()}
    mixed = _written(tmp_path / "mixed", pa.array(days, pa.timestamp("us")), pa.array(days, pa.timestamp("us", "UTC")))
    rule = r"column 'x' must hold dates, as in .*0\.parquet; got 'dates with a time zone'"
    with pytest.raises(InputError, match=rule):
        read_frame(mixed)


def test_several_files_are_no_larger_than_one_may_be(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = sum(path.stat().st_size for path in folder.glob("[!.]*.parquet"))
    monkeypatch.setattr("goodfit.data.tables.files.memory_limit", lambda: size)
    assert read_frame(folder).rows == ROWS
    monkeypatch.setattr("goodfit.data.tables.files.memory_limit", lambda: size - 1)
    rule = rf"must be readable: it has {size:,} bytes, more than the {size - 1:,} that are read"
    with pytest.raises(InputError, match=rule):
        read_frame(folder)
    assert read_table(folder, "y", stream=True).stream is not None


def test_a_folder_that_cannot_be_listed_is_one_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: str) -> list[str]:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr("os.listdir", refused)  # who runs as root may list any
    for stream in (False, True):
        with pytest.raises(InputError, match="parts: must be readable: Permission denied"):
            read_table(folder, "y", stream=stream)
