"""`--test`: which rows are sealed, on every command that reads a table, and what its runs do afterwards."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import goodfit as gf
from goodfit.cli.going_on import data_to_go_on_with
from goodfit.cli.tables import TableFlags
from goodfit.data import Table
from goodfit.runs.record import RunRecord
from goodfit.selection.calls import call_of

SMALL = ("--hidden", "4", "--epochs", "2", "--dropout", "0", "--batch-size", "16", "--valid", "0.1")
RECIPE = gf.Recipe(hidden=(4,), epochs=2, dropout=0.0, batch_size=16)
TABLE = ("tr.csv", "--target", "y")
QUIET = ("--fit", "never", "--quiet")


def write(path: Path, count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, 2))
    y = np.where(x[:, 0] + rng.normal(0, 0.3, count) > 0, "yes", "no")
    pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": y}).to_csv(path, index=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two tables, and the run that was trained on one of them, with the other sealed."""
    made = tmp_path_factory.mktemp("tables")
    write(made / "tr.csv", 120, 1)
    write(made / "te.csv", 40, 2)
    (made / "bad.csv").write_text("a,b,y\n1,x,yes\n2,3,maybe\n")
    gf.train(RECIPE, gf.data.read_table(made / "tr.csv", "y", test=made / "te.csv"), out=made / "run")
    return made


@pytest.fixture(autouse=True)
def here(folder: Path, monkeypatch: pytest.MonkeyPatch, call: Any) -> None:
    monkeypatch.chdir(folder)


def test_a_file_is_told_of_and_stands_in_the_record(call: Any) -> None:
    code, out, err = call("train", *TABLE, "--test", "te.csv", *SMALL, "--fit", "never", "--out", "told")
    assert code == 0, err
    assert "Note: The test set is te.csv: 40 rows, sealed.\n" in err
    assert "Test set: 40 rows, sealed. Score it once, after all choices are made: goodfit test told" in out
    records = [RunRecord.read(Path(name)).table for name in ("told", "run")]
    assert records[0] == records[1]
    assert records[0] is not None
    assert records[0].test == str(Path("te.csv").resolve())


def test_a_file_is_opened_and_known_again(call: Any) -> None:
    code, out, _ = call("test", "run", "--json", "--quiet")
    first = json.loads(out)
    assert (code, first["score"]["rows"], first["again"]) == (0, 40, False)
    given = pd.read_csv("te.csv")
    assert first["score"]["value"] == pytest.approx(np.mean(gf.load_model("run").predict(given) == given["y"]))
    again = json.loads(call("test", "run", "--data", "te.csv", "--json", "--quiet")[1])
    assert (again["again"], again["nth"], again["score"]) == (True, 1, first["score"])
    os.rename("te.csv", "moved.csv")
    try:
        code, out, err = call("test", "run", "--quiet")
        assert (code, out) == (2, "")
        assert f"run: was given the test file {Path('te.csv').resolve()}, which is not there any more." in err
        assert "--data" not in err
        code, _, err = call("test", "run", "--data", "tr.csv", "--quiet")  # never rows that it was trained on
        assert code == 2
        assert "must be opened with the data that it was started with" in err
        assert json.loads(call("test", "run", "--data", "moved.csv", "--json", "--quiet")[1])["again"]
    finally:
        os.rename("moved.csv", "te.csv")


def test_a_test_file_that_was_changed_is_not_opened(call: Any) -> None:
    before = Path("te.csv").read_text()
    Path("te.csv").write_text(before.replace("yes", "no", 3))
    try:
        code, _, err = call("test", "run", "--quiet")
    finally:
        Path("te.csv").write_text(before)
    assert code == 2
    assert "must be opened with the data that it was started with; 'tr' has different rows" in err


def test_none_are_sealed(call: Any) -> None:
    code, out, err = call("train", *TABLE, "--test", "0", *SMALL, *QUIET, "--out", "none")
    assert code == 0, err
    assert "seal" not in out + err
    assert "Test set" not in out
    told = json.loads(Path("none/run.json").read_text())
    assert (told["table"]["test"], told["results"]["sealed"]) == (0.0, None)
    assert told["results"]["scores"]["train"]["rows"] == 108  # 0.1 of all rows validate
    assert call("test", "none", "--quiet") == (
        2,
        "",
        "Test rows of 'tr': there is no test set to open. "
        "Give test data: goodfit test RUN --data FILE, or from Python: run.test(data).\n",
    )
    assert json.loads(call("test", "none", "--data", "te.csv", "--json", "--quiet")[1])["score"]["rows"] == 40
    assert call("report", "none", "--out", "none.html")[0] == 0
    page = Path("none.html").read_text()
    assert "The data were split without a test set." in page
    assert "sealed: scored" not in page
    assert "--test 0" in page
    assert call("card", "none", "--out", "none.md")[0] == 0
    assert "There is no test set." in Path("none.md").read_text()


def test_a_run_that_was_stopped_goes_on_with_its_test_rows(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    table = gf.data.read_table("tr.csv", "y", test="te.csv")
    with monkeypatch.context() as patch:
        patch.setattr("goodfit.runs.training.write_results", stop)
        with pytest.raises(KeyboardInterrupt):
            gf.train(RECIPE, table, out="stopped")
    code, _, err = call("train", "--resume", "stopped", "--test", "0")
    assert code == 2
    assert "cannot be combined with --test. Use only --resume" in err
    code, _, err = call("train", "--resume", "stopped", "--quiet")
    assert code == 0, err
    for name in ("model.safetensors", "history.csv", "split.safetensors"):
        assert Path("stopped", name).read_bytes() == Path("run", name).read_bytes()


def test_whoever_goes_on_reads_the_table_alike(call: Any) -> None:
    write(Path("more.csv"), 100, 3)

    def going_on(test: str | None) -> Table:
        found = data_to_go_on_with("more.csv", None if test is None else TableFlags(test=test), Path("run"))
        assert isinstance(found, Table)
        return found

    assert going_on(None).split().sizes["test"] == 40
    assert going_on("0.3").split().sizes["test"] == 30
    assert going_on("0").split().sizes["test"] == 0
    code, _, err = call("train", "--from", "run", "--test", "0", "--quiet")
    assert code == 2
    assert "'DATA' must be given" in err


def test_every_command_that_reads_a_table_takes_it(call: Any) -> None:
    code, out, _ = call("data", "show", *TABLE, "--test", "te.csv", "--json")
    assert (code, json.loads(out)["notes"][-1]) == (0, "The test set is te.csv: 40 rows, sealed.")
    code, _, err = call("data", "show", *TABLE, "--test", "bad.csv")
    assert (code, err.count("To fix before training: bad.csv: ")) == (0, 2)
    assert call("data", "check", *TABLE, "--test", "te.csv")[0] == 0
    for command in (("train",), ("select", "--vary", "l2=0,1"), ("curve", "--over", "rows"), ("data", "check")):
        more = () if command[0] == "data" else ("--quiet",)
        code, _, err = call(*command, *TABLE, "--test", "bad.csv", *more)
        assert (code, err.count("bad.csv: ")) == (2, 2)
        code, _, err = call(*command, *TABLE, "--test", "1.5", *more)
        assert code == 2
        assert "'test' must be a fraction in [0, 1), or a table of its own" in err
    code, _, err = call("train", "iris", "--test", "0")
    assert code == 2
    assert "--test are for table files only; 'iris' is a built-in data set" in err


def test_searches_and_curves_that_are_killed_read_it_again() -> None:
    table = gf.data.read_table("tr.csv", "y", test="te.csv")
    call = json.loads(json.dumps(call_of(table, RECIPE, {"folds": 2})))
    again = gf.data.read_table(**call["table"])
    assert again.split().sizes == table.split().sizes == {"train": 108, "valid": 12, "test": 40}
    assert call_of(gf.data.read_table("tr.csv", "y", test=pd.read_csv("te.csv")), RECIPE, {}) is None


def test_the_report_says_how_to_do_it_again(call: Any) -> None:
    code, _, err = call("report", "run", "--out", "page.html")
    assert code == 0, err
    page = Path("page.html").read_text()
    assert f"--test {Path('te.csv').resolve()}" in page
    assert "<dt>Test file</dt>" in page
