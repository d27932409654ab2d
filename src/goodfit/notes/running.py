"""`run`: a document's cells in a process of their own, and what they gave as a page and a notebook."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from goodfit.arguments import public
from goodfit.data.streams import checked_seed
from goodfit.errors import InputError, nearest, problem
from goodfit.files import folder_to_write
from goodfit.leaving import deaf_at_first
from goodfit.notes.comparing import beside
from goodfit.notes.document import FACES, Document, NoteCell, read
from goodfit.notes.outcome import CellOutcome, Output, RunNotes
from goodfit.notes.supplying import face_of, faces_of
from goodfit.notes.writing import write

Face = Literal["torch", "mxnet", "both"]
Tell = Callable[[str], None]
WORKER = [sys.executable, "-P", "-m", "goodfit.notes.worker"]
GRACE = 2.0  # seconds that a process has to end by itself


@public
def run(
    path: str | os.PathLike[str],
    *,
    out: str | os.PathLike[str] | None = None,
    face: Face = "both",
    seed: int = 0,
    studies: bool = True,
    tell: Tell = lambda _: None,
) -> RunNotes:
    """Run the code of a document, from top to bottom. It can do whatever you can: run only documents that you trust.

    The cells run in a process of their own, in the folder of the document. Each section has a namespace of its own. A
    cell that fails is reported, and the next one runs. InputError where the document cannot be read.

    path: Markdown (.md) or a notebook (.ipynb).
    out: folder for the page, NAME-run.html, and the notebook, NAME-run.ipynb; None writes neither.
    face: whose cells are run, torch's, mxnet's, or both.
    seed: what the streams of random numbers begin with.
    studies: whether numbers that the document prints are measured over many seeds, by the study of their section.
    tell: called with a line before each cell.
    """
    if face not in ("torch", "mxnet", "both"):
        raise InputError(problem("notes", "unknown framework", got=face, fix=nearest(face, ("torch", "mxnet", "both"))))
    began, checked = time.perf_counter(), checked_seed(seed, "notes")
    document = read(path)
    if not document.code:
        fix = "Code stands between lines of ``` with the word python."
        raise InputError(problem(str(path), "has no cell with Python code", fix=fix))
    folder = None if out is None else folder_to_write(out)
    notes = RunNotes(document, {}, 0.0, checked)
    found = _ran(notes, planned(document, face), tell, face)
    if folder is not None and studies:  # which take minutes: what there is can be read meanwhile
        write(replace(notes, cells=found, seconds=time.perf_counter() - began), folder)
    numbers = beside(document, found, studies=studies, tell=tell)
    cells = {place: replace(cell, numbers=tuple(numbers.get(place, ()))) for place, cell in found.items()}
    notes = replace(notes, cells=cells, seconds=time.perf_counter() - began)
    return notes if folder is None else write(notes, folder)


def planned(document: Document, face: Face) -> dict[int, tuple[str, ...] | None]:
    """Cell with code -> the tabs that it runs for, None for a cell without tabs, () for one that is not run."""
    faces = FACES if face == "both" else (face,)
    plan: dict[int, tuple[str, ...] | None] = {}
    unmarked = _faces(document)
    for place in document.code:
        tabs = document.cells[place].tabs
        if tabs is not None:
            plan[place] = tuple(each for each in tabs if each in faces)
        else:
            plan[place] = None if unmarked[place] in (None, *faces) else ()
    return plan


def _faces(document: Document) -> dict[int, str | None]:
    unmarked = {place: document.cells[place] for place in document.code if document.cells[place].tabs is None}
    return faces_of(
        {place: cell.text for place, cell in unmarked.items()},
        {place: cell.section for place, cell in unmarked.items()},
    )


def _ran(notes: RunNotes, plan: dict[int, tuple[str, ...] | None], tell: Tell, face: Face) -> dict[int, CellOutcome]:
    """Run what is planned; where the process ends within a cell, go on with the next section in another."""
    document = notes.document
    found: dict[int, CellOutcome] = {}
    for place, tabs in plan.items():
        if tabs == ():
            cell = document.cells[place]
            found[place] = CellOutcome(cell, "not run", cell.text, why=_left_out(cell, face))
    left = [place for place in plan if place not in found]
    while left:
        lost, status = None, None
        with _working(notes, plan, left) as (lines, process):
            for line in lines:
                if "begin" in line:
                    lost = line["begin"]
                    place = document.cells[lost]
                    tell(f"{place.place or 'the beginning'}: cell {list(plan).index(lost) + 1} of {len(plan)}")
                elif "place" in line:
                    found[line["place"]], lost = _outcome(document, line), None
                else:
                    break  # its end: what cells have left running may keep the process and its output open
            status = _ended(process)
        left = _after_death(document, left, lost, status, found)
    return {place: found[place] for place in plan}


def _left_out(cell: NoteCell, face: Face) -> str:
    """Why a cell is not run."""
    if cell.tabs == ():
        return "it is marked for a library other than PyTorch and MXNet"
    return f"it is written for {'PyTorch' if face == 'mxnet' else 'MXNet'}, which --face {face} leaves out"


def _after_death(
    document: Document, left: Sequence[int], lost: int | None, status: int, found: dict[int, CellOutcome]
) -> list[int]:
    """What is left to run where a process has ended, perhaps within a cell."""
    rest = [place for place in left if place not in found]
    if not rest:
        return []
    dead = rest[0] if lost is None else lost
    cell = document.cells[dead]
    text = f"the process ended while the cell ran, with exit code {status}"
    found[dead] = CellOutcome(cell, "failed", cell.text, outputs=(Output("error", "SystemExit", text, message=text),))
    for place in rest:
        other = document.cells[place]
        if place not in found and other.section == cell.section:
            found[place] = CellOutcome(
                other, "not run", other.text, why="an earlier cell of the section ended the process"
            )
    return [place for place in rest if place not in found]


@contextlib.contextmanager
def _working(
    notes: RunNotes, plan: dict[int, tuple[str, ...] | None], left: Sequence[int]
) -> Iterator[tuple[Iterator[dict[str, Any]], subprocess.Popen[str]]]:
    """A process that runs cells: the lines that it says, and itself. It ends with the with statement."""
    document = notes.document
    cells, faces = {}, _faces(document)
    for place, tabs in plan.items():
        cell = document.cells[place]
        cells[place] = {"code": cell.text, "section": cell.section, "tabs": tabs, "face": faces.get(place)}
    running = [document.cells[place].text for place, tabs in plan.items() if tabs != ()]
    used = [face for face in FACES if any(face_of(code) == face for code in running)]
    work = {
        "cells": cells,
        "sections": document.sections,
        "run": list(left),
        "folder": str(document.path.resolve().parent),
        "seed": notes.seed,
        "faces": used,
    }
    environment = {**os.environ, "MPLBACKEND": "agg", "PYTHONPATH": _search_path()}
    with deaf_at_first():
        process = subprocess.Popen(
            WORKER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8", env=environment
        )
    assert process.stdin is not None  # both were asked for
    assert process.stdout is not None
    try:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(json.dumps(work) + "\n")
            process.stdin.flush()
        yield _said(process.stdout), process
    finally:
        for stream in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                stream.close()
        _ended(process)


def _ended(process: subprocess.Popen[str]) -> int:
    """The exit code of a process that has nothing left to do.

    It has `GRACE` seconds to clean up after its cells; then its input is closed, by which it ends itself, whatever
    threads they have left; and then it is killed.
    """
    with contextlib.suppress(subprocess.TimeoutExpired):
        return process.wait(GRACE)
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        return process.wait(GRACE)
    process.kill()
    return process.wait()


def _said(lines: Any) -> Iterator[dict[str, Any]]:
    for line in lines:
        with contextlib.suppress(ValueError):  # a line that was cut off by the process's end
            yield json.loads(line)


def _search_path() -> str:
    """Where the other process finds goodfit: where this one did, also if that is not where packages are installed."""
    import goodfit

    own = str(Path(goodfit.__file__).parents[1])
    return os.pathsep.join(filter(None, [own, os.environ.get("PYTHONPATH", "")]))


def _outcome(document: Document, line: dict[str, Any]) -> CellOutcome:
    outputs = tuple(Output(**{**each, "lines": tuple(each.get("lines", ()))}) for each in line["outputs"])
    return CellOutcome(
        document.cells[line["place"]],
        line["state"],
        line["code"],
        tuple((before, after) for before, after in line["changes"]),
        tuple((name, why) for name, why in line["supplied"]),
        outputs,
        line["seconds"],
    )
