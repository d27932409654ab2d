"""Tables that are read in parts: the same preprocessing, rows and errors as of a table in memory."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray

from goodfit.data import read_table
from goodfit.data.sources import Step
from goodfit.data.tables import file_parts, streamed
from goodfit.data.tables.fitted import Numeric
from goodfit.data.tables.frames import frame_of
from goodfit.data.tables.preprocessing import Preprocessing
from goodfit.data.tables.stream_sample import passes_told
from goodfit.data.tables.streamed_rows import SHOWN, Division, StreamedRows, StreamLimits, hashed
from goodfit.data.tables.summaries import TargetSummary, UnreadCells, WordCounts
from goodfit.errors import InputError

ROWS = 3000
FEW = StreamLimits(sample_rows=500, held_rows=200, block_rows=16, window_bytes=2**14, words=64)


def _columns() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    number = rng.lognormal(size=ROWS)
    number[[7, 2999]] = np.nan
    day = np.datetime64("2024-01-01") + rng.integers(0, 900, ROWS)
    shade = rng.choice([f"shade {place}" for place in range(50)], ROWS)
    return {
        "number": number,
        "whole": rng.integers(0, 40, ROWS),
        "day": day.astype("datetime64[us]"),
        "shade": shade,
        "size": rng.choice(["small", "medium", "large"], ROWS),
        "yes": rng.integers(0, 2, ROWS).astype(bool),
        "y": np.where(rng.random(ROWS) < 0.01, "rare", np.where(np.nan_to_num(number) > 1, "high", "low")),
    }


@pytest.fixture(scope="module")
def parquet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import pyarrow as pa
    from pyarrow import parquet as files

    path = tmp_path_factory.mktemp("streamed") / "table.parquet"
    files.write_table(pa.table(_columns()), path, row_group_size=700)
    return path


CHOICES: dict[str, Any] = {"target": "y", "ordered": {"size": ["small", "medium", "large"]}}


def _split(path: Path, **choices: Any) -> Any:
    table = read_table(path, **{**CHOICES, **choices}, stream=True)
    assert table.stream is not None
    return table.stream.split(table, 0.1, 4)


def _rows(rows: StreamedRows) -> tuple[Any, Any]:
    x = np.empty((rows.rows, rows.record.width), np.float32)
    return x, rows.read([(0, rows.rows)], x)


def test_what_is_fitted_and_encoded_is_that_of_a_table_in_memory(parquet: Path) -> None:
    parts = _split(parquet)
    whole = read_table(parquet, **CHOICES)
    train = np.flatnonzero(Division(0.1, 0.2, 4, ROWS).parts(np.arange(ROWS), 100_000) <= 1)
    expected = Preprocessing.fit(whole.frame, whole.kinds, train, ignored=whole.ignored, orders=whole.orders)
    assert parts.data.preprocessing == expected
    x, y = _rows(parts.data.streamed)
    assert_array_equal(x, expected.transform(whole.frame.take(train))[0])
    assert [parts.data.classes[code] for code in y] == [whole.target.classes[code] for code in whole.target.y[train]]
    assert_array_equal(parts.x("train"), x)  # all of them fit into memory here
    sizes = parts.sizes
    assert sizes["train"] == len(train)
    assert sum(sizes.values()) == ROWS
    assert_allclose([sizes["test"], sizes["valid"]], [0.2 * ROWS, 0.08 * ROWS], atol=4 * np.sqrt(0.16 * ROWS))


def test_nothing_depends_on_where_the_parts_of_a_file_end(parquet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamed, "LIMITS", FEW)
    one = _split(parquet)
    monkeypatch.setattr(file_parts, "PART_ROWS", 97)
    other = _split(parquet)
    assert one.data.streamed.digest == other.data.streamed.digest
    assert_array_equal(one.data.x, other.data.x)


def test_of_a_small_sample_quantiles_are_near_and_the_rest_is_exact(
    parquet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streamed, "LIMITS", FEW)
    parts = _split(parquet)
    found = {column.name: column for column in parts.data.preprocessing.columns}
    columns = _columns()
    train = np.flatnonzero(Division(0.1, 0.2, 4, ROWS).parts(np.arange(ROWS), 200) <= 1)
    exact = Preprocessing.fit(frame_of(columns), {"number": "numeric", "shade": "categorical"}, train).columns
    number = found["number"]
    assert isinstance(number, Numeric)
    assert number.missing
    share = np.mean(columns["number"][train] < number.scaling.median)
    assert abs(share - 0.5) < 1.3 / np.sqrt(0.7 * 500)
    assert found["shade"] == exact[1]
    assert parts.data.classes == ("high", "low", "rare")
    assert parts.sizes["train"] < 300 < parts.data.streamed.rows  # a sample of them is in memory
    assert parts.data.streamed.rows == len(train)


def test_a_text_file_gives_the_same_rows(parquet: Path, tmp_path: Path) -> None:
    from pyarrow import csv
    from pyarrow import parquet as files

    path = tmp_path / "table.csv"
    csv.write_csv(files.read_table(parquet), path)
    one, other = _split(parquet), _split(path)
    assert one.data.features == other.data.features
    assert_allclose(_rows(one.data.streamed)[0], _rows(other.data.streamed)[0], atol=1e-5)


def test_a_cell_that_cannot_be_read_is_named_by_its_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamed, "LIMITS", FEW)
    cells = [f"{place % 9}.5" for place in range(ROWS)]
    outside = np.argsort(hashed(np.arange(ROWS), 0, "stream/sample"))[-1]  # a row that no sample of 500 has
    cells[outside] = "many"
    path = tmp_path / "odd.csv"
    path.write_text("a,y\n" + "".join(f"{cell},{place % 2}\n" for place, cell in enumerate(cells)))
    with pytest.raises(InputError, match=rf"'a' must hold numbers; row {outside} does not; got 'many'"):
        _split(path, ordered=None)


def _write(path: Path, **columns: Any) -> Path:
    import pyarrow as pa
    from pyarrow import parquet as files

    files.write_table(pa.table(columns), path)
    return path


def _outside(rows: int, sample: int) -> NDArray[Any]:
    """The rows that a sample does not have."""
    return np.argsort(hashed(np.arange(rows), 0, "stream/sample"))[: sample - 1 : -1]


def test_all_cells_that_cannot_be_read_are_named_by_their_rows_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streamed, "LIMITS", FEW)
    monkeypatch.setattr(file_parts, "PART_ROWS", 500)
    part = Division(0.1, 0.2, 4, ROWS).parts(np.arange(ROWS), 200)
    outside = np.sort(_outside(ROWS, 500))
    train, held = (next(row for row in outside if row > 1000 and chosen(part[row])) for chosen in (_trains, _waits))
    number, other = ([f"{place % 9}.5" for place in range(ROWS)] for _ in range(2))
    target = [str(place % 2) for place in range(ROWS)]
    number[train], other[held] = "many", "few"
    for row in range(5, 40):
        target[row] = ""  # rows without a target do not shift the numbers
    number[7] = "no matter"
    path = tmp_path / "odd.csv"
    lines = [",".join(line) for line in zip(number, other, target, strict=True)]
    path.write_text("\n".join(["a,b,y", *lines]) + "\n")
    with pytest.raises(InputError) as raised:
        _split(path, ordered=None)
    told = str(raised.value)
    assert f"'a' must hold numbers; row {train} does not; got 'many'" in told
    assert f"'b' must hold numbers; row {held} does not; got 'few'" in told


def _trains(part: int) -> bool:
    return part <= SHOWN


def _waits(part: int) -> bool:
    return part > SHOWN


def test_a_file_that_changes_between_its_passes_is_refused(tmp_path: Path) -> None:
    x, y = np.arange(300.0), np.arange(300) % 2
    path = _write(tmp_path / "one.parquet", x=x, y=y.astype(str))
    table = read_table(path, "y", stream=True)
    assert table.stream is not None
    other = y.astype(str)
    other[200] = "2"
    _write(path, x=x, y=other)
    with pytest.raises(InputError, match="must not change while it is read"):
        table.stream.split(table, 0.1, 4)
    frame = frame_of({"y": other})
    summary = TargetSummary(("y",), "classification")
    summary.add(frame.take(np.arange(100)), 0, UnreadCells())
    with pytest.raises(InputError, match="must not change while it is read"):
        summary.targets(frame, summary.names_of_classes)


def test_late_categories_make_room_by_holding_fewer_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = replace(FEW, sample_rows=300, held_rows=400, held_numbers=2000)
    monkeypatch.setattr(streamed, "LIMITS", limits)
    outside = _outside(ROWS, 300)
    rng = np.random.default_rng(0)
    words = rng.choice(["a", "b"], ROWS).astype(object)
    words[outside[:1500]] = [f"late {place % 30}" for place in range(1500)]
    columns = {"x": rng.normal(size=ROWS), "c": words.tolist()}
    parts = _split(_write(tmp_path / "late.parquet", **columns, y=rng.integers(0, 2, ROWS)), ordered=None)
    width = parts.data.preprocessing.n_inputs
    assert width > 30
    most = limits.held(width)
    assert most < 70
    for part, size in parts.sizes.items():
        assert size < most + 4 * np.sqrt(most), part
    assert parts.sizes["train"] < parts.data.streamed.rows


def test_texts_that_are_counted_are_bounded_by_their_size() -> None:
    words = [f"{place} {'long ' * 200}" for place in range(300)]
    counts = WordCounts(10_000, most_bytes=100_000)
    for start in range(0, 300, 10):
        counts.add(frame_of({"w": [*words[start : start + 10], *["often"] * 10]}).columns["w"])
    assert sum(map(len, counts.counts)) < 100_000
    assert counts.counts["often"] >= 300 - counts.short
    assert 0 < counts.short < 300


@pytest.mark.parametrize("width", [45, 1000, 4000, 8000])
def test_windows_of_any_width_are_of_many_blocks(width: int) -> None:
    limits = StreamLimits()
    assert limits.block(width) <= limits.block_rows
    assert limits.window(width) // limits.block(width) >= 128


def test_what_the_sample_has_is_told_of_the_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from goodfit.cli.tables import tell_table

    monkeypatch.setattr(streamed, "LIMITS", FEW)
    rng, outside = np.random.default_rng(0), _outside(ROWS, 500)
    y = rng.choice(np.array(["a", "b", None], object), ROWS, p=[0.5, 0.4, 0.1])
    y[outside[:300]] = "c"
    path = _write(tmp_path / "late.parquet", x=rng.normal(size=ROWS), y=y.tolist())
    table = read_table(path, "y", stream=True)
    assert table.stream is not None
    assert any(note.startswith("In the sample: ") and "left out" in note for note in table.notes)
    assert re.search(r"binary classification: a \(\d+\), b \(\d+\) in a sample\)$", repr(table))
    told = list[str]()
    monkeypatch.setattr("goodfit.cli.tables._print_columns", lambda _, title, *__: told.append(title))
    tell_table(table, quiet=False)
    assert told == ["late, in a sample of 500 of 3,000 rows"]
    with pytest.warns(UserWarning, match="left out|classes") as warned:
        parts = table.stream.split(table, 0.1, 4)
    lost = sum(label is None for label in y)
    assert [str(each.message) for each in warned] == [
        f"{lost:,} of 3,000 rows left out: the target 'y' is missing or infinite.",
        "The target has 3 classes; the sample did not have c.",
    ]
    assert parts.data.classes == ("a", "b", "c")


def test_errors_of_the_sample_name_it_and_rows_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamed, "LIMITS", FEW)
    y, x = np.full(ROWS, "a", object), np.arange(ROWS).astype(str)
    outside = _outside(ROWS, 500)
    y[outside[:9]] = "b"
    row = int(np.setdiff1d(np.arange(2000, ROWS), outside)[0])
    x[row] = "many"
    path = _write(tmp_path / "rare.parquet", x=x, y=y.tolist())
    with pytest.raises(
        InputError, match=r"rare.parquet \(500 of 3,000 rows\): the target 'y' must have at least two cl"
    ):
        read_table(path, "y", stream=True)
    with pytest.raises(InputError, match=rf"'x' must hold numbers; row {row} does not"):
        read_table(path, "y", stream=True, kinds={"x": "numeric"})


@pytest.mark.parametrize("choice", [{"group": "shade"}, {"time": "day"}, {"weight": "whole"}])
def test_what_needs_all_rows_is_refused(parquet: Path, choice: dict[str, str]) -> None:
    with pytest.raises(InputError, match=rf"'{next(iter(choice))}' needs all rows in memory, and the file is streamed"):
        read_table(parquet, "y", stream=True, **choice)  # type: ignore[arg-type]


def test_a_streamed_table_is_not_divided_in_memory(parquet: Path) -> None:
    with pytest.raises(InputError, match="needs all rows in memory"):
        read_table(parquet, **CHOICES, stream=True).split()


def test_every_pass_tells_how_far_it_is(parquet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_parts, "PART_ROWS", 1000)
    told: list[Step] = []
    with passes_told(told.append):
        _split(parquet)
    assert [(step.detail, step.fraction) for step in told if step.detail.startswith("2,000")] == [
        ("2,000 rows, pass 1 of 3", None),
        ("2,000 rows, pass 2 of 3", 2 / 3),
        ("2,000 rows, pass 3 of 3", 2 / 3),
    ]
    assert len(told) == 9


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "table.npz"
    np.savez(path, x=np.zeros((4, 2)), y=np.arange(4))
    with pytest.raises(InputError, match=r"must be one \.parquet, \.csv or \.tsv file, or a folder of Parquet files"):
        read_table(path, "y", stream=True)


def test_a_disk_without_room_is_told_before_rows_are_encoded(parquet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 9, 1))  # type: ignore[attr-defined]
    with pytest.raises(InputError, match=r"must have room for the encoded training rows; got '0\.0 GB free"):
        _split(parquet)


def test_counts_of_texts_are_exact_while_few_and_bounded_then() -> None:
    rng = np.random.default_rng(1)
    draws = np.minimum(rng.zipf(1.3, 20_000), 5_000)
    true = Counter(f"w{draw}" for draw in draws)
    few, many = WordCounts(10_000), WordCounts(100)
    for start in range(0, len(draws), 500):
        column = frame_of({"w": [f"w{draw}" for draw in draws[start : start + 500]]}).columns["w"]
        few.add(column)
        many.add(column)
    assert few.counts == true
    assert len(many.counts) <= 200
    assert 0 < many.short <= len(draws) / 100
    for word, count in many.counts.items():
        assert true[word] - many.short <= count <= true[word]
    assert {word for word, count in true.items() if count > many.short} <= {*many.counts}
