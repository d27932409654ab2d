from __future__ import annotations

import dataclasses
import json
import shlex
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from reports_help import RECIPE, VERDICT, history, made_run, written

import goodfit as gf
from goodfit import runs
from goodfit.cli import main
from goodfit.data import Dataset, Ledger, read_table
from goodfit.errors import GoodfitError, InputError
from goodfit.reports import Grid, Page, run_page, write
from goodfit.runs.opening import record_curve
from goodfit.runs.record import RUN
from page_check import check, facts, section, tables

TITLES = [
    "Data and split",
    "Net",
    "Recipe",
    "Scores and curves",
    "Comparison of settings",
    "Verdict",
    "Test set",
    "How to reproduce",
]
HOSTILE = ["<script>alert(1)</script>", '" onload="a()', "$\\frac$ & </table>"]


def test_everything_of_a_run_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(folder)]) == 0
    path = folder / "report.html"
    assert capsys.readouterr().out == f"Report: {path}\n"
    root = check(path.read_text("utf-8"))
    run = runs.load(folder)
    assert [heading.text for heading in root.all("h2")] == TITLES
    assert root.all("h1")[0].text == "iris"
    told, known = tables(root), facts(root)
    assert told["Split into sets, with seed 0"][1:] == [
        ["training", "fits the weights", "108", "72.0 %"],
        ["validation", "chooses the epoch and the settings", "12", "8.0 %"],
        ["test", "sealed: scored only when opened, which the ledger records", "30", "20.0 %"],
    ]
    assert told["Layers, from the inputs to the output"][1:] == [
        ["hidden 1", "gelu", "he-normal", "4", "6", "0.25", "30"],
        ["output", "–", "he-normal", "6", "3", "–", "21"],
    ]
    changed = {row[0]: row[1] for row in told["Fields that differ from the default recipe"][1:]}
    assert changed == {"hidden": "6", "dropout": "0.25", "l1": "1e-05", "learning_rate": "0.02", "batch_size": "32"} | {
        "epochs": "3"
    }
    assert len(told["The whole recipe"]) == 1 + len(gf.Recipe.fields())
    score = run.scores["valid"]
    scored = told["Scores of the kept weights"][2]
    assert scored[:5] == [
        "validation",
        "accuracy",
        f"{score.value:.4f}",
        f"{score.low:.4f} to {score.high:.4f}",
        "12",
    ]
    epochs = told["Mean over the nets (and their band), by epoch"]
    assert epochs[0] == ["epoch", "training loss", "training score", "validation loss", "validation score"]
    assert [row[0].split()[0] for row in epochs[1:]] == ["1", "2", "3"]
    assert epochs[1][3].startswith(f"{run.history['valid_loss'][0].mean():.4f} (")
    assert known["Source"] == "scikit-learn"
    assert known["Seeds"] == "0, 1"
    record = json.loads((folder / RUN).read_text())
    assert {known["Python"], known["jax"]} == {record["versions"]["Python"], record["versions"]["jax"]}
    assert known["Digest of the data"] == record["data_print"]


def test_the_command_that_it_gives_trains_the_same_nets(folder: Path, tmp_path: Path) -> None:
    first, again = tmp_path / "first", tmp_path / "again"
    gf.train(RECIPE, "iris", seeds=range(2), out=first)
    code = section(check(run_page(first).html()), "How to reproduce").all("pre")[0].text
    words = shlex.split(code.replace("\\\n", " "))
    assert main([*words[1:], "--out", str(again), "--quiet"]) == 0
    assert (again / "model.safetensors").read_bytes() == (first / "model.safetensors").read_bytes()
    digests = [facts(check(run_page(each).html())) for each in (first, again)]
    assert digests[0]["Digest of the split"] == digests[1]["Digest of the split"]


def test_a_run_in_memory_is_reported_with_a_path(tmp_path: Path) -> None:
    run = made_run(data=gf.data.split(gf.data.load("iris"), valid=0.2, seed=3))
    with pytest.raises(InputError, match=r"a run without a folder needs a path\. Give a path"):
        write(run)
    run.test()
    path = write(run, tmp_path / "mine.html")
    root = check(path.read_text("utf-8"))
    assert "import goodfit as gf" in section(root, "How to reproduce").all("pre")[0].text
    assert next(row[3] for row in tables(root)["Openings of this test set"][1:]).startswith("this run")
    bare = dataclasses.replace(run, split=None)
    with pytest.raises(InputError, match="can be reported with its folder or its split; it has neither"):
        write(bare, tmp_path / "bare.html")


def test_errors_of_a_regression_stand_beside_its_r2() -> None:
    run = made_run(data=gf.data.split(gf.data.load("diabetes"), valid=0.2, seed=3))
    opened = run.test()
    root = check(run_page(run).html())
    lines = tables(root)["Scores of the kept weights"]
    mean, median = run.scores["valid"].errors
    for error in (mean, median):
        shown = ["validation", error.name, f"{error.value:.4g}", f"{error.low:.4g} to {error.high:.4g}"]
        assert shown in [line[:4] for line in lines]
    assert "median absolute error: order statistics" in section(root, "Scores and curves").text
    tested = opened.score.errors[1]
    assert f"newest test score: {tested.name} {tested.value:.4g}" in section(root, "Test set").text


def test_the_python_that_it_gives_is_the_recipe(folder: Path) -> None:
    run = made_run(data=gf.data.split(gf.data.load("iris"), seed=3), seeds=(5, 9))
    code = section(check(run_page(run).html()), "How to reproduce").all("pre")[0].text
    names: dict[str, Any] = {}
    exec(code.rpartition("gf.train")[0], names)
    assert names["recipe"] == run.recipe
    assert "seeds=[5, 9]" in code


def test_sealed_rows_stay_sealed_and_openings_are_shown(folder: Path, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.sqlite"
    root = check(run_page(folder).html())
    assert not ledger.exists()
    sealed = section(root, "Test set")
    assert "The test set of this run (30 rows) is sealed" in sealed.text
    assert sealed.all("pre")[0].text == f"goodfit test {folder}"
    assert facts(root)["Test set"] == "sealed30 rows"
    opened = runs.load(written(made_run(RECIPE.replace(hidden=(3,))), tmp_path / "other")).test()
    root = check(run_page(folder).html())  # rows of a set with the same name: theirs or not, nobody says here
    assert "Openings of test sets of a data set with this name" in tables(root)
    assert "its nets have not opened it" in section(root, "Test set").text
    runs.load(folder).test()
    root = check(run_page(folder).html())
    first, second = tables(root)["Openings of this test set"][1:]
    assert first[3].startswith("other")
    assert first[7] == f"{opened.score.at_level(0.975).low:.4f} to {opened.score.at_level(0.975).high:.4f}"
    assert (second[4], second[8]) == ("2nd of 2", "97.5 %")
    assert second[3].startswith("this run")
    assert "2 different openings, so 97.5 % intervals" in section(root, "Test set").text
    assert len(Ledger().openings()) == 2


def test_a_ledger_that_cannot_be_read_is_one_message(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(b"SQLite format 3\0" + b"x" * 500)
    assert main(["report", str(folder)]) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"{path}: must be a ledger of goodfit, but it is damaged.")
    assert err.count("\n") == 1
    assert not (folder / "report.html").exists()
    path.unlink()
    path.mkdir()
    with pytest.raises(InputError, match="must be the file of the ledger; it is a folder"):
        run_page(folder)


def test_a_locked_ledger_is_one_message(folder: Path, tmp_path: Path) -> None:
    made_run().test()
    path = tmp_path / "ledger.sqlite"
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(GoodfitError, match="the ledger was held by another process"):
            run_page(folder, ledger=Ledger(path, patience=0.01))
        other.execute("ROLLBACK")
    other.close()


def test_a_verdict_is_told_with_its_evidence(folder: Path) -> None:
    root = check(run_page(folder).html())
    assert section(root, "Verdict").all("pre")[0].text == f"goodfit verdict {folder}"
    (folder / "verdict.json").write_text(json.dumps(VERDICT))
    root = check(run_page(folder).html())
    told = section(root, "Verdict")
    assert "Underfit: a wider net does surely better." in told.text
    assert tables(told)["Alternatives to the recipe"][1:] == [
        ["wider", "more freedom", "hidden 64 → 128", "0.9600", "+0.0200", "+0.0120 to +0.0300", "significantly better"],
        ["lower rate", "smaller steps", "learning_rate 0.1 → 0.01", "–", "–", "–", "inconclusive"],
    ]
    assert "Measured gain: +0.0200 (+0.0120 to +0.0300)." in told.text
    assert facts(told)["Trained"] == "5 folds × 1 repeat × 2 seeds"
    assert facts(root)["Verdict"].startswith("underfit")


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "cannot tell", "probes": [], "advice": None, "base": {}, "more": "3 more seeds", "margin": None},
        {"measured_by": "loss", "higher_is_better": False, "level": None, "folds": None, "seconds": None},
        {"probes": VERDICT["probes"][1:], "reasons": []},
    ],
)
def test_whatever_is_unknown_of_a_verdict_is_left_out(folder: Path, change: dict[str, Any]) -> None:
    (folder / "verdict.json").write_text(json.dumps({**VERDICT, **change}))
    told = section(check(run_page(folder).html()), "Verdict").text
    assert "None" not in told
    assert "nan" not in told


@pytest.mark.parametrize(
    "content", ["", "[]", "{", "{}", '{"kind": 3}', json.dumps({**VERDICT, "probes": [{"name": 1}]})]
)
def test_a_damaged_verdict_is_one_message(folder: Path, content: str) -> None:
    (folder / "verdict.json").write_text(content)
    with pytest.raises(InputError, match=r"verdict\.json: must be what goodfit wrote there, but it is damaged"):
        run_page(folder)


def test_what_is_no_run_and_no_search(tmp_path: Path, folder: Path, searched: Path) -> None:
    with pytest.raises(InputError, match=r"must be the folder of a run or of a search; it has neither run\.json nor"):
        write(tmp_path / "nothing")
    with pytest.raises(InputError, match="'search' goes with a run; this is a search itself"):
        write(searched, search=searched)
    with pytest.raises(InputError, match=r"must be the folder of a search; it has no selection\.json"):
        write(folder, search=folder)
    (tmp_path / "search.json").write_text("{}")
    with pytest.raises(InputError, match="must be a finished search; this one is not"):
        write(tmp_path)


def test_a_run_that_is_not_done_or_not_whole(folder: Path) -> None:
    record = json.loads((folder / RUN).read_text())
    (folder / RUN).write_text(json.dumps({**record, "state": "training"}))
    with pytest.raises(InputError, match="must be a finished run"):
        write(folder)
    (folder / RUN).write_text(json.dumps(record))
    shutil.rmtree(folder / "checkpoints", ignore_errors=True)  # a report needs none
    assert write(folder).exists()
    (folder / "split.safetensors").unlink()
    with pytest.raises(InputError, match=r"split\.safetensors: must be a split file: No such file"):
        write(folder)


def test_a_place_that_cannot_be_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(folder), "--out", str(folder / "run.json" / "x.html")]) == 2
    err = capsys.readouterr().err
    assert "must be writable" in err
    assert err.count("\n") == 1
    assert main(["report", str(folder), "--out", "report.pdf"]) == 2
    assert "the name of a page must end in .html; got '.pdf'" in capsys.readouterr().err


def test_hostile_names_of_data_classes_and_seeds_are_shown(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    data = Dataset.from_arrays(
        rng.normal(size=(60, 3)), np.arange(60) % 3, name=HOSTILE[0], classes=tuple(HOSTILE), task="classification"
    )
    folder = written(made_run(data=data), tmp_path / HOSTILE[1])
    runs.load(folder).test(data)
    page = run_page(folder).html()
    root = check(page)
    assert "<script" not in page
    assert root.all("h1")[0].text == HOSTILE[0]
    assert facts(root)["3 classes"] == f"{HOSTILE[0]}, '{HOSTILE[1]}', '{HOSTILE[2]}'"


def test_hostile_columns_of_a_table_are_shown(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    path = tmp_path / "<b>people.csv"
    header = ",".join('"' + name.replace('"', '""') + '"' for name in (*HOSTILE, "target"))
    lines = [",".join(f"{value:.4f}" for value in row) for row in rng.normal(size=(60, 4))]
    path.write_text("\n".join([header, *lines]) + "\n")
    table = read_table(path, "target", ids=[HOSTILE[2]])
    written(made_run(data=table.split(valid=RECIPE.valid, seed=0)), tmp_path / "run", table)
    root = check(run_page(tmp_path / "run").html())
    told = tables(root)["Columns used as features"]
    assert [row[0] for row in told[1:]] == HOSTILE[:2]
    assert "<b>people.csv" in section(root, "How to reproduce").all("pre")[0].text


def test_a_curve_on_test_rows_is_told_to_be_an_opening(tmp_path: Path) -> None:
    run = made_run()
    run = dataclasses.replace(run, history=history(2, 3, ("train", "valid", "test")))
    folder = written(run, tmp_path / "run")
    record_curve(run.split, "recipe", run.seeds, folder)
    root = check(run_page(folder).html())
    assert "It was scored in every epoch" in section(root, "Test set").text
    assert facts(root)["Test set"] == "opened30 rows"


def test_nets_that_diverged_and_rows_without_validation_are_told() -> None:
    run = made_run(RECIPE.replace(valid=0.0))
    measured = dataclasses.replace(run.history, frozen=np.array([False, True]))
    page = run_page(dataclasses.replace(run, history=measured)).html()
    check(page)
    assert "1 net of 2 frozen because the loss was no longer finite: 1." in page
    assert "There is no validation set" in page


def test_many_epochs_are_thinned_in_the_table(folder: Path) -> None:
    run = made_run(RECIPE.replace(epochs=450), seeds=(0,))
    rows = tables(check(run_page(run).html()))["Measured, by epoch"]
    numbers = [int(row[0].split()[0]) for row in rows[1:]]
    assert numbers[:2] == [1, 4]
    assert numbers[-1] == 450
    assert len(numbers) <= 202


def test_pages_and_blocks_can_be_put_together_anew(folder: Path) -> None:
    page = run_page(folder)
    mine = Page("Mine", [*page.sections[:2], page.sections[3]])
    assert isinstance(page.sections[1].blocks[1], Grid)
    assert [heading.text for heading in check(mine.html()).all("h2")] == [TITLES[0], TITLES[1], TITLES[3]]


def test_what_the_leak_guard_found_is_told(folder: Path) -> None:
    path = folder / "run.json"
    finding = {
        "code": "exact",
        "status": "issue",
        "parts": ["valid", "train"],
        "count": 7,
        "share": 0.5,
        "pairs": [[1, 2]],
        "distances": [],
        "text": "7 rows stand in <both> parts.",
        "advice": "Leave them out.",
    }
    for leaks, told in (
        (None, None),
        ({"findings": [], "near": True, "near_seconds": None, "seconds": 0.1}, "none found."),
        ({"findings": [finding], "near": True, "near_seconds": None, "seconds": 0.1}, "7 rows stand in <both> parts."),
    ):
        record = {**json.loads(path.read_text("utf-8")), "leaks": leaks}
        path.write_text(json.dumps(record), encoding="utf-8")
        text = section(check(run_page(folder).html()), "Data and split").text
        assert ("Leakage" in text) == (told is not None)
        assert told is None or told in text
