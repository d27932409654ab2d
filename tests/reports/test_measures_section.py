"""The section on measures of a report: every measure, the confusion matrix, residuals of numbers, the warning."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import goodfit as gf
from goodfit.data import Dataset
from goodfit.reports import run_page
from goodfit.runs.measured import MeasureWarning
from page_check import check, section, tables

RECIPE = gf.Recipe(hidden=(8,), batch_size=32, epochs=6, learning_rate=0.01, dropout=0, valid=0.3)


def test_classes_have_their_measures_and_the_confusion_matrix(tmp_path: Path) -> None:
    run = gf.train(RECIPE, "iris", seeds=2, out=tmp_path / "run")
    found = run.measures()
    root = check(run_page(tmp_path / "run").html())
    told = tables(root)
    rows = told[f"Measured on {found.rows} validation rows, mean prediction of 2 nets"]
    assert rows[0] == ["measure", "value", "95 % interval", "baseline"]
    assert [row[:3] for row in rows[1:]] == [[each.label, *each.shown] for each in found.measures]
    assert rows[1][3] == found.beside(found["accuracy"])
    matrix = told["Confusion matrix: how many rows of each class are predicted as each class"]
    assert matrix[0] == ["class", *(f"predicted {name}" for name in found.classes), "rows"]
    assert [[int(cell) for cell in row[1:-1]] for row in matrix[1:]] == [list(own) for own in found.confusion]
    card = run.card()
    assert card.to_json()["measures"]["valid"] == found.to_dict()
    assert found.beside(found["accuracy"]) in card.markdown()
    share = f"largest class, {found.majority!r}: {found['accuracy'].baseline:.4f}"
    assert share in root.text


def test_numbers_have_residuals_where_their_data_are(tmp_path: Path) -> None:
    run = gf.train(RECIPE, "diabetes", out=tmp_path / "run")
    assert run.split is not None
    told = tables(check(run_page(tmp_path / "run").html()))
    bins = told["Residuals by bins with equally many rows"][1:]
    predicted = np.asarray(run.predict(run.split.x("valid")))
    assert sum(int(row[1]) for row in bins) == len(predicted)
    first = np.sort(predicted[:, 0])[: int(bins[0][1])]
    assert float(bins[0][2]) == pytest.approx(first.mean(), rel=0.01)
    x = np.random.default_rng(0).standard_normal((80, 3)).astype(np.float32)
    noise = np.random.default_rng(1).standard_normal((80, 2))
    mine = Dataset("mine", x, (x + np.roll(x, 1, axis=1))[:, :2] * 3 + noise, "regression")
    rows = gf.train(RECIPE, mine, out=tmp_path / "mine").measures().rows
    told = tables(check(run_page(tmp_path / "mine").html()))  # its data are not there any more
    assert not [name for name in told if name.startswith("Residuals")]
    assert "R² of 'target 2'" in [row[0] for row in told[f"Measured on {rows} validation rows"]]


def test_one_class_for_every_row_must_not_be_overlooked() -> None:
    rng = np.random.default_rng(0)
    y = np.where(np.arange(400) % 25 == 0, "<b>yes", "no")
    data = Dataset.from_arrays(rng.standard_normal((400, 3)).astype(np.float32), y, name="rare")
    with pytest.warns(MeasureWarning, match="Predicts 'no' for every validation row"):
        run = gf.train(RECIPE.replace(epochs=12), data)
    root = check(run_page(run).html())
    assert run.measures().warnings[0] in section(root, "Measures").text
