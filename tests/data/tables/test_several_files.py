"""Tables in several Parquet files: as the rows of one file, and refused where they are of two tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.testing import assert_array_equal
from pyarrow import parquet
from test_frames import same

from goodfit.data.tables import read_table
from goodfit.data.tables.file_parts import in_parts
from goodfit.data.tables.files import is_table_path, read_frame
from goodfit.data.tables.several import name_of, several_files
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
    with pytest.raises(InputError, match="there is no such file"):
        read_frame(folder / "no-*.parquet")


def test_a_folder_without_a_path_is_a_table_if_it_has_parquet_files(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    assert is_table_path("parts")
    Path("runs").mkdir()
    assert not is_table_path("runs")


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
        InputError, match=r"c\.parquet: column 'x' must hold numbers, as in .*a\.1\.parquet; got 'string'"
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
