from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import goodfit as gf
from goodfit.data import Ledger, load
from goodfit.data.prints import RowSet, row_prints
from goodfit.models.scores import score_classification
from goodfit.training.recipe import Recipe
from goodfit.words import visible

SMALL = ("--hidden", "6", "--batch-size", "32", "--epochs", "2", "--quiet")


@pytest.fixture(autouse=True)
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GOODFIT_LEDGER")  # the one of the folder that `call` works in


def squeezed(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


def test_training_says_how_to_open_the_test_rows(call: Any) -> None:
    out = call("train", "iris", *SMALL, "--out", "a run")[1]
    assert "Test set: 30 rows, sealed. Score it once, after all choices are made: goodfit test 'a run'\n" in out
    assert not any(line.startswith("test ") for line in out.splitlines())
    assert not Path(".goodfit").exists()


def test_a_regression_is_told_with_its_errors_in_the_unit_of_the_targets(call: Any) -> None:
    assert call("train", "diabetes", *SMALL, "--target-transform", "log", "--out", "run")[0] == 0
    told = json.loads(call("test", "run", "--json")[1])["score"]
    mean, median = told["errors"]
    assert 20 < median["low"] < median["value"] < median["high"] < 346 > mean["high"]  # of targets from 25 to 346
    out = call("test", "run")[1]
    for error in (mean, median):
        shown = f"test {error['name']} {error['value']:.4g} {error['low']:.4g} to {error['high']:.4g}"
        assert any(line.startswith(shown) for line in squeezed(out))
    assert "mean absolute error: log scale; median absolute error: order statistics." in " ".join(out.split())
    assert json.loads(call("ledger", "--json")[1])["openings"][0]["now"]["errors"] == told["errors"]


def test_opening_and_the_ledger(call: Any) -> None:
    assert call("ledger") == (0, "", f"No test set has been opened yet: {Ledger().path} is empty.\n")
    for seed in "01":
        assert call("train", "iris", *SMALL, "--seed", seed, "--out", seed)[0] == 0
    code, out, err = call("test", "0")
    (line,) = Ledger().openings()
    score = line.score or {}
    assert (code, err) == (0, "")
    shown = f"{score['value']:.4f} {score['low']:.4f} to {score['high']:.4f} 30 -"
    assert f"test accuracy {shown}" in squeezed(out)
    assert "set score value 95 % interval rows std over seeds" in squeezed(out)
    lasting = score_classification(np.arange(30)[None] < round(30 * score["value"]), level=0.975)
    assert squeezed(out)[-5:] == [
        "",
        "First opening of this test set: 95 % interval.",
        "Every further model that is scored on this test set widens all its intervals.",
        f"An interval that no later opening widens: {lasting.low:.4f} to {lasting.high:.4f} (97.5 %).",
        "Recorded as no. 1 in .goodfit/ledger.sqlite.",
    ]
    again = call("test", "0")[1]
    assert "These nets were scored on this test set before; repeating the same number costs nothing.\nRecorded" in again
    second = call("test", "1", "--quiet")[1]
    assert "97.5 % interval" in second
    assert "2nd opening of this test set (" in second  # another seed is another split
    assert "97.5 % intervals, so those of both scores hold jointly at 95 %. Intervals of other" in second
    assert " measures hold each by itself.\nCost: the interval is 0." in second
    code, out, err = call("ledger")
    assert (code, err) == (0, "")
    table = [line.split() for line in out.splitlines() if line[:1].isdigit()]
    assert [(row[0], row[3]) for row in table] == [("1", "iris"), ("2", "iris"), ("3", "iris")]
    assert ["1st of 2" in " ".join(row) for row in table] == [True, False, False]
    assert [" again " in " ".join(row) for row in table] == [False, True, False]
    assert ["2nd of 2 accuracy" in " ".join(row) for row in table] == [False, False, True]
    assert all("97.5 %" in " ".join(row) for row in table)  # the earlier ones are as wide by now
    told = "iris: 2 different openings, so 97.5 % intervals, which hold jointly at 95 %, 1."
    assert any(line.startswith(told) for line in out.splitlines())


def test_as_json(call: Any) -> None:
    call("train", "iris", *SMALL, "--seeds", "2", "--out", "a")
    told = json.loads(call("test", "a", "--json", "--quiet")[1])
    assert (told["data"], told["nth"], told["again"], told["number"], told["score"]["rows"]) == (
        "iris", 1, False, 1, 30,
    )  # fmt: skip
    call("train", "iris", *SMALL, "--seed", "5", "--out", "b")
    call("test", "b")
    told = json.loads(call("ledger", "--json")[1])
    assert told["ledger"] == str(Ledger().path)
    assert [line["of"] for line in told["openings"]] == [2, 2]
    assert [line["score"]["level"] for line in told["openings"]] == [0.95, 0.975]
    assert [line["now"]["level"] for line in told["openings"]] == [0.975, 0.975]
    assert told["openings"][0]["run"] == str(Path("a").absolute())


def test_runs_show_a_test_score_once_it_was_opened(call: Any) -> None:
    call("train", "iris", *SMALL, "--out", "runs/a")
    assert call("runs")[1].split()[-1] == "-"
    call("test", "runs/a")
    score = Ledger().openings()[0].score or {}
    assert call("runs")[1].split()[-2:] == ["accuracy", f"{score['value']:.4f}"]


def test_a_table_file_is_found_again_or_named(call: Any, tmp_path: Path) -> None:
    data = load("iris")
    frame = pd.DataFrame(data.x, columns=list("abcd")).assign(kind=[data.classes[code] for code in data.y])
    frame.to_csv("flowers.csv", index=False)
    call("train", "flowers.csv", "--target", "kind", *SMALL, "--out", "a")
    call("train", "flowers.csv", "--target", "kind", *SMALL, "--seed", "1", "--out", "b")
    assert "First opening" in call("test", "a")[1]
    Path("flowers.csv").rename("moved.csv")
    code, out, err = call("test", "b")
    assert (code, out) == (2, "")
    assert "flowers.csv" in err
    code, out, _ = call("test", "b", "--data", "moved.csv")
    assert code == 0
    assert "2nd opening of this test set (" in out
    frame.iloc[::-1].to_csv("moved.csv", index=False)
    code, out, err = call("test", "b", "--data", "moved.csv")
    assert (code, out) == (2, "")
    assert "b: must be opened with the data that it was started with; 'moved' has different rows." in err
    assert len(Ledger().openings()) == 2


def test_a_curve_and_an_opening_that_did_not_end(call: Any) -> None:
    recipe = Recipe(hidden=(4,), epochs=1)
    call("ledger")  # into the folder
    run = gf.train(recipe, "iris", score_test=True, out="a")
    book = Ledger()
    line = book.openings()[0]
    out = call("ledger")[1]
    assert "every epoch" in out
    assert out.endswith("iris: opened for one model, 95 % interval.\n")
    assert (
        call("train", "--resume", "a")[1].count(
            "Test set: scored after every epoch, which the ledger records as an ope"
        )
        == 1
    )
    assert run.split is not None
    book.begin("iris", RowSet.of(row_prints(run.split.data, run.split.rows("test"))), "killed")
    out = call("ledger")[1]
    assert "unfinished" in out
    assert out.endswith("iris: 2 different openings, so 97.5 % intervals, which hold jointly at 95 %.\n")
    assert line.kind == "curve"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            ("nowhere",),
            2,
            "nowhere: must be the folder of a run; there is no such folder. Give the folder that",
        ),
        (
            ("begun",),
            2,
            "begun: must be a finished run. Finish it with: goodfit train --resume",
        ),
        (("bare",), 2, "Test rows of 'iris': there is no test set to open. Give test data: goodfit test RUN"),
        (
            ("done", "--data", "digits"),
            2,
            "Test data 'digits': must have 4 features and the run's targets; got '64 features, 10 outputs'.",
        ),
        (("done", "--data", "irs"), 2, "Did you mean 'iris'?"),
    ],
)
def test_what_cannot_be_opened(arguments: tuple[str, ...], code: int, message: str, call: Any) -> None:
    recipe = Recipe(hidden=(4,), epochs=1)
    parts = gf.data.split(load("iris"), test=0)
    gf.train(recipe, parts, out="bare")
    gf.train(recipe, "iris", out="done")
    gf.train(recipe, "iris", out="begun")
    found = json.loads(Path("begun/run.json").read_text())
    Path("begun/run.json").write_text(json.dumps({**found, "state": "training", "results": None}))
    got, out, err = call("test", *arguments)
    assert (got, out) == (code, "")
    assert message in err
    assert len(err.splitlines()) == 1
    assert not Path(".goodfit").exists()


def test_a_ledger_that_cannot_be_used_opens_nothing(call: Any) -> None:
    call("train", "iris", *SMALL, "--out", "a")
    Path(".goodfit").mkdir()
    Path(".goodfit/ledger.sqlite").write_text("no ledger" * 500)
    for command in (("test", "a"), ("test", "a", "--json"), ("ledger",)):
        code, out, err = call(*command)
        assert (code, out) == (2, "")
        assert "ledger.sqlite: must be a ledger of goodfit, but it is damaged. Restore a backup, or move it away" in err


def test_a_run_in_memory_and_one_without_test_rows(call: Any, fake: Any) -> None:
    fake.run = {"sealed": {"rows": 1234, "open": "goodfit test x"}}
    assert "Test set: 1,234 rows, sealed. Score it once, after all choices are made: goodfit test x\n" in call(
        "train", "iris", "--out", "x"
    )[1]  # fmt: skip
    fake.run = {"sealed": None}
    assert "Test set" not in call("train", "iris", "--out", "x")[1]


def test_what_is_printed_is_made_visible(call: Any) -> None:
    book = Ledger()
    book.begin("\x1b[2Jname", RowSet.of(np.arange(5, dtype=np.uint64)), "m" * 32, run="/a/\x1b[1mrun")
    out = call("ledger")[1]
    assert "\x1b" not in out
    assert visible("\x1b[2Jname") in out


def test_a_test_file_of_its_own(call: Any) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=150), "b": rng.normal(size=150)})
    frame["kind"] = np.where(frame["a"] + rng.normal(size=150) > 0, "up", "down")
    frame[:100].to_csv("train.csv", index=False)
    frame[100:].rename(columns={"kind": "class"}).to_csv("te.csv", index=False)
    trained = call("train", "train.csv", "--target", "kind", *SMALL, "--out", "run")
    assert trained[0] == 0, trained
    code, out, err = call("test", "run", "--data", "te.csv")
    assert (code, out) == (2, "")
    assert "te.csv: must have the target column 'kind'." in err
    code, out, err = call("test", "run", "--data", "te.csv", "--target", "class")
    assert code == 0, err
    assert out.startswith("Test set of te\n")
    assert "First opening of this test set: 95 % interval." in out
    assert err == ""
    (line,) = json.loads(call("ledger", "--json")[1])["openings"]
    assert (line["data"], line["rows"], line["run"]) == ("te", 50, str(Path("run").absolute()))
    code, out, err = call("test", "run", "--data", "train.csv")  # its own file: its own test set
    assert (code, " 20 " in out) == (0, True)
