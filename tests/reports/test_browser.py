"""A report as readers meet it: opened from the disk in Chromium, light and dark, wide, narrow, on paper, by keys."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from reports_help import VERDICT, made_layers, made_run, made_search, written

import goodfit as gf
from browser import NEEDED, Browser
from browser_checks import FAINT_TEXT, check_opened
from goodfit import runs
from goodfit.data import Dataset
from goodfit.reports import write

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
[...document.querySelectorAll("nav a, summary, .track label")].map(each => each.getBoundingClientRect())
  .map(at => [at.width, at.height])
"""
DRAWN = """
[...document.querySelectorAll(".drawing")].filter(each => each.getClientRects().length).map(each => each.className)
"""
STOPS = """
[...document.querySelectorAll('a[href], summary, [tabindex="0"], :checked')]
  .filter(each => each.checkVisibility()).length
"""
FOLDED = """
[...document.querySelectorAll("details.short table")]
  .filter(each => !each.closest(".frame:not(.printed)") && !each.getBoundingClientRect().height).length
"""
SHOWN = """
[...document.querySelectorAll(".frame")].map((frame, at) => frame.checkVisibility() ? at : -1).filter(at => at >= 0)
"""
SUMMARIES = "[...document.querySelectorAll('summary')].filter(each => each.checkVisibility()).length"


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
    made_layers(where, range(1, 1001, 20), nets=3)
    long = {**VERDICT["probes"][0], "name": LONG, "change": LONG}
    (where / "verdict.json").write_text(json.dumps({**VERDICT, "probes": [*VERDICT["probes"], long]}))
    return write(run, folder / "report.html", search=folder / "search")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [NARROW, 820, WIDE])
def test_it_opens_without_a_fault(browser: Browser, page: Path, width: int, scheme: str) -> None:
    check_opened(browser, page, (width, scheme))


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
            texts = {name: node.get(name, {}).get("value", "") for name in ("name", "description")}
            found.append({"role": node["role"]["value"], **texts, **properties})
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
    assert tags.count("SUMMARY") == browser.value(SUMMARIES)
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


def test_the_arrow_keys_move_the_slider(browser: Browser, page: Path) -> None:
    """The last frame is seen at first; the track is one stop of the tab key, and says what it shows."""
    browser.show(page, width=WIDE)
    assert browser.value(SHOWN) == [11]
    browser.value("document.querySelector(':checked').focus()")
    seen = []
    for key, code in (("ArrowLeft", 37), ("ArrowLeft", 37), ("ArrowRight", 39), ("ArrowRight", 39), ("ArrowRight", 39)):
        browser.press(key, code)
        seen.append(browser.value(SHOWN))
    assert seen == [[10], [9], [10], [11], [0]]  # the browser goes round
    (chosen,) = [part for part in tree(browser) if part["role"] == "radio" and part.get("checked") == "true"]
    assert (chosen["name"], chosen["description"]) == (
        "1",
        browser.value("document.querySelector('.frame p').innerText"),
    )
    groups = [part["name"] for part in tree(browser) if part["role"] == "group"]
    assert "Epoch" in groups
    images = [part["name"] for part in tree(browser) if part["role"] == "image"]
    assert "Figure 2. Activations and gradients, layer by layer: Epoch 1" in images


@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_a_pointer_moves_the_slider_and_nothing_else_moves(browser: Browser, page: Path, width: int) -> None:
    browser.show(page, width=width, reduced=True)
    top = "document.querySelector('.frames figcaption').getBoundingClientRect().top + scrollY"
    before = browser.value(top)
    browser.value("document.querySelectorAll('.track label')[3].scrollIntoView({block: 'center'})")
    spot = browser.value("(box => [box.x + box.width / 2, box.y + 5])"
                         "(document.querySelectorAll('.track label')[3].getBoundingClientRect())")  # fmt: skip
    for kind in ("mousePressed", "mouseReleased"):
        browser.ask("Input.dispatchMouseEvent", type=kind, x=spot[0], y=spot[1], button="left", clickCount=1)
    assert browser.value(SHOWN) == [3]
    assert browser.value(top) == pytest.approx(before, abs=1)


def test_a_reader_without_styles_or_with_paper_gets_the_frames(browser: Browser, page: Path, tmp_path: Path) -> None:
    browser.show(page, width=BETWEEN_MARGINS)
    browser.ask("Emulation.setEmulatedMedia", media="print", features=[])
    assert browser.value(SHOWN) == [0, 5, 11]
    assert browser.value("document.querySelector('.stops').checkVisibility()") is False
    bare = tmp_path / "bare.html"
    bare.write_text(re.sub("<style>.*?</style>", "", page.read_text("utf-8"), flags=re.DOTALL), "utf-8")
    browser.show(bare, width=WIDE)
    assert browser.value(SHOWN) == list(range(12))


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
