"""Which pages the site has, and in which of its groups: docs/README.md says so, for readers of the folder too."""

import re
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).parents[1]
MAP = "README.md"  # of docs/; a README.md below it stands for the pages of its own folder that it links
HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
ROW = re.compile(r"^\| \[[^\]]+\]\(([^)#]+\.md)\) \| (.+) \|$", re.MULTILINE)
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
    """A kind of pages. rows: path below docs/ -> what the page is about."""

    title: str
    about: str
    rows: dict[str, str]

    @property
    def name(self) -> str:
        """Of the group's own page."""
        return NAMES[self.title]


def groups(docs: Path = DOCS) -> list[Group]:
    """The groups of the map, in its order; rows of pages that are not there are left out."""
    _, *parts = HEADING.split((docs / MAP).read_text("utf-8"))
    found = []
    for title, text in zip(parts[::2], parts[1::2], strict=True):
        if title not in NAMES:
            continue
        rows = {path: topic for path, topic in ROW.findall(text) if (docs / path).exists()}
        found.append(Group(title, text.partition("\n|")[0].strip(), rows))
    return found


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
        for row in group.rows:
            for path in (row, *below(row, docs)):
                found[path].append(group.title)
    return found
