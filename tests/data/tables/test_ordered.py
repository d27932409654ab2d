"""Ordered categories: one input by rank, from a flag or from the type of the column."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import goodfit as gf
from goodfit.cli import main
from goodfit.data.tables.categories import OneHot
from goodfit.data.tables.ordered import Ordered, orders_of
from goodfit.data.tables.preprocessing import Preprocessing
from goodfit.data.tables.typical import typical_row
from goodfit.errors import InputError

SIZES = ("small", "medium", "large", "huge")
GIVEN = ["large", "small", None, "medium", "small", "huge", "medium", "large", "small", "medium"]
Y = [3.0, 1.0, 2.5, 2.0, 1.1, 4.2, 2.1, 3.3, 0.9, 2.2]
ORDER = {"size": SIZES}


def by_hand(ranks: list[float]) -> np.ndarray:
    """Ranks scaled robustly and clipped smoothly, with a missing indicator, as the guide to tables says."""
    values = np.asarray(ranks)
    low, median, high = np.nanpercentile(values, [25, 50, 75])
    z = (values - median) / (high - low)
    return np.column_stack([np.nan_to_num(z / np.sqrt(1 + (z / 3) ** 2)), np.isnan(values)])


EXPECTED = by_hand([2, 0, np.nan, 1, 0, 3, 1, 2, 0, 1])
FRAMES: dict[str, Any] = {
    "flag": {"size": GIVEN, "y": Y},
    "pandas": pd.DataFrame({"size": pd.Categorical(GIVEN, categories=SIZES, ordered=True), "y": Y}),
    "polars": pl.DataFrame({"size": pl.Series(GIVEN, dtype=pl.Enum(SIZES)), "y": Y}),
    "arrow": pa.table(
        {
            "size": pa.DictionaryArray.from_arrays(
                pa.array([None if each is None else SIZES.index(each) for each in GIVEN]), list(SIZES), ordered=True
            ),
            "y": Y,
        }
    ),
}


@pytest.mark.parametrize("source", FRAMES)
def test_a_category_becomes_its_rank(source: str) -> None:
    table = gf.data.table(FRAMES[source], "y", ordered=ORDER if source == "flag" else None)
    data = table.dataset(np.arange(10))
    assert data.features == ("size", "size is missing")
    np.testing.assert_allclose(data.x, EXPECTED, rtol=1e-6)
    (column,) = (each for each in table.columns if each.name == "size")
    assert (column.kind, column.about) == ("categorical", "ordered: small < medium < large < huge; one feature")
    assert Preprocessing.from_json(json.loads(json.dumps(data.preprocessing.to_json()))) == data.preprocessing
    assert typical_row(data.preprocessing) == {"size": "medium"}


def test_ordered_types_can_be_taken_as_plain_categories() -> None:
    table = gf.data.table(FRAMES["pandas"], "y", kinds={"size": "categorical"})
    assert isinstance(table.dataset(np.arange(10)).preprocessing.columns[0], OneHot)
    unordered = FRAMES["pandas"].assign(size=FRAMES["pandas"]["size"].cat.as_unordered())
    assert isinstance(gf.data.table(unordered, "y").dataset(np.arange(10)).preprocessing.columns[0], OneHot)


def test_numbers_are_named_as_they_are_read() -> None:
    given = {"grade": [2.0, 1.5, 3.0, None, 2.0], "y": Y[:5]}
    table = gf.data.table(given, "y", ordered={"grade": [1.5, 2.0, 3]})
    assert table.orders == {"grade": ("1.5", "2", "3")}


def test_the_bins_of_pandas_cut_are_ordered_categories() -> None:
    values = np.arange(12.0)
    given = pd.DataFrame({"bin": pd.cut(values, [-1, 3, 7, 11]), "y": values})
    table = gf.data.table(given, "y")
    assert table.orders == {"bin": ("(-1, 3]", "(3, 7]", "(7, 11]")}
    x, _ = table.dataset(np.arange(12)).preprocessing.transform({"bin": ["(3, 7]", "(-1, 3]"]})
    assert x[0, 0] == 0 > x[1, 0]
    plain = gf.data.table(given.assign(bin=given["bin"].cat.as_unordered()), "y")
    assert isinstance(plain.dataset(np.arange(12)).preprocessing.columns[0], OneHot)
    other = pa.DictionaryArray.from_arrays(pa.array([0, 1] * 6), pa.array([[1], [2]]))
    with pytest.raises(InputError, match="column 'bin' must hold numbers, text, dates or booleans; got 'categories of"):
        gf.data.table(pa.table({"bin": other, "y": values}), "y")


def test_new_and_missing_categories_are_the_median_with_a_note() -> None:
    table = gf.data.table({"size": [each or "medium" for each in GIVEN], "y": Y}, "y", ordered=ORDER)
    fitted = table.dataset(np.arange(10)).preprocessing
    x, notes = fitted.transform({"size": ["giant", None, "medium"]})
    assert x[:, 0].tolist() == [0, 0, 0]
    assert notes == [
        "Column 'size': 1 value is not in its order, taken as the median of the training rows: 'giant'.",
        "Column 'size': 1 value is missing; taken as the median of the training rows.",
    ]


@pytest.mark.parametrize(
    ("ordered", "words"),
    [
        (
            {"size": ["small", "large", "huge"]},
            r"must hold small < large < huge, its order; 3 rows \(3, 6, 9\) do not; got 'medium'",
        ),
        ({"size": ["small"]}, "the order of column 'size' must be two categories or more, all different"),
        ({"size": ["a", "a"]}, "the order of column 'size' must be two categories or more, all different"),
        ({"size": "small<large"}, "the order of column 'size' must be two categories or more"),
        ({"size": 3}, "the order of column 'size' must be two categories or more, all different, .* first; got 3"),
        ({"size": [*SIZES, "NA"]}, "the order of column 'size' must be .*; 'NA' is a missing value; got"),
        ({"size": [None, *SIZES]}, "the order of column 'size' must be .*; None is a missing value; got"),
        ({"y": ["1.0", "2.0"]}, "the target has no kind"),
        ({"weight": ["a", "b"]}, "an ordered column must be one of its columns"),
    ],
)
def test_orders_that_do_not_fit(ordered: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        gf.data.table({"size": GIVEN, "y": Y}, "y", ordered=ordered)


def test_an_ordered_column_is_categorical() -> None:
    with pytest.raises(InputError, match="column 'size' is ordered, so it is categorical; got 'numeric'"):
        gf.data.table({"size": GIVEN, "y": Y}, "y", ordered=ORDER, kinds={"size": "numeric"})


def test_orders_as_flags() -> None:
    assert orders_of(["size=small < large", "a=b=1<2<3"]) == {"size": ("small", "large"), "a=b": ("1", "2", "3")}
    for text in ("size", "size=small", "=a<b"):
        with pytest.raises(InputError, match=r"'ordered' must be NAME=LOWEST<\.\.\.<HIGHEST, once per column; got"):
            orders_of([text])
    with pytest.raises(InputError, match="once per column"):
        orders_of(["a=b<c", "a=c<b"])


def test_a_run_keeps_the_order(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    rng = np.random.default_rng(0)
    size = rng.integers(0, 4, 80)
    pd.DataFrame({"size": np.array(SIZES)[size], "y": size + rng.normal(size=80)}).to_csv(path, index=False)
    table = gf.data.read_table(path, "y", ordered=ORDER)
    recipe = {"epochs": 20, "hidden": (4,), "encoding": "none", "fold_members": 0, "valid": 0.2}
    run = gf.train(recipe, table, out=tmp_path / "run", leaks="off")
    again = gf.runs.load(run.folder)
    (column,) = again.model.preprocessing.columns
    assert isinstance(column, Ordered)
    assert column.categories == SIZES
    assert again.test().score.value == run.test().score.value
    for kind, name in (("onnx", "net.onnx"), ("numpy", "net"), ("torch", "net_t")):
        made = again.export(kind, tmp_path / name)
        assert made.difference < 1e-4
    with pytest.raises(InputError, match="column 'size' cannot be held: it is ordered"):
        again.export("sklearn", tmp_path / "net.joblib")
    with pytest.warns(UserWarning, match="Column 'size': 1 value is not in its order"):
        new, median, low = again.predict({"size": ["new", SIZES[int(column.scaling.median)], "small"]})[:, 0]
    assert new == median != low


def test_the_command_line_takes_orders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "t.csv"
    pd.DataFrame({"size": GIVEN, "y": Y}).to_csv(path, index=False)
    given = ["data", "show", str(path), "--target", "y", "--ordered", "size=small<medium<large<huge"]
    assert main(given) == 0
    assert "ordered: small < medium < large < huge; one feature" in capsys.readouterr().out
    assert main([*given[:-1], "size=small"]) == 2
    assert "'ordered' must be NAME=LOWEST<...<HIGHEST" in capsys.readouterr().err.replace("\n", " ")


def test_an_order_that_is_not_known_is_not_guessed(tmp_path: Path) -> None:
    """Parquet may hold plain values of an ordered type: Arrow then reads categories in the order of the rows."""
    path = tmp_path / "t.parquet"
    FRAMES["pandas"].to_parquet(path, row_group_size=3)
    assert gf.data.read_table(path, "y").orders == {"size": SIZES}
    FRAMES["pandas"].to_parquet(path, use_dictionary=False)
    table = gf.data.read_table(path, "y")
    assert table.orders == {}
    assert "Column 'size': the file has not kept the order of its categories." in table.notes
    assert gf.data.read_table(path, "y", ordered=ORDER).orders == ORDER
    parts = [pa.DictionaryArray.from_arrays(pa.array([0, 1] * 5), list(names), ordered=True)
             for names in (("small", "large"), ("small", "medium", "large"))]  # fmt: skip
    assert gf.data.table(pa.table({"size": pa.chunked_array(parts), "y": [*Y, *Y]}), "y").orders == {}


def test_ordered_types_are_found_in_a_file(tmp_path: Path) -> None:
    for ending in ("parquet", "feather"):
        path = tmp_path / f"t.{ending}"
        getattr(FRAMES["pandas"], f"to_{ending}")(path)
        assert gf.data.read_table(path, "y").orders == {"size": SIZES}
