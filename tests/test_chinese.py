"""The Chinese pages: their code is that of the English pages, and their links lead somewhere."""

from __future__ import annotations

import ast
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from docs_blocks import SHELLS, Block, blocks, check_command, commands

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted((DOCS / "zh").glob("*.md"))
TUTORIALS = [path for path in PAGES if (DOCS / "tutorials" / path.name).exists()]
OTHERS = [path for path in PAGES if path.name != "README.md" and path not in TUTORIALS]
LINK = re.compile(r"\]\(([^)\s]+)\)")


def bare(block: Block) -> object:
    """What a block does: its comments are in the language of its page."""
    if block.language == "python":
        return ast.dump(ast.parse(block.code))
    if block.language == "toml":
        return spoken(tomllib.loads(block.code))
    if block.language in SHELLS:
        return [shlex.split(line, comments=True) for line in block.code.splitlines()]
    return block.code


def spoken(held: Any) -> Any:
    """What a file of texts holds, whatever language they are in."""
    if isinstance(held, dict):
        return "text" if set(held) <= {"en", "zh"} else {name: spoken(each) for name, each in held.items()}
    return [spoken(each) for each in held] if isinstance(held, list) else held


def code(text: str) -> list[tuple[str, object]]:
    return [(block.language, bare(block)) for block in blocks(text)]


def test_there_is_a_tutorial_in_chinese() -> None:
    assert {"student.md", "teacher.md"} <= {path.name for path in TUTORIALS}
    assert [path.name for path in OTHERS] == ["lab-lessons.md"]


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.name)
def test_a_tutorial_has_the_head_and_the_cells_of_the_english_one(path: Path) -> None:
    chinese, english = (each.read_text("utf-8") for each in (path, DOCS / "tutorials" / path.name))
    assert chinese.split("\n# ")[0] == english.split("\n# ")[0]
    cells = [(each.language, each.code) for each in blocks(english)]
    assert cells
    assert [(each.language, each.code) for each in blocks(chinese)] == cells
    assert len(re.findall("^## ", chinese, re.MULTILINE)) == len(re.findall("^## ", english, re.MULTILINE))


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: path.name)
def test_another_page_has_the_code_the_tables_and_the_parts_of_the_english_one(path: Path) -> None:
    chinese, english = (each.read_text("utf-8") for each in (path, DOCS / path.name))
    assert code(chinese) == code(english) != []
    for part in ("^##+ ", r"^\| `", "^\\*\\*"):
        assert len(re.findall(part, chinese, re.MULTILINE)) == len(re.findall(part, english, re.MULTILINE)) > 0, part


def test_the_readme_has_the_code_and_the_links_of_the_english_one() -> None:
    chinese, english = ((ROOT / name).read_text("utf-8") for name in ("README.zh.md", "README.md"))
    assert code(chinese) == code(english)
    own = {"README.md", "docs/zh/README.md", "docs/studies/README.zh.md"}
    assert set(LINK.findall(chinese)) - own == set(LINK.findall(english)) - {"README.zh.md", "docs/studies.md"}


@pytest.mark.parametrize("path", [ROOT / "README.zh.md", *PAGES], ids=lambda path: path.name)
def test_the_commands_parse(path: Path) -> None:
    for words in commands(path.read_text("utf-8")):
        check_command(words)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_the_links_lead_somewhere(path: Path) -> None:
    found = LINK.findall(path.read_text("utf-8"))
    assert found
    for address in found:
        assert (path.parent / address.partition("#")[0]).exists(), address


@pytest.mark.parametrize("path", [ROOT / "README.zh.md", *PAGES], ids=lambda path: path.name)
def test_stressed_words_are_shown_so(path: Path) -> None:
    """Markdown does not close ** between a mark such as ： and a Chinese character: readers would see the stars."""
    assert starred(path.read_text("utf-8")) == []


def test_stars_that_stay_would_be_seen() -> None:
    assert starred("**学完：**你会 **学完**：你会 `a * b`") == ["**学完：**你会 "]


def starred(text: str) -> list[str]:
    parts = [child for token in MarkdownIt().parse(text) for child in token.children or []]
    return [part.content for part in parts if part.type == "text" and "*" in part.content]
