"""What goodfit 0.1 wrote is opened by this version, with the numbers of then, or it is said what to do."""

from __future__ import annotations

import json
import shutil
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import goodfit as gf
from goodfit.data.ledger import Ledger
from goodfit.selection.search import resume as resume_search

HERE = Path(__file__).parent
STATES = ("first", "second", "third", "last")
MODELS = [
    *((state, f"{state}/run/model.safetensors", "run") for state in STATES),
    ("second", "second/estimator.safetensors", "estimator"),
    *(("last", f"last/format-{number}.safetensors", f"format-{number}") for number in range(4, 9)),
]


def told(state: str) -> dict[str, Any]:
    return dict(json.loads((HERE / state / "told.json").read_text("utf-8")))


def predicted(model: Any, state: str) -> Any:
    """What a model predicts for the rows of `told.json`."""
    if new := told(state).get("new"):
        with warnings.catch_warnings(action="ignore", category=UserWarning):  # of a colour that is new
            return np.asarray(model.predict(new), float)
    return model.predict_proba(gf.data.load("iris").x[::30])


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy to work in; the ledger of a state is named by `GOODFIT_LEDGER`."""
    shutil.copytree(HERE, tmp_path / "old")
    monkeypatch.chdir(tmp_path / "old")
    return tmp_path / "old"


@pytest.mark.parametrize(("state", "file", "name"), MODELS, ids=[f"{state}-{name}" for state, _, name in MODELS])
def test_a_model_file_predicts_what_it_predicted(state: str, file: str, name: str) -> None:
    model = gf.load_model(HERE / file)
    np.testing.assert_allclose(predicted(model, state), told(state)[name], rtol=2e-6, atol=1e-5)


def test_all_formats_of_model_files_are_here() -> None:
    from goodfit.runs import describe_model

    formats = {describe_model(HERE / file).format for _, file, _ in MODELS}
    assert formats == set(range(1, 9))


@pytest.mark.parametrize("state", STATES)
def test_a_run_is_loaded(state: str) -> None:
    run = gf.runs.load(HERE / state / "run")
    np.testing.assert_allclose(predicted(run, state), told(state)["run"], rtol=2e-6, atol=1e-5)
    assert run.seeds[0] == 0
    assert {"train", "valid"} <= set(run.scores)
    assert len(run.history["train_loss"]) == (2 if state == "last" else 3)


@pytest.mark.parametrize("state", ["second", "third", "last"])
def test_the_ledger_keeps_its_count(old: Path, state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOODFIT_LEDGER", str(old / state / "ledger.sqlite"))
    (opening,) = Ledger().openings()
    assert opening.rows == (30 if state == "second" else 12)
    assert opening.score is not None


@pytest.mark.parametrize("state", ["first", "second"])
def test_a_report_is_written(old: Path, state: str) -> None:
    gf.reports.write(gf.runs.load(old / state / "run"), old / "report.html")
    assert ("Underfit" in (old / "report.html").read_text("utf-8")) is (state == "second")


@pytest.mark.parametrize("state", ["second", "third", "last"])
def test_a_search_gives_its_winner(old: Path, state: str) -> None:
    best = json.loads((old / state / "search" / "selection.json").read_text("utf-8"))["best"]
    assert gf.Recipe.from_file(old / state / "search").l2 == best["l2"]
    gf.reports.write(old / state / "search", old / "search.html")
    assert "l2" in (old / "search.html").read_text("utf-8")


@pytest.mark.parametrize("folder", ["second/search", "second/unfinished-search", "third/search", "third/curve"])
def test_older_searches_say_that_they_are_not_resumed(old: Path, folder: str) -> None:
    rule = r"search\.json: was begun by an older version, whose search this one cannot resume. Start the search again"
    with pytest.raises(gf.InputError, match=rule):
        resume_search(old / folder)


def test_searches_of_the_last_state_go_on(old: Path) -> None:
    best = json.loads((old / "last" / "search" / "selection.json").read_text("utf-8"))["best"]
    assert resume_search(old / "last" / "search").best.to_json() == gf.Recipe(**best).to_json()
    done = resume_search(old / "last" / "unfinished-search")
    assert (old / "last" / "unfinished-search" / "selection.json").is_file()
    assert done.settings == ({"l2": 0.0}, {"l2": 0.001})  # the finalists


@pytest.mark.parametrize("state", ["first", "second"])
def test_an_interrupted_run_says_how_to_train_it_anew(old: Path, state: str) -> None:
    folder = old / state / "unfinished"
    rule = r"was written by an older goodfit \(0\.1\.0\), whose training this one cannot resume"
    with pytest.raises(gf.InputError, match=rf"{rule}\. Train a new run: goodfit train iris --recipe {folder}"):
        gf.runs.resume(folder)
    assert gf.Recipe.from_file(folder).epochs == 40
