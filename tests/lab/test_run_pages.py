"""The page of runs as values, without a browser: what it says of scores, nets, data sets and what it leaves out."""

from __future__ import annotations

import json
import re
import shutil
import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from lab_help import SMALL

import goodfit as gf
from goodfit.figures.style import house_style
from goodfit.lab import run_curves, run_pages
from goodfit.lab.study_shelf import study_page_name
from goodfit.lab.telling import split_frame
from goodfit.lab.worker import Worker
from goodfit.reports import Grid, Link, Note, Page, Paragraph, Picture
from goodfit.reports.numbers import between, number
from goodfit.runs import group_runs, list_runs, load
from goodfit.runs.grouping import EQUAL, ONE

FIELDS: dict[str, Any] = {"dropout": 0.0, "epochs": 2, "batch_size": 32, "valid": 0.3, "hidden": [3]}
ASKED = {"language": "en", "words": "", "sort": "date"}


def copied(root: Path, name: str, *changes: tuple[str, str, str]) -> list[dict[str, Any]]:
    """A copy of the run "pair" with changes (file, old, new); its events."""
    shutil.copytree(root / "pair", root / name)
    for file, old, new in changes:
        path = root / name / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
    return [json.loads(line) for line in (root / name / "events.jsonl").read_text().splitlines()]


def write(folder: Path, events: list[dict[str, Any]]) -> None:
    (folder / "events.jsonl").write_text("".join(json.dumps(each) + "\n" for each in events))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two nets on moons that were trained, and copies that differ as other runs would.

    overlap: its first net is the second of "pair"; smoothed: of another loss; unvalidated: without a validation set;
    circles: on other data, its second net diverged; halfway: never finished; broken: damaged
    """
    root = tmp_path_factory.mktemp("runs")
    gf.train(FIELDS, gf.data.load("moons", n_train=60), seeds=2, out=root / "pair")
    events = copied(root, "overlap")
    first = [{**each, "net": 0} for each in events if each["net"] == 1]
    second = [each | ({"value": 2} if each["metric"] == "seed" else {}) for each in events if each["net"] == 1]
    second = [each | ({"value": 1.5 * each["value"]} if each["metric"] == "valid_loss" else {}) for each in second]
    write(root / "overlap", first + second)
    copied(root, "smoothed", ("recipe.json", '"label_smoothing": 0.0', '"label_smoothing": 0.2'))
    events = copied(root, "unvalidated", ("recipe.json", '"valid": 0.3', '"valid": 0.0'))
    write(root / "unvalidated", [each for each in events if not each["metric"].startswith("valid")])
    events = copied(
        root, "circles", ("run.json", '"moons"', '"circles"'), ("run.json", '"data_print": "', '"data_print": "0')
    )
    write(
        root / "circles",
        [each | {"value": 1} if (each["metric"], each["net"]) == ("frozen", 1) else each for each in events],
    )
    copied(root, "halfway", ("run.json", '"state": "done"', '"state": "training"'))
    (root / "broken").mkdir()
    (root / "broken" / "run.json").write_text("{")
    return root


@pytest.fixture
def page(runs: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(run_pages, "RUNS", runs)
    return lambda **asked: run_pages.runs_page({**ASKED, **asked})


def blocks(page: Page, kind: type) -> list[Any]:
    return [block for section in page.sections for block in section.blocks if isinstance(block, kind)]


def names(page: Page) -> set[str]:
    cells = [row[0] for row in blocks(page, Grid)[-1].rows]
    return {cell.text if isinstance(cell, Link) else cell for cell in cells}


def test_scores_and_means_have_intervals_or_say_why_not(page: Any, runs: Path) -> None:
    found = page()
    recipes, listed = blocks(found, Grid)
    score = load(runs / "pair").scores["valid"]
    (row,) = [row for row in listed.rows if isinstance(row[0], Link) and row[0].text == "pair"]
    assert row[6] == f"accuracy {number(score.value)}, 95 % interval {between(score.low, score.high)}"
    groups = group_runs(runs, metric="valid_loss")
    told = {number(each.mean): each.reason or between(each.low, each.high) for each in groups}
    assert {row[3]: row[4] for row in recipes.rows} == told
    assert ONE in told.values()  # of circles
    (alone,) = [row[0] for row in recipes.rows if row[1] == "circles"]
    assert recipes.note == f"Recipe {alone}: 1 net diverged and is left out."
    chinese = blocks(page(language="zh"), Grid)[0]
    assert [row[4] for row in chinese.rows if row[0] == alone] == [run_pages.REASONS[ONE].zh]
    assert chinese.note == f"配方 {alone}：1 个网络发散，未计入。"
    (mixed,) = run_pages._left_out(3, replace(groups[-1], diverged=0, varied=("split",)))
    assert mixed.en.startswith("Recipe 3: its runs differ in more than the seed (split)")
    assert set(run_pages.REASONS) == {ONE, EQUAL}


def test_each_data_set_has_a_figure_and_other_losses_a_scale_of_their_own(page: Any) -> None:
    moons, circles = sorted(blocks(page(), Picture), key=lambda each: "circles" in each.title)
    assert moons.title == "Loss by epoch on moons, a panel for each recipe, each on its own scale"
    assert circles.title == "Loss by epoch on circles, a panel for each recipe, all on one scale"
    assert len({axes.get_ylim() for axes in moons.drawn.axes}) == 2
    kept = page(words="interrupted", language="zh")
    assert not blocks(kept, Picture)
    assert page(sort="name").sections[0].blocks[0].drawn is page(sort="score").sections[0].blocks[0].drawn


def test_what_is_left_out_is_said(page: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_curves, "MOST_PANELS", 1)
    monkeypatch.setattr(run_pages, "MOST_DATA", 1)
    monkeypatch.setattr(run_pages, "MOST_RUNS", 3)
    found = page(sort="name")
    assert len(blocks(found, Grid)[-1].rows) == 3
    said = " ".join(str(each.text) for each in (*blocks(found, Picture), *blocks(found, Paragraph)))
    assert "The first 1 recipes of moons in the table below are drawn, 1 are not." in said
    assert "of 1 not: filter by the name" in said
    assert "4 more runs are not listed" in said
    assert "Finished runs without curves: 1." in said
    assert found.glance[0].value == "7"
    assert [each.word for each in blocks(found, Note)] == ["Note"]  # of the damaged run


def test_the_filter_knows_both_languages_and_the_whole_recipe(page: Any) -> None:
    assert names(page(words="interrupted")) == names(page(words="已中断")) == {"halfway"}
    assert names(page(words="已损坏")) == {"broken"}
    done = {"pair", "overlap", "smoothed", "unvalidated", "circles", "halfway"}
    assert names(page(words="ADAMW")) == done  # which all of them use
    assert names(page(words="label_smoothing 0.2")) == {"smoothed"}


def test_the_same_net_of_two_runs_counts_once_in_the_curves(runs: Path) -> None:
    """As in the table: of two runs of two nets that share one, the mean is that of three."""
    (found,) = [each for each in run_curves.recipes_of(runs, list_runs(runs)) if len(each.group.runs) == 2]
    pair = load(runs / "pair").history["valid_loss"].astype(float)
    losses = np.concatenate([pair, 1.5 * pair[:, 1:]], axis=1)
    assert found.group.count == losses.shape[1] == 3
    mean, low, high = found.curves["valid_loss"]
    assert mean == pytest.approx(losses.mean(axis=1))
    assert low == pytest.approx(losses.min(axis=1))
    assert high == pytest.approx(losses.max(axis=1))


def test_figures_drawn_by_several_threads_leave_the_settings_alone() -> None:
    """One waits for the other: else the second would take the house style for the reader's own, and leave it."""
    from matplotlib import rcParams

    before, inside, leave = dict(rcParams), threading.Event(), threading.Event()

    def first() -> None:
        with house_style():
            inside.set()
            leave.wait(10)

    def second() -> None:
        inside.wait(10)
        with house_style():
            entered.set()

    entered = threading.Event()
    threads = [threading.Thread(target=each) for each in (first, second)]
    for each in threads:
        each.start()
    inside.wait(10)
    assert not entered.wait(0.1)
    leave.set()
    for each in threads:
        each.join(10)
    assert entered.is_set()
    assert dict(rcParams) == before


def test_a_studys_page_speaks_of_no_files_and_tells_its_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Page, "html", lambda own: str(own.foot))  # else most of the time goes into figures
    study, told = gf.studies.find("test-reuse"), list[str]()
    given = {**study.small, "models": 41}
    english = study_page_name(study.name, given, "en", tmp_path, told.append)
    assert told[0] == "Best of 41 coin flips"
    steps = len(told)
    chinese = study_page_name(study.name, given, "zh", tmp_path, told.append)
    assert len(told) == steps  # it was not run again
    for page, made in ((english, "Made by goodfit in"), (chinese, "由 goodfit 生成")):
        text = (tmp_path / page).read_text("utf-8")
        assert made in text
        assert not re.search("next to this page|CSV 文件", text)


def test_a_refused_study_names_no_field_of_the_recipe(tmp_path: Path) -> None:
    """Its parameters have the same names; the page would mark a control of Play."""
    told: list[dict[str, Any]] = []
    asked = {"do": "study", "id": 1, "name": "dropout", "parameters": {"learning_rate": -1}, "language": "en"}
    given = [
        {**asked, "files": {}, "pages": str(tmp_path)},
        {"do": "open", "id": 2, "state": {**SMALL, "recipe": {"l2": -1}}},
    ]
    commands: Any = SimpleNamespace(next=lambda _: given.pop(0), waiting=False)
    worker = Worker(commands, lambda frame: told.append(split_frame(frame)[0]))
    worker._turn()
    worker._turn()
    assert "'learning_rate'" in told[0]["sentences"][0]
    assert [each["field"] for each in told] == [None, "l2"]
