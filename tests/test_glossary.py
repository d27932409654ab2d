"""The glossary agrees with what the lab and the studies say in Chinese, and its links lead somewhere."""

from __future__ import annotations

import functools
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
SOURCES = Path(__file__).parents[1] / "src" / "goodfit"
WORDS = SOURCES / "lab" / "page" / "words.tsv"
TERMS = re.findall(
    r"^\| \[([^\]]+)\]\(([^)]+)\) \| ([^|]+) \| ([^|]+)<br>([^|]+) \|$",
    (DOCS / "glossary.md").read_text("utf-8"),
    re.MULTILINE,
)


@functools.cache
def in_use() -> str:
    """All Chinese that people read: of the lab, its fields and lessons, and of the studies."""
    files = [WORDS, *SOURCES.glob("lab/*.json"), *SOURCES.glob("lab/**/*.toml"), *SOURCES.glob("studies/**/*.toml")]
    return "\n".join(path.read_text("utf-8") for path in files)


@functools.cache
def of_the_lab() -> dict[str, set[str]]:
    """English of the lab's page in small letters -> its Chinese."""
    found: dict[str, set[str]] = {}
    for line in WORDS.read_text("utf-8").splitlines():
        _, english, chinese = line.split("\t")
        found.setdefault(english.lower(), set()).add(chinese)
    return found


def test_there_are_terms_and_each_stands_once() -> None:
    rows = [line for line in (DOCS / "glossary.md").read_text("utf-8").splitlines() if line.startswith("| [")]
    assert len(TERMS) == len(rows) > 60
    names = [english for english, *_ in TERMS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("term", TERMS, ids=lambda term: term[0])
def test_a_term_is_that_of_the_lab_and_the_studies(term: tuple[str, ...]) -> None:
    english, address, chinese, meaning, explained = term
    starred = chinese.endswith("\\*")
    for word in chinese.removesuffix("\\*").split("；"):
        assert (word in in_use()) != starred, f"{english}: {word} is {'' if starred else 'not '}in use"
    for name in (english, english + "s"):
        known = of_the_lab().get(name.lower())
        assert known is None or known & set(chinese.split("；")), f"{english}: the lab says {known}"
    assert meaning.endswith(".")
    assert explained.endswith("。")
    target, _, anchor = address.partition("#")
    text = (DOCS / target).read_text("utf-8")
    titles = [re.sub(r"[^\w -]", "", title.lower()) for title in re.findall(r"^#+ (.+)$", text, re.MULTILINE)]
    assert not anchor or anchor in {title.replace(" ", "-") for title in titles}, f"{english}: {address}"
