"""How many code cells of a document run, and how long they take: `python -m benchmarks.notes [FILE.md] [--out FOLDER]`.

Without a document: cells of the book's chapter on MXNet, in `gluon_cells.md` beside this file. Each document is run as
a reader runs it, with only its import lines changed.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from goodfit.notes import run
from goodfit.words import duration

OWN = Path(__file__).with_name("gluon_cells.md")


def main() -> None:
    parser = argparse.ArgumentParser(description="Run documents of cells, and count what ran.")
    parser.add_argument("documents", nargs="*", type=Path, default=[OWN])
    parser.add_argument("--out", type=Path, default=None)
    asked = parser.parse_args()
    failed = 0
    for document in asked.documents:
        found = run(document, out=asked.out, tell=lambda text: print(text, file=sys.stderr))
        failed += len(found.cells) - found.count("done")
        print(f"{document.name}: {found.count('done')} of {len(found.cells)} cells, {duration(found.seconds)}")
        for where, name, why in found.supplied:
            print(f"  supplied in {where}: {name} ({why})")
        for place, cell in found.cells.items():
            if cell.state != "done":
                print(f"  {found.where(place)}: {cell.error or cell.why}")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
