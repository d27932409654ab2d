"""What became of a document: each cell with its outputs, what was changed and supplied, the numbers side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from goodfit.notes.document import Document, NoteCell
from goodfit.words import duration

State = Literal["done", "failed", "not run"]


@dataclass(frozen=True)
class Output:
    """A thing that a cell gave.

    kind: stream (name: stdout or stderr), result, figure or error (name: its type); text: it, of a figure the names of
    its lines; png: of a figure, base64; lines: of a figure, each with name, x and y; message: of an error, in one line.
    """

    kind: Literal["stream", "result", "figure", "error"]
    name: str
    text: str
    png: str = ""
    lines: tuple[Mapping[str, Any], ...] = ()
    message: str = ""


@dataclass(frozen=True)
class NumberBeside:
    """A number that the document prints, and ours.

    printed: in the document; ours: of this run, None where ours printed another count of numbers; mean, low, high: of
    the study, over `seeds` seeds, with the interval at 95 %, None where no study measures it; what: it is.
    """

    printed: float
    ours: float | None = None
    what: str = ""
    mean: float | None = None
    low: float | None = None
    high: float | None = None
    seeds: int = 0


@dataclass(frozen=True)
class CellOutcome:
    """A cell with code, and what became of it.

    cell: what stands in the document
    state: what became of it
    code: as it ran
    changes: import statements, before and after
    supplied: names that the document does not define here, with where they came from
    outputs: what it printed and drew, in order
    seconds: that it took
    numbers: those that the document prints below it
    why: it was not run.
    """

    cell: NoteCell
    state: State
    code: str
    changes: tuple[tuple[str, str], ...] = ()
    supplied: tuple[tuple[str, str], ...] = ()
    outputs: tuple[Output, ...] = ()
    seconds: float = 0.0
    numbers: tuple[NumberBeside, ...] = ()
    why: str = ""

    @property
    def error(self) -> str:
        """What went wrong, in one line; "" where nothing did."""
        found = [each.message for each in self.outputs if each.kind == "error"]
        return found[-1] if found else ""

    @property
    def printed(self) -> str:
        """What it printed and showed, without warnings."""
        return "\n".join(
            each.text.rstrip("\n") for each in self.outputs if each.kind == "result" or each.name == "stdout"
        )


@dataclass(frozen=True, repr=False)
class RunNotes:
    """A document that was run.

    document: what was run
    cells: those with code, by their places in `document.cells`
    seconds: that it took
    seed: what NumPy, PyTorch and the chapter's toolset drew from
    page, notebook: files.
    """

    document: Document
    cells: Mapping[int, CellOutcome]
    seconds: float
    seed: int
    page: Path | None = None
    notebook: Path | None = None

    def __repr__(self) -> str:
        """How many cells ran, and which failed."""
        lines = [
            f"{self.document.path.name}: {self.count('done')} of {len(self.cells)} cells ran, {duration(self.seconds)}"
        ]
        lines += [
            f"  {self.where(place)}: {cell.error or cell.why}"
            for place, cell in self.cells.items()
            if cell.state != "done"
        ]
        return "\n".join(lines)

    def count(self, state: State) -> int:
        """How many cells ended so."""
        return sum(cell.state == state for cell in self.cells.values())

    def where(self, place: int) -> str:
        """Section and cell: "4.5 dropout, cell 3"; cells are counted within their section, from 1."""
        cell = self.document.cells[place]
        before = [
            other for other in self.cells if self.document.cells[other].section == cell.section and other <= place
        ]
        return f"{self.document.sections[cell.section] or 'the beginning'}, cell {len(before)}"

    @property
    def supplied(self) -> Sequence[tuple[str, str, str]]:
        """(where, name, where it came from) of all that was supplied."""
        return [(self.where(place), *each) for place, cell in self.cells.items() for each in cell.supplied]

    def to_json(self) -> dict[str, Any]:
        """As JSON has it; pictures are left to the files."""
        return {
            "document": str(self.document.path),
            "seconds": self.seconds,
            "seed": self.seed,
            "ran": self.count("done"),
            "failed": self.count("failed"),
            "not_run": self.count("not run"),
            "cells": [
                {
                    "section": self.document.sections[cell.cell.section],
                    "cell": self.where(place),
                    "line": cell.cell.line,
                    "state": cell.state,
                    "seconds": cell.seconds,
                    "changes": [list(each) for each in cell.changes],
                    "supplied": [{"name": name, "from": why} for name, why in cell.supplied],
                    "printed": cell.printed,
                    "figures": sum(each.kind == "figure" for each in cell.outputs),
                    "error": cell.error or cell.why,
                    "numbers": [vars(each) for each in cell.numbers],
                }
                for place, cell in self.cells.items()
            ],
            "page": None if self.page is None else str(self.page),
            "notebook": None if self.notebook is None else str(self.notebook),
        }
