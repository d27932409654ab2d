"""What holds of the built pages: links within lead somewhere, nothing is fetched from elsewhere, outputs are clean."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

FETCHED = {"src", "srcset", "data", "poster", "action", "formaction", "background", "ping", "xlink:href"}
FETCHING_LINKS = {
    "stylesheet",
    "icon",
    "preload",
    "prefetch",
    "modulepreload",
    "manifest",
    "preconnect",
    "dns-prefetch",
}
IN_STYLE = re.compile(r"""url\(\s*['"]?([^'")]+)|@import\s+['"]([^'"]+)""")

BREAKS = {"div", "p", "li", "td", "th", "br", "text"}  # what stands in another of these stands in another line
OF_A_MACHINE = re.compile(
    r"(?<![\w.])/(?:root|home|tmp|Users|var/folders)/|ipykernel_|(?:site|dist)-packages"  # its paths
    r"|:\d+: \w*Warning:"  # Python's own form of a warning, with file and line
)


@dataclass
class Page(HTMLParser):
    """What a page refers to. links: for a reader to follow; fetched: by the browser at once; anchors: to link to.

    outputs: the text of each output of a notebook's cell
    """

    links: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)
    outputs: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._in_style = False
        self._deep = 0  # in how many <div> of an output this is, its own included

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Part of HTMLParser."""
        given = {name: value or "" for name, value in attrs}
        self._in_style = tag == "style"
        if tag == "div" and not self._deep and "cell_output" in given.get("class", "").split():
            self.outputs.append("")
            self._deep = 1
        elif tag == "div" and self._deep:
            self._deep += 1
        if self._deep and tag in BREAKS:
            self.outputs[-1] += "\n"
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag in {"a", "area"} and "href" in given:
            self.links.append(given["href"])
        elif tag == "link" and "href" in given:
            kinds = set(given.get("rel", "").split())
            (self.fetched if kinds & FETCHING_LINKS else self.links).append(given["href"])
        elif "href" in given:  # of <image> and <use> in drawings, and of <base>
            self.fetched.append(given["href"])
        for name in FETCHED & given.keys():
            self.fetched += [part.split()[0] for part in given[name].split(",")] if name == "srcset" else [given[name]]
        self.fetched += in_style(given.get("style", ""))

    def handle_endtag(self, tag: str) -> None:
        """Part of HTMLParser."""
        if tag == "div" and self._deep:
            self._deep -= 1

    def handle_data(self, data: str) -> None:
        """Part of HTMLParser."""
        if self._in_style:
            self.fetched += in_style(data)
        elif self._deep:
            self.outputs[-1] += data
        self._in_style = False


def in_style(text: str) -> list[str]:
    """The addresses that a style sheet fetches."""
    return [address or imported for address, imported in IN_STYLE.findall(text)]


@cache
def read(path: Path) -> Page:
    """A page, read once."""
    page = Page()
    page.feed(path.read_text("utf-8"))
    page.close()
    return page


def problems(site: Path) -> Iterator[str]:
    """All that is wrong, each with its page."""
    read.cache_clear()
    for path in sorted(site.rglob("*.html")):
        page, name = read(path), path.relative_to(site)
        yield from (f"{name}: {found}" for each in page.fetched for found in _fetched(each, path, site))
        yield from (f"{name}: {found}" for each in page.links for found in _linked(each, path, site))
        yield from (f"{name}: an output shows {line}" for each in page.outputs for line in of_a_machine(each))
    for path in sorted(site.rglob("*.css")):
        for each in in_style(path.read_text("utf-8")):
            yield from (f"{path.relative_to(site)}: {found}" for found in _fetched(each, path, site))


def of_a_machine(output: str) -> list[str]:
    """The lines of an output that no reader should see: with paths of the machine that built it, warnings of Python."""
    return [line.strip() for line in output.splitlines() if OF_A_MACHINE.search(line)]


def elsewhere(site: Path) -> set[str]:
    """The addresses of other places that pages link: not followed, for a build needs no network."""
    return {each for path in site.rglob("*.html") for each in read(path).links if _is_elsewhere(each)}


def _is_elsewhere(address: str) -> bool:
    return bool(urlsplit(address).netloc) or urlsplit(address).scheme in {"http", "https", "mailto"}


def _fetched(address: str, path: Path, site: Path) -> Iterator[str]:
    if address.startswith("data:"):
        return
    if _is_elsewhere(address):
        yield f"fetches {address}"
    else:
        yield from _linked(address, path, site)


def _linked(address: str, path: Path, site: Path) -> Iterator[str]:
    if _is_elsewhere(address):
        return
    parts = urlsplit(address)
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if not target.is_relative_to(site.resolve()) or not target.is_file():
        yield f"dead link {address}"
    elif target.suffix == ".html" and parts.fragment and unquote(parts.fragment) not in read(target).anchors:
        yield f"dead anchor {address}"
