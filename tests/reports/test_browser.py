"""A report as readers meet it: opened from the disk in Chromium, light and dark, wide, narrow, on paper, by keys."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from reports_help import VERDICT, made_run, made_search, written

import goodfit as gf
from browser import NEEDED, Browser
from browser_checks import FAINT_TEXT, check_opened
from goodfit import runs
from goodfit.data import Dataset

WIDE, NARROW = 1280, 390
BETWEEN_MARGINS = 658  # CSS pixels: A4 is 210 mm wide, the margins are 18 mm
LONG = "a name without any space in it: " + "donaudampfschifffahrt" * 6

FOCUSED = """
(() => {
  const at = document.activeElement, box = at.getBoundingClientRect(), style = getComputedStyle(at);
  return {tag: at.tagName, text: at.textContent.slice(0, 60), top: box.top, outline: style.outlineStyle, id: at.id,
    height: box.height};
})()
"""
SIZES = """
[...document.querySelectorAll("nav a, summary")].map(each => each.getBoundingClientRect())
  .map(at => [at.width, at.height])
"""
DRAWN = """
[...document.querySelectorAll(".drawing")].filter(each => each.getClientRects().length).map(each => each.className)
"""
STOPS = """
[...document.querySelectorAll('a[href], summary, [tabindex="0"]')].filter(each => each.checkVisibility()).length
"""
FOLDED = """
[...document.querySelectorAll("details.short table")].filter(each => !each.getBoundingClientRect().height).length
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report on a run that has everything: a search, a verdict, openings, and long names."""
    folder = tmp_path_factory.mktemp("report")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(120, 3)).astype(np.float32)
    labels = (x[:, 0] > 0).astype(int) + (x[:, 1] > 0)
    data = Dataset("mine & <b>yours</b>", x, labels, "classification", ("<i>one</i>", "two", LONG))
    recipe = gf.Recipe(hidden=(8,), dropout=0.1, learning_rate=0.01, batch_size=32, epochs=12)
    where = written(made_run(recipe, data, seeds=(0, 1, 2)), folder / "run")
    made_search(folder / "search", {"hidden": [2, 8, (8, 4)], "l2": [0.0, 1e-3]}, recipe=recipe, data=data.name)
    run = runs.load(where)
    run.test(data)
    long = {**VERDICT["probes"][0], "name": LONG, "change": LONG}
    (where / "verdict.json").write_text(json.dumps({**VERDICT, "probes": [*VERDICT["probes"], long]}))
    return run.report(folder / "report.html", search=folder / "search")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [NARROW, 820, WIDE])
def test_it_opens_without_a_fault(browser: Browser, page: Path, width: int, scheme: str) -> None:
    check_opened(browser, page, width, scheme)


def test_a_narrow_screen_gets_its_own_drawings(browser: Browser, page: Path) -> None:
    browser.show(page, width=NARROW)
    assert set(browser.value(DRAWN)) == {"drawing narrow"}
    browser.show(page, width=WIDE)
    assert set(browser.value(DRAWN)) == {"drawing wide"}


def tree(browser: Browser) -> list[dict[str, Any]]:
    """What a screen reader is told: role, name and properties of each part."""
    found = []
    for node in browser.ask("Accessibility.getFullAXTree")["nodes"]:
        if not node["ignored"]:
            properties = {each["name"]: each["value"].get("value") for each in node.get("properties", [])}
            found.append({"role": node["role"]["value"], "name": node.get("name", {}).get("value", ""), **properties})
    return found


def test_a_screen_reader_is_told_all_of_it(browser: Browser, page: Path) -> None:
    browser.show(page, width=WIDE)
    parts = tree(browser)
    named = {"image", "link", "heading", "region", "navigation", "figure", "table", "columnheader", "rowheader"}
    assert [part for part in parts if part["role"] in named - {"figure"} and not part["name"].strip()] == []
    roles = [part["role"] for part in parts]
    assert roles.count("main") == 1
    assert {"navigation", "image", "figure", "table", "rowheader", "columnheader", "region"} <= set(roles)
    levels = [part["level"] for part in parts if part["role"] == "heading"]
    assert levels[0] == 1
    assert levels.count(1) == 1
    images = [part["name"] for part in parts if part["role"] == "image"]
    assert images[0] == "Figure 1. Loss and accuracy by epoch"
    assert len(images) == browser.value("document.querySelectorAll('figure').length")
    assert browser.value("document.title") == "mine & <b>yours</b> · goodfit report on a run"


def test_the_keyboard_reaches_and_opens_everything(browser: Browser, page: Path) -> None:
    browser.show(page, width=WIDE)
    browser.press("Tab", 9)
    first = browser.value(FOCUSED)
    assert (first["tag"], first["text"]) == ("A", "Skip to the content")
    assert first["top"] >= 0
    browser.show(page, width=WIDE)
    reached = []
    for _ in range(browser.value(STOPS)):
        browser.press("Tab", 9)
        reached.append(browser.value(FOCUSED))
    assert all(each["outline"] != "none" for each in reached)
    tags = [each["tag"] for each in reached]
    assert "BODY" not in tags
    assert tags.count("SUMMARY") == browser.value("document.querySelectorAll('summary').length")
    browser.value("document.querySelector('figure summary').focus()")
    assert not browser.value("document.querySelector('figure table').checkVisibility()")
    browser.press("Enter", 13, "\r")
    assert browser.value("document.querySelector('figure table').checkVisibility()")
    assert browser.value("document.documentElement.scrollWidth") <= WIDE


def test_what_is_pressed_is_large_enough(browser: Browser, page: Path) -> None:
    """WCAG 2.2, level AA: 24 by 24 pixels."""
    browser.show(page, width=NARROW)
    assert min(min(width, height) for width, height in browser.value(SIZES) if height) >= 24


def test_wide_tables_scroll_in_their_own_box(browser: Browser, page: Path) -> None:
    browser.show(page, width=NARROW)
    browser.value("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert browser.value("document.documentElement.scrollWidth") <= NARROW
    wide = "[...document.querySelectorAll('.scroll')].filter(each => each.scrollWidth > each.clientWidth).length"
    assert browser.value(wide) > 3


@pytest.mark.parametrize("reduced", [True, False])
def test_motion_is_reduced_where_it_is_asked_for(browser: Browser, page: Path, reduced: bool) -> None:
    browser.show(page, width=WIDE, reduced=reduced)
    how = browser.value("getComputedStyle(document.documentElement).scrollBehavior")
    assert how == ("auto" if reduced else "smooth")


def test_paper_is_white_and_has_the_tables(browser: Browser, page: Path) -> None:
    browser.show(page, width=BETWEEN_MARGINS, scheme="dark")
    dark = [{"name": "prefers-color-scheme", "value": "dark"}]
    browser.ask("Emulation.setEmulatedMedia", media="print", features=dark)
    assert browser.value("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert browser.value(FAINT_TEXT) == []
    assert browser.value(FOLDED) == 0
    assert (
        browser.value("document.documentElement.scrollWidth") <= BETWEEN_MARGINS
    )  # else the browser prints it smaller
    assert browser.value("document.querySelector('nav').getClientRects().length") == 0
    paper = browser.paper()
    assert paper.startswith(b"%PDF")
    boxes = {tuple(map(float, box.split())) for box in _boxes(paper)}
    assert len(boxes) == 1
    assert boxes.pop() == pytest.approx((0, 0, 595, 842), abs=1.5)


def _boxes(paper: bytes) -> list[str]:
    return [found.decode() for found in re.findall(rb"/MediaBox ?\[([^\]]+)\]", paper)]


def test_a_missing_browser_fails_where_it_is_needed() -> None:
    """What .ci/run sets is what the fixture looks at."""
    script = (Path(__file__).parents[2] / ".ci" / "run").read_text("utf-8")
    assert f"export {NEEDED}=1" in script
