"""The same data through any door: arrays, a dict, data frames, CSV, Parquet, Feather and NPZ are read alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import feather, parquet

import goodfit as gf
from goodfit.data import Dataset, Table, read_table, table
from goodfit.data.tables.files import read_frame
from goodfit.data.tables.frames import Frame, frame_of
from goodfit.data.tables.survey import Choices, survey
from goodfit.training.examples import fit_scaling

ROWS = 400
RNG = np.random.default_rng(0)


def written(columns: dict[str, Any], folder: Path, suffix: str) -> Path:
    path = folder / f"table{suffix}"
    if suffix == ".csv":
        pd.DataFrame(columns).to_csv(path, index=False)
    elif suffix == ".parquet":
        parquet.write_table(pa.table(columns), path)
    else:
        feather.write_feather(pa.table(columns), str(path))
    return path


DOORS: dict[str, Callable[[dict[str, Any], Path], Frame]] = {
    "dict": lambda columns, folder: frame_of(columns),
    "pandas": lambda columns, folder: frame_of(pd.DataFrame(columns)),
    "pandas of texts": lambda columns, folder: frame_of(
        pd.read_csv(written(columns, folder, ".csv"), dtype=str, keep_default_na=False)
    ),
    "polars": lambda columns, folder: frame_of(pl.DataFrame(columns, strict=False)),
    "csv": lambda columns, folder: read_frame(written(columns, folder, ".csv")),
    "parquet": lambda columns, folder: read_frame(written(columns, folder, ".parquet")),
    "feather": lambda columns, folder: read_frame(written(columns, folder, ".feather")),
}


def read(frame: Frame, target: str | None = "y") -> tuple[Any, ...]:
    """What a table is taken for: columns, kinds, remarks, notes, problems."""
    found = survey(replace(frame, name="table"), Choices(target))
    columns = [(each.name, each.kind, each.role, each.missing, each.about) for each in found.columns]
    return columns, found.notes, found.problems, None if found.target is None else found.target.about


def codes(count: int) -> list[str]:
    return [f"{number:05d}" for number in RNG.integers(0, 99_999, count)]


STAMPS = [datetime(2024, 3, 1) + timedelta(minutes=int(m)) for m in RNG.integers(0, 90_000, ROWS)]
COLUMNS: dict[str, Any] = {
    "size": RNG.lognormal(size=ROWS),
    "rooms": RNG.integers(1, 8, ROWS),
    "zip": RNG.choice([10115, 20095, 80331, 50667], ROWS),
    "flag": RNG.integers(0, 2, ROWS),
    "yes": RNG.choice([True, False], ROWS),
    "same": [True if i % 3 else None for i in range(ROWS)],
    "word": RNG.choice(["N", "F"], ROWS),
    "branch": RNG.choice(codes(12), ROWS),
    "town": RNG.choice([f"town {i}" for i in range(70)], ROWS),
    "day": [date(2024, 1, 1) + timedelta(days=int(d)) for d in RNG.integers(0, 500, ROWS)],
    "at": STAMPS,
    "gap": [None if i % 7 == 0 else float(i % 13) / 4 for i in range(ROWS)],
    "one": [5] * ROWS,
    "y": RNG.normal(50, 20, ROWS),
}


@pytest.mark.parametrize("door", DOORS)
def test_a_table_of_every_kind_is_the_same_through_every_door(door: str, tmp_path: Path) -> None:
    given = DOORS[door](COLUMNS, tmp_path)
    assert read(given) == read(frame_of(COLUMNS))
    one, other = table(given, "y").split().data, table(COLUMNS, "y").split().data
    assert one.features == other.features
    assert np.array_equal(one.x, other.x)
    assert np.array_equal(one.y, other.y)
    assert (one.scaling, one.scale_targets) == (other.scaling, other.scale_targets)


CELLS = [
    st.floats(-1e6, 1e6, width=32).map(float),
    st.integers(-50, 50),
    st.booleans(),
    st.sampled_from(["N", "F", "yes", "on", "0", "1", "T", "y"]),
    st.sampled_from(["5", "05", "005", "12", "1.5", "1.50"]),
    st.sampled_from(["3,5", "4", "5,25"]),
    st.dates(date(1950, 1, 1), date(2050, 1, 1)),
    st.datetimes(datetime(1990, 1, 1), datetime(2030, 1, 1)).map(lambda moment: moment.replace(microsecond=0)),
    st.sampled_from(["a", "b", "c"]),
    st.integers(0, 1),
]


@pytest.mark.parametrize("door", DOORS)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(drawn=st.data())
def test_any_columns_are_the_same_through_every_door(door: str, tmp_path: Path, drawn: st.DataObject) -> None:
    rows = drawn.draw(st.integers(3, 40))
    columns: dict[str, Any] = {}
    for number in range(drawn.draw(st.integers(1, 3))):
        cell = drawn.draw(st.sampled_from(CELLS))
        cells = drawn.draw(st.lists(cell | st.none(), min_size=rows, max_size=rows))
        if any(value is not None for value in cells):
            columns[f"c{number}"] = cells
    columns["y"] = [0.5 + number for number in range(rows)]
    assert read(DOORS[door](columns, tmp_path)) == read(frame_of(columns))


X = np.stack([RNG.lognormal(0, 2, ROWS), RNG.integers(1, 8, ROWS), RNG.integers(0, 2, ROWS)], axis=1)
TARGETS: dict[str, Any] = {
    "numbers": 50e3 + 9e3 * X[:, 1] + 1e4 * np.log(X[:, 0]) + RNG.normal(0, 3e3, ROWS),
    "whole numbers": np.round(50 + 9 * X[:, 1] + RNG.normal(0, 3, ROWS)).astype(int),
    "classes": X[:, 1].astype(int) % 3,
    "texts": np.where(X[:, 1] > 4, "many", "few"),
    "zeros and ones": (X[:, 1] > 4).astype(float),
}


def plain_doors(y: Any, folder: Path) -> dict[str, Table]:
    """The arrays X and y as tables, and as a structured array."""
    named = {f"x{place}": X[:, place] for place in range(3)} | {"y": y}
    np.savez(folder / "a.npz", x=X, y=y)
    np.savez(folder / "named.npz", **named)
    structured = np.empty(ROWS, [(name, np.asarray(values).dtype) for name, values in named.items()])
    for name, values in named.items():
        structured[name] = values
    return {
        "npz": read_table(folder / "a.npz"),
        "npz by name": read_table(folder / "named.npz", "y"),
        "structured": table(structured, "y"),
        "csv": read_table(written(named, folder, ".csv"), "y"),
        "dict": table(named, "y"),
    }


@pytest.mark.parametrize("target", TARGETS)
def test_arrays_are_scaled_and_read_as_tables_are(target: str, tmp_path: Path) -> None:
    y = TARGETS[target]
    arrays = gf.data.split(Dataset.from_arrays(X, y))
    scaling = fit_scaling(arrays.data, arrays.train)
    for door, made in plain_doors(y, tmp_path).items():
        parts = made.split()
        own = fit_scaling(parts.data, parts.train)
        assert np.array_equal(parts.train, arrays.train), door
        assert (parts.data.task, parts.data.classes) == (arrays.data.task, arrays.data.classes), door
        assert [note for note in made.notes if "target" in note] == list(arrays.data.notes), door
        np.testing.assert_allclose(scaling.inputs(arrays.data.x), parts.data.x, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(scaling.target_shift, own.target_shift, rtol=1e-6)
        np.testing.assert_allclose(scaling.target_scale, own.target_scale, rtol=1e-6)


def test_each_target_of_several_has_its_own_scale() -> None:
    y = np.stack([5 * np.log(X[:, 0]), 1e4 * X[:, 1]], axis=1)
    parts = gf.data.split(Dataset.from_arrays(X, y))
    scaling = fit_scaling(parts.data, parts.train)
    scaled = (y[parts.train] - scaling.target_shift) * scaling.target_scale
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(scaled.std(axis=0), 1, rtol=1e-5)


def test_a_net_has_the_same_score_through_both_doors() -> None:
    recipe = gf.Recipe(hidden=(16,), epochs=30, learning_rate=0.01, batch_size=32, dropout=0.0)
    y = TARGETS["numbers"]
    named = {f"x{place}": X[:, place] for place in range(3)} | {"y": y}
    arrays = gf.train(recipe, Dataset.from_arrays(X, y), leaks="off")
    as_table = gf.train(recipe, table(named, "y"), leaks="off")
    assert arrays.scores["valid"].value == pytest.approx(as_table.scores["valid"].value, abs=1e-3)
    assert arrays.scores["valid"].value > 0.8
    assert arrays.nets[0].predict(X)[:, 0] == pytest.approx(
        as_table.nets[0].predict(as_table.split.data.x)[:, 0], rel=1e-2
    )


def test_a_search_and_its_folds_take_arrays_as_they_take_tables() -> None:
    y = TARGETS["numbers"]
    named = {f"x{place}": X[:, place] for place in range(3)} | {"y": y}
    recipe = gf.Recipe(hidden=(8,), epochs=20, learning_rate=0.01, batch_size=32, dropout=0.0)
    space: dict[str, Any] = {"l2": [0.0, 1e-3]}
    doors: list[Any] = [Dataset.from_arrays(X, y), table(named, "y")]
    found = [gf.select(recipe, data, vary=space, folds=3, leaks="off") for data in doors]
    assert found[0].scores.mean() > 0.7
    # batches differ, for folds of arrays share theirs
    np.testing.assert_allclose(found[0].scores.mean(axis=1), found[1].scores.mean(axis=1), atol=0.02)
