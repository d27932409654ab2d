"""Nets that diverged stay in the model file, and take part in no prediction, whatever asks for it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import goodfit as gf
from goodfit.cli import main
from goodfit.errors import InputError
from goodfit.interop.export import export
from goodfit.models import Model, load_model, save_model
from goodfit.models.averaging import mean_values
from goodfit.runs import predict
from goodfit.runs.entrants import entrant
from goodfit.runs.opening import model_print
from goodfit.serving.answering import Answering

RECIPE = gf.Recipe(hidden=(4,), epochs=1, batch_size=64)
X = gf.data.load("iris").x


@pytest.fixture(scope="module")
def run() -> gf.Run:
    """Three nets, of which the second counts as diverged."""
    made = gf.train(RECIPE, "iris", seeds=3, leaks="off")
    return replace(made, history=replace(made.history, frozen=np.array([False, True, False])))


@pytest.fixture
def file(run: gf.Run, tmp_path: Path) -> Path:
    run.save(tmp_path / "model.safetensors")
    return tmp_path / "model.safetensors"


def test_every_prediction_is_of_the_nets_that_stayed_finite(run: gf.Run, file: Path) -> None:
    expected, model = mean_values(run.sound, X), load_model(file)
    assert len(model.nets) == 3
    for each in (run, run.model, model, model.predictor):
        assert np.array_equal(each.predict_proba(X), expected)
        assert each.predict(X).tolist() == [model.classes[code] for code in expected.argmax(1)]
    found = predict(file, "iris")
    assert (found.nets, np.array_equal(found.values, expected)) == (2, True)
    made = export(model, "numpy", file.with_name("net"))
    assert made.difference < 1e-5
    answer = Answering(model).answer(json.dumps({"rows": X[:5].tolist()}).encode(), "application/json")
    assert [list(each["probabilities"].values()) for each in answer["predictions"]] == expected[:5].tolist()
    assert answer["model"]["fingerprint"] == model_print(run.sound)


def test_what_is_made_of_a_model_leaves_them_out(run: gf.Run, file: Path) -> None:
    tempered = run.model.tempered(2.0)
    assert np.array_equal(tempered.predict_proba(X), mean_values([tempered.nets[0], tempered.nets[2]], X))
    file.with_name("search.json").write_text("{}")  # beside which the file is the winner of a search
    for given in (run, run.model, file, file.parent):
        assert model_print(entrant(given, 0).nets) == model_print(run.sound)
    found = gf.calibration(run)
    assert found.nets == 2
    mended = found.model(2.0)
    assert np.array_equal(mended.predict_proba(X), tempered.predict_proba(X))
    with pytest.raises(InputError, match=r"'diverged' in 'about' must list nets by their places, from 0 to 0; got \[1"):
        replace(run.model, nets=run.nets[:1])


def test_where_all_diverged_all_predict(run: gf.Run) -> None:
    lost = replace(run, history=replace(run.history, frozen=np.ones(3, bool)))
    assert np.array_equal(lost.predict_proba(X), mean_values(run.nets, X))
    assert lost.model.predicting == run.nets


@pytest.mark.parametrize("said", [[3], [-1], [True], [0.0], "1", {"1": 1}, None, [[1]]])
def test_a_file_that_names_no_nets_is_refused(run: gf.Run, said: Any, tmp_path: Path) -> None:
    rule = "'diverged' in 'about' must list nets by their places, from 0 to 2; got"
    with pytest.raises(InputError, match=rule):
        Model(run.nets, {"diverged": said})
    with pytest.raises(InputError, match=rule):
        save_model(tmp_path / "model.safetensors", run.nets, {"diverged": said})


def test_show_says_how_many_predict(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", str(file)]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert [line for line in lines if "diverged" in line] == ["diverged 1 of 3 nets do not predict: 1"]


def test_a_run_of_an_older_version_says_it_once_it_is_loaded(tmp_path: Path) -> None:
    made = gf.train(RECIPE, "iris", seeds=3, leaks="off", out=tmp_path / "run")
    made = replace(made, history=replace(made.history, frozen=np.array([False, True, False])))
    events = tmp_path / "run" / "events.jsonl"
    events.write_text(made.history.to_events())  # the model file names no nets, as older ones
    run = gf.runs.load(tmp_path / "run")
    assert (run.frozen, run.model.about["diverged"]) == ((1,), [1])
    assert np.array_equal(run.predict_proba(X), mean_values(made.sound, X))
    found = gf.calibration(run, temperature=False).before
    assert found is not None
    assert ([net.seed for net in found.nets], "diverged" in found.about) == ([0, 2], False)
