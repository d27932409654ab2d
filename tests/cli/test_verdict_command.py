"""`goodfit verdict`, and the line on the fit at the end of `goodfit train`."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from pyarrow import csv, parquet

STARVED = ("--hidden", "none", "--epochs", "20", "--learning-rate", "0.03", "--dropout", "0", "--batch-size", "32")


@pytest.fixture
def trained(call: Any) -> Path:
    assert call("train", "xor", *STARVED, "--quiet", "--fit", "never", "--out", "a run")[0] == 0
    return Path("a run")


def squeezed(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


def test_a_verdict_shows_the_alternatives_and_what_to_do(trained: Path, call: Any) -> None:
    code, out, err = call("verdict", "a run", "--quick")
    lines = squeezed(out)
    assert code == 0
    assert "The recipe and 6 alternatives on 5 folds: 35 nets, about " in err
    assert "100%, 35 of 35 nets trained\n" in err
    assert lines[:2] == ["Alternatives", "alternative change log loss gain interval at most result"]
    assert any(
        line.startswith("a hidden layer hidden none -> 64 ") and line.endswith("significantly better") for line in lines
    )
    assert any(line.startswith("5-fold cross-validation; gains below 0.0") for line in lines)
    assert any(line.startswith("Underfit: ") for line in lines)
    assert "Train the advised recipe: goodfit verdict 'a run' --apply" in lines
    assert lines[-1].endswith("Verdict: a run/verdict.json")


def test_json_is_one_object(trained: Path, call: Any) -> None:
    code, out, err = call("verdict", "a run", "--quick", "--quiet", "--json")
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert (found["kind"], found["folder"], found["data"]) == ("underfit", "a run", "xor")
    assert found == {**json.loads((trained / "verdict.json").read_text("utf-8")), "folder": "a run"}


def test_the_advice_is_trained_without_measuring_again(trained: Path, call: Any) -> None:
    verdict = json.loads(call("verdict", "a run", "--quick", "--quiet", "--json")[1])
    code, out, err = call("verdict", "a run", "--apply", "--out", "better", "--quiet")
    lines = squeezed(out)
    assert (code, err) == (0, "")
    assert lines[0] == verdict["sentence"]
    assert lines[-1].startswith("Validation accuracy before and after: 0.")
    recipe = json.loads((Path("better") / "recipe.json").read_text("utf-8"))
    assert recipe == verdict["advice"]["recipe"]
    code, out, _ = call("verdict", "a run", "--apply", "--json", "--out", "again", "--quiet")
    assert json.loads(out)["applied"]["recipe"] == recipe
    before, after = (json.loads((Path(name) / "run.json").read_text("utf-8")) for name in ("a run", "better"))
    assert before["data_print"] == after["data_print"]
    assert before["results"]["scores"]["valid"]["rows"] == after["results"]["scores"]["valid"]["rows"]


def test_nothing_is_applied_where_nothing_is_advised(trained: Path, call: Any) -> None:
    kept = {"sentence": "Good fit: really.", "advice": None}
    (trained / "verdict.json").write_text(json.dumps(kept))
    code, out, _ = call("verdict", "a run", "--apply")
    assert (code, out) == (0, "Good fit: really.\nNothing to apply: no alternative is significantly better.\n")
    assert json.loads(call("verdict", "a run", "--apply", "--json")[1]) == {"folder": "a run", "applied": None}


def test_train_ends_with_a_line_on_the_fit(call: Any) -> None:
    out = call("train", "xor", *STARVED, "--quiet", "--fit", "always", "--out", "one")[1]
    assert squeezed(out)[-1].startswith("Fit: underfit: ")
    assert squeezed(out)[-1].endswith(". Details: goodfit verdict one")
    assert json.loads((Path("one") / "verdict.json").read_text("utf-8"))["kind"] == "underfit"
    again = call("train", "--resume", "one", "--quiet")[1]
    assert squeezed(again)[-1] == squeezed(out)[-1]  # what was found then


def test_where_it_is_dear_the_line_says_what_it_would_take(call: Any) -> None:
    small = ("--hidden", "4", "--epochs", "2", "--quiet")
    out = call("train", "iris", *small, "--out", "two")[1]
    line = squeezed(out)[-1]
    assert line.startswith("Fit: unknown from one training alone; comparing alternatives takes about ")
    assert line.endswith(": goodfit verdict two --quick")
    assert not (Path("two") / "verdict.json").exists()
    found = json.loads(
        call("train", "iris", "--hidden", "4", "--epochs", "2", "--quiet", "--json", "--out", "three")[1]
    )
    assert found["fit"].startswith("unknown from one training alone")
    never = call("train", "iris", *small, "--fit", "never", "--out", "four")[1]
    assert "Fit:" not in never


def test_the_fit_of_a_table_is_judged_and_too_few_rows_say_so(call: Any) -> None:
    rows = "\n".join(f"{i * 7 % 40 * 0.1:.1f},{'ab'[i % 2]},{int(i * 7 % 40 + i * 11 % 13 > 25)}" for i in range(40))
    Path("people.csv").write_text(f"age,kind,income\n{rows}\n")
    small = ("--hidden", "4", "--epochs", "3", "--quiet", "--fit", "always", "--batch-size", "8")
    out = call("train", "people.csv", "--target", "income", *small, "--out", "table")[1]
    assert squeezed(out)[-1].startswith("Fit: ")
    assert (Path("table") / "verdict.json").exists()
    assert call("verdict", "table", "--data", "people.csv", "--quick", "--quiet")[0] == 0
    few = "\n".join(f"{i * 5 % 12}.5,{int(i > 8)}" for i in range(12))
    Path("few.csv").write_text(f"age,income\n{few}\n")
    out = call("train", "few.csv", "--target", "income", *small[:5], "--fit", "always", "--out", "few")[1]
    assert "Fit: cannot tell. Folds: every class must have at least 5 rows for 5 folds;" in out


def parts(folder: str, rows: str) -> None:
    """The rows of a CSV file with these columns in two Parquet files."""
    columns = ("age", "kind", "income") if "a" in rows else ("age", "income")
    table = csv.read_csv(io.BytesIO(f"{','.join(columns)}\n{rows}\n".encode()))
    Path(folder).mkdir()
    for place in (0, 1):
        parquet.write_table(table.slice(20 * place, 20), Path(folder) / f"{place}.parquet")


def test_from_a_table_to_a_verdict_in_one_command(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    small = {"hidden": (4,), "epochs": 3, "batch_size": 8}  # in the place of the default, which takes ten times as long
    monkeypatch.setattr("goodfit.cli.going_on.asked_recipe", lambda *_: small)
    rows = "\n".join(f"{i * 7 % 40 * 0.1:.1f},{'ab'[i % 2]},{int(i * 7 % 40 + i * 11 % 13 > 25)}" for i in range(40))
    Path("people.csv").write_text(f"age,kind,income\n{rows}\n")
    parts("people", rows)
    code, out, err = call("verdict", "people", "--target", "income", "--quick", "--quiet", "--out", "own")
    lines = squeezed(out)
    assert (code, err) == (0, "")
    assert "Measured on 32 rows, out of fold" in lines
    assert lines.index("Run: own") < lines.index("Alternatives")
    kept = json.loads((Path("own") / "verdict.json").read_text("utf-8"))
    assert kept["sentence"] in lines
    assert kept["data"] == "people"
    found = call("verdict", "people.csv")
    assert (found[0], "people.csv: needs a target column: --target" in found[2]) == (2, True)
    code, _, err = call("verdict", "people.csv", "--target", "income", "--data", "other.csv")
    assert (code, "'--data' says where the data of a run are now; got 'other.csv'. Omit it" in err) == (2, True)
    code, _, err = call("verdict", "own", "--target", "income")
    assert (code, "are for table files only; 'own' is none. Omit them: a run knows its table." in err) == (2, True)


def test_bad_input_is_one_message(trained: Path, call: Any) -> None:
    code, _, err = call("train", "iris", "--fit", "allways")
    assert (code, err) == (
        2,
        "Command line: '--fit' must be auto, always or never; got 'allways'. Did you mean 'always'?\n",
    )
    code, _, err = call("verdict", "nowhere")
    assert code == 2
    assert err.startswith("nowhere: must be the folder of a run; there is no such folder.")
    Path("empty").mkdir()
    for named, why in (("runs/typo", "there is no such folder."), ("./empty", "it has no run.json.")):
        code, _, err = call("verdict", named)
        assert (code, f"{named.removeprefix('./')}: must be the folder of a run; {why}" in err) == (2, True)
    code, _, err = call("verdict", "runs/typo.csv", "--target", "y")
    assert (code, err) == (2, "runs/typo.csv: there is no such file.\n")
    code, _, err = call("verdict", "a run", "--margin", "3", "--by", "luck")
    assert code == 2
    assert err.splitlines() == [
        "Verdict: 'margin' must be a fraction above 0 and below 1; got 3.0.",
        "Verdict: 'by' must be score or loss; got 'luck'.",
    ]
    (trained / "verdict.json").write_text("?")
    code, _, err = call("verdict", "a run", "--apply")
    assert code == 2
    assert "must be a verdict, but it is damaged. Delete it, and judge the run again.\n" in err


def test_ctrl_c_says_how_to_go_on(trained: Path, call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    small = ("--hidden", "4", "--epochs", "1", "--quiet", "--fit", "always")
    judging = ("verdict", "a run", "--folds", "3", "--repeats", "1", "--by", "score", "--quiet")
    with monkeypatch.context() as patched:
        patched.setattr("goodfit.training.session.fit", stop)
        told = call(*judging)
    assert told == (1, "", "Interrupted. Resume with: goodfit verdict --resume 'a run'\n")
    assert not (trained / "verdict.json").exists()
    code, out, err = call("verdict", "--resume", "a run", "--quiet", "--json")
    found = json.loads(out)
    assert (code, err, found["repeats"], found["folds"], found["measured_by"]) == (0, "", 1, 3, "accuracy")
    assert not (trained / "verdict").exists()
    again = json.loads(call(*judging, "--json")[1])
    assert {**found, "seconds": 0, "share": 0} == {**again, "seconds": 0, "share": 0}
    assert json.loads(call("verdict", "--resume", "a run", "--json")[1]) == again  # one that is finished
    assert call("verdict", "--resume", "a run") == (0, f"{again['sentence']}\n", "")
    with monkeypatch.context() as patched:
        patched.setattr("goodfit.verdicts.judging_runs.judged", stop)
        code, _, err = call("train", "iris", *small, "--out", "x")
    assert code == 1
    whole = "Interrupted while judging the fit. The run itself is complete: x"
    assert err.endswith(f"{whole}. Resume judging with: goodfit verdict --resume x\n")
    assert call("verdict", "--resume", "x", "--quiet")[0] == 0
    assert (Path("x") / "verdict.json").exists()


def test_a_verdict_on_a_table_that_has_moved_goes_on_with_it(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    rows = "\n".join(f"{i * 7 % 40 * 0.1:.1f},{int(i * 7 % 40 + i * 11 % 13 > 25)}" for i in range(40))
    Path("people.csv").write_text(f"age,income\n{rows}\n")
    small = ("--hidden", "4", "--epochs", "3", "--quiet", "--fit", "never", "--batch-size", "8")
    parts("parts", rows)
    assert call("train", "parts/*.parquet", "--target", "income", *small, "--out", "run")[0] == 0
    with monkeypatch.context() as patched:
        patched.setattr("goodfit.training.session.fit", stop)
        assert call("verdict", "run", "--quick", "--quiet")[0] == 1
        assert call("verdict", "--resume", "run", "--quiet")[0] == 1
    shutil.rmtree("run/verdict")
    Path("parts").rename("elsewhere")
    Path("people.csv").rename("moved.csv")
    code, _, err = call("verdict", "run", "--quick", "--quiet")
    gone = "parts/*.parquet, which is not there any more. Give it with --data, or from Python: "
    assert (code, gone in err) == (2, True)
    with monkeypatch.context() as patched:
        patched.setattr("goodfit.training.session.fit", stop)
        assert call("verdict", "run", "--data", "moved.csv", "--quick", "--quiet")[0] == 1
    Path("moved.csv").rename("again.csv")
    code, _, err = call("verdict", "--resume", "run", "--quiet")
    assert (code, "which is not there any more. Give it with --data" in err) == (2, True)
    code, _, err = call("verdict", "run", "--data", "again.csv", "--quiet")
    finish = "Finish that one with: goodfit verdict --resume run, or delete run/verdict."
    assert (code, err) == (2, f"run/verdict: holds a different verdict. {finish}\n")
    code, _, err = call("verdict", "--resume", "run", "--data", "again.csv", "--quiet")
    assert (code, err) == (0, "")


def test_what_cannot_be_resumed(trained: Path, call: Any) -> None:
    refused = "cannot be combined with RUN, --quick, --apply, --margin. Use only --resume, --data, --json and --quiet."
    code, _, err = call("verdict", "a run", "--resume", "a run", "--quick", "--margin", "0.1", "--apply")
    assert (code, err.endswith(f"{refused}\n")) == (2, True)
    code, _, err = call("verdict", "--resume", "a run")
    fix = "Start one with: goodfit verdict RUN, the folder of a run that is done."
    assert (code, err) == (2, f"a run: must hold a verdict that was interrupted; there is none. {fix}\n")
    code, _, err = call("verdict")
    fix = "Give the folder of a finished run, or a table file."
    assert (code, err) == (2, f"Command line: 'RUN' must be given. {fix}\n")
    (trained / "verdict").mkdir()
    (trained / "verdict/verdict-call.json").write_text('{"call": {"folds": 3}}')
    code, _, err = call("verdict", "--resume", "a run")
    assert (code, "must be the record of a verdict, but it is damaged. Remove its folder" in err) == (2, True)
