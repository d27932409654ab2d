from __future__ import annotations

import dataclasses
import json
import shlex
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from page_check import Element, check
from reports_help import VERDICT

import goodfit as gf
from goodfit import runs
from goodfit.cli import main
from goodfit.data import Dataset, Ledger, read_table
from goodfit.errors import GoodfitError, InputError
from goodfit.reports import Grid, Page, run_page, search_page, write
from goodfit.runs.record import RUN

RECIPE = gf.Recipe(hidden=(6,), dropout=0.25, learning_rate=0.02, batch_size=32, epochs=3, l1=1e-5)
TITLES = [
    "Data and split",
    "Net",
    "Recipe",
    "Scores and curves",
    "Comparison of settings",
    "Verdict",
    "Test rows",
    "How to reproduce",
]
HOSTILE = ["<script>alert(1)</script>", '" onload="a()', "$\\frac$ & </table>"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "iris"
    gf.train(RECIPE, "iris", seeds=range(2), out=folder)
    return folder


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("searches") / "iris"
    gf.select("iris", RECIPE, vary=["hidden=3,6", "l1=0,1e-5"], folds=3, out=folder)
    return folder


@pytest.fixture
def folder(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the run, and a project without a ledger."""
    monkeypatch.setenv("GOODFIT_LEDGER", str(tmp_path / "ledger.sqlite"))
    return Path(shutil.copytree(trained, tmp_path / "iris"))


def tables(root: Element) -> dict[str, list[list[str]]]:
    """Caption -> the words of its rows, the head first."""
    return {
        table.all("caption")[0].text: [[cell.text for cell in row.all("th", "td")] for row in table.all("tr")]
        for table in root.all("table")
    }


def facts(root: Element) -> dict[str, str]:
    return {row.all("dt")[0].text: row.all("dd")[0].text for each in root.all("dl") for row in each.all("div")}


def section(root: Element, title: str) -> Element:
    (found,) = [each for each in root.all("section") if each.all("h2")[0].text == title]
    return found


def test_everything_of_a_run_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(folder)]) == 0
    path = folder / "report.html"
    assert capsys.readouterr().out == f"Report: {path}\n"
    root = check(path.read_text("utf-8"))
    run = runs.load(folder)
    assert [heading.text for heading in root.all("h2")] == TITLES
    assert root.all("h1")[0].text == "iris"
    told, known = tables(root), facts(root)
    assert told["Split of the rows, drawn with seed 0"][1:] == [
        ["train", "the weights are fitted to them", "108", "72.0 %"],
        ["validation", "the epoch, and all that is chosen, is chosen by them", "12", "8.0 %"],
        ["test", "sealed: scored only by an opening that the ledger records", "30", "20.0 %"],
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
    scored = told["Scores of the weights that were kept"][2]
    assert scored[:5] == [
        "validation",
        "accuracy",
        f"{score.value:.4f}",
        f"{score.low:.4f} to {score.high:.4f}",
        "12",
    ]
    epochs = told["Mean over the nets (and their band), by epoch"]
    assert epochs[0] == ["epoch", "train loss", "train score", "validation loss", "validation score"]
    assert [row[0].split()[0] for row in epochs[1:]] == ["1", "2", "3"]
    assert epochs[1][3].startswith(f"{run.history['valid_loss'][0].mean():.4f} (")
    assert known["From"] == "scikit-learn"
    assert known["Seeds"] == "0, 1"
    record = json.loads((folder / RUN).read_text())
    assert {known["Python"], known["jax"]} == {record["versions"]["Python"], record["versions"]["jax"]}
    assert known["Digest of the data"] == record["data_print"]


def test_the_command_that_it_gives_trains_the_same_nets(folder: Path, tmp_path: Path) -> None:
    root = check(run_page(folder).html())
    code = section(root, "How to reproduce").all("pre")[0].text
    words = shlex.split(code.replace("\\\n", " "))
    again = tmp_path / "again"
    assert main([*words[1:], "--out", str(again), "--quiet"]) == 0
    assert (again / "model.safetensors").read_bytes() == (folder / "model.safetensors").read_bytes()
    digests = [facts(check(run_page(each).html())) for each in (folder, again)]
    assert digests[0]["Digest of the split"] == digests[1]["Digest of the split"]


def test_a_run_in_memory_is_reported_with_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOODFIT_LEDGER", str(tmp_path / "ledger.sqlite"))
    split = gf.data.split(gf.data.load("iris"), valid=0.2, seed=3)
    run = gf.train(RECIPE, split)
    with pytest.raises(InputError, match=r"a run that was not written to a folder needs a path\. Give a path"):
        run.report()
    run.test()
    path = run.report(tmp_path / "mine.html")
    root = check(path.read_text("utf-8"))
    assert "import goodfit as gf" in section(root, "How to reproduce").all("pre")[0].text
    assert next(row[3] for row in tables(root)["Openings of these rows"][1:]).startswith("this run")
    bare = dataclasses.replace(run, split=None)
    with pytest.raises(InputError, match="can be reported with its folder or its split; it has neither"):
        bare.report(tmp_path / "bare.html")


def test_the_python_that_it_gives_is_the_recipe(tmp_path: Path, folder: Path) -> None:
    run = gf.train(RECIPE, gf.data.split(gf.data.load("iris"), seed=3), seeds=[5, 9])
    code = section(check(run_page(run).html()), "How to reproduce").all("pre")[0].text
    names: dict[str, Any] = {}
    exec(code.rpartition("gf.train")[0], names)
    assert names["recipe"] == run.recipe
    assert "seeds=[5, 9]" in code


def test_sealed_rows_stay_sealed_and_openings_are_shown(folder: Path, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.sqlite"
    root = check(run_page(folder).html())
    assert not ledger.exists()
    sealed = section(root, "Test rows")
    assert "30 test rows of this run are sealed" in sealed.text
    assert sealed.all("pre")[0].text == f"goodfit test {folder}"
    assert facts(root)["Test rows"] == "sealed30 rows"
    other = gf.train(RECIPE.replace(hidden=(3,)), "iris", out=tmp_path / "other")
    opened = other.test()
    root = check(run_page(folder).html())  # rows of a set with the same name: theirs or not, nobody says here
    assert "Openings of rows of a data set with this name" in tables(root)
    assert "no opening of them by its nets is recorded" in section(root, "Test rows").text
    runs.load(folder).test()
    root = check(run_page(folder).html())
    first, second = tables(root)["Openings of these rows"][1:]
    assert first[3].startswith("other")
    assert first[7] == f"{opened.score.at_level(0.975).low:.4f} to {opened.score.at_level(0.975).high:.4f}"
    assert (second[4], second[8]) == ("2nd of 2", "97.5 %")
    assert second[3].startswith("this run")
    assert "2 different openings, so 97.5 % intervals" in section(root, "Test rows").text
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
    gf.train(RECIPE, "iris").test()
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
    assert "Underfit. A wider net does surely better." in told.text
    assert tables(told)["Probes beside the recipe"][1:] == [
        ["wider", "more freedom", "hidden 64 → 128", "0.9600", "+0.0200", "+0.0120 to +0.0300", "better"],
        ["higher rate", "another learning rate", "learning_rate 0.001 → 0.1", "–", "–", "–", "cannot tell"],
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


def test_settings_are_compared(folder: Path, searched: Path) -> None:
    root = check(run_page(folder, searched).html())
    told = section(root, "Comparison of settings")
    found = json.loads((searched / "selection.json").read_text())
    rows = tables(told)["Settings, the best first"]
    assert rows[0] == ["rank", "hidden", "l1", "accuracy", "95 % interval", "to the best", "parameters"]
    assert [float(row[3]) for row in rows[1:]] == [round(line["accuracy"], 4) for line in found["settings"]]
    (own,) = [row for row in rows if "(this run)" in row[0]]
    assert own[1:3] == ["6", "1e-05"]
    assert "This run's setting: rank" in told.text


def test_the_recipe_need_not_be_one_of_the_settings(folder: Path, searched: Path, tmp_path: Path) -> None:
    run = gf.train(RECIPE.replace(hidden=(5,)), "iris")
    assert "The recipe of this run is none of the settings." in run_page(run, searched).html()
    moons = gf.train(RECIPE, "moons")
    with pytest.raises(InputError, match="must be a search on the data of the run, 'moons'; got 'iris'"):
        run_page(moons, searched)


@pytest.mark.parametrize("by", ["score", "loss"])
def test_a_search_alone_is_a_report(by: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = tmp_path / "search"
    vary = ["hidden=1,2,4"]
    found = gf.select("iris", RECIPE, vary=vary, folds=3, by=by, train_scores=True, out=where)  # type: ignore[arg-type]
    assert main(["report", str(where), "--out", str(tmp_path / "s.html")]) == 0
    root = check((tmp_path / "s.html").read_text("utf-8"))
    told = tables(root)
    assert len(root.all("figure")) == 2
    word = "loss" if by == "loss" else "accuracy"
    assert told["Settings, the best first"][0][2] == word
    curve = {row[0].split()[0]: row[3] for row in told["By hidden"][1:]}
    ranked = {row[1]: row[2] for row in told["Settings, the best first"][1:]}
    assert curve == ranked
    assert "goodfit train iris" in root.all("pre")[0].text
    assert f"--hidden {found.best.hidden[0]}" in root.all("pre")[0].text


def damaged(folder: Path, **changes: Any) -> Callable[[], object]:
    found = json.loads((folder / "selection.json").read_text())
    (folder / "selection.json").write_text(json.dumps({**found, **changes}))
    return lambda: search_page(folder)


@pytest.mark.parametrize(
    "changes",
    [{"settings": []}, {"settings": 3}, {"settings": [{"rank": 1}]}, {"best": None}, {"by": 5}, {"data": None}],
)
def test_a_damaged_search_is_one_message(searched: Path, tmp_path: Path, changes: dict[str, Any]) -> None:
    work = damaged(Path(shutil.copytree(searched, tmp_path / "copy")), **changes)
    with pytest.raises(InputError, match=r"selection\.json: must be what goodfit wrote there, but it is damaged"):
        work()


def test_a_damaged_curve_is_one_message(tmp_path: Path) -> None:
    gf.select("iris", RECIPE, vary=["hidden=1,2"], folds=3, out=tmp_path)
    (tmp_path / "curve.csv").write_text("hidden,a\nx,y\n")
    with pytest.raises(InputError, match=r"curve\.csv: must be what goodfit wrote there, but it is damaged"):
        search_page(tmp_path)


def test_what_is_no_run_and_no_search(tmp_path: Path, folder: Path, searched: Path) -> None:
    with pytest.raises(InputError, match=r"must be the folder of a run or of a search; it has neither run\.json nor"):
        write(tmp_path / "nothing")
    with pytest.raises(InputError, match="'search' goes with a run; this is a search itself"):
        write(searched, search=searched)
    with pytest.raises(InputError, match=r"must be the folder of a search; it has no selection\.json"):
        write(folder, search=folder)
    (tmp_path / "search.json").write_text("{}")
    with pytest.raises(InputError, match="must be a search that is done; this one is not"):
        write(tmp_path)


def test_a_run_that_is_not_done_or_not_whole(folder: Path) -> None:
    record = json.loads((folder / RUN).read_text())
    (folder / RUN).write_text(json.dumps({**record, "state": "training"}))
    with pytest.raises(InputError, match="must be a run that is done; this one is not"):
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


def test_hostile_names_of_data_classes_and_seeds_are_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOODFIT_LEDGER", str(tmp_path / "ledger.sqlite"))
    rng = np.random.default_rng(0)
    data = Dataset.from_arrays(
        rng.normal(size=(60, 3)), np.arange(60) % 3, name=HOSTILE[0], classes=tuple(HOSTILE), task="classification"
    )
    run = gf.train(RECIPE, data, out=tmp_path / HOSTILE[1])
    run.test(data)
    page = run_page(tmp_path / HOSTILE[1]).html()
    root = check(page)
    assert "<script" not in page
    assert root.all("h1")[0].text == HOSTILE[0]
    assert facts(root)["3 classes"] == ", ".join(HOSTILE)


def test_hostile_columns_of_a_table_are_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOODFIT_LEDGER", str(tmp_path / "ledger.sqlite"))
    rng = np.random.default_rng(0)
    path = tmp_path / "<b>people.csv"
    header = ",".join('"' + name.replace('"', '""') + '"' for name in (*HOSTILE, "target"))
    lines = [",".join(f"{value:.4f}" for value in row) for row in rng.normal(size=(60, 4))]
    path.write_text("\n".join([header, *lines]) + "\n")
    gf.train(RECIPE, read_table(path, "target", ids=[HOSTILE[2]]), out=tmp_path / "run")
    root = check(run_page(tmp_path / "run").html())
    told = tables(root)["Columns that the nets take"]
    assert [row[0] for row in told[1:]] == HOSTILE[:2]
    assert "<b>people.csv" in section(root, "How to reproduce").all("pre")[0].text


def test_a_curve_on_test_rows_is_told_to_be_an_opening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOODFIT_LEDGER", str(tmp_path / "ledger.sqlite"))
    gf.train(RECIPE, "iris", out=tmp_path / "run", score_test=True)
    root = check(run_page(tmp_path / "run").html())
    assert "They were scored in every epoch" in section(root, "Test rows").text
    assert facts(root)["Test rows"] == "opened30 rows"


def test_nets_that_diverged_and_rows_without_validation_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOODFIT_LEDGER", str(tmp_path / "ledger.sqlite"))
    run = gf.train(RECIPE.replace(valid=0.0), "iris", seeds=range(2))
    history = dataclasses.replace(run.history, frozen=np.array([False, True]))
    page = run_page(dataclasses.replace(run, history=history)).html()
    check(page)
    assert "1 net of 2 stopped, for the loss was no longer finite: 1." in page
    assert "There are no validation rows" in page


def test_many_epochs_are_thinned_in_the_table(folder: Path) -> None:
    run = gf.train(RECIPE.replace(epochs=450), "iris")
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
