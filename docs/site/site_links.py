"""Links of pages that also lie in a repository: what the site does not have becomes words."""

import posixpath
import re
from collections.abc import Container

FENCE = re.compile(r"(^(`{3,}|~{3,}|:{3,}).*?^\2[`~:]*$)", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)")
OWN = {"../CHANGELOG.md": "changelog.md", "../SECURITY.md": "security.md"}  # of the repository -> of the site
README = "../README.md"  # of the repository: its first page, as ours is the site's


def rewritten(text: str, page: str, known: Container[str], executed: Container[str] = ()) -> str:
    """A page's text for the site. page: its path below docs/.

    known: the paths below docs/ that the site has; executed: those of them that are there as executed notebooks.
    """
    parts = FENCE.split(text)  # text, block, its fence, text, ...
    parts[2::3] = [""] * len(parts[2::3])
    for at in range(0, len(parts), 3):
        parts[at] = LINK.sub(lambda found: _link(found, page, known, executed), parts[at])
    return "".join(parts)


def _link(found: re.Match[str], page: str, known: Container[str], executed: Container[str]) -> str:
    picture, words, address = found.groups()
    target = address.partition("#")[0]
    if not target or ":" in target or picture:
        return found[0]
    folder = posixpath.dirname(page)
    path = posixpath.normpath(posixpath.join(folder, target))
    if path in executed:
        return f"[{words}]({address.replace('.md', '.ipynb', 1)})"
    if path in known:
        return found[0]
    if path in (README, "README.md", "."):
        return f"[{words}]({posixpath.relpath('index.md', folder or '.')})"
    if path in OWN or (page in OWN.values() and f"../{path}" in OWN):
        return f"[{words}]({posixpath.relpath(OWN.get(path) or OWN[f'../{path}'], folder or '.')})"
    inside = posixpath.normpath(posixpath.join("docs", path))
    return words if words.strip("`").rstrip("/") == inside else f"{words} (`{inside}`)"
