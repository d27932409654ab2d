"""What docs/api.md says of modules: every one that a page imports is public, or provisional and named there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from docs.site.reference.public import handed_out, packages

from docs_blocks import blocks

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
API = (DOCS / "api.md").read_text("utf-8")
PYTHON = {"python", "{code-cell} ipython3"}
MODULE = re.compile(r"`(goodfit\.[\w.]+)`")


def part(text: str, begin: str, end: str) -> set[str]:
    """The modules that a part of the page names."""
    return set(MODULE.findall(text.partition(begin)[2].partition(end)[0]))


PACKAGES = part(API, "\nThe packages:", "Public as well")
BELOW = part(API, "Public as well", "with what is below them")  # and so is what is below these
PROVISIONAL = part(API, "\n## Provisional\n", "\n## ")


def pages() -> list[Path]:
    found = [path for path in DOCS.rglob("*.md") if path.relative_to(DOCS).parts[0] not in ("site", "studies")]
    return [ROOT / "README.md", ROOT / "README.zh.md", *found]


def imported(text: str) -> Iterator[tuple[str, str]]:
    """(module, name) of all that the Python of a page imports of goodfit; the name is "" for a whole module."""
    for block in blocks(text):
        if block.language in PYTHON:
            lines = [line for line in block.code.splitlines() if not line.startswith(("!", "%", ":tags:"))]
            for node in ast.walk(ast.parse("\n".join(lines))):
                if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "goodfit":
                    yield from ((node.module or "", each.name) for each in node.names)
                elif isinstance(node, ast.Import):
                    yield from ((each.name, "") for each in node.names if each.name.partition(".")[0] == "goodfit")


def status(module: str, name: str) -> str:
    """ "public", "provisional" or "" for neither."""
    if f"{module}.{name}" in PACKAGES | PROVISIONAL:
        module, name = f"{module}.{name}", ""
    if any(f"{module}.".startswith(f"{each}.") for each in BELOW):
        return "public"
    if module == "goodfit" or module in PACKAGES:
        return "public" if not name or name in handed_out(module) else ""
    return "provisional" if module in PROVISIONAL else ""


def test_the_packages_are_those_that_hand_out_names() -> None:
    assert {package for package in packages() if "." in package and handed_out(package)} == PACKAGES


def test_every_module_that_a_page_imports_is_public_or_named_as_provisional() -> None:
    found = {(module, name, path.name) for path in pages() for module, name in imported(path.read_text("utf-8"))}
    assert len(found) > 60
    assert not {each for each in found if not status(*each[:2])}
    assert {*(module for module, _, _ in found), *(f"{module}.{name}" for module, name, _ in found)} >= PROVISIONAL


def test_a_module_that_is_named_nowhere_would_be_seen() -> None:
    text = "```python\nfrom goodfit.runs.record import RUN\nfrom goodfit.runs import load, gone\nimport numpy\n```\n"
    assert [(each, status(*each)) for each in imported(text)] == [
        (("goodfit.runs.record", "RUN"), ""),
        (("goodfit.runs", "load"), "public"),
        (("goodfit.runs", "gone"), ""),
    ]
