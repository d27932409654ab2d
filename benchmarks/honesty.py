"""Whether what goodfit says holds on cases that nobody chose, part by part.

`python -m benchmarks.honesty [PART ...]` writes the tables of docs/honesty.md, `make bench` judges their worst lines.
"""

from __future__ import annotations

import re
import sys
from importlib import import_module
from pathlib import Path

from benchmarks.bars import Measurement

PARTS = {"intervals": "intervals"}  # name -> module of benchmarks: `measure(quick)` its bars, `tables()` its Markdown
PAGE = Path(__file__).resolve().parents[1] / "docs" / "honesty.md"


def measure(quick: bool) -> list[Measurement]:
    """The bars of all parts."""
    return [bar for module in PARTS.values() for bar in import_module(f"benchmarks.{module}").measure(quick)]


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
    for part in arguments or PARTS:
        text = import_module(f"benchmarks.{PARTS[part]}").tables()
        PAGE.write_text(written(PAGE.read_text("utf-8"), part, text), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
