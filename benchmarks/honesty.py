"""Whether what goodfit says holds on cases that nobody chose, part by part.

`python -m benchmarks.honesty [--keep FOLDER] [PART ...]` writes the tables of docs/honesty.md, `make bench` judges
their worst lines. Parts that train keep what they have in FOLDER, and go on from there.
"""

from __future__ import annotations

import argparse
import re
import sys
from importlib import import_module
from pathlib import Path

from benchmarks.bars import Measurement

PARTS = {  # name -> module of benchmarks: `measure(quick)` its bars, `tables(keep)` its Markdown
    "intervals": "intervals",
    "comparing": "comparing",
    "calibration": "calibrating",
    "verdicts": "honesty_verdicts",
    "findings": "findings",
    "leaks": "leak_cases",
}
APART = ("findings",)  # measured by `make bench` in any case
PAGE = Path(__file__).resolve().parents[1] / "docs" / "honesty.md"


def measure(quick: bool) -> list[Measurement]:
    """The bars of all parts."""
    modules = [import_module(f"benchmarks.{module}") for part, module in PARTS.items() if part not in APART]
    return [bar for module in modules for bar in module.measure(quick)]


def written(page: str, part: str, text: str) -> str:
    """The page with a part's tables between its marks, which the page must have."""
    begin, end = f"<!-- begin: {part} -->\n", f"<!-- end: {part} -->"
    found, count = re.subn(
        f"({re.escape(begin)}).*?({re.escape(end)})", lambda m: f"{m[1]}{text}\n{m[2]}", page, flags=re.S
    )
    if count != 1:
        raise ValueError(f"docs/honesty.md must have the marks {begin.strip()} and {end} once")
    return found


def main(arguments: list[str]) -> int:
    """Write the tables of these parts, or of all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.honesty", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where parts that train keep what they have")
    given = parser.parse_args(arguments)
    if unknown := set(given.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    for part in given.parts or PARTS:
        text = import_module(f"benchmarks.{PARTS[part]}").tables(given.keep)
        PAGE.write_text(written(PAGE.read_text("utf-8"), part, text), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
