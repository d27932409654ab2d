"""Templates: what is filled in is escaped wherever it stands, and a name that is not there is an error."""

from __future__ import annotations

import json
import math
import re
from importlib.resources import files
from pathlib import Path

import pytest
from jinja2 import UndefinedError
from reports_help import VERDICT, made_layers, made_run, made_search, written

from goodfit.data import Dataset
from goodfit.figures.shown import new_figure
from goodfit.reports import Grid, Page, Picture, Section, run_page, search_page
from goodfit.reports.blocks import Passage
from goodfit.reports.kept import read_verdict
from goodfit.training.store import SessionRecord
from page_check import check, facts, tables

HOSTILE = "<script>alert('1')</script> & \"quoted\" \u202e"
SHOWN = HOSTILE.replace("\u202e", "\\u202e")
TEMPLATES = files("goodfit.reports") / "templates"


def templates() -> list[Path]:
    return sorted(Path(str(TEMPLATES)).rglob("*.html"))


def test_names_of_figures_are_escaped_once() -> None:
    drawing = Picture(HOSTILE, new_figure(3, 2), Grid(HOSTILE, ["a"], [["1"]]), HOSTILE, narrow=new_figure(2, 2))
    root = check(Page("x", [Section("y", [drawing])]).html())
    assert [each.text for each in root.all("title")[1:]] == [f"Figure 1. {SHOWN}"] * 2
    assert all(each.text.startswith(SHOWN) for each in root.all("desc"))
    assert root.all("figcaption")[0].text == f"Figure 1. {SHOWN}. {SHOWN}"


def test_hostile_words_of_a_verdict_and_a_search_are_shown(folder: Path, tmp_path: Path) -> None:
    probe = {**VERDICT["probes"][0], "name": HOSTILE, "change": HOSTILE, "status": HOSTILE, "side": HOSTILE}
    words = dict.fromkeys(("kind", "sentence", "measured_by", "more"), HOSTILE)
    advice = {**VERDICT["advice"], "probe": HOSTILE, "change": HOSTILE}
    found = {**VERDICT, **words, "reasons": [HOSTILE], "probes": [probe], "advice": advice}
    (folder / "verdict.json").write_text(json.dumps(found))
    made_search(tmp_path / "search", {"hidden": [2, 4]})
    begun = SessionRecord("", math.inf, HOSTILE, {"data": "iris"})
    (tmp_path / "search" / "search.json").write_text(begun.to_json())
    made_layers(folder, [1, 2])
    for page in (run_page(folder, tmp_path / "search").html(), search_page(tmp_path / "search").html()):
        root = check(page)
        assert "<script" not in page
        assert "&amp;lt;" not in page
        assert f"{SHOWN}, on iris." in root.text
    root = check(run_page(folder).html())
    row = tables(root)["Alternatives to the recipe"][1]
    assert [row[0], row[1], row[2], row[6]] == [SHOWN] * 4
    drawn = [each.text for each in root.all("desc") if "script" in each.text]
    assert drawn
    assert all(each.startswith(f"{SHOWN}: {SHOWN}: {SHOWN}, +0.0200.") for each in drawn)


def test_hostile_names_of_data_and_classes_are_shown(tmp_path: Path) -> None:
    iris = made_run().split.data
    data = Dataset(HOSTILE, iris.x, iris.y, "classification", (HOSTILE, 'a"b', "c'd"))
    page = run_page(written(made_run(data=data), tmp_path / "run")).html()
    root = check(page)
    assert "<script" not in page
    assert facts(root)["Data"] == SHOWN
    quoted = SHOWN.replace("'", "\\'")  # names with blanks, commas or quotes stand in quotes
    assert facts(root)["3 classes"] == f"""'{quoted}', 'a"b', "c'd\""""


def test_a_value_that_a_template_lacks_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="'dict object' has no attribute 'found'"):
        Page("x", [Section("y", [Passage("run/verdict.html", {})])]).html()


def test_the_arrow_of_a_change_is_drawn(folder: Path) -> None:
    (folder / "verdict.json").write_text(json.dumps(VERDICT))
    assert read_verdict(folder).probes[0].label == "wider: hidden 64 → 128"


@pytest.mark.parametrize("path", templates(), ids=lambda path: path.stem)
def test_a_template_marks_nothing_as_safe(path: Path) -> None:
    text = path.read_text("utf-8")
    assert not re.search(r"\|\s*safe|autoescape|Markup|<script|https?:", text)
    assert text.startswith("{#- "), "a template begins with what it is for, and what it is given"
