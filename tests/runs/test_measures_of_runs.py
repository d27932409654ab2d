"""What a run measures as its training ends, what it keeps, and what is measured of any model on any rows."""

from __future__ import annotations

import json
import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import metrics

import goodfit as gf
from goodfit.data import Dataset, Ledger
from goodfit.errors import InputError
from goodfit.runs.measured import MeasureWarning

RECIPE = gf.Recipe(hidden=(8,), batch_size=32, epochs=6, learning_rate=0.01, dropout=0, valid=0.3)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> gf.Run:
    return gf.train(RECIPE, "breast-cancer", seeds=2, out=tmp_path_factory.mktemp("measured") / "run")


def rare(rows: int = 400) -> Dataset:
    """Two classes, one of 4 % that the inputs hardly tell."""
    rng = np.random.default_rng(0)
    y = np.where(np.arange(rows) % 25 == 0, "yes", "no")
    x = rng.standard_normal((rows, 3)).astype(np.float32) + 0.3 * (y == "yes")[:, None].astype(np.float32)
    return Dataset.from_arrays(x, y, name="rare")


def test_a_run_measures_the_mean_prediction_of_its_nets(run: gf.Run) -> None:
    assert run.split is not None
    x, y = run.split.x("valid"), run.split.y("valid")
    chances = np.mean([net.predict_proba(x, np.float64) for net in run.nets], 0)
    found = run.measures()
    assert found is run.measured["valid"]
    assert found["ROC AUC"].value == pytest.approx(metrics.roc_auc_score(y, chances[:, 1]))
    assert found["log loss"].value == pytest.approx(metrics.log_loss(y, chances))
    assert found.rows == len(y)
    training = run.measures("train")
    assert training.rows == len(run.split.train)
    with pytest.raises(InputError, match=r"'part' must be 'valid' or 'train'; got 'test'. Open them: run.test"):
        run.measures("test")
    with pytest.raises(InputError, match=r"got 'validation'. Did you mean 'valid'?"):
        run.measures("validation")  # type: ignore[arg-type]


def test_what_was_measured_is_kept_with_the_run(run: gf.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run.folder is not None
    back = gf.runs.load(run.folder)
    assert back.measures().to_dict() == run.measures().to_dict()
    assert back.measures("train")["accuracy"].value == run.measures("train")["accuracy"].value  # the data are found
    assert run.to_json()["measures"]["valid"] == run.measures().to_dict()


def test_runs_of_older_versions_have_none_and_measure_when_asked(run: gf.Run, tmp_path: Path) -> None:
    import shutil

    assert run.folder is not None
    shutil.copytree(run.folder, tmp_path / "old")
    path = tmp_path / "old" / "run.json"
    kept = json.loads(path.read_text("utf-8"))
    del kept["results"]["measures"]
    path.write_text(json.dumps(kept), "utf-8")
    old = gf.runs.load(tmp_path / "old")
    assert old.measured == {}
    assert old.measures()["accuracy"] == run.measures()["accuracy"]
    kept["results"]["measures"] = {"valid": {"rows": "many"}}
    path.write_text(json.dumps(kept), "utf-8")
    with pytest.raises(InputError, match="must be the record of a run"):
        gf.runs.load(tmp_path / "old")


def test_one_class_for_every_row_is_a_warning_at_once() -> None:
    with pytest.warns(MeasureWarning, match="Predicts 'no' for every validation row; accuracy 0.9") as told:
        run = gf.train(RECIPE.replace(epochs=12), rare())
    assert len([each for each in told if "Predicts" in str(each.message)]) == 1
    assert run.measures().warnings == (str(told[0].message),)
    with pytest.warns(MeasureWarning, match="for every training row"):
        gf.train(RECIPE.replace(epochs=12, valid=0.0), rare())


def test_single_nets_that_predict_one_class_are_told_of_too(run: gf.Run) -> None:
    from dataclasses import replace

    from goodfit.runs.measured import measured_nets

    assert run.split is not None
    stuck = replace(run.nets[0], biases=(*run.nets[0].biases[:-1], np.array([50, -50], np.float32)))
    x, y = run.split.x("valid"), run.split.y("valid")
    found = measured_nets([stuck, *[run.nets[1]] * 3], x, y, row="validation row")
    assert found.warnings == () or found.warnings[0].startswith("Predicts") or "1 of 4 nets" in found.warnings[0]
    small = replace(run.nets[0], weights=(*run.nets[0].weights[:-1], run.nets[0].weights[-1] * 0))
    biased = replace(small, biases=(*small.biases[:-1], np.array([0.01, 0], np.float32)))
    found = measured_nets([biased, run.nets[1]], x, y, row="validation row")
    assert found.warnings == ("1 of 2 nets predicts the same class for every validation row.",)


def test_test_rows_are_measured_once_the_ledger_has_them(run: gf.Run) -> None:
    before = len(Ledger().openings())
    opened = run.test()
    assert len(Ledger().openings()) == before + 1
    assert opened.measures is not None
    assert opened.measures.rows == opened.score.rows
    assert opened.measures.level == opened.score.level
    assert opened.to_json()["measures"] == opened.measures.to_dict()


def test_any_model_is_measured_on_any_rows(run: gf.Run, tmp_path: Path) -> None:
    own = gf.measures(run)
    assert own.measures == run.measures().measures
    assert own.notes[-1] == "Measures are of what the 2 nets predict together, not means over their scores."
    data = gf.data.load("breast-cancer")
    rng = np.random.default_rng(0)
    x = data.x + 0.01 * rng.standard_normal(data.x.shape).astype(np.float32)
    fresh = Dataset("fresh", x, data.y, "classification", data.classes)
    before = len(Ledger().openings())
    run.save(tmp_path / "model.safetensors")
    found = gf.measures(str(tmp_path / "model.safetensors"), fresh, positive="malignant")
    assert len(Ledger().openings()) == before + 1
    assert (found.rows, found.positive) == (len(fresh), "malignant")
    chances = run.predict_proba(x)
    assert found["average precision"].value == pytest.approx(
        metrics.average_precision_score(data.y == data.classes.index("malignant"), chances[:, 0]), abs=1e-4
    )
    with pytest.raises(InputError, match=r"measures: 'model.safetensors' is a model without a run"):
        gf.measures(str(tmp_path / "model.safetensors"))
    with pytest.raises(InputError, match=r"what is measured must be a run or its folder.*got 3"):
        gf.measures(3)


def test_a_threshold_by_cost_is_found_on_validation_rows(run: gf.Run) -> None:
    assert run.split is not None
    found = gf.threshold(run, false_positive=1, false_negative=10, positive="malignant")
    assert (found.of, found.rows) == ("malignant", len(run.split.valid))
    assert found.cost <= found.at_half
    with pytest.raises(InputError, match=r"threshold: 'positive' must be one of the two classes; got 'ill'"):
        gf.threshold(run, false_positive=1, false_negative=10, positive="ill")
    three = gf.train(RECIPE, "iris")
    with pytest.raises(InputError, match="threshold: is of two classes; got 'classification, 3 outputs'"):
        gf.threshold(three, false_positive=1, false_negative=10)


def test_numbers_and_labels_are_measured_too() -> None:
    rng = np.random.default_rng(3)
    x = rng.standard_normal((200, 3)).astype(np.float32)
    y: Any = (x + np.roll(x, 1, axis=1))[:, :2] * 3 + 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        numbers = gf.train(RECIPE, Dataset("numbers", x, y, "regression")).measures()
        labels = gf.train(RECIPE, Dataset("labels", x, y > 1, "multilabel", ("a", "b"))).measures()
    assert [each.label for each in numbers.headline][:2] == ["R²", "R² of 'target 1'"]
    assert not math.isnan(numbers["root mean squared error of 'target 2'"].low)
    assert {each.name for each in labels.headline} == {"exact match", "log loss", "ROC AUC", "F1"}


def test_fold_members_are_measured_out_of_fold(tmp_path: Path) -> None:
    data = gf.data.load("breast-cancer")
    run = gf.train(RECIPE.replace(fold_members=3, epochs=3), data, out=tmp_path / "folds")
    out = run.out_of_fold
    assert out is not None
    found = run.measures()
    assert found.rows == len(out.rows)
    assert found["ROC AUC"].value == pytest.approx(metrics.roc_auc_score(data.y[out.rows], out.values[:, 1]))
    back = gf.runs.load(tmp_path / "folds")
    assert back.measures().to_dict() == found.to_dict()
    assert gf.measures(back).measures == found.measures
    decide = gf.threshold(run, false_positive=1, false_negative=5)
    assert decide.rows == len(out.rows)
    page = gf.reports.run_page(run).html()
    assert f"Measured on {len(out.rows)} rows, out of fold" in page
