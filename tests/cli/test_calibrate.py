"""`goodfit calibrate` on a small run: tables, files, exit codes; and what the report shows of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import goodfit as gf
from goodfit.data import Ledger
from goodfit.models import load_model

RECIPE = gf.Recipe(hidden=(8,), batch_size=32, epochs=4, learning_rate=0.01, dropout=0, valid=0.3)
TABLE = "x,z,y\n" + "".join(
    f"{at % 7}.5,{(at * 37) % 11},{'yes' if (at * 13) % 10 > 4 else 'no'}\n" for at in range(300)
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("trained")
    gf.train(RECIPE, "digits", seeds=2, out=root / "runs" / "digits")
    gf.train(RECIPE.replace(epochs=1), "diabetes", out=root / "runs" / "numbers")
    return root


@pytest.fixture
def here(call: Any, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("GOODFIT_LEDGER")
    shutil.copytree(trained / "runs", tmp_path / "runs")
    return tmp_path


def test_it_prints_tables_and_what_to_do(call: Any, here: Path) -> None:
    code, out, err = call("calibrate", "runs/digits")
    found = gf.calibration("runs/digits")
    assert (code, err) == (0, "")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert lines[0] == f"digits, {found.rows} validation rows"
    assert "Scores are of the mean probabilities of 2 nets, not means over their scores." in lines
    assert [line.split()[0] for line in lines[3:8]] == ["accuracy", "log", "Brier", "mean", "confidence"]
    assert "of calibration error by chance 95 % limit p rows" in lines
    assert "rows predicted observed 5-95 % band" in lines
    assert set(found.sentences) <= set(out.splitlines())
    assert not Ledger().openings()
    told = json.loads(call("calibrate", "runs/digits", "digits", "--json", "--quiet")[1])
    assert told == json.loads(json.dumps(found.to_json()))
    assert len(json.loads(call("calibrate", "runs/digits", "--classes", "--json")[1])["reliability"]) == 11


def test_it_writes_the_diagram_the_numbers_and_the_model(call: Any, here: Path) -> None:
    code, out, _ = call("calibrate", "runs/digits", "--out", "seen", "--save", "mended.safetensors")
    assert code == 0
    assert "Reliability diagram: seen/reliability.svg" in out
    assert json.loads(Path("seen/calibration.json").read_text("utf-8")) == gf.calibration("runs/digits").to_json()
    assert Path("seen/reliability.svg").read_bytes().startswith(b"<?xml")
    model, before = load_model("mended.safetensors"), load_model("runs/digits")
    x = gf.data.load("digits").x[:50]
    assert model.about["temperature"] != 1
    assert np.abs(model.predict_proba(x) - before.predict_proba(x)).max() > 1e-4
    assert call("calibrate", "runs/digits", "--out", "one.png")[0] == 0
    assert Path("one.png").read_bytes()[1:4] == b"PNG"


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("runs/numbers",), "calibration: is of probabilities, which only classifiers give; got 'regression'."),
        (("runs/digits/model.safetensors",), "'model.safetensors' is a model without a run, so its validation rows"),
        (("runs/nothing",), "runs/nothing: must be a finished run or search, or a model file."),
        (("runs/digits", "nowhere.csv"), "must be arrays, too"),
        (
            ("runs/digits", "--out", "seen.pdf"),
            "seen.pdf: must be a folder, or a figure whose name ends in .svg or .png",
        ),
    ],
)
def test_bad_input_is_one_clear_error(call: Any, here: Path, words: tuple[str, ...], error: str) -> None:
    code, out, err = call("calibrate", *words)
    assert (code, out) == (2, "")
    assert error in err
    assert len(err.splitlines()) == 1


def test_a_table_file_is_looked_at_with_the_columns_of_the_run(call: Any, here: Path) -> None:
    Path("people.csv").write_text(TABLE, "utf-8")
    Path("later.csv").write_text(TABLE.replace(".5,", ".25,"), "utf-8")
    flags = ("--epochs", "1", "--valid", "0.3", "--out", "runs/table", "--quiet")
    assert call("train", "people.csv", "--target", "y", *flags)[0] == 0
    code, out, _ = call("calibrate", "runs/table/model.safetensors", "later.csv", "--target", "y", "--quiet")
    assert code == 0
    assert "on 300 new rows" in out
    assert "Recorded in the ledger: no. 1." in out
    assert [line.kind for line in Ledger().openings()] == ["calibrate"]
    Path("few.csv").write_text("".join(TABLE.replace(".5,", ".75,").splitlines(keepends=True)[:31]), "utf-8")
    for number, (out_to, made) in enumerate({"few.svg": [], "few": ["calibration.json"]}.items(), start=2):
        code, out, err = call("calibrate", "runs/table", "few.csv", "--out", out_to, "--save", "m", "--quiet")
        assert (code, err.count("\n"), Path("m").exists()) == (2, 1, False)
        assert "calibration: only a temperature that is advised is saved; got " in err
        assert "No reliability diagram was written: it takes 40 rows." in out  # what the opening was spent on is told
        assert f"Recorded in the ledger: no. {number}." in out
        assert sorted(each.name for each in Path().glob(f"{out_to}/*")) == made
        assert not Path("few.svg").exists()
    code, out, _ = call("calibrate", "runs/table", "few.csv", "--save", "m", "--save-anyway", "--quiet")
    assert (code, "The model was written with a temperature that is not advised." in out) == (0, True)
    assert load_model("m").about["temperature"] > 0


def test_the_report_shows_it_where_the_data_are_at_hand(call: Any, here: Path) -> None:
    assert call("report", "runs/digits")[0] == 0
    page = Path("runs/digits/report.html").read_text("utf-8")
    found = gf.calibration("runs/digits", temperature=False)
    assert 'id="calibration"' in page
    assert found.sentences[0] in page
    assert "goodfit calibrate runs/digits" in page
    assert "Reliability of the predicted class" in page
    record = Path("runs/digits/run.json")
    record.write_text(record.read_text("utf-8").replace('"data": "digits"', '"data": "elsewhere"'), "utf-8")
    assert call("report", "runs/digits")[0] == 0
    assert 'id="calibration"' not in Path("runs/digits/report.html").read_text("utf-8")
    assert call("report", "runs/numbers")[0] == 0
    assert 'id="calibration"' not in Path("runs/numbers/report.html").read_text("utf-8")
