"""The pages that are written from the library itself, by the package `reference` beside this file, if it is there."""

import shutil
import subprocess
import sys
from pathlib import Path

from site_notebooks import digest, library

HERE = Path(__file__).parent
NAME = "reference"  # of the package, and of the folder of its pages
ROOT = HERE.parents[1]
PLANTED = ROOT / "benchmarks" / "planted.py"  # the faults that findings are shown by
WRITE = f"import pathlib, sys; from docs.site.{NAME} import write; write(pathlib.Path(sys.argv[1]))"


def written(build: Path) -> dict[str, str]:
    """Name -> text; those of an earlier build where neither the library nor the package has changed."""
    package = sorted((HERE / NAME).rglob("*.py"))
    if not package:
        return {}
    package.append(PLANTED)
    kept = build / "site-reference"
    folder = kept / digest(library(), *(path.read_text("utf-8") for path in package))
    if not folder.exists():
        shutil.rmtree(kept, ignore_errors=True)
        unfinished = kept / "unfinished"
        unfinished.mkdir(parents=True)
        # In a process of its own: JAX has threads, and Sphinx forks.
        subprocess.run([sys.executable, "-c", WRITE, str(unfinished)], check=True, cwd=ROOT)
        unfinished.rename(folder)
    return {f"{NAME}/{path.relative_to(folder).as_posix()}": path.read_text("utf-8") for path in folder.rglob("*.md")}
