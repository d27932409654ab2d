from __future__ import annotations

import re
from pathlib import Path

import pytest
from reports_help import history

import goodfit as gf
from goodfit.errors import InputError
from goodfit.figures import DrawnInterval, curves, intervals
from goodfit.reports import (
    Bullets,
    Code,
    Facts,
    Foldout,
    Glance,
    Grid,
    Link,
    Mono,
    Note,
    Page,
    Paragraph,
    Part,
    Picture,
    Section,
    Strong,
)
from goodfit.reports.blocks import PRINTED_ROWS
from goodfit.reports.page import POLICY, theme
from page_check import check

BAD = "</title></style><script>alert(1)</script><img src=http://x.invalid/y onerror='a()'>\"' &amp; $\\frac$ \x00\u202e"


def picture(title: str = "Loss by epoch", text: str = "How to read it.") -> Picture:
    table = Grid("Numbers", ("epoch", "loss"), [["1", "0.5"]])
    return Picture(title, curves(history(), title=""), table, text=text, narrow=curves(history(), title="", width=4.2))


def whole(text: str = "words") -> Page:
    """A page with one of everything."""
    grid = Grid(text, (text, text), [[text, (Strong(text), Mono(text))]], note=text, marked=frozenset([0]))
    rows = [DrawnInterval(text, 1.0, 0.5, 1.5, "better")]
    forest = Picture(text, intervals(rows, text, reference=0, margin=0.1, sides=(text, text)), grid, text=text)
    blocks = [Paragraph(text), Note(text, text), Bullets([text]), Facts([(text, text)]), Code(text, text), grid]
    parts = [picture(text, text), forest, Foldout(text, [grid]), Part(text, [Paragraph(Mono(text))])]
    return Page(
        title=text,
        kind=text,
        lead=text,
        foot=text,
        glance=[Glance(text, text, text)],
        links=[Link(text, "index.html"), Link(text, "4.1.html#part-2")],
        sections=[Section(text, blocks), Section(text, parts)],
    )


def test_a_page_is_sound_and_the_same_every_time() -> None:
    check(whole().html())
    assert whole().html() == whole().html()


def test_hostile_text_is_shown_and_not_obeyed() -> None:
    page = whole(BAD).html()
    root = check(page)
    assert "<script" not in page
    assert "<img" not in page
    assert "\x00" not in page
    assert "\u202e" not in page
    (heading,) = root.all("h1")
    assert heading.text == BAD.replace("\x00", "\\x00").replace("\u202e", "\\u202e")
    assert any(BAD[:30] in text.text for text in root.all("text"))  # in a figure, no formula is made of it


def test_sections_and_figures_are_numbered_named_and_listed() -> None:
    sections = [Section("Data & split", [picture()]), Section("Data & split", [picture("Other")]), Section("4.1", [])]
    root = check(Page("Title", sections).html())
    (contents,) = root.all("nav")
    links = [(link.text, link.attributes["href"]) for link in contents.all("a")]
    assert links == [("Data & split", "#data-split"), ("Data & split", "#data-split-2"), ("4.1", "#part-4-1")]
    captions = [caption.text for caption in root.all("figcaption")]
    assert captions == [
        "Figure 1. Loss by epoch. How to read it.",
        "Figure 2. Other. How to read it.",
    ]
    assert [summary.text for summary in root.all("summary")] == ["Table of figure 1", "Table of figure 2"]
    assert [each.attributes["class"] for each in root.all("figure")[0].all("div")][:2] == [
        "drawing wide",
        "drawing narrow",
    ]


def test_the_skip_link_comes_first_and_leads_to_the_content() -> None:
    root = check(whole().html())
    first = root.all("a")[0]
    assert first.attributes["href"] == f"#{root.all('main')[0].attributes['id']}"


def test_a_page_that_tells_one_thing_has_no_contents_and_no_links() -> None:
    assert not check(Page("One", [Section("Only", [Paragraph("text")])]).html()).all("nav")


def test_figures_have_the_colours_and_the_letters_of_the_page() -> None:
    svg = check(Page("x", [Section("y", [picture()])]).html()).all("svg")[0]
    styles = " ".join(element.attributes.get("style", "") for element in svg.all("path", "use", "text", "g"))
    assert {"var(--series-0)", "var(--series-1)", "var(--ink)", "var(--grid)"} <= set(
        re.findall(r"var\([^)]+\)", styles)
    )
    assert not re.findall(r"#[0-9a-f]{6}", styles)
    assert "var(--sans)" in styles
    assert "DejaVu" not in styles
    assert "loss (nats per row)" in [text.text for text in svg.all("text")]


def test_long_tables_stay_folded_on_paper() -> None:
    def size(rows: int) -> str:
        grid = Grid("Numbers", ("a",), [[str(row)] for row in range(rows)])
        return check(Page("x", [Section("y", [Foldout("More", [grid])])]).html()).all("details")[0].attributes["class"]

    assert (size(PRINTED_ROWS), size(PRINTED_ROWS + 1)) == ("short", "long")


def test_a_page_forbids_what_it_does_not_need() -> None:
    root = check(whole().html())
    policies = [each.attributes for each in root.all("meta") if "http-equiv" in each.attributes]
    assert policies == [{"http-equiv": "Content-Security-Policy", "content": POLICY}]
    assert "default-src 'none'" in POLICY
    assert "script-src" not in POLICY


@pytest.mark.parametrize("to", ["http://a.invalid/x.html", "//a/x.html", "../x.html", "javascript:x", "", "#a b", "x"])
def test_a_link_stays_beside_the_page(to: str) -> None:
    with pytest.raises(InputError, match="a link must lead to a place on the page, or to an HTML file beside it"):
        Link("text", to)


def test_writing_a_page(tmp_path: Path) -> None:
    page = Page("x", [Section("y", [])])
    path = page.write(tmp_path / "deep" / "page.html")
    assert path.read_text("utf-8") == page.html()
    with pytest.raises(InputError, match=r"page\.pdf: the name of a page must end in \.html; got '\.pdf'"):
        page.write(tmp_path / "page.pdf")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="must be writable"):
        page.write(tmp_path / "file" / "page.html")


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    text = colour * 2 if len(colour) == 3 else colour
    parts = [int(text[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_contrast_formula() -> None:
    assert contrast("000", "ffffff") == pytest.approx(21)
    assert contrast("777777", "ffffff") == pytest.approx(4.48, abs=0.01)


def themes() -> list[dict[str, str]]:
    """The colours of the light and of the dark theme, by variable."""
    found = re.findall(r":root \{(.*?)\}", theme(), re.DOTALL)
    light = dict(re.findall(r"--([\w-]+): #([0-9a-f]{3,6});", found[0]))
    dark, paper = ({**light, **dict(re.findall(r"--([\w-]+): #([0-9a-f]{3,6});", each))} for each in found[1:3])
    return [light, dark, paper]


@pytest.mark.parametrize("place", range(3), ids=["light", "dark", "paper"])
def test_contrast_is_enough_in_every_theme(place: int) -> None:
    """WCAG 2, level AA: 4.5 for text, 3 for lines and marks of a figure."""
    colours = themes()[place]
    for text, ground in (
        ("ink", "paper"),
        ("muted", "paper"),
        ("accent", "paper"),
        ("ink", "surface"),
        ("ink", "mark"),
    ):
        assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
    for mark in ("faint", *(f"series-{number}" for number in range(6)), "series-7"):
        assert contrast(colours[mark], colours["paper"]) >= 3, mark


@pytest.mark.parametrize("place", [0, 2], ids=["light", "paper"])
def test_training_and_validation_differ_in_grey_too(place: int) -> None:
    """Lines have dashes and marks of their own besides; bands have only their lightness."""
    assert contrast(themes()[place]["series-0"], themes()[place]["series-1"]) >= 1.8


def test_the_package_offers_the_builder() -> None:
    assert gf.reports.Page is Page
    assert {"Page", "Section", "Picture", "Grid", "write"} <= set(dir(gf.reports))
