"""Markdown of a page, read back by a parser of CommonMark and GitHub's tables: it says what was said."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from goodfit.errors import InputError
from goodfit.figures import intervals
from goodfit.reports.blocks import Bullets, Code, Facts, Foldout, Grid, Note, Paragraph, Part, Picture
from goodfit.reports.markdown import inline, markdown
from goodfit.reports.markup import Link, Mono, Strong
from goodfit.reports.page import Glance, Page, Section

READER = MarkdownIt("gfm-like", {"linkify": False})
ODD = [
    "<script>alert(1)</script>",
    "*not* _marked_ **at** __all__ ~~no~~",
    "[a](b) ![c](d) `e` <https://f.example>",
    "a|b||c\\|d",
    "# 1. - + > === ---",
    "- not a list",
    "1. neither",
    "12) nor this",
    "+x",
    "&amp; &lt;",
    "back\\slash \\* \\\\",
    "列名 with 标点。",
    "``` code ```",
    "$x^2$ @who",
    "C:\\new\\table",
    "a\nb",
]


def words(text: str) -> str:
    """All text of a Markdown document; AssertionError where there is more than text and code in one paragraph."""
    tokens = READER.parse(text)
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"], text
    children = tokens[1].children or []
    assert {child.type for child in children} <= {"text", "text_special", "code_inline"}, text
    return "".join(child.content for child in children)


@pytest.mark.parametrize("text", ODD)
@pytest.mark.parametrize("kind", [str, Mono])
def test_odd_texts_are_shown_as_they_are(kind: Any, text: str) -> None:
    assert words(inline(kind(text))) == text.replace("\n", " ")


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1))
def test_any_text_is_shown_as_it_is(text: str) -> None:
    said = inline(f"x{text}")  # a paragraph has no blanks around it
    assert words(said).rstrip() == f"x{text}".rstrip()


def test_addresses_are_broken_by_a_backslash() -> None:
    assert inline("https://a.example www.b.example") == "https\\://a.example www\\.b.example"


def table_of(text: str) -> list[list[str]]:
    """The cells of the one table of a document, read by the parser."""
    rows: list[list[str]] = []
    tokens = READER.parse(text)
    for token, inside in itertools.pairwise(tokens):
        if token.type == "tr_open":
            rows.append([])
        if token.type in ("th_open", "td_open"):
            rows[-1].append("".join(child.content for child in inside.children or []))
    return rows


def test_cells_hold_what_they_were_given() -> None:
    rows = [(Mono(text), text, Strong(text), "") for text in ODD]
    grid = Grid("Caption", ("a|b", "c", "d", "e"), rows, left=2, marked=frozenset({1}), note="Below.")
    found = table_of(markdown(Page("T", [Section("S", [grid])])))
    assert found[0] == ["a|b", "c", "d", "e"]
    plain = [text.replace("\n", " ") for text in ODD]
    assert found[1:] == [[text, text, text, ""] for text in plain]


def test_code_is_fenced_whatever_it_holds() -> None:
    code = Code("print('```')\n````\n# not a heading", language="python")
    (fence,) = [each for each in READER.parse(markdown(Page("T", [Section("S", [code])]))) if each.type == "fence"]
    assert (fence.content, fence.info) == (f"{code.text}\n", "python")


def test_a_whole_page() -> None:
    blocks = [
        Paragraph(("See ", Link("data", "#data"), ".")),
        Note("Mind."),
        Bullets(["one", Mono("two")]),
        Facts([("Rows", "12"), ("File", Mono("a.csv"))]),
        Part("Part", [Foldout("More", [Grid("G", ("x", "n"), [("a", "1")])])]),
    ]
    page = Page("Title", [Section("S", blocks)], lead="Lead.", glance=[Glance("Accuracy", "0.9", "95 %")], foot="Foot.")
    assert markdown(page) == (
        "# Title\n\nLead.\n\n- **Accuracy:** 0.9 (95 %)\n\n## S\n\nSee [data](#data).\n\n> **Note** Mind.\n\n"
        "- one\n- `two`\n\n- **Rows:** 12\n- **File:** `a.csv`\n\n### Part\n\n### More\n\n**G**\n\n"
        "| x | n |\n| :--- | ---: |\n| a | 1 |\n\nFoot.\n"
    )


def test_what_has_no_form_in_markdown_is_refused() -> None:
    picture = Picture("P", intervals([], "x"), Grid("G", ("x",), []))
    with pytest.raises(InputError, match=r"Page: a picture has no form in Markdown\. Write it as HTML\."):
        markdown(Page("T", [Section("S", [picture])]))
