"""`goodfit measure`, and what `train` and `test` print of measures."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import goodfit as gf
from goodfit.data import Ledger

RECIPE = gf.Recipe(hidden=(8,), batch_size=32, epochs=6, learning_rate=0.01, dropout=0, valid=0.3)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("trained")
    gf.train(RECIPE, "breast-cancer", seeds=2, out=root / "runs" / "cells")
    return root


@pytest.fixture
def here(call: Any, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("GOODFIT_LEDGER")
    shutil.copytree(trained / "runs", tmp_path / "runs")
    return tmp_path


def lines_of(out: str) -> list[str]:
    return [" ".join(line.split()) for line in out.splitlines()]


def test_measure_prints_every_measure_and_the_confusion_matrix(call: Any, here: Path) -> None:
    code, out, err = call("measure", "runs/cells")
    found = gf.measures("runs/cells")
    assert (code, err) == (0, "")
    lines = lines_of(out)
    assert lines[0] == f"cells, {found.rows} rows"
    assert lines[1] == "measure value 95 % interval baseline"
    for each in found.measures:
        assert any(line.startswith(f"{each.label} {each.shown[0]} {each.shown[1]}") for line in lines), each.name
    assert "class \\ predicted malignant benign" in lines
    assert f"malignant {found.confusion[0][0]} {found.confusion[0][1]}" in lines
    assert not Ledger().openings()
    told = json.loads(call("measure", "runs/cells", "--costs", "1,10", "--json")[1])
    threshold = gf.threshold("runs/cells", false_positive=1, false_negative=10)
    assert told == {**json.loads(json.dumps(found.to_dict())), "threshold": threshold.to_dict()}
    assert threshold.sentence in call("measure", "runs/cells", "--costs", "1,10")[1]
    named = call("measure", "runs/cells", "--positive", "malignant")[1]
    assert "F1 of 'malignant'" in named


def test_costs_that_are_no_two_numbers_are_refused(call: Any, here: Path) -> None:
    for wrong in ("1", "1,2,3", "a,b"):
        code, _, err = call("measure", "runs/cells", "--costs", wrong)
        assert (code, err.strip()) == (
            2,
            f"Command line: '--costs' must be two numbers, FP,FN; got {wrong!r}. For example, --costs 1,20.",
        )


def test_test_prints_and_tells_all_measures(call: Any, here: Path) -> None:
    out = call("test", "runs/cells")[1]
    assert "All measures, of the mean prediction" in out
    assert "Confusion matrix: rows by class" in out
    told = json.loads(call("test", "runs/cells", "--json")[1])
    assert {each["name"] for each in told["measures"]["measures"]} >= {"ROC AUC", "F1", "balanced accuracy"}


def test_train_prints_the_few_that_matter_beside_a_constant(call: Any, here: Path) -> None:
    flags = ("--hidden", "8", "--epochs", "3", "--valid", "0.3", "--fit", "never", "--quiet")
    lines = lines_of(call("train", "breast-cancer", *flags, "--out", "runs/again")[1])
    (accuracy,) = [line for line in lines if line.startswith("accuracy ")]
    assert accuracy.endswith("(share of 'benign')")
    assert [line.split(" 0.")[0] for line in lines if line.startswith(("log loss", "ROC AUC"))] == [
        "log loss",
        "ROC AUC",
    ]
    told = json.loads(call("train", "diabetes", *flags, "--json", "--out", "runs/numbers")[1])
    names = [each["name"] for each in told["measures"]["valid"]["measures"]]
    assert names == ["R²", "root mean squared error", "mean absolute error", "median absolute error"]


def test_a_net_that_predicts_one_class_is_told_of_at_once(call: Any, here: Path) -> None:
    rows = "".join(f"{(at * 37) % 11},{(at * 7) % 5},{'yes' if at % 25 == 0 else 'no'}\n" for at in range(400))
    Path("rare.csv").write_text(f"a,b,y\n{rows}", "utf-8")
    flags = ("--target", "y", "--epochs", "20", "--fit", "never", "--quiet", "--out", "runs/rare")
    code, out, err = call("train", "rare.csv", *flags)
    assert code == 0
    assert "Predicts 'no' for every out-of-fold row; accuracy 0.9" in err
    assert "average precision of 'yes'" in out
