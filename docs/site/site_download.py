"""The notebook that a page offers: what a reader runs elsewhere, without what the site alone needs."""

import re
from collections.abc import Callable

from nbformat import NotebookNode, v4

LINK = re.compile(r"(?<!!)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)")
Title = Callable[[str], str]
STREAMS = ("stdout", "stderr")


def cleaned(notebook: NotebookNode, title: Title, about: str) -> NotebookNode:
    """The cells that a reader sees, as the page shows them.

    title: of the page that a relative link leads to
    about: stands below the first heading
    """
    kept = [_seen(cell) for cell in notebook.cells if "remove-cell" not in cell.metadata.get("tags", [])]
    found, place = v4.new_notebook(metadata=dict(notebook.metadata)), 0
    for cell in kept:
        if cell.cell_type == "code":
            place += 1
            made = v4.new_code_cell(cell.source, outputs=cell.outputs, execution_count=place)
            for output in made.outputs:
                if "execution_count" in output:
                    output.execution_count = place
        else:
            made = v4.new_markdown_cell(_by_name(cell.source, title))
        made.id = f"cell-{len(found.cells)}"  # the same file for the same page
        found.cells.append(made)
    first = found.cells[0]
    first.source = re.sub(r"^(# .+)$", rf"\1\n\n{about}", first.source, count=1, flags=re.MULTILINE)
    found.metadata.pop("source_map", None)
    return found


def _seen(cell: NotebookNode) -> NotebookNode:
    hidden = [name for name in STREAMS if f"remove-{name}" in cell.metadata.get("tags", [])]
    if cell.cell_type == "code":
        cell.outputs = [each for each in cell.outputs if each.get("name") not in hidden]
    return cell


def _by_name(text: str, title: Title) -> str:
    """Links to pages beside the notebook, which are not there where it is run, as the names of these pages."""

    def named(found: re.Match[str]) -> str:
        words, address = found.groups()
        if ":" in address:
            return found[0]
        name = title(address)
        return f"*{words}*" if not name or name == words.replace("`", "") else f"{words} (*{name}*)"

    return LINK.sub(named, text)
