"""What a document gave, as files: a page and a notebook, named after it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from goodfit import __version__
from goodfit.files import write_atomically
from goodfit.notes.outcome import CellOutcome, Output, RunNotes
from goodfit.notes.page import page_of


def write(notes: RunNotes, folder: Path) -> RunNotes:
    """Write NAME-run.html and NAME-run.ipynb into a folder; the same with the paths of both."""
    stem = notes.document.path.stem
    page, notebook = folder / f"{stem}-run.html", folder / f"{stem}-run.ipynb"
    write_atomically(notebook, json.dumps(notebook_of(notes), ensure_ascii=False, indent=1).encode("utf-8", "replace"))
    page_of(notes).write(page)
    return replace(notes, page=page, notebook=notebook)


def notebook_of(notes: RunNotes) -> dict[str, Any]:
    """The document as a notebook of format 4.5, with our outputs in the place of those that it printed."""
    cells, count = list[dict[str, Any]](), 0
    for place, cell in enumerate(notes.document.cells):
        made: dict[str, Any] = {"id": f"cell-{place}", "metadata": {}}
        if cell.kind == "code":
            count += 1
            outcome = notes.cells[place]
            made |= {
                "cell_type": "code",
                "source": outcome.code,
                "execution_count": count,
                "outputs": _outputs(outcome, count),
            }
        else:
            mark = {
                "heading": f"{'#' * cell.rank} {cell.text}",
                "output": f"The document prints:\n\n```text\n{cell.text}\n```",
            }
            made |= {"cell_type": "markdown", "source": mark.get(cell.kind, cell.text)}
        cells.append(made)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    about = {
        "kernelspec": kernel,
        "language_info": {"name": "python"},
        "goodfit": {"version": __version__, "seed": notes.seed},
    }
    return {"cells": cells, "metadata": about, "nbformat": 4, "nbformat_minor": 5}


def _outputs(outcome: CellOutcome, count: int) -> list[dict[str, Any]]:
    return [_output(each, count) for each in outcome.outputs]


def _output(output: Output, count: int) -> dict[str, Any]:
    if output.kind == "stream":
        return {"output_type": "stream", "name": output.name, "text": output.text}
    if output.kind == "result":
        data = {"text/plain": output.text}
        return {"output_type": "execute_result", "execution_count": count, "metadata": {}, "data": data}
    if output.kind == "figure":
        data = {"image/png": output.png, "text/plain": f"<Figure: {output.text}>"}
        return {"output_type": "display_data", "metadata": {}, "data": data}
    said = output.message.removeprefix(f"{output.name}: ")
    return {"output_type": "error", "ename": output.name, "evalue": said, "traceback": output.text.splitlines()}
