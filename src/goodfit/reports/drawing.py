"""A figure inside a page: SVG with the page's own colours and letters, and with names that no other figure has."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary
from xml.etree import ElementTree

from goodfit.figures import svg
from goodfit.figures.style import COLOURS, FAINT, GRID, INK
from goodfit.reports.markup import Ids
from goodfit.words import visible

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from matplotlib.figure import Figure

VARIABLES = {  # colour of a figure -> variable of the theme, which knows a light and a dark one
    "#ffffff": "--paper",
    INK.lower(): "--ink",
    FAINT.lower(): "--faint",
    GRID.lower(): "--grid",
    **{colour.lower(): f"--series-{place}" for place, colour in enumerate(COLOURS)},
}
NARROW = 4.2  # inches of a figure on a telephone
_COLOUR = re.compile("|".join(VARIABLES), re.IGNORECASE)
_FAMILY = re.compile(r"(font-family: |font: [^;]*?px )[^;]+")
_REFERENCE = re.compile(r"url\(#([^)]+)\)|^#(.+)$")
_HREF = "{http://www.w3.org/1999/xlink}href"
_RENDERED: WeakKeyDictionary[Figure, bytes] = WeakKeyDictionary()  # a page may be written more than once
_LEFT_OUT = {"metadata", "style"}  # the latter would hold for the whole page


def both(draw: Callable[..., Figure], wide: float = 7.8) -> tuple[Figure, Figure]:
    """A figure at the page's width in inches, and the same for a telephone."""
    return draw(width=wide), draw(width=NARROW)


def embedded(figure: Figure, ids: Ids, name: str, description: str) -> str:
    """The figure as an <svg> for a page, named and described for those who do not see it.

    ids: of the page; name, description: plain text.
    """
    if figure not in _RENDERED:
        _RENDERED[figure] = svg(figure, live_text=True)
    root = ElementTree.fromstring(_RENDERED[figure])
    places = _renamed(root, ids)
    _clean(root, places)
    width = float(root.attrib["viewBox"].split()[2])
    title, about = ids.new("figure-name"), ids.new("figure-description")
    attributes = {
        "viewBox": root.attrib["viewBox"],
        "role": "img",
        "aria-labelledby": title,
        "aria-describedby": about,
        "style": f"max-width: {1.5 * width:.0f}px",
    }
    root.attrib.clear()
    root.attrib.update(attributes)
    for place, (tag, own, text) in enumerate((("title", title, name), ("desc", about, description))):
        element = ElementTree.Element(tag, {"id": own})
        element.text = visible(text)
        root.insert(place, element)
    return ElementTree.tostring(root, encoding="unicode")


def _renamed(root: Element, ids: Ids) -> dict[str, str]:
    """Name in the figure -> name on the page, for what the figure refers to."""
    found: dict[str, str] = {}
    for element in root.iter():
        for value in element.attrib.values():
            for match in _REFERENCE.finditer(value):
                old = match[1] or match[2]
                found[old] = found.get(old) or ids.new("drawn")
    return found


def _clean(parent: Element, places: dict[str, str]) -> None:
    """Take out what a page has no use for, and give all that stays the page's names and colours."""
    parent.tag = parent.tag.rpartition("}")[2]
    _clean_attributes(parent, places)
    if not (parent.text or "").strip():
        parent.text = None
    for child in list(parent):
        child.tail = None
        if not isinstance(child.tag, str) or child.tag.rpartition("}")[2] in _LEFT_OUT:
            parent.remove(child)
        else:
            _clean(child, places)


def _clean_attributes(element: Element, places: dict[str, str]) -> None:
    old = element.attrib.pop("id", None)
    if old in places:
        element.attrib["id"] = places[old]
    if _HREF in element.attrib:
        target = element.attrib.pop(_HREF)
        element.attrib["href"] = f"#{places[target[1:]]}" if target.startswith("#") else target
    for name, value in list(element.attrib.items()):
        if name == "style":
            value = _COLOUR.sub(lambda found: f"var({VARIABLES[found[0].lower()]})", value)
            value = _FAMILY.sub(r"\1var(--sans)", value)
        element.attrib[name] = re.sub(r"url\(#([^)]+)\)", lambda found: f"url(#{places[found[1]]})", value)
