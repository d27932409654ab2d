"""One value that cannot be read costs the prediction of its own row, and no other."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import goodfit as gf
from goodfit.cli import main
from goodfit.errors import InputError
from goodfit.runs import predict
from goodfit.training.recipe import Recipe

ROWS = 80
RECIPE = Recipe(hidden=(4,), epochs=2, batch_size=16, dropout=0)


def columns() -> dict[str, list[Any]]:
    rng = np.random.default_rng(0)
    return {
        "flag": rng.integers(0, 2, ROWS).tolist(),
        "age": rng.normal(40, 9, ROWS).round(1).tolist(),
        "day": [str(np.datetime64("2024-01-01") + int(each)) for each in rng.integers(0, 300, ROWS)],
        "town": rng.choice(["A", "B"], ROWS).tolist(),
        "kind": rng.choice(["x", "y", "z"], ROWS).tolist(),
        "price": rng.normal(0, 1, ROWS).tolist(),
    }


@pytest.fixture(scope="module", params=["kind", "price"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    other = "price" if request.param == "kind" else "kind"
    table = gf.data.table(pd.DataFrame(columns()), request.param, ids=other)
    gf.train(RECIPE, table, out=folder / "run", leaks="off")
    return folder / "run"


WRONG = {"flag": (3, 2), "age": (5, "old"), "day": (9, "soon")}


def spoilt(*names: str) -> dict[str, list[Any]]:
    table = columns()
    for name in names:
        row, value = WRONG[name]
        table[name][row] = value
    return table


@pytest.mark.parametrize("names", [("flag",), ("age",), ("day",), ("flag", "age", "day")])
@pytest.mark.parametrize("source", ["frame", "file"])
def test_the_other_rows_are_predicted_as_without_it(
    run: Path, names: tuple[str, ...], source: str, tmp_path: Path
) -> None:
    given: Any = spoilt(*names)
    if source == "file":
        pd.DataFrame(given).to_csv(tmp_path / "new.csv", index=False)
        given = str(tmp_path / "new.csv")
    whole, found = predict(run, columns()), predict(run, given)
    lost = sorted(WRONG[name][0] for name in names)
    kept = np.setdiff1d(np.arange(ROWS), lost)
    assert found.unread == tuple(lost)
    assert np.array_equal(found.values[kept], whole.values[kept])
    assert np.array_equal(found.predicted[kept], whole.predicted[kept])
    assert np.isnan(found.values[lost]).all()
    assert len(found.warnings) == len(names)
    for name, warning in zip(names, found.warnings, strict=True):
        row, value = WRONG[name]
        assert warning.startswith(f"Column {name!r}: row {row} without a prediction: {str(value)!r} cannot be read as ")

    found.write_csv(tmp_path / "out.csv")
    whole.write_csv(tmp_path / "whole.csv")
    files = ("out.csv", "whole.csv")
    lines, expected = (list(csv.reader((tmp_path / name).read_text().splitlines())) for name in files)
    for row, (line, other) in enumerate(zip(lines[1:], expected[1:], strict=True)):
        assert line == ([str(row)] + [""] * (len(other) - 1) if row in lost else other)

    with pytest.raises(InputError, match=f"column '{names[0]}' must hold") as caught:
        predict(run, given, strict=True)
    assert len(caught.value.problems) == len(names)


def test_a_table_without_a_readable_row_has_no_prediction(run: Path) -> None:
    """As one with a row more that can be read: what a row gets does not depend on the others."""
    table = {name: values[:2] for name, values in columns().items()}
    none = predict(run, table | {"age": ["x", "y"]})
    assert none.unread == (0, 1)
    assert none.warnings == ("Column 'age': 2 rows (0, 1) without a prediction: 'x' cannot be read as numbers.",)
    assert np.isnan(none.values).all()
    with pytest.raises(InputError, match=r"column 'age' must hold numbers; 2 rows \(0, 1\) do not; got 'x'"):
        predict(run, table | {"age": ["x", "y"]}, strict=True)
    few = predict(run, table | {"age": ["x", "1"], "flag": [1, 0]})
    assert few.unread == (0,)
    empty = predict(run, {name: values[:0] for name, values in columns().items()})
    assert (len(empty.values), empty.unread) == (0, ())


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_file_of_bad_rows_from_the_command_line(
    run: Path, rows: int, form: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pd.DataFrame(columns()).head(rows).assign(flag="maybe").to_csv(tmp_path / "new.csv", index=False)
    assert main(["predict", str(run), str(tmp_path / "new.csv"), "--quiet", *form]) == 0
    out, err = capsys.readouterr()
    assert err.startswith("Warning: Column 'flag': ")
    if form:
        lines = [json.loads(line) for line in out.splitlines()]
        assert [line["prediction"] for line in lines] == [None] * rows
    else:
        lines = list(csv.reader(out.splitlines()))[1:]
        assert [line[1:] for line in lines] == [[""] * (len(lines[0]) - 1)] * rows
    assert main(["predict", str(run), str(tmp_path / "new.csv"), "--strict", "--quiet", *form]) == 2


def test_a_column_that_is_missing_or_of_lists_still_stops_the_file(run: Path) -> None:
    table = spoilt("age")
    with pytest.raises(InputError, match="missing: 'flag'"):
        predict(run, {name: values for name, values in table.items() if name != "flag"})
    with pytest.raises(InputError, match="column 'flag' must hold boolean values"):
        predict(run, table | {"flag": [[1]] * ROWS})
