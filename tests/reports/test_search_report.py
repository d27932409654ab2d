from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from reports_help import RECIPE, made_run, made_search

from goodfit.cli import main
from goodfit.errors import InputError
from goodfit.reports import run_page, search_page
from goodfit.training.store import SessionRecord
from page_check import check, section, tables


def test_settings_are_compared(folder: Path, searched: Path) -> None:
    root = check(run_page(folder, searched).html())
    told = section(root, "Comparison of settings")
    found = json.loads((searched / "selection.json").read_text())
    rows = tables(told)["Settings, the best first"]
    assert rows[0] == ["rank", "hidden", "l1", "accuracy", "95 % interval", "difference from the best", "parameters"]
    assert [float(row[3]) for row in rows[1:]] == [round(line["accuracy"], 4) for line in found["settings"]]
    (own,) = [row for row in rows if "(this run)" in row[0]]
    assert own[1:3] == ["6", "1e-05"]
    assert "This run's setting: rank" in told.text


def test_the_recipe_need_not_be_one_of_the_settings(folder: Path, searched: Path, tmp_path: Path) -> None:
    run = made_run(RECIPE.replace(hidden=(5,)))
    assert "The recipe of this run is not among the settings." in run_page(run, searched).html()
    moons = made_run(data="moons")
    with pytest.raises(InputError, match="must be a search on the data of the run, 'moons'; got 'iris'"):
        run_page(moons, searched)


@pytest.mark.parametrize("by", ["score", "loss"])
def test_a_search_alone_is_a_report(by: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = tmp_path / "search"
    found = made_search(where, {"hidden": [1, 2, 4]}, by)
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


@pytest.mark.parametrize(
    "changes",
    [{"settings": []}, {"settings": 3}, {"settings": [{"rank": 1}]}, {"best": None}, {"by": 5}, {"data": None}],
)
def test_a_damaged_search_is_one_message(searched: Path, tmp_path: Path, changes: dict[str, Any]) -> None:
    work = damaged(Path(shutil.copytree(searched, tmp_path / "copy")), **changes)
    with pytest.raises(InputError, match=r"selection\.json: must be what goodfit wrote there, but it is damaged"):
        work()


def test_data_that_no_command_finds_are_named_data(tmp_path: Path) -> None:
    made_search(tmp_path, {"hidden": [1, 2]}, data="mine")
    for call, words in (
        (None, "goodfit train DATA"),
        ({"table": {"path": "a b.csv", "target": "y"}}, "goodfit train 'a b.csv'"),
    ):
        (tmp_path / "search.json").write_text(SessionRecord("", math.inf, "", call).to_json())
        assert check(search_page(tmp_path).html()).all("pre")[0].text.startswith(words)


def test_a_damaged_curve_is_one_message(tmp_path: Path) -> None:
    made_search(tmp_path, {"hidden": [1, 2]})
    (tmp_path / "curve.csv").write_text("hidden,a\nx,y\n")
    with pytest.raises(InputError, match=r"curve\.csv: must be what goodfit wrote there, but it is damaged"):
        search_page(tmp_path)


def damaged(folder: Path, **changes: Any) -> Callable[[], object]:
    found = json.loads((folder / "selection.json").read_text())
    (folder / "selection.json").write_text(json.dumps({**found, **changes}))
    return lambda: search_page(folder)
