"""The pages of record: every figure stands on the page that it is from, every script is there."""

from __future__ import annotations

import functools
import importlib
import re
import shlex
from pathlib import Path

import pytest
from benchmarks.__main__ import FAMILIES
from benchmarks.honesty import PARTS

from docs_blocks import check_command

DOCS = Path(__file__).parents[1] / "docs"
NUMBER = r"\d[\d,.]*e-?\d+|\d[\d,.]*\d|\d"


@functools.cache
def page(path: str) -> str:
    return (DOCS / path).read_text("utf-8")


def rows(text: str) -> list[list[str]]:
    """The cells of every row of every table, heads left out."""
    found: list[list[str]] = []
    for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        found += [[cell.strip() for cell in line.split(" | ")] for line in block.splitlines()[2:]]
    return [[cell.strip("| ") for cell in row] for row in found]


def absent(figure: str, path: str) -> list[str]:
    """The numbers of a figure that its page does not have, as whole numbers."""
    text = page(path)
    return [
        number
        for number in re.findall(NUMBER, figure)
        if not re.search(rf"(?<![\d.]){re.escape(number)}(?![\d]|\.\d)", text)
    ]


KNOWN = [row for row in rows(page("how-we-know.md")) if len(row) in (3, 5)]
LOG = rows(page("log.md"))


def test_an_absent_number_would_be_seen() -> None:
    assert not absent("1.11 and 0.243", "benchmarks.md")
    assert absent("1.12, 43", "benchmarks.md") == ["1.12", "43"]  # 0.43 is there


@pytest.mark.parametrize("row", KNOWN, ids=lambda row: row[0][:40])
def test_every_figure_stands_on_its_page(row: list[str]) -> None:
    what, figure, where = row[:3]
    assert re.search(r"\d", figure), what
    for path in re.findall(r"\]\(([^)]+)\)", where):
        assert not absent(figure, path), f"{what}: {figure} is not on {path}"
    assert "](" in where or where == "this one"


def test_every_script_is_there_and_knows_its_words() -> None:
    scripts = {row[3].strip("`") for row in KNOWN if len(row) == 5}
    assert len(scripts) > 20
    for script in scripts:
        words = shlex.split(script)
        if words[0] == "goodfit":
            check_command(words)
            continue
        assert words[:2] == ["python", "-m"], script
        module = importlib.import_module("benchmarks.__main__" if words[2] == "benchmarks" else words[2])
        known = {"benchmarks": FAMILIES, "benchmarks.honesty": PARTS}.get(words[2])
        assert known is None or set(words[3:]) <= set(known), script
        assert "__main__" in Path(str(module.__file__)).read_text("utf-8"), f"{script}: cannot be run"


def test_every_line_of_the_log_has_a_date_a_figure_or_a_reason_and_a_source() -> None:
    assert len(LOG) >= 30
    for date, tried, figure, why, source in LOG:
        assert re.fullmatch(r"2026-\d\d-\d\d", date), tried
        assert tried
        assert figure
        assert why
        assert re.search(r"\]\([^)]+\)|commit [0-9a-f]{8}$", source), tried


def test_every_group_of_the_log_begins_with_the_newest() -> None:
    for group in page("log.md").split("\n## ")[1:]:
        dates = [row[0] for row in rows(group)]
        assert dates == sorted(dates, reverse=True), group.partition("\n")[0]


@pytest.mark.parametrize("row", [row for row in LOG if "](" in row[4]], ids=lambda row: row[1][:40])
def test_figures_of_the_log_are_those_of_their_page(row: list[str]) -> None:
    (path,) = re.findall(r"\]\(([^)#]+)", row[4])
    assert not absent(row[2], path), f"{row[1]}: {row[2]} is not on {path}"
