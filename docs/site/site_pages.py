"""Which pages the site has, and in which of its groups: docs/README.md says so, for readers of the folder too."""

import re
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).parents[1]
MAP = "README.md"  # of docs/; a README.md below it stands for the pages of its own folder that it links
HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
ROW = re.compile(r"^\| \[[^\]]+\]\(([^)#]+\.md)\) \| (.+) \|\n", re.MULTILINE)
HEAD = re.compile(r"^\|[^|]+\|[^|]+\|\n\|---\|---\|\n", re.MULTILINE)
LISTED = r"[](./\1)\n: \2\n\n"
LINK = re.compile(r"\]\(([^)#\s]+\.md)[)#]")
NAMES = {  # heading of the map -> name of the group's own page
    "Tutorials": "tutorials",
    "How-to guides": "how-to",
    "Reference": "reference",
    "Explanation": "explanation",
    "中文": "zh",
}


@dataclass(frozen=True)
class Group:
    """A kind of pages: heading and text of a part of the map."""

    title: str
    text: str

    @property
    def name(self) -> str:
        """Of the group's own page."""
        return NAMES[self.title]

    @property
    def paths(self) -> list[str]:
        """Its pages, as paths below docs/, in the order of the map."""
        return [path for path, _ in ROW.findall(self.text)]

    @property
    def page(self) -> str:
        """The text of the group's own page: the tables of the map as lists, each page by its own title."""
        text = HEAD.sub("", self.text.replace("\n### ", "\n## "))
        return f"# {self.title}\n\n{ROW.sub(LISTED, text).strip()}\n"


def groups(docs: Path = DOCS) -> list[Group]:
    """The groups of the map, in its order."""
    _, *parts = HEADING.split((docs / MAP).read_text("utf-8"))
    return [Group(title, text) for title, text in zip(parts[::2], parts[1::2], strict=True) if title in NAMES]


def below(path: str, docs: Path = DOCS) -> list[str]:
    """The pages of its folder that a README links: none of any other page."""
    folder, _, name = path.rpartition("/")
    if not folder or not name.startswith("README"):
        return []
    linked = dict.fromkeys(LINK.findall((docs / path).read_text("utf-8")))
    return [f"{folder}/{each}" for each in linked if "/" not in each and not each.startswith("README")]


def pages(docs: Path = DOCS) -> list[str]:
    """Every page of the folder but the map, as paths below it."""
    found = (path.relative_to(docs) for path in docs.rglob("*.md"))
    return sorted(path.as_posix() for path in found if path.parts[0] != "site" and path.as_posix() != MAP)


def placed(docs: Path = DOCS) -> dict[str, list[str]]:
    """Page -> the titles of the groups that it is in: one, if all is well."""
    found: dict[str, list[str]] = {path: [] for path in pages(docs)}
    for group in groups(docs):
        for row in group.paths:
            for path in (row, *below(row, docs)):
                found.setdefault(path, []).append(group.title)
    return found
