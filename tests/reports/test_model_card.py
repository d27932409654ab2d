"""The model card: every figure is that of the run, what is not known is said to be so, and its code runs."""

from __future__ import annotations

import contextlib
import json
import re
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from reports_help import RECIPE, VERDICT, made_run, written

import goodfit as gf
from docs_blocks import blocks, commands, run_blocks
from goodfit.cli import main
from goodfit.cli.app import app
from goodfit.data import read_table, split
from goodfit.errors import InputError
from goodfit.leaks.check import check_split
from goodfit.reports import ModelCard, model_card
from goodfit.reports.card_limits import limits, unknown
from goodfit.reports.reproducing import command
from goodfit.reports.run_report import run_page
from goodfit.reports.source import source_of
from goodfit.runs import describe_model, list_runs, load
from goodfit.runs.opening import model_print
from goodfit.runs.record_parts import StartRecord
from goodfit.runs.start_from import start_of
from goodfit.runs.starting import GoingOn
from page_check import check

NAMES = ["age", "列|`名`*", "<b>bold</b>", "x" * 300]
TOWNS = ["Bergen", "北京", "a|b", "[c](d)"]


def people(folder: Path, columns: int = 4) -> Path:
    """A run on a table with odd names, and as many columns as asked for."""
    rng = np.random.default_rng(0)
    names = [*NAMES, *(f"n{place}" for place in range(columns - 4))]
    lines = [",".join(f'"{name}"' for name in [*names, "rich"])]
    for row in range(120):
        age = "" if row % 7 == 0 else str(20 + row % 50)
        more = [f"{value:.3f}" for value in rng.normal(size=columns - 2)]
        lines.append(",".join([age, f'"{TOWNS[row % 4]}"', *more, "yes" if row % 2 else "no"]))
    (folder / "people.csv").write_text("\n".join(lines) + "\n", "utf-8")
    table = read_table(folder / "people.csv", target="rich")
    made = made_run(RECIPE, table.split(valid=0.1, seed=0))
    return written(made, folder / "runs" / "people", table)


def sections(card: ModelCard) -> dict[str, str]:
    """The text of each section, by its title."""
    parts = card.markdown().split("\n## ")[1:]
    return {part.partition("\n")[0]: part.partition("\n")[2] for part in parts}


def test_the_figures_are_those_of_the_run(folder: Path) -> None:
    run, card = load(folder), model_card(folder)
    facts, file = card.facts, describe_model(folder)
    assert facts["scores"] == {part: score.to_dict() for part, score in run.scores.items()}
    assert facts["model"]["fingerprint"] == model_print(run.nets)
    assert facts["model"]["file"] == {
        "path": str(folder / "model.safetensors"),
        "bytes": file.bytes,
        "sha256": file.sha256,
    }
    assert facts["recipe"]["fields"] == run.recipe.to_dict()
    rows = facts["data"]["rows"]
    source = made_run().split
    assert source is not None
    assert rows == source.sizes
    assert facts["data"]["fingerprint"] == json.loads((folder / "run.json").read_text())["data_print"]
    best = [run.history["valid_loss"][epoch - 1, net] for net, epoch in enumerate(run.best_epochs)]
    assert facts["validation_loss"] == {"loss": "cross-entropy", "value": pytest.approx(np.mean(best))}
    told = card.markdown()
    for part, score in run.scores.items():
        assert f"| {'validation' if part == 'valid' else 'training'} | accuracy | {score.value:.4f} |" in told
        assert f"{score.low:.4f} to {score.high:.4f}" in told
    assert facts["recipe"]["differs"] == ["batch_size", "dropout", "epochs", "hidden", "l1", "learning_rate"]


def test_what_was_not_done_is_said_to_be_so(folder: Path) -> None:
    told = sections(model_card(folder))
    assert "No verdict was made" in told["Verdict"]
    assert f"goodfit verdict {folder}" in told["Verdict"]
    assert "has not been opened by these nets" in told["Scores"]
    assert "The test set is sealed" in told["Limits"]
    assert "Leakage between the sets was not checked." in told["Training data"]
    assert "Whether the probabilities are calibrated: a run does not record it; 'goodfit calibrate'" in told["Limits"]
    assert model_card(folder).facts["verdict"] is None


def test_an_opening_stands_there_with_the_current_interval(folder: Path) -> None:
    """A second opening of the same rows, by other nets, widens the interval of the first."""
    run = load(folder)
    first = run.test().score
    card = model_card(folder)
    (line,) = card.facts["test"]["openings"]
    assert (line["score"], line["nth"], line["of"]) == (first.to_dict(), 1, 1)
    replace(run, nets=run.nets[:1], history=made_run(seeds=(0,)).history, folder=None, split=made_run().split).test()
    (line,) = model_card(folder).facts["test"]["openings"]
    assert (line["nth"], line["of"], line["score"]["level"]) == (1, 2, 0.975)
    assert line["score"]["low"] < first.low
    told = model_card(folder)
    assert "| 1st of 2 | accuracy |" in told.markdown()
    assert f"97.5 % interval {line['score']['low']:.4f} to" in told.markdown().split("## ")[0]
    assert "Openings of the test set are those in this project's ledger" in sections(told)["Limits"]


@pytest.mark.parametrize("look", ["calibrate", "compare", "score"])
def test_other_rows_are_not_the_test_set(folder: Path, look: str) -> None:
    """Whatever scored them: the run's own test rows stay sealed, and no list shows a test score."""
    run, data = load(folder), gf.data.load("iris")
    x = data.x + np.float32(0.01)  # rows that the run has not seen
    new = gf.data.Dataset.from_arrays(x, np.array(data.classes)[data.y], name="new")
    if look == "calibrate":
        gf.calibration(folder, new, temperature=False)
    elif look == "compare":
        gf.compare(folder, replace(run.model, nets=run.nets[:1]), new)
    else:
        run.test(new)
    card = model_card(folder)
    (line,) = card.facts["test"]["other_rows"]
    assert (card.facts["test"]["openings"], line["kind"], line["data"], line["rows"]) == ([], look, "new", 150)
    told = sections(card)
    assert "has not been opened by these nets" in told["Scores"]
    assert "Other rows" in told["Scores"]
    assert "Test set" not in told["Scores"]
    assert "The test set is sealed" in told["Limits"]
    assert "Test accuracy" not in card.markdown()
    assert "test" not in list_runs(folder.parent)[0].scores
    own = run.test().score
    assert list_runs(folder.parent)[0].scores["test"] == own
    (line,) = model_card(folder).facts["test"]["openings"]
    assert line["score"] == own.to_dict()


def test_a_verdict_and_leaks_are_told(folder: Path) -> None:
    (folder / "verdict.json").write_text(json.dumps(VERDICT))
    run = load(folder)
    source = made_run().split
    assert source is not None
    told = sections(replace(run, leaks=check_split(source)).card())
    assert told["Verdict"].startswith("\nUnderfit: a wider net does surely better.")
    assert "Advice: wider: hidden 64 → 128." in told["Verdict"]
    assert "0.9400, interval 0.9200 to 0.9600" in told["Verdict"]
    assert "Leakage between training and held-out data:" in told["Training data"]


def test_a_temperature_of_the_model_file_is_told(folder: Path) -> None:
    model = gf.load_model(folder)
    for about, text in (
        ({"temperature": 1.25, "calibration": {"on": "12 validation rows"}}, "1.25, fitted on 12 validation rows."),
        ({"temperature": 2, "calibration": "damaged"}, "2."),
    ):
        replace(model, about={**model.about, **about}).save(folder / "model.safetensors")
        assert f"Calibrated after training by a temperature of {text}" in sections(model_card(folder))["Scores"]
        assert "are calibrated" not in sections(model_card(folder))["Limits"]
    replace(model, about={"temperature": "hot"}).save(folder / "model.safetensors")
    assert model_card(folder).facts["temperature"] is None


def test_the_code_of_a_table_runs(tmp_path: Path) -> None:
    run = people(tmp_path)
    with contextlib.chdir(tmp_path):
        text = model_card(Path("runs/people")).markdown()
        names = run_blocks(text, "card")
    expected = gf.load_model(run).predict_proba(names["rows"])
    assert expected.shape == (1, 2)
    assert list(names["rows"]) == NAMES
    assert "not used" not in text  # the target is no column that was left out
    for words in commands(text):
        app.parse_args(words[1:], print_error=False, exit_on_error=False)
    assert [words[:2] for words in commands(text)] == [
        *(["goodfit", each] for each in ("verdict", "predict", "serve", "train"))
    ]


def test_the_code_of_arrays_runs(folder: Path) -> None:
    text = model_card(folder).markdown()
    assert run_blocks(text, "card")["rows"].shape == (1, 4)
    assert ["goodfit", "predict", str(folder), "iris"] in commands(text)


def test_hundreds_of_columns_are_counted_and_the_code_runs(tmp_path: Path) -> None:
    card = model_card(people(tmp_path, 300))
    text = card.markdown()
    assert len(card.facts["columns"]) == 300
    assert "260 more columns not shown; 'goodfit card --json' has all." in text
    assert len(text) < 20_000
    assert len(run_blocks(text, "card")["rows"]) == 300


def test_odd_names_are_shown_and_never_obeyed(tmp_path: Path) -> None:
    card = model_card(people(tmp_path))
    root = check(card.html())
    for name in NAMES[:3]:
        assert name in root.text
    assert "<b>bold" not in card.html()
    assert "x" * 61 not in sections(card)["Inputs"]
    told = sections(card)["Inputs"]
    assert "| `` 列\\|`名`* `` |" in told or "| ``列\\|`名`*`` |" in told
    assert "\\[c\\](d)" in told
    assert card.facts["columns"][3]["name"] == NAMES[3]


def test_typical_values_are_medians_and_spreads(tmp_path: Path) -> None:
    """Against NumPy, on the training rows alone; the CSV file has three digits."""
    folder = people(tmp_path)
    run = read_table(tmp_path / "people.csv", target="rich")
    rows = run.split(valid=0.1, seed=0).train
    lines = (tmp_path / "people.csv").read_text("utf-8").splitlines()[1:]
    ages = np.array([float(lines[row].split(",")[0] or "nan") for row in rows])
    first, median, third = np.nanquantile(ages, [0.25, 0.5, 0.75])
    age = model_card(folder).facts["columns"][0]
    assert age["typical"] == median
    assert age["spread"] == pytest.approx(third - first)
    assert age["missing_in_training"] is True


def test_the_three_forms_and_others(folder: Path, tmp_path: Path) -> None:
    card = model_card(folder)
    assert card.write(tmp_path / "card.md").read_text() == card.markdown()
    assert card.write(tmp_path / "card.HTML").read_text() == card.html()
    assert json.loads(card.write(tmp_path / "new" / "card.json").read_text()) == card.to_json()
    assert card._repr_markdown_() == card.markdown()
    assert repr(card) == "ModelCard('iris')"
    with pytest.raises(
        InputError, match=r"card.txt: the name of a model card must end in .md, .html or .json; got '.txt'"
    ):
        card.write("card.txt")


def test_a_run_in_memory_has_a_card_too(folder: Path) -> None:
    card = made_run().card()
    assert card.facts["model"]["file"] is None
    assert "was not written to a folder" in sections(card)["How to use it"]
    assert "goodfit verdict" not in card.markdown()
    check(card.html())


def test_the_command(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["card", str(folder)]) == 0
    out, err = capsys.readouterr()
    assert (out, err) == (model_card(folder).markdown(), "")
    assert main(["card", str(folder), "--json", "--out", str(tmp_path / "c.html")]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == model_card(folder).to_json()
    assert err == f"Model card: {tmp_path / 'c.html'}\n"
    assert main(["card", str(folder / "model.safetensors")]) == 2
    assert "must be the folder of a run" in capsys.readouterr().err


def test_a_search_has_no_card_and_says_what_has(tmp_path: Path) -> None:
    (tmp_path / "found").mkdir()
    (tmp_path / "found" / "search.json").write_text("{}")
    rule = r"this is a search, .* Train the winner: goodfit train DATA --recipe \S+found\. Then give the folder of"
    with pytest.raises(InputError, match=rule):
        model_card(tmp_path / "found")


def facts_of(run: gf.Run) -> dict[str, Any]:
    return dict(run.card().facts)


def test_limits_follow_from_the_facts(folder: Path) -> None:
    run = made_run()
    one = made_run(seeds=(0,))
    assert any("variation over seeds" in each for each in limits(facts_of(one)))
    assert any("predicts with their average" in each for each in limits(facts_of(run)))
    history = replace(run.history, frozen=np.array([False, True]))
    diverged = limits(facts_of(replace(run, history=history)))
    assert any(each.startswith("1 of 2 nets diverged. It keeps its last finite weights") for each in diverged)
    facts = facts_of(replace(run, history=history))
    assert facts["model"]["fingerprint"] == model_print(run.nets[:1])
    all_lost = limits(facts_of(replace(run, history=replace(run.history, frozen=np.ones(2, bool)))))
    assert any("2 of 2 nets diverged: the model predicts with" in each for each in all_lost)
    parts = split(gf.data.load("iris"), valid=0.0, test=0.0, seed=0)
    without = limits(facts_of(made_run(RECIPE, parts)))
    assert any("There was no validation set" in each for each in without)
    assert not any("test set" in each for each in without)
    assert any("calibrated" in each for each in unknown(facts_of(run)))
    regression = made_run(RECIPE, "diabetes")
    assert not any("calibrated" in each for each in unknown(facts_of(regression)))


def test_a_folder_with_odd_letters_can_be_used(folder: Path) -> None:
    odd = folder.rename(folder.with_name("it's `a` $run"))
    text = model_card(odd).markdown()
    run_blocks(text, "card")
    (shell, *_) = [block for block in blocks(text) if block.language == "sh"]
    assert shlex.split(shell.code) == ["goodfit", "verdict", str(odd)]


@pytest.mark.parametrize(
    ("seen", "limit"),
    [
        (None, "not known whether the nets"),
        ({"valid": 7, "test": 0}, "Of the validation set, .* knew 7 of 1"),
        ({}, ""),
    ],
)
def test_a_card_says_that_a_run_went_on_from_other_nets(seen: Any, limit: str) -> None:
    told = StartRecord(source="a model in memory", fingerprint="a" * 64, nets=1, optimizer=False, note="new", seen=seen)
    began = made_run(seeds=(0,))
    run = replace(began, start=GoingOn(told, start_of(began)))
    card = run.card()
    assert card.facts["start"]["source"] == "a model in memory"
    parts = sections(card)
    assert "Started from a model in memory" in parts["Training data"]
    assert "went on from trained ones" in parts["Limits"]
    assert re.search(limit, parts["Limits"])
    assert ("knew" in parts["Limits"]) == bool(seen)
    assert "There is no verdict on a run that went on from trained nets" in parts["Verdict"]
    page = run_page(run).html()
    for text in (card.markdown(), page):
        assert "goodfit verdict " not in text
    assert "start=start)" in page
    assert made_run().card().facts["start"] is None


def test_the_command_of_a_started_run_says_how_many_nets(tmp_path: Path) -> None:
    """Without a number there are as many as in the start."""
    folder = written(made_run(seeds=(0, 1)), tmp_path / "start")
    told = StartRecord(source=str(folder), fingerprint="a" * 64, nets=2, optimizer=False, note="new")
    run = replace(made_run(seeds=(0,)), start=GoingOn(told, start_of(folder)))
    words = command(source_of(run, None))
    assert words is not None
    assert words[words.index("--from") + 1] == str(folder)
    assert words[-2:] == ["--seeds", "1"]
