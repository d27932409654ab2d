"""The documentation site that `make site` built, opened in a browser: it can be read, searched, and fetches nothing."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from urllib.parse import quote

import pytest

from browser import Browser
from browser_checks import FAINT_TEXT

ROOT = Path(__file__).parents[1]
SITE, SOURCE = ROOT / "build" / "site", ROOT / "build" / "site-source"
NEEDED = "GOODFIT_NEEDS_SITE"  # set where a site that is not built is a failure and no reason to skip
KINDS = (
    "index",
    "tutorials",
    "recipe",
    "tables",
    "tutorials/table",
    "tutorials/verdict",
    "inspection",
    "studies/polynomial.zh",
    "search",
)  # that axe looks at
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
UNNAMED = "[...document.querySelectorAll('article table.docutils th')].some(each => !each.innerText.trim())"
VIOLATIONS = """axe.run(document, {resultTypes: ["violations"]}).then(found =>
  found.violations.map(each => [each.id, each.nodes.map(node => node.html.slice(0, 120))]))"""
FOUND = """new Promise(tell => {
  const look = () => document.querySelector("#search-results h2")?.innerText === "Search Results"
    ? tell([...document.querySelectorAll("#search-results li a")].map(a => a.getAttribute("href")))
    : setTimeout(look, 20);
  look();
})"""

TUTORIALS = sorted(path.stem for path in (ROOT / "docs" / "tutorials").glob("*.md"))
BOXES = "article .table-wrapper, article [style*='overflow-x']"
WIDE = f"""[...document.querySelectorAll("{BOXES}")].filter(each => each.scrollWidth > each.clientWidth)"""
SCROLLING = f"""{WIDE}.map(each => ({{
  tabindex: each.getAttribute("tabindex"), role: each.getAttribute("role"), name: each.getAttribute("aria-label"),
  fades: each.matches(".more")}}))"""
MOVED = f"""new Promise(tell => {{
  const moved = () => {WIDE}[0].scrollLeft > 0;
  const look = left => moved() || !left ? tell(moved()) : setTimeout(look, 20, left - 1);
  look(100);
}})"""

pytestmark = pytest.mark.xdist_group("site")


@pytest.fixture(scope="module")
def site() -> Path:
    """The folder of the site; tests are skipped, or fail if they must, where it is not built."""
    if not (SITE / "index.html").exists():
        if os.environ.get(NEEDED):
            pytest.fail(f"the site is not built: make site, for {NEEDED} says that no test of it may be skipped")
        pytest.skip("the site is not built: make site")
    return SITE


def test_every_page_can_be_read_and_fetches_nothing(site: Path, browser: Browser) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 60
    wrong = []
    wide, narrow = (1200, "light"), (360, "dark")
    for number, page in enumerate(pages):
        first, second = (narrow, wide) if number % 2 else (wide, narrow)  # the window stays as the last page left it
        browser.show(page, width=first[0], scheme=first[1])
        faults = [(width, *each) for width, scheme in (first, second) for each in _faults(browser, width, scheme)]
        asked = [each["request"]["url"] for each in browser.told("Network.requestWillBeSent")]
        found = {
            "told": browser.told("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown"),
            "missing": browser.told("Network.loadingFailed"),
            "fetched": [each for each in asked if not each.startswith(("file:", "data:"))],
            "unnamed": browser.value(UNNAMED),
            "headings": browser.value("document.querySelectorAll('h1').length") != 1,
        }
        faults += [each for each in found.items() if each[1]]
        wrong += [(str(page.relative_to(site)), *each) for each in faults]
    assert wrong == []


def _faults(browser: Browser, width: int, scheme: str) -> list[tuple[str, object]]:
    """What cannot be read of the page that is open, at this width and in these colours."""
    browser.look(width=width, scheme=scheme)
    found = {
        "wide": browser.value("document.documentElement.scrollWidth") > width,
        "faint": browser.value(FAINT_TEXT),
    }
    return [each for each in found.items() if each[1]]


@pytest.mark.parametrize("word", ["McNemar", "过拟合", "梯度", "合拟"])
def test_a_word_is_found_where_it_stands(word: str, site: Path, browser: Browser) -> None:
    browser.visit(f"{(site / 'search.html').as_uri()}?q={quote(word)}", width=1200)
    found = {each.partition("#")[0].removesuffix(".html") for each in browser.value(FOUND)}
    pages = {path.relative_to(SOURCE).with_suffix("").as_posix(): path for path in SOURCE.rglob("*.md")}
    whole = re.compile(rf"\b{word}\b" if word.isascii() else word, re.IGNORECASE)
    assert found & pages.keys() == {name for name, path in pages.items() if whole.search(path.read_text("utf-8"))}
    assert bool(found) == (word != "合拟")  # the end of one word and the beginning of another
    assert browser.told("Log.entryAdded", "Runtime.exceptionThrown", "Network.loadingFailed") == []


def test_every_notebook_can_be_downloaded_from_its_page(site: Path) -> None:
    nbformat = pytest.importorskip("nbformat", reason="of what `make site` installs")
    wanted = {path.relative_to(SOURCE) for path in SOURCE.rglob("*.ipynb")}
    assert {Path("gallery.ipynb"), *(Path("tutorials", f"{name}.ipynb") for name in TUTORIALS)} <= wanted
    for path in wanted:
        page = (site / path.with_suffix(".html")).read_text("utf-8")
        words = "下载本页的 Jupyter 笔记本" if path.parts[0] == "zh" else "Download this page as a notebook"
        assert f'<a href="{path.name}" download>{words}</a>' in page, path
        notebook = nbformat.read(site / path, as_version=4)
        nbformat.validate(notebook)
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        assert code, path
        assert all(cell.execution_count for cell in code), path
        assert any(cell.outputs for cell in code), path


def test_what_scrolls_sideways_on_a_telephone_is_named_and_reached_from_the_keyboard(
    site: Path, browser: Browser
) -> None:
    for page in ("tables", "honesty", "tutorials/verdict"):
        browser.show(site / f"{page}.html", width=360)
        boxes = browser.value(SCROLLING)
        assert boxes, page
        for box in boxes:
            assert (box["tabindex"], box["role"], box["fades"]) == ("0", "region", True), (page, box)
        assert len({box["name"] for box in boxes}) == len(boxes), page
        browser.value(f"{WIDE}[0].focus()")
        browser.press("ArrowRight", 39)
        assert browser.value(MOVED), page
        browser.value(f"{WIDE}[0].scrollLeft = 1e6")
        assert (
            browser.value(f"new Promise(tell => requestAnimationFrame(() => tell({WIDE}[0].matches('.more'))))")
            is False
        )


@pytest.mark.parametrize(
    ("words", "page"),
    [
        ("hyperparameter tuning", "tutorials/choosing"),
        ("imbalanced classes", "measures"),
        ("docker", "serve"),
        ("random forest", "tables-default"),
        ("regularization dropout", "recipe"),
        ("already holds a run", "reference/messages"),
    ],
)
def test_a_page_is_found_by_words_of_others_and_by_an_error(
    words: str, page: str, site: Path, browser: Browser
) -> None:
    browser.visit(f"{(site / 'search.html').as_uri()}?q={quote(words)}", width=1200)
    assert page in {each.partition("#")[0].removesuffix(".html") for each in browser.value(FOUND)}


def test_the_language_of_a_page_is_told(site: Path, browser: Browser) -> None:
    for page, language in (("index", "en"), ("studies/polynomial", "en"), ("studies/polynomial.zh", "zh-Hans")):
        browser.show(site / f"{page}.html", width=1200)
        assert browser.value("document.documentElement.lang") == language


def test_the_keyboard_reaches_the_text_first(site: Path, browser: Browser) -> None:
    browser.show(site / "recipe.html", width=1200)
    browser.press("Tab", 9)
    assert browser.value("document.activeElement.getAttribute('href')") == "#furo-main-content"


def test_the_menu_of_a_narrow_window_opens_by_key(site: Path, browser: Browser) -> None:
    """And the keyboard walks through nothing that is not seen."""
    browser.show(site / "recipe.html", width=360)
    seen = set()
    for _ in range(12):
        browser.press("Tab", 9)
        seen.add(browser.value("document.activeElement.getBoundingClientRect().right > 0"))
    assert seen == {True}
    browser.value("document.querySelector('.nav-overlay-icon').focus()")
    browser.press("Enter", 13)
    assert browser.value("document.activeElement.closest('.sidebar-drawer') !== null")
    browser.press("Escape", 27)
    assert browser.value("document.activeElement.className") == "nav-overlay-icon"


def test_paper_holds_the_text_alone(site: Path, browser: Browser) -> None:
    browser.show(site / "recipe.html", width=1200)
    assert browser.paper().startswith(b"%PDF")
    browser.ask("Emulation.setEmulatedMedia", media="print", features=[])
    hidden = "['.sidebar-drawer', '.toc-drawer'].map(each => getComputedStyle(document.querySelector(each)).display)"
    assert browser.value(hidden) == ["none", "none"]


def test_axe_finds_no_violation(site: Path, browser: Browser) -> None:
    if not AXE.exists() or shutil.which("node") is None:
        missing = "axe-core is not there: npm install --no-save axe-core"
        if os.environ.get("GOODFIT_NEEDS_NODE"):
            pytest.fail(missing)
        pytest.skip(missing)
    wrong = []
    for page in KINDS:
        for width, scheme in ((1200, "light"), (360, "dark")):
            browser.show(site / f"{page}.html", width=width, scheme=scheme)
            browser.value(f"{AXE.read_text('utf-8')};0")
            wrong += [(page, width, each) for each in browser.value(VIOLATIONS)]
    assert wrong == []
