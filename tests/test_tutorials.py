"""The tutorials in docs/tutorials/: their parts, their code and their commands. The site's build executes them."""

from __future__ import annotations

import ast
import builtins
import re
import shlex
from pathlib import Path

import pytest

from docs_blocks import blocks, check_command, check_imports, commands

DOCS = Path(__file__).parents[1] / "docs"
PAGES = sorted(path.name for path in (DOCS / "tutorials").glob("*.md"))
CELL = "{code-cell} ipython3"
MOST_WORDS = 2500  # a quarter of an hour


def page(name: str) -> str:
    return (DOCS / "tutorials" / name).read_text("utf-8")


def cells(text: str) -> list[str]:
    """The code of each cell, without its tags."""
    found = [each.code.replace("\\\n", " ") for each in blocks(text) if each.language == CELL]
    return [re.sub(r"^:\w+:.*\n", "", code + "\n") for code in found]


def shell_lines(code: str) -> list[str]:
    return [line[1:] for line in code.splitlines() if line.startswith("!")]


@pytest.mark.parametrize("name", PAGES)
def test_a_tutorial_has_its_parts(name: str) -> None:
    text = page(name)
    assert text.startswith("---\nfile_format: mystnb\nkernelspec:\n")
    body = text.split("---\n", 2)[2]
    assert re.match(r"\n# .+\n\n\*\*What you will have at the end:\*\* ", body)
    assert len(body.split()) <= MOST_WORDS
    ending = body.partition("\n## Where to go next\n")[2]
    assert len(re.findall(r"\]\([^)]+\)", ending)) >= 3
    assert "\n## " not in ending


@pytest.mark.parametrize("name", PAGES)
def test_its_code_compiles_and_its_commands_parse(name: str) -> None:
    text = page(name)
    found = cells(text)
    assert len(found) >= 5
    assert any("assert " in code for code in found)  # what the prose says of the output is checked when it is executed
    words = [shlex.split(line) for code in found for line in shell_lines(code)]
    for each in [*words, *commands(text)]:
        check_command(each)
    for code in found:
        python = "\n".join(line for line in code.splitlines() if not line.startswith("!"))
        ast.parse(python, name)
        check_imports(python, name)


@pytest.mark.parametrize("name", PAGES)
def test_what_only_checks_is_hidden(name: str) -> None:
    for each in blocks(page(name)):
        if each.language == CELL and re.search(r"^assert ", each.code, re.MULTILINE):
            assert each.code.startswith(":tags: [remove-cell]\n"), f"{name}:{each.line}"


@pytest.mark.parametrize("path", [*sorted((DOCS / "zh").glob("*.md")), *(DOCS / "tutorials" / name for name in PAGES)])
def test_what_a_reader_sees_runs_without_what_is_hidden(path: Path) -> None:
    """The notebook to download has no hidden cells."""
    made = set(dir(builtins))
    for each in blocks(path.read_text("utf-8")):
        if each.language != CELL or "remove-cell" in each.code.partition("\n")[0]:
            continue
        lines = [line for line in each.code.replace("\\\n", " ").splitlines() if not line.startswith((":", "!"))]
        tree = ast.parse("\n".join(lines))
        names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
        made |= {node.id for node in names if isinstance(node.ctx, ast.Store)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                made |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.FunctionDef | ast.ClassDef | ast.arg | ast.ExceptHandler):
                made.add(str(getattr(node, "arg", None) or getattr(node, "name", "")))
        lacking = {node.id for node in names if isinstance(node.ctx, ast.Load)} - made
        assert not lacking, f"{path.name}:{each.line}"


def test_a_study_has_as_many_lines_as_its_page_says() -> None:
    text = page("own-study.md")
    (lines,) = {len([line for line in code.splitlines() if line.strip()]) for code in cells(text)[:1]}
    assert f"# A study of one's own, in {lines} lines\n" in text
    assert f"These are {lines} lines of code." in text
    for name in ("README.md", "studies.md"):
        assert f"in {lines} lines" in (DOCS / name).read_text("utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_its_links_lead_somewhere(name: str) -> None:
    for address in re.findall(r"\]\(([^)\s]+)\)", page(name)):
        target, _, anchor = address.partition("#")
        if "://" not in target:
            found = DOCS / "tutorials" / target
            assert found.exists(), f"{name}: {address}"
            titles = re.findall(r"^#+ (.+)$", found.read_text("utf-8"), re.MULTILINE)
            slugs = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
            assert not anchor or anchor in slugs, f"{name}: {address}"


@pytest.mark.parametrize("name", PAGES)
def test_the_map_lists_it(name: str) -> None:
    assert f"](tutorials/{name})" in (DOCS / "README.md").read_text("utf-8")
