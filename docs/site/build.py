"""`make site`: the documentation as a folder of HTML pages, build/site, that needs no server and fetches nothing."""

import os
import shutil
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from sphinx.cmd.build import main as sphinx

from site_check import elsewhere, problems
from site_links import OWN, rewritten
from site_notebooks import executed, is_notebook
from site_pages import DOCS, below, groups, placed
from site_reference import written

HERE = Path(__file__).parent
BUILD = HERE.parents[1] / "build"
SOURCE, SITE, DOCTREES = BUILD / "site-source", BUILD / "site", BUILD / "site-doctrees"
PICTURES = {".png", ".svg", ".jpg"}


def main() -> int:
    """Gather, execute, build. The exit code."""
    began = time.monotonic()
    gather()
    print(f"Pages gathered and executed: {time.monotonic() - began:.0f} s.")
    shutil.rmtree(SITE, ignore_errors=True)
    strict = ["-W", "--keep-going", "-n", "-q", "-j", str(min(os.cpu_count() or 1, 4))]
    code = sphinx(["-b", "html", *strict, "-c", str(HERE), "-d", str(DOCTREES), str(SOURCE), str(SITE)])
    if code == 0:
        code = check()
    print(f"{SITE}/index.html, {time.monotonic() - began:.0f} s.")
    return code


def check() -> int:
    """Look at the links and the outputs of the pages; 1 if any is wrong."""
    found = list(problems(SITE))
    print(*found, sep="\n", end="\n" * bool(found), file=sys.stderr)
    print("Addresses of other places, which are not looked at: " + (", ".join(sorted(elsewhere(SITE))) or "none") + ".")
    return 1 if found else 0


def gather() -> None:
    """Write the tree of sources: what is unchanged keeps its time, so that it is not read again."""
    _all_are_placed()
    wanted: dict[str, bytes] = {}
    for path in DOCS.rglob("*"):
        name = path.relative_to(DOCS)
        if path.suffix in PICTURES and name.parts[0] != "site":
            wanted[name.as_posix()] = path.read_bytes()
    wanted |= {f"static/{path.name}": path.read_bytes() for path in (HERE / "static").glob("*.svg")}
    raw, reference = {name: (DOCS / name).read_text("utf-8") for name in placed()}, written(BUILD)
    run = {name for name, text in raw.items() if is_notebook(text)}
    known = {*raw, *reference, *OWN.values(), *(f"{group.name}.md" for group in groups())}
    texts = {name: rewritten(text, name, raw, run) + _toctree(below(name)) for name, text in raw.items()}
    for name, text in (reference | _own(reference)).items():
        texts[name] = rewritten(text, name, known, run)
    notebooks = {name: texts.pop(name) for name in run}
    wanted |= {name: text.encode() for name, text in texts.items()}
    wanted |= {name.removesuffix(".md") + ".ipynb": found for name, found in executed(notebooks, BUILD)}
    _put(wanted)


def _all_are_placed() -> None:
    wrong = [f"{path}: {', '.join(found) or 'none'}" for path, found in placed().items() if len(found) != 1]
    if wrong:
        sys.exit("docs/README.md must list every page in one group:\n" + "\n".join(wrong))


def _own(reference: Iterable[str]) -> dict[str, str]:
    """The first page, and a page for each group. reference: the names of the pages written from the library."""
    found = {f"{group.name}.md": group.page + _toctree(group.paths) for group in groups()}
    first = (HERE / "index.md").read_text("utf-8") + _toctree([*found, *OWN.values()])
    if "reference/index.md" in reference:
        found["reference.md"] += (
            "\n## From the code\n\n[](./reference/index.md)\n: every name, command, field and format\n"
            + _toctree(["reference/index.md"])
        )
    own = {name: (DOCS / path).read_text("utf-8") for path, name in OWN.items()}
    return {"index.md": first, **found, **{name: text.replace("](docs/", "](") for name, text in own.items()}}


def _toctree(found: list[str]) -> str:
    if not found:
        return ""
    return "\n```{toctree}\n:hidden:\n\n" + "".join(f"/{path.removesuffix('.md')}\n" for path in found) + "```\n"


def _put(wanted: dict[str, bytes]) -> None:
    for path in [path for path in SOURCE.rglob("*") if path.is_file()]:
        if path.relative_to(SOURCE).as_posix() not in wanted:
            path.unlink()
    for name, content in wanted.items():
        path = SOURCE / name
        if not path.exists() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


if __name__ == "__main__":
    sys.exit(main())
