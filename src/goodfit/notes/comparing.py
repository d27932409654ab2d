"""Numbers that a document prints, beside those of this run and of the study of their section."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from goodfit.errors import GoodfitError
from goodfit.notes.document import Document, NoteCell
from goodfit.notes.outcome import CellOutcome, NumberBeside

if TYPE_CHECKING:
    from goodfit.studies import Result
    from goodfit.studies.declaring import Study

NUMBER = re.compile(r"(?<![\w.])[-+−]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w])")
SAME = 1e-4  # relative difference below which a number of the document is one that the notes print
LEAST_DIGITS = 3  # of a number that is looked for in a study: fewer are no mark
MOST_NUMBERS = 100  # of one output


def numbers_in(text: str) -> list[float]:
    """The numbers of a text, in order; digits within words are none."""
    return [float(each.replace("−", "-")) for each in NUMBER.findall(text)]


def printed_below(document: Document) -> dict[int, str]:
    """Cell with code -> what the document prints below it, before the next cell with code."""
    found: dict[int, list[str]] = {}
    last: int | None = None
    for place, cell in enumerate(document.cells):
        if cell.kind == "code":
            last = place
        elif cell.kind == "output" and last is not None:
            found.setdefault(last, []).append(cell.text)
    return {place: "\n".join(texts) for place, texts in found.items()}


def beside(
    document: Document,
    cells: Mapping[int, CellOutcome],
    *,
    studies: bool,
    tell: Callable[[str], None],
) -> dict[int, list[NumberBeside]]:
    """Cell -> each number that the document prints below it, with ours."""
    found = {}
    measured: dict[str, Result | None] = {}
    for place, text in printed_below(document).items():
        theirs = numbers_in(text)
        ours = numbers_in(cells[place].printed) if cells[place].state == "done" else []
        paired: Sequence[float | None] = ours
        if len(ours) != len(theirs) or len(theirs) > MOST_NUMBERS:
            paired = [None] * len(theirs)  # which belongs to which is not known, or is too much to read
        rows = [NumberBeside(printed, own) for printed, own in zip(theirs, paired, strict=True)][:MOST_NUMBERS]
        if studies:
            rows = [_with_study(row, text, cells[place].cell, measured, tell) for row in rows]
        found[place] = rows
    return found


def _with_study(
    row: NumberBeside, text: str, cell: NoteCell, measured: dict[str, Result | None], tell: Callable[[str], None]
) -> NumberBeside:
    """The row with what the study of its section measures, where it measures this number."""
    from goodfit.studies import run  # here, for it loads what trains

    for study, name, what in _candidates(row.printed, text, cell):
        if study.name not in measured:
            tell(f"study {study.name}: the numbers of section {study.section} over many seeds")
            try:
                measured[study.name] = run(study.name, tell=lambda _: None)
            except GoodfitError as error:
                tell(f"study {study.name} was not run: {error}")
                measured[study.name] = None
        result = measured[study.name]
        if result is not None:
            estimate = result.printed[name]
            own = None if "magnitude" in what else row.ours  # an extreme stands at another place each time
            return NumberBeside(row.printed, own, what, estimate.value, estimate.low, estimate.high, estimate.count)
    return row


def _candidates(printed: float, text: str, cell: NoteCell) -> Iterable[tuple[Study, str, str]]:
    """Studies of the cell's section that measure a number which the notes print as this one, as it is or its log10."""
    if _digits(printed, text) < LEAST_DIGITS:
        return
    from goodfit.studies import studies

    section = ".".join(cell.number.split(".")[:2])
    for study in studies().values():
        if section and ".".join(study.section.partition("-")[0].split(".")[:2]) != section:
            continue
        for each in study.printed:
            logarithm = math.log10(abs(printed)) if printed else math.nan
            if math.isclose(printed, each.value, rel_tol=SAME):
                yield study, each.name, each.what.en
                break
            if "log10" in each.what.en and math.isclose(logarithm, each.value, rel_tol=SAME):
                yield study, each.name, f"{each.what.en}; the document's number is not a logarithm, the mean is"
                break


def _digits(printed: float, text: str) -> int:
    """How many digits a number has where it is printed, without its exponent."""
    for each in NUMBER.findall(text):
        if float(each.replace("−", "-")) == printed:
            return len(re.sub(r"[eE].*|\D", "", each).lstrip("0"))
    return 0
