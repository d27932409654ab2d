"""A document that was run as one page: the text, the code as it ran, and what it gave."""

from __future__ import annotations

import re
from collections.abc import Iterator

from goodfit import __version__
from goodfit.notes.document import NoteCell
from goodfit.notes.outcome import CellOutcome, NumberBeside, Output, RunNotes
from goodfit.reports import Bitmap, Block, Bullets, Code, Foldout, Glance, Grid, Note, Page, Paragraph, Part, Section
from goodfit.words import duration

WARNING = "This page was made by running the code of the document. Run only documents that you trust."
_ITEM = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s*(?P<text>.+)$")
_PICTURE = re.compile(r"!\[(?P<name>[^\]]*)\]\([^)]*\)")


def page_of(notes: RunNotes) -> Page:
    """The page."""
    document = notes.document
    sections = [Section("What ran", list(_summary(notes)))]
    for number, title in enumerate(document.sections):
        blocks = list(_section(notes, number))
        if blocks:
            sections.append(Section(title or "Beginning", blocks))
    ran = f"{notes.count('done')} of {len(notes.cells)}"
    glance = [
        Glance("Cells that ran", ran),
        Glance("Cells that failed", str(notes.count("failed"))),
        Glance("Names supplied", str(len(notes.supplied))),
        Glance("Time", duration(notes.seconds)),
    ]
    foot = f"goodfit {__version__}, goodfit notes {document.path.name} --seed {notes.seed}"
    return Page(document.title, sections, "goodfit notes", WARNING, glance, foot=foot)


def _summary(notes: RunNotes) -> Iterator[Block]:
    changes = [(notes.where(place), *each) for place, cell in notes.cells.items() for each in cell.changes]
    yield Paragraph(
        "Each section ran in a namespace of its own. Import lines of d2l and mxnet were changed, and lines for "
        "IPython became comments; nothing else was changed. "
        "What a section uses and does not define was supplied, and is listed here."
    )
    wrong = [
        (notes.where(place), cell.error or cell.why) for place, cell in notes.cells.items() if cell.state != "done"
    ]
    if wrong:
        yield Grid("Cells that did not run to their end", ("cell", "why"), wrong, left=2)
    if changes:
        yield Grid("Import lines that were changed", ("cell", "before", "after"), changes, left=3)
    if notes.supplied:
        yield Grid("Names that were supplied", ("cell", "name", "from"), notes.supplied, left=3)


def _section(notes: RunNotes, number: int) -> Iterator[Block]:
    """The blocks of a section; below a heading within it, as a part of their own."""
    part: tuple[str, list[Block]] | None = None
    title = notes.document.sections[number]
    for place, cell in enumerate(notes.document.cells):
        if cell.section != number:
            continue
        if cell.kind == "heading":
            if cell.text in (title, notes.document.title) and part is None:
                continue
            if part is not None:
                yield Part(*part)
            part = (cell.text, [])
            continue
        blocks = _outcome(notes.cells[place]) if cell.kind == "code" else _text(cell)
        if part is None:
            yield from blocks
        else:
            part[1].extend(blocks)
    if part is not None:
        yield Part(*part)


def _text(cell: NoteCell) -> Iterator[Block]:
    """Text as paragraphs, lists and formulas; marks of Markdown that are left stand as they are."""
    if cell.kind == "output":
        yield Code(cell.text.expandtabs(), "Output in the document")
        return
    text = _PICTURE.sub(lambda found: f"[picture {found['name']}]", cell.text)
    for place, piece in enumerate(re.split(r"^\s*(?:\$\$|```.*|~~~.*)\s*$", text, flags=re.MULTILINE)):
        if place % 2:
            if piece.strip():
                yield Code(piece.strip("\n"), "Formula")
            continue
        for paragraph in re.split(r"\n\s*\n", piece):
            yield from _paragraph(paragraph.strip("\n"))


def _paragraph(text: str) -> Iterator[Block]:
    lines = [line for line in text.splitlines() if line.strip()]
    items = [_ITEM.match(line) for line in lines]
    if lines and all(items):
        yield Bullets([item["text"] for item in items if item is not None])
    elif lines:
        yield Paragraph(" ".join(line.strip() for line in lines))


def _outcome(cell: CellOutcome) -> Iterator[Block]:
    if cell.supplied:
        yield Note("; ".join(f"{name}: {why}" for name, why in cell.supplied), "Supplied")
    yield Code(cell.code.expandtabs(4), "Code")
    for output in cell.outputs:
        yield from _output(output)
    if cell.state == "not run":
        yield Note(cell.why, "Not run")
    if cell.numbers:
        yield _numbers(cell.numbers)


def _output(output: Output) -> Iterator[Block]:
    if output.kind == "figure":
        about = f"Figure: {output.text}." if output.text else "Figure."
        yield Bitmap(f"Drawn by the cell above{f': {output.text}' if output.text else ''}", output.png, about)
        rows = [
            (each["name"], f"{x:g}", f"{y:.6g}")
            for each in output.lines
            for x, y in zip(each["x"], each["y"], strict=True)
        ]
        if rows:
            yield Foldout("Numbers of the lines", [Grid("Numbers of the lines", ("line", "x", "y"), rows)])
    elif output.kind == "error":
        yield Note(output.message, "Failed")
        yield Code(output.text, "Where it failed")
    elif output.text.strip():
        names = {"stdout": "Output", "stderr": "Warnings and messages"}
        yield Code(output.text.expandtabs().rstrip("\n"), names.get(output.name, "Output"))


def _numbers(numbers: tuple[NumberBeside, ...]) -> Block:
    """The document's numbers beside ours."""
    rows = []
    for each in numbers:
        ours = "" if each.ours is None else f"{each.ours:.6g}"
        over = "" if each.mean is None else f"{each.mean:.4g} [{each.low:.4g}, {each.high:.4g}]"
        rows.append((each.what or "number", f"{each.printed:.6g}", ours, over, str(each.seeds or "")))
    columns = ("what", "document", "this run", "mean over seeds, 95 % interval", "seeds")
    note = "The interval is of the mean over seeds, from the study of the section; single runs vary more."
    measured = any(each.mean is not None for each in numbers)
    if not measured:
        return Grid("Numbers of the document beside ours", columns[:3], [row[:3] for row in rows])
    return Grid("Numbers of the document beside ours", columns, rows, note=note)
