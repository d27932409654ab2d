"""What every page must be, whatever it tells: read by the standard library's parser, without a browser."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "br", "hr", "img", "input", "link"}
REFERRING = ("aria-labelledby", "aria-describedby")
FETCHING = ("src", "srcset", "data", "poster", "action", "background", "ping", "formaction", "xlink:href")
LANDMARKS = {"main": 1, "h1": 1}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    children: list[Element | str] = field(default_factory=list)

    def all(self, *tags: str) -> list[Element]:
        """The elements of these kinds below this one, in order."""
        found = []
        for child in self.children:
            if isinstance(child, Element):
                found += [child] * (child.tag in tags) + child.all(*tags)
        return found

    @property
    def text(self) -> str:
        """All words in it."""
        return "".join(child if isinstance(child, str) else child.text for child in self.children)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), (tag, names)
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> where <{self.open[-1].tag}> is open"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def read(page: str) -> Element:
    """The tree of a page; AssertionError where an element is not closed."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == [reader.root], [element.tag for element in reader.open]
    return reader.root


def check(page: str) -> Element:
    """Assert all that holds for every page, and return its tree."""
    root = read(page)
    every = root.all(*{element.tag for element in _walk(root)})
    _check_references(every)
    _check_headings(root)
    _check_figures(root)
    _check_sliders(root)
    _check_tables(root)
    for tag, count in LANDMARKS.items():
        assert len(root.all(tag)) == count, tag
    (html,) = root.all("html")
    assert html.attributes["lang"] in {"en", "zh-Hans"}
    (title,) = root.all("title")[:1]
    assert title.text.strip()
    return root


def _walk(element: Element) -> list[Element]:
    below = [child for child in element.children if isinstance(child, Element)]
    return below + [each for child in below for each in _walk(child)]


def _check_references(every: list[Element]) -> None:
    """Nothing is fetched, no script runs, names are given once, and what is referred to is there."""
    ids = Counter(element.attributes["id"] for element in every if "id" in element.attributes)
    assert not [name for name, count in ids.items() if count > 1]
    for element in every:
        assert element.tag not in {"script", "link", "iframe", "object", "embed", "base", "form"}, element
        for name, value in element.attributes.items():
            assert not name.startswith("on"), (element.tag, name)
            if name in FETCHING:
                raise AssertionError(f"<{element.tag} {name}={value[:40]}>")
            if name in REFERRING:
                assert set(value.split()) <= ids.keys(), value
            if name == "href" and element.tag == "a":
                assert value.startswith("#") or value.partition("#")[0].endswith(".html"), value
                assert "/" not in value, value
            elif name == "href":
                assert value.startswith(("#", "data:image/png;base64,")), value
            if name == "href" and value.startswith("#"):
                assert value[1:] in ids, value
            if "url(" in value:
                assert value.partition("url(#")[2].partition(")")[0] in ids, value
    for style in (element.text for element in every if element.tag == "style"):
        assert "url(" not in style
        assert "@import" not in style


def _check_headings(root: Element) -> None:
    """No rank is left out, none is empty, and the first is h1."""
    headings = root.all("h1", "h2", "h3", "h4")
    ranks = [int(heading.tag[1]) for heading in headings]
    assert ranks[0] == 1
    assert all(later <= earlier + 1 for earlier, later in itertools.pairwise(ranks)), ranks
    assert all(heading.text.strip() for heading in headings)


def _check_figures(root: Element) -> None:
    """Every drawing has a name and a description, every figure a caption and the table that it is drawn from."""
    for svg in root.all("svg"):
        assert svg.attributes["role"] == "img"
        named = {element.attributes["id"]: element.text for element in svg.all("title", "desc")}
        assert named[svg.attributes["aria-labelledby"]].strip()
        assert named[svg.attributes["aria-describedby"]].strip()
        assert not svg.all("style", "metadata")
    for figure in root.all("figure"):
        assert figure.all("svg")
        assert figure.all("table")
        assert len(figure.all("figcaption")) == 1
    assert len(root.all("svg")) == sum(len(figure.all("svg")) for figure in root.all("figure"))
    assert not root.all("img")


def _check_sliders(root: Element) -> None:
    """What can be chosen is the frame of a figure, or the answer to an exercise: each with a label, in one group with a
    legend; of figures radio buttons.
    """
    assert not root.all("button", "select", "textarea", "option")
    fieldsets = [(figure, each) for figure in root.all("figure") for each in figure.all("fieldset")]
    exercises = [each for each in root.all("fieldset") if each.attributes.get("class") == "exercise"]
    assert len(root.all("input")) == sum(
        len(each.all("input")) for each in (*(own for _, own in fieldsets), *exercises)
    )
    assert len(root.all("fieldset")) == len(fieldsets) + len(exercises)
    for each in exercises:
        _check_exercise(each)
    names = []
    for figure, fieldset in fieldsets:
        (legend,) = fieldset.all("legend")
        assert legend.text.strip()
        inputs = fieldset.all("input")
        labels = [label for label in fieldset.all("label") if len(label.all("input")) == 1 and label.text.strip()]
        frames = [each for each in figure.all("div") if "frame" in each.attributes.get("class", "").split()]
        assert len(inputs) == len(labels) == len(frames) > 1
        assert {each.attributes["type"] for each in inputs} == {"radio"}
        assert ["checked" in each.attributes for each in inputs] == [False] * (len(inputs) - 1) + [True]
        names += list({each.attributes["name"] for each in inputs})
        for radio, frame in zip(inputs, frames, strict=True):
            (words,) = [each for each in frame.all("p") if each.attributes.get("id")][:1]
            assert radio.attributes["aria-describedby"] == words.attributes["id"]
            assert words.text.strip()
            assert frame.all("svg")
            assert len(frame.all("details")[0].all("table")) == 1
    assert len(names) == len(set(names)) == len(fieldsets)


def _check_exercise(exercise: Element) -> None:
    """One number, or one right choice among several; words for both cases."""
    (legend,) = exercise.all("legend")
    inputs = exercise.all("input")
    assert legend.text.strip()
    assert len(inputs) == len([each for each in exercise.all("label") if each.text.strip()])
    if len(inputs) == 1:
        (number,) = inputs
        # a number's bounds would tell the answer to whoever presses an arrow or hears the page
        assert (number.attributes["type"], number.attributes["inputmode"]) == ("text", "decimal")
        re.compile(number.attributes["pattern"])
        assert {"required", "placeholder"} <= number.attributes.keys()
        assert not {"min", "max", "step"} & number.attributes.keys()
    else:
        assert {each.attributes["type"] for each in inputs} == {"radio"}
        assert len({each.attributes["name"] for each in inputs}) == 1
        assert [each.attributes.get("class") for each in inputs].count("right") == 1
        assert not any("checked" in each.attributes for each in inputs)
    (told,) = [each for each in exercise.all("div") if each.attributes.get("role") == "status"]
    assert [each.attributes["class"] for each in told.all("p")] == ["told yes", "told no"]


def _check_tables(root: Element) -> None:
    """Every table has a caption, heads with their scope, and as many cells in each row."""
    for table in root.all("table"):
        assert len(table.all("caption")) == 1
        assert table.all("caption")[0].text.strip()
        (head,) = table.all("thead")
        assert all(cell.attributes["scope"] == "col" for cell in head.all("th"))
        for row in table.all("tbody")[0].all("tr"):
            assert [cell.attributes.get("scope") for cell in row.all("th")] == ["row"]
            assert len(row.all("th", "td")) == len(head.all("th"))


def tables(root: Element) -> dict[str, list[list[str]]]:
    """Caption -> the words of its rows, the head first."""
    return {
        table.all("caption")[0].text: [[cell.text for cell in row.all("th", "td")] for row in table.all("tr")]
        for table in root.all("table")
    }


def facts(root: Element) -> dict[str, str]:
    return {row.all("dt")[0].text: row.all("dd")[0].text for each in root.all("dl") for row in each.all("div")}


def section(root: Element, title: str) -> Element:
    (found,) = [each for each in root.all("section") if each.all("h2")[0].text == title]
    return found
