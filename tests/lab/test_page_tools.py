"""What tools of others say of the page: axe of who can read it, TypeScript of its types.

Both come from npm and are no part of goodfit: `npm install --no-save axe-core typescript` puts them beside the tree.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from person_help import SMALL, Person

import goodfit.lab

ROOT = Path(__file__).parents[2]
PAGE = Path(goodfit.lab.__file__).parent / "page"
NEEDED = "GOODFIT_NEEDS_NODE"  # set where a missing tool is a failure and no reason to skip
TYPES = ("--noEmit", "--allowJs", "--checkJs", "--strict", "--noImplicitAny", "false", "--module", "esnext")
TYPES += ("--target", "es2023", "--moduleResolution", "bundler", "--lib", "es2023,dom,dom.iterable", "--types", "")
VIOLATIONS = """axe.run(document, {resultTypes: ["violations"]}).then(found =>
  found.violations.map(each => [each.id, each.nodes.map(node => node.html.slice(0, 120))]))"""
VIEWS = {
    "step": ".chip",
    "say": "#claim option",
    "choose": "#openings",
    "lessons": ".lesson",
    "studies": "#view-studies .lesson",
    "runs": "#view-runs iframe",
}


def tool(name: str) -> Path:
    """A file of a package from npm; the test is skipped, or fails if it must, where it is not there."""
    found = ROOT / "node_modules" / name
    if not found.exists() or shutil.which("node") is None:
        missing = f"{name} is not there: npm install --no-save axe-core typescript"
        if os.environ.get(NEEDED):
            pytest.fail(missing)
        pytest.skip(missing)
    return found


@pytest.fixture
def axe() -> str:
    """The script of axe; asked for before a page is opened, which a test that is skipped does not need."""
    return tool("axe-core/axe.min.js").read_text("utf-8")


@pytest.mark.xdist_group("lab-page")
def test_axe_finds_no_violation(axe: str, person: Person) -> None:
    person.go()
    person.value(f"{axe};0")
    for host in ("#net", "#picture", "#loss"):
        person.table(host)
    assert person.value(VIOLATIONS) == []
    person.click("#branch")
    assert person.value(VIOLATIONS) == []
    person.value("document.querySelector('#branch-dialog').close()")
    for view, shown in VIEWS.items():
        person.click(f"a[data-view={view}]")
        person.until(f"document.querySelector('{shown}')")
        assert (view, person.value(VIOLATIONS)) == (view, [])
    person.click("a[data-view=studies]")
    person.click("[data-name='k-fold']")
    person.until("document.querySelector('.sliders')")
    assert person.value(VIOLATIONS) == []
    person.go(nets=SMALL["nets"])
    person.look(360, "dark")
    assert person.value(VIOLATIONS) == []


def test_types_agree() -> None:
    compiler = tool("typescript/bin/tsc")
    files = sorted(str(path) for path in PAGE.glob("*.js"))
    found = subprocess.run(["node", str(compiler), *TYPES, *files], capture_output=True, text=True, check=False)
    assert found.stdout == ""
    assert found.returncode == 0
