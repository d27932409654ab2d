"""The runs of the working directory, and the chapter's studies, on the page."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from person_help import TOKEN, Person

import goodfit as gf
from goodfit.lab import run_pages
from goodfit.lab.app import LabApp
from goodfit.lab.opening import open_state
from goodfit.lab.states import checked_state
from goodfit.lab.study_shelf import studies_told
from goodfit.reports.numbers import number
from goodfit.studies.numbers import estimate
from http_asking import ask

pytestmark = pytest.mark.xdist_group("lab-page")
FIELDS: dict[str, Any] = {"dropout": 0.0, "epochs": 3, "batch_size": 32, "valid": 0.3, "hidden": [3]}
TABLES = """(() => { const found = document.querySelector('%s iframe:last-child')?.contentDocument;
  return found?.title && [...found.querySelectorAll('table')].map(
    table => [...table.rows].map(row => [...row.cells].map(cell => cell.textContent))); })()"""
BROAD = "document.querySelector('%s iframe:only-child')?.contentDocument?.body?.textContent.includes(%s)"


def shown(person: Person, view: str, text: str) -> list[list[list[str]]]:
    """The tables of the page in a view's frame, once it says something."""
    person.until(BROAD % (view, json.dumps(text)))
    found: list[list[list[str]]] = person.value(TABLES % view)
    return found


def test_runs_stand_side_by_side_and_open(person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Grouped by recipe over seeds, filtered, sorted, and each with its report."""
    monkeypatch.setattr(run_pages, "RUNS", tmp_path)
    data = gf.data.load("moons", n_train=100)
    made = [
        gf.train({**FIELDS, "learning_rate": rate, "seed": seed}, data, seeds=2, out=tmp_path / name)
        for name, rate, seed in (("first", 0.01, 0), ("second", 0.01, 10), ("fast", 0.1, 0))
    ]
    person.go()
    person.click("a[data-view=runs]")
    curves, recipes, runs = shown(person, "#view-runs", "fast")
    assert {row[0] for row in runs[1:]} == {"first", "second", "fast"}
    of = {row[2]: row for row in recipes[1:]}
    assert (of["learning_rate 0.01"][5:], of["learning_rate 0.1"][5:]) == (["4", "2"], ["2", "1"])
    losses = np.concatenate([run.history["valid_loss"] for run in made[:2]], axis=1)  # [E, P] over both runs
    (last,) = [row for row in curves if row[:2] == [of["learning_rate 0.01"][0], "3"]]
    assert last[3] == f"{number(losses[2].mean())} ({number(losses[2].min())} to {number(losses[2].max())})"
    person.choose("#runs-sort", "name")
    person.write("#runs-filter", "learning_rate 0.01")
    person.until("!" + BROAD % ("#view-runs", '"fast"'))
    assert [row[0] for row in shown(person, "#view-runs", "second")[2][1:]] == ["first", "second"]
    link = "document.querySelector('#view-runs iframe').contentDocument.querySelector('a[href^=run-]')"
    person.value(f"{link}.scrollIntoView({{block: 'center'}})")
    frame = "document.querySelector('#view-runs iframe').getBoundingClientRect()"
    at = f"{link}.getBoundingClientRect()"
    x, y = person.value(f"[{frame}.x + {at}.x + 5, {frame}.y + {at}.y + 5]")
    person.browser.click(x, y)
    shown(person, "#view-runs", "goodfit report on a run")
    person.click("#view-runs .quiet")
    assert len(shown(person, "#view-runs", "second")) == 3


def test_a_study_changes_with_its_sliders(person: Person) -> None:
    """Its claims are those of `goodfit study` with the same parameters; a new value stops the run before."""
    person.go(view="studies")
    person.until("document.querySelectorAll('#view-studies .lesson').length === 16")
    person.click("#view-studies [data-name='test-reuse']")
    person.until("document.querySelector('.sliders input[type=range]')")
    person.write("[data-field='study.models'] input[type=text]", "200")
    person.until("document.querySelector('#studied progress')")
    person.write("[data-field='study.models'] input[type=text]", "40")
    tables = shown(person, "#view-studies", "--models 40")
    assert not person.value("document.querySelector('#notes').textContent")  # nor that the job was stopped
    small = gf.studies.find("test-reuse").small
    result = gf.studies.run("test-reuse", tell=lambda _: None, **{**small, "models": 40})
    (claims,) = [table for table in tables if table[0][0] == "Claim"]
    assert [row[3].replace("\xa0", " ") for row in claims[1:]] == [estimate(each.found) for each in result.claims]
    person.write("[data-field='study.models'] input[type=text]", "5")
    person.until("document.querySelector(\"[data-field='study.models'] .error\").textContent.includes(\"'models'\")")
    assert person.value("document.querySelector('#view-studies .framed').classList.contains('old')")
    person.write("[data-field='study.models'] input[type=text]", "40")
    person.until("!document.querySelector('#view-studies .old')")
    person.click("#language")
    shown(person, "#view-studies", "论断")
    person.click("#view-studies .line button")
    person.until("document.querySelector('#tabs [aria-current]').dataset.view === 'play'")
    assert (person.state()["data"]["name"], person.state()["data"]["rows"]) == ("moons", 1000)


def played(play: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """The state that the page makes of one of plays.toml with the values of a study's parameters."""

    def value(found: re.Match[str]) -> str:
        name, times = found.groups()
        return json.dumps(values[name] if times is None else [values[name]] * values[times])

    state: dict[str, Any] = json.loads(re.sub(r'"\{(\w+)(?:\*(\w+))?\}"', value, json.dumps(play)))
    return state


def test_play_takes_what_a_study_may_hold() -> None:
    """Every least and greatest value that a study hands on is one that a state of Play may have."""
    for each in studies_told()["studies"]:
        values = {slider["rule"]["name"]: slider["value"] for slider in each["parameters"]}
        for parameter in gf.studies.find(each["name"]).parameters:
            ends = [parameter.plain(end) for end in (parameter.low, parameter.high) if np.isfinite(end)]
            if re.search(rf"[{{*]{parameter.name}[*}}]", json.dumps(each["play"])):
                for end in ends:
                    checked_state(played(each["play"], {**values, parameter.name: end}))


def test_every_study_has_something_like_it_in_play_and_a_lesson() -> None:
    told = studies_told()["studies"]
    assert [each["name"] for each in told] == [*gf.studies.studies()]
    for each in told:
        values = {slider["rule"]["name"]: slider["value"] for slider in each["parameters"]}
        opened = open_state(checked_state(played(each["play"], values)), {})
        if each["name"] == "linear-collapse":
            assert opened.recipe.hidden == (values["width"],) * values["layers"]
        assert each["lesson"]


def test_framed_pages_are_their_own_and_nobody_elses(served_lab: tuple[str, LabApp]) -> None:
    """The token stands in the path; no script runs; no name leads out of the folder."""
    port = int(served_lab[0].rpartition(":")[2])
    status, headers, _ = ask(port, "GET", f"/framed/{TOKEN}/runs.html")
    assert status == 200
    assert headers["x-frame-options"] == "SAMEORIGIN"
    assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert headers["content-security-policy"].endswith("frame-ancestors 'self'")
    assert ask(port, "GET", f"/framed/other/runs.html?token={TOKEN}")[0] == 403
    for path in ("x.html", "..%2f..%2fetc%2fpasswd.html", "%2e%2e.html"):
        assert ask(port, "GET", f"/framed/{TOKEN}/{path}")[0] == 404
    assert b"there is no such run" in ask(port, "GET", f"/framed/{TOKEN}/run-0123.html")[2]
