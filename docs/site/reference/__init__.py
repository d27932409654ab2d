"""The generated reference: plain MyST Markdown from docstrings and declarations alone, so that it cannot drift."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .command_pages import command_pages
from .examples import shown_examples
from .fields import field_page
from .kind_pages import kind_pages
from .markdown import contents, page, table, title
from .name_pages import index_of_packages, name_pages

INDEX = (
    ("names.md", "functions, classes and values of `goodfit`, with an example each"),
    ("commands.md", "commands of `goodfit`, with every flag"),
    ("recipe.md", "the fields of a recipe: range, default, flag, example"),
    ("findings.md", "what an inspection can find: limits and their sources"),
    ("leaks.md", "what the leak guard can find"),
    ("scores.md", "scores and measures: formula, unit, range"),
    ("verdicts.md", "verdicts, statuses of alternatives and of claims"),
    ("formats.md", "the files that goodfit writes: what they hold, version, who reads them"),
    ("errors.md", "the grammar of errors, exit codes, classes"),
    ("messages.md", "every refusal by its rule, with what to do"),
    ("environment.md", "environment variables"),
)


def pages(*, run: bool = True, guides: str = "..") -> dict[str, str]:
    """Path below the folder -> text of every page. run: whether examples run; guides: the folder of docs/*.md."""
    found = dict(name_pages(shown_examples(run=run), guides))
    found.update(command_pages(guides))
    found.update(kind_pages(guides))
    found |= {"names.md": index_of_packages(), "recipe.md": field_page(guides)}
    return {**found, "index.md": index_page(found)}


def index_page(found: Mapping[str, str]) -> str:
    """The first page. found: the text of every other page, which has its title."""
    about = "Written from docstrings and declarations when this site is built; the guides explain at length."
    rows = [(f"[{title(found[name])}]({name})", text) for name, text in INDEX]
    return page(
        "# Names, commands, files", about, table(("page", "holds"), rows), contents([name for name, _ in INDEX])
    )


def write(folder: Path, *, run: bool = True, guides: str = "..") -> None:
    """Write all pages into a folder, index.md among them.

    run: whether the examples run, so that what they print is shown; about a minute
    guides: the folder of docs/*.md, from this one
    """
    for path, text in pages(run=run, guides=guides).items():
        target = Path(folder) / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")
