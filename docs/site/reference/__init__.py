"""The generated reference: plain MyST Markdown from docstrings and declarations alone, so that it cannot drift."""

from __future__ import annotations

from pathlib import Path

from .examples import shown_examples
from .name_pages import index_of_packages, name_pages


def pages(*, run: bool = True, guides: str = "..") -> dict[str, str]:
    """Path below the folder -> text of every page. run: whether examples run; guides: the folder of docs/*.md."""
    found = dict(name_pages(shown_examples(run=run), guides))
    found["names.md"] = index_of_packages()
    return found


def write(folder: Path, *, run: bool = True, guides: str = "..") -> None:
    """Write all pages into a folder, index.md among them."""
    for path, text in pages(run=run, guides=guides).items():
        target = Path(folder) / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")
