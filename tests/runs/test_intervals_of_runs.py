"""Prediction intervals and sets of runs and model files, and how they are written."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import goodfit as gf
from goodfit import runs
from goodfit.cli import main
from goodfit.data import Dataset
from goodfit.errors import InputError
from goodfit.runs.predicting import PredictionStream
from goodfit.runs.predictions import csv_header, csv_rows, json_rows

RECIPE = gf.Recipe(hidden=(6,), epochs=3, batch_size=32, valid=0.3)


def arrays(rows: int = 120) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, 3)).astype(np.float32)
    return x, (x @ np.array([[1, 2], [1, 0], [0, 1]]) + rng.normal(size=(rows, 2))).astype(np.float32)


def columns() -> dict[str, Any]:
    x, y = arrays()
    kinds = np.where(y[:, 0] > 0.8, "=high", np.where(y[:, 0] < -0.8, "low", "middle"))
    return {"a": x[:, 0], "b": x[:, 1], "c": x[:, 2], "kind": kinds}


@pytest.fixture(scope="module")
def several() -> gf.Run:
    """Two numbers, with validation rows."""
    x, y = arrays()
    return gf.train(RECIPE, Dataset.from_arrays(x, y, task="regression"), leaks="off")


@pytest.fixture(scope="module")
def classes(tmp_path_factory: pytest.TempPathFactory) -> gf.Run:
    """Three classes of a table, with fold members."""
    folder = tmp_path_factory.mktemp("classes") / "run"
    recipe = RECIPE.replace(fold_members=3, valid=0)
    return gf.train(recipe, gf.data.table(columns(), "kind"), seeds=3, leaks="off", out=folder)


def test_intervals_are_from_the_validation_rows(several: gf.Run) -> None:
    assert several.split is not None
    parts = several.split
    residuals = np.sort(np.abs(several.predict(parts.x("valid")) - parts.y("valid")), axis=0)
    half = residuals[int(np.ceil((len(residuals) + 1) * 0.8)) - 1]
    x, _ = arrays()
    found = several.predict_interval(x, 0.8)
    np.testing.assert_allclose(found, np.stack([several.predict(x) - half, several.predict(x) + half], -1), atol=1e-5)
    assert found.shape == (120, 2, 2)


def test_sets_are_from_out_of_fold_predictions(classes: gf.Run) -> None:
    out = classes.out_of_fold
    assert out is not None
    assert classes.split is not None
    scores = np.sort(1 - out.values[np.arange(len(out.rows)), classes.split.data.y[out.rows]].astype(float))
    expected = 1 - classes.predict_proba(columns()).astype(float) <= scores[int(np.ceil((len(scores) + 1) * 0.9)) - 1]
    np.testing.assert_array_equal(classes.predict_sets(columns()), expected)


def test_the_model_file_alone_gives_the_same(several: gf.Run, classes: gf.Run, tmp_path: Path) -> None:
    several.save(tmp_path / "m.safetensors")
    x, _ = arrays()
    for adaptive in (False, True):
        np.testing.assert_array_equal(
            gf.load_model(tmp_path / "m.safetensors").predict_interval(x, 0.7, adaptive=adaptive),
            several.predict_interval(x, 0.7, adaptive=adaptive),
        )
    assert classes.folder is not None
    for other in (gf.load_model(classes.folder), runs.load(classes.folder)):
        np.testing.assert_array_equal(other.predict_sets(columns(), 0.8), classes.predict_sets(columns(), 0.8))


def written(run: Any, data: Any, **asked: Any) -> tuple[list[dict[str, str]], list[dict[str, Any]]]:
    """The rows as CSV and as JSON have them."""
    found = runs.predict(run, data, **asked)
    text = csv_header(found) + csv_rows(found)
    return list(csv.DictReader(io.StringIO(text))), [json.loads(line) for line in json_rows(found).splitlines()]


def test_intervals_are_written(several: gf.Run, tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    several.save(path)
    x, y = arrays()
    lines, objects = written(path, Dataset.from_arrays(x, y, task="regression"), coverage=0.8)
    found = several.predict_interval(x, 0.8)
    names = ["row", "prediction_0", "prediction_1", "low_0", "low_1", "high_0", "high_1"]
    assert list(lines[0]) == names
    assert float(lines[5]["high_1"]) == pytest.approx(found[5, 1, 1], rel=1e-5)
    np.testing.assert_allclose([[row["low"], row["high"]] for row in objects], np.moveaxis(found, 2, 1))
    lines, objects = written(path, Dataset.from_arrays(x, y, task="regression"), coverage=0.999)
    assert (lines[0]["low_0"], lines[0]["high_0"], objects[0]["low"]) == ("-inf", "inf", [None, None])
    assert list(written(path, Dataset.from_arrays(x, y, task="regression"))[0][0]) == names[:3]


def test_sets_are_written_part_by_part(
    classes: gf.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert classes.folder is not None
    x, _ = arrays()
    monkeypatch.setattr("goodfit.data.tables.csv_parts.PART_BYTES", 500)
    text = "a,b,c\n" + "".join(",".join(map(str, row)) + "\n" for row in x.tolist()) + "old,1,1\n"
    (tmp_path / "new.csv").write_text(text)
    sets = classes.predict_sets(columns(), 0.95)
    names = [[name for name, inside in zip(classes.model.classes, row, strict=True) if inside] for row in sets]
    assert main(["predict", str(classes.folder), str(tmp_path / "new.csv"), "--coverage", "0.95"]) == 0
    lines = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    shown = [" | ".join(row) for row in names]
    assert [line["set"] for line in lines] == [f"'{text}" if text.startswith("=") else text for text in shown] + [""]
    main(["predict", str(classes.folder), str(tmp_path / "new.csv"), "--coverage", "0.95", "--json"])
    objects = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["set"] for each in objects] == [*names, None]
    stream = PredictionStream(classes.folder, columns(), coverage=0.999)
    list(stream)
    assert "needs 999 rows with out-of-fold predictions" in stream.notes[0]


def test_each_kind_of_model_says_what_it_has_not(several: gf.Run, classes: gf.Run, tmp_path: Path) -> None:
    x, y = arrays()
    with pytest.raises(InputError, match=r"must predict classes to give sets; got 'regression'\. Numbers have"):
        several.predict_sets(x)
    with pytest.raises(InputError, match=r"must predict numbers to give intervals; got 'classification'\. Classes"):
        classes.predict_interval(columns())
    with pytest.raises(InputError, match="Coverage: must be above 0 and below 1; got 90"):
        several.predict_interval(x, 90)
    with pytest.raises(InputError, match=r"'adaptive' is for .* of numbers\. Leave it out: classes have sets\."):
        runs.predict(str(classes.folder), columns(), coverage=0.9, adaptive=True)
    without = gf.train(RECIPE.replace(valid=0), Dataset.from_arrays(x, y, task="regression"), leaks="off")
    old = replace(several.model, about={})
    for each in (without, old):
        with pytest.raises(InputError, match="has no held-out errors"):
            each.predict_interval(x)
    with pytest.raises(InputError, match="has a temperature, for which there are no sets"):
        classes.model.tempered(2.0).predict_sets(columns())
    old.save(tmp_path / "old.safetensors")
    with pytest.raises(InputError, match=r"old\.safetensors: has no held-out errors"):
        runs.predict(tmp_path / "old.safetensors", Dataset.from_arrays(x, y, task="regression"), coverage=0.9)
    of_labels = Dataset.from_arrays(x, (y > 0).astype(np.float32), task="multilabel", classes=("one", "two"))
    labels = gf.train(RECIPE, of_labels, leaks="off")
    for ask in (labels.predict_sets, labels.predict_interval):
        with pytest.raises(InputError, match="there are no prediction intervals or sets for multilabel targets"):
            ask(x)
