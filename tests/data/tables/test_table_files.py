from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pyarrow import feather, parquet
from table_help import csv, people
from test_frames import same

from goodfit.data.tables.csv_file import read_csv
from goodfit.data.tables.files import is_table_path, read_frame
from goodfit.data.tables.frames import frame_of
from goodfit.errors import InputError

COLUMNS = people(30)


def texts(frame: Any, name: str = "x") -> list[str | None]:
    column = frame.columns[name]
    return [None if code < 0 else column.categories()[code] for code in column.codes]


WRITERS: dict[str, Callable[[Path], object]] = {
    ".parquet": lambda path: parquet.write_table(pa.table(COLUMNS), path),
    ".feather": lambda path: feather.write_feather(pa.table(COLUMNS), str(path)),
    ".arrow": lambda path: pl.DataFrame(COLUMNS).write_ipc(path),
    ".PARQUET": lambda path: pd.DataFrame(COLUMNS).to_parquet(path),
}


@pytest.mark.parametrize("suffix", WRITERS)
def test_binary_files_hold_what_was_written(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"people{suffix}"
    WRITERS[suffix](path)
    assert same(read_frame(path), frame_of(COLUMNS))


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "semicolon.csv", "tab.csv", "bar.csv", "bom.csv", "lines.csv"])
def test_text_files_hold_the_same_whatever_separates_them(name: str, tmp_path: Path) -> None:
    separator = {"a.tsv": "\t", "semicolon.csv": ";", "tab.csv": "\t", "bar.csv": "|"}.get(name, ",")
    path = csv(tmp_path / name, COLUMNS, separator)
    content = path.read_bytes()
    if name == "bom.csv":
        path.write_bytes(b"\xef\xbb\xbf" + content)
    elif name == "lines.csv":
        path.write_bytes(content.replace(b"\n", b"\r\n"))
    found = read_frame(path)
    assert list(found.columns) == list(COLUMNS)
    for column in found.columns.values():
        assert column.storage == "text"
    assert np.array_equal(found.columns["height"].numbers(), COLUMNS["height"])
    assert texts(found, "school") == COLUMNS["school"]
    assert found.columns["age"].missing.tolist() == [age is None for age in COLUMNS["age"]]


def test_quotes_hold_separators_line_ends_and_quotes(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('"the ""x"", quoted\n twice", y \n"1,5\nand ""more""","2"\n"", 3\n')
    found = read_frame(path)
    assert list(found.columns) == ['the "x", quoted\n twice', "y"]
    assert texts(found, 'the "x", quoted\n twice') == ['1,5\nand "more"', None]
    assert found.columns["y"].numbers().tolist() == [2, 3]


def test_quotes_after_blanks_hide_separators_where_one_is_chosen() -> None:
    for header in (b'a; "x,y,z"; b', b' "x,y,z";a;b', b'a; b;   "x,y,z"'):
        assert read_csv("t.csv", header + b"\n1;2;3\n4;5;6\n").rows == 2


def test_columns_without_a_name(tmp_path: Path) -> None:
    pd.DataFrame({"x": [5, 6, 7]}).to_csv(tmp_path / "pandas.csv")
    found = read_frame(tmp_path / "pandas.csv")
    assert list(found.columns) == ["x"]
    assert found.notes == ("Column 1 has no name and counts the rows: left out.",)
    (tmp_path / "a.csv").write_text("x,,\n1,5,a\n2,9,b\n")
    assert list(read_frame(tmp_path / "a.csv").columns) == ["x", "column 2", "column 3"]


WRONG = {
    b"": "must hold a line of column names and rows; it is empty",
    b"\n  \n": "must hold a line of column names and rows; it is empty",
    "x\nцена\n".encode("cp1251"): "must be text in UTF-8; got 'byte 0xf6 in line 2'. Save it as 'CSV UTF-8'",
    "x\né\n".encode("utf-16"): "must be text in UTF-8; got 'UTF-16'",
    b"x\n\0\n": "must be text in UTF-8; got 'a zero byte'",
    b"x,y\n1,2\n3\n4,5,6\n": r"must have 2 cells, as many as the header; 2 rows \(1, 2\) have not; got 1",
    b"x,y\n1,2\n3\n": "as many as the header; row 1 has not; got 1. Rows count from 0 below the header",
    b'x,y\n1,2\n"3,4\n5,6\n': "row 1 has not; got 1",
    b"x,x\n1,2\n": "column names must be unique; repeated: 'x'",
    b'"' + b"x" * 200_000: "the line of column names must be readable; got 'field larger than field limit",
}


@pytest.mark.parametrize("content", WRONG, ids=lambda content: repr(content[:12]))
def test_a_text_file_that_is_no_table_is_one_clear_error(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=WRONG[content]) as caught:
        read_frame(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert len(caught.value.problems) == 1


def test_npz_with_x_and_y_or_with_columns(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    x = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    np.savez_compressed(path, x=x, y=np.array(["a", "b", "a", "b", "a"]))
    found = read_frame(path)
    assert list(found.columns) == ["x0", "x1", "x2", "y"]
    assert np.array_equal(np.stack([found.columns[f"x{i}"].numbers() for i in range(3)], 1), x)
    np.savez(path, age=np.arange(3), name=np.array(["u", "v", "w"]), image=np.zeros((3, 2, 2)))
    found = read_frame(path)
    assert list(found.columns) == ["age", "name"]
    assert found.unreadable == {"image": "an array of shape (3, 2, 2)"}


class Bomb:
    """Says so when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path("exploded"),)


def test_nothing_is_ever_unpickled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    np.savez("objects.npz", x=np.array([[Bomb(), 1]], object), y=np.arange(1))
    Path("pickle.npz").write_bytes(pickle.dumps(Bomb()))
    inside = io.BytesIO()
    np.save(inside, np.array([Bomb()], object), allow_pickle=True)
    Path("npy.npz").write_bytes(inside.getvalue())
    for name in ("objects.npz", "pickle.npz", "npy.npz"):
        with pytest.raises(InputError, match=f"{name}: must be an NPZ file of arrays of numbers or texts; arrays"):
            read_frame(name)
    assert not Path("exploded").exists()


@pytest.mark.parametrize("suffix", [".parquet", ".feather", ".npz"])
@pytest.mark.parametrize("content", [b"", b"PAR1", b"ARROW1\0\0junk", b"PK\3\4junk", b"\x93NUMPY\1\0", b"x" * 1000])
def test_damaged_binary_files_are_one_clear_error(suffix: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"must be (a Parquet file|a Feather \(Arrow\) file|an NPZ file)") as caught:
        read_frame(path)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("suffix", [".parquet", ".feather", ".npz"])
def test_every_truncation_is_one_clear_error(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    np.savez(path, x=np.arange(3)) if suffix == ".npz" else WRITERS[suffix](path)
    whole = path.read_bytes()
    for size in np.linspace(0, len(whole) - 1, 40).astype(int):
        path.write_bytes(whole[:size])
        with pytest.raises(InputError, match="must be a"):
            read_frame(path)


def test_what_is_not_there_or_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nope.csv: there is no such file"):
        read_frame(tmp_path / "nope.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InputError, match=r"folder.csv: .* or a folder of Parquet files; it is a folder without"):
        read_frame(tmp_path / "folder.csv")
    path = tmp_path / "a.xlsx"
    with pytest.raises(InputError, match=r"a.xlsx: there is no such file"):
        read_frame(path)
    path.write_bytes(b"PK")
    with pytest.raises(InputError, match=r"name must end in .csv, .tsv, .parquet, .feather, .arrow, .npz; got '.xlsx'"):
        read_frame(path)


def test_which_names_are_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("plain").write_text("")
    assert [is_table_path(name) for name in ("a.csv", "A.PARQUET", "folder/a", "plain")] == [True] * 4
    assert [is_table_path(name) for name in ("iris", "fashion-mnist", "a.txt")] == [False] * 3
