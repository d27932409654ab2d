from __future__ import annotations

import csv
import io
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from run_help import RECIPE, interrupt_at, make_chunks_short, numbers

import goodfit as gf
from goodfit.data import load
from goodfit.errors import InputError
from goodfit.runs import describe_model, list_runs, predict
from goodfit.runs import load as load_run
from goodfit.runs.predictions import Predictions

FAST = RECIPE.replace(epochs=2, batch_size=8)


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    make_chunks_short(monkeypatch)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("runs")
    gf.train(RECIPE, "iris", seeds=(0, 1, 7), out=root / "iris")
    with pytest.raises(KeyboardInterrupt):
        gf.train(RECIPE, "iris", seeds=(0, 1, 7), out=root / "stopped", progress=interrupt_at(1))
    return root


def cells(found: Predictions) -> list[list[str]]:
    text = io.StringIO()
    found.write_csv(text)
    return list(csv.reader(text.getvalue().splitlines()))


def test_runs_are_listed_newest_first(runs: Path, tmp_path: Path) -> None:
    (runs / "not a run").mkdir(exist_ok=True)
    (runs / "file.txt").write_text("")
    found = list_runs(runs)
    assert {run.folder.name: run.state for run in found} == {"iris": "done", "stopped": "interrupted"}
    assert [run.when for run in found] == sorted((run.when for run in found), reverse=True)
    done = next(run for run in found if run.state == "done")
    assert (done.data, done.seeds, set(done.scores)) == ("iris", (0, 1, 7), {"train", "valid"})
    assert next(run for run in found if run.state != "done").scores == {}
    assert list_runs(tmp_path / "nowhere") == []


def test_predictions_are_the_mean_over_nets(runs: Path, tmp_path: Path) -> None:
    run, data = load_run(runs / "iris"), load("iris")
    found = predict(runs / "iris", "iris")
    mean = np.mean([net.predict_proba(data.x) for net in run.nets], axis=0)
    np.testing.assert_allclose(found.values, mean, rtol=1e-6)
    assert np.array_equal(found.predicted, mean.argmax(1))
    assert found.nets == 3
    table = cells(found)
    assert table[0][:3] == ["row", "prediction", "probability of setosa"]
    assert len(table) == 151
    assert table[1][1] == data.classes[found.predicted[0]]
    assert sum(float(value) for value in table[1][2:]) == pytest.approx(1, abs=1e-4)
    found.write_csv(tmp_path / "deep" / "p.csv")
    assert (tmp_path / "deep" / "p.csv").read_text().splitlines()[0] == ",".join(table[0])
    steps: list[object] = []
    again = predict(runs / "iris" / "model.safetensors", "iris", data_progress=steps.append)
    assert np.array_equal(again.values, found.values)


@pytest.mark.parametrize("outputs", [1, 2])
def test_predictions_of_numbers(outputs: int, tmp_path: Path) -> None:
    data = numbers(outputs=outputs)
    gf.train(FAST, data, out=tmp_path / "run")
    found = predict(tmp_path / "run", data)
    expected = ["row", "prediction"] if outputs == 1 else ["row", "prediction_0", "prediction_1"]
    table = cells(found)
    assert table[0] == expected
    assert np.allclose(np.array(table[1:], float)[:, 1:], found.values, rtol=1e-5)


def test_predictions_of_labels(tmp_path: Path) -> None:
    data = numbers("multilabel")
    gf.train(FAST, data, out=tmp_path / "run")
    found = predict(tmp_path / "run", data)
    table = cells(found)
    assert table[0] == ["row", "a", "b", "probability of a", "probability of b"]
    for row in table[1:]:
        assert [label == "1" for label in row[1:3]] == [float(value) > 0.5 for value in row[3:]]


def test_a_run_that_is_not_done_has_no_model_yet(tmp_path: Path) -> None:
    """Also where a model file stands in its folder; what finishes it can be pasted into a shell."""
    folder = tmp_path / "a b"
    gf.train(FAST, "iris", out=folder)
    record = json.loads((folder / "run.json").read_text())
    assert gf.load_model(folder).task == "classification"
    (folder / "run.json").write_text(json.dumps({**record, "state": "training", "results": None}))
    fix = re.escape(f"Finish it with: goodfit train --resume '{folder}'")
    for read in (gf.load_model, load_run, describe_model, lambda path: predict(path, "iris")):
        with pytest.raises(InputError, match=f"must be a finished run. {fix}"):
            read(folder)
    for damaged in ("{", "[]"):
        (folder / "run.json").write_text(damaged)
        with pytest.raises(InputError, match=r"run.json: must be the record of a run, but it is damaged"):
            gf.load_model(folder)


def test_what_cannot_predict_is_named(runs: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"must be a finished run. Finish it with: goodfit train"):
        predict(runs / "stopped", "iris")
    with pytest.raises(InputError, match=r"must be a finished run. Finish it with: goodfit train"):
        load_run(runs / "stopped")
    with pytest.raises(InputError, match=r"must be a finished run or search, or a model file. See 'goodfit runs'"):
        predict(tmp_path / "nowhere", "iris")
    with pytest.raises(InputError, match=r"it has no model.safetensors"):
        predict(tmp_path, "iris")
    with pytest.raises(InputError, match=r"takes 4 features; 'wine' has a different number; got 13. Use the data that"):
        predict(runs / "iris", "wine")
    odd = load("moons", n_train=20, n_test=20)
    wide = gf.data.Dataset("four", np.tile(odd.x, 2), odd.y, "classification", odd.classes)
    with pytest.raises(InputError, match="was trained for classification; the targets of 'four' differ; got"):
        predict(runs / "iris", wide)


def test_a_damaged_model_file(runs: Path, tmp_path: Path) -> None:
    content = (runs / "iris" / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(content[:-4])
    with pytest.raises(InputError, match="must be a whole model file, but it is cut off or its bytes have changed"):
        predict(tmp_path / "model.safetensors", "iris")


def test_a_recipe_with_a_schedule_without_effect_still_opens(runs: Path, tmp_path: Path) -> None:
    """Earlier versions took these, and wrote them."""
    shutil.copytree(runs / "iris", tmp_path / "run")
    old = {"dropout": 0.0, "dropout_schedule": "flat-cosine", "decay_schedule": "flat-cosine", "weight_decay": 0.0}
    path, file = tmp_path / "run" / "recipe.json", tmp_path / "run" / "model.safetensors"
    fields = json.loads(path.read_text()) | old
    path.write_text(json.dumps(fields))
    model = gf.load_model(file)
    replace(model, about={**model.about, "recipe": fields}).save(file)
    for recipe in (load_run(tmp_path / "run").recipe, gf.load_model(file).recipe, gf.Recipe.from_file(path)):
        assert recipe is not None
        assert (recipe.dropout, recipe.dropout_schedule, recipe.decay_schedule) == (0, "constant", "constant")
