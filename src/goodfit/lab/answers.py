"""The answers of a class room in one CSV file: each attempt a whole line, that no spreadsheet takes for a formula."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from goodfit.errors import InputError, problem
from goodfit.files import write_error
from goodfit.lab.lessons import Lesson
from goodfit.lab.scoring import ScoredPrediction
from goodfit.studies.words import Words
from goodfit.words import visible

try:
    import fcntl
except ImportError:  # pragma: no cover - a system without these locks: one process is then to write at a time
    fcntl = None  # type: ignore[assignment]

COLUMNS = (
    *("time", "lesson", "name", "page", "attempt", "seen_before"),
    *("prediction", "answer", "low", "high", "right", "changed", "note"),
)
SAME = ("prediction", "changed", "note")  # in which an answer that is sent twice agrees with the one before
RIGHT = {"right": "yes", "wrong": "no", "cannot-tell": "cannot tell"}
MOST_LETTERS = 500  # of a text in a cell
MOST_BYTES = 64_000_000  # of the file, after which no answer is taken
_FORMULA = "=+-@|%"  # what a spreadsheet may run begins with one of these


@dataclass(frozen=True)
class Collected:
    """What became of an answer.

    attempt: which of this learner's at the lesson, from 1 on
    seen_before: whether the solution had been shown before, to this name or on this page
    again: whether it had been sent before, and stands in the file already
    """

    attempt: int
    seen_before: bool
    again: bool

    @property
    def told(self) -> Words:
        """What the learner is told."""
        if self.again:
            return Words("This answer had been collected already.", "这个答案已经收过。")
        en, zh = f"Attempt {self.attempt} has been collected", f"第 {self.attempt} 次作答已收集"
        if self.seen_before:
            return Words(f"{en}; it says that the solution had been shown before.", f"{zh}；其中注明此前已显示过答案。")
        return Words(f"{en}.", f"{zh}。")


def collect(
    path: str | Path,
    lesson: Lesson,
    scored: ScoredPrediction,
    *,
    name: str = "",
    page: str = "",
    changed: Mapping[str, Any] | None = None,
    note: str = "",
) -> Collected:
    """Append one attempt to a file, which begins with a line of names.

    path: of the CSV file, made where it is not there
    scored: the prediction and the result
    name, note: whatever a learner wrote, shortened to MOST_LETTERS
    page: what tells one browser's page from another's; of answers without a name, whose they are
    changed: what was changed of the lesson's state

    The same answer as the learner's last one, sent again, is not written again. Several processes may append at once. A
    line is written whole and flushed to the disk; what a killed process left of one is ended, so that the next begins
    on its own. Texts that a spreadsheet would run have an apostrophe in front. InputError where the file cannot be
    written, is full, or has other columns.
    """
    result = scored.result
    cells = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "lesson": lesson.name,
        "name": name,
        "page": page,
        "prediction": scored.prediction,
        "answer": result.answer,
        "low": "" if result.low is None else result.low,
        "high": "" if result.high is None else result.high,
        "right": RIGHT[scored.mark],
        "changed": json.dumps(dict(changed or {}), ensure_ascii=False) if changed else "",
        "note": note,
    }
    return _append(Path(path), {column: safe(cell) for column, cell in cells.items()})


def safe(value: object) -> str:
    """A cell's text: a number as it is; a text on one line, without what hides, and never a formula.

    A spreadsheet takes for one what begins with = + - @ | or %, also in full width; and where it parts cells at
    semicolons, as it does in half of Europe, what follows one.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:.10g}"
    text = " ".join(visible(str(value)[: 4 * MOST_LETTERS]).split())[:MOST_LETTERS]
    return ";".join(f"'{part}" if _begins_a_formula(part) else part for part in text.split(";"))


def _begins_a_formula(text: str) -> bool:
    first = unicodedata.normalize("NFKC", text).strip().lstrip("\"'")[:1]
    return bool(first) and first in _FORMULA


def _line(cells: list[str] | tuple[str, ...]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()


def _append(path: Path, cells: dict[str, str]) -> Collected:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
        try:
            if fcntl is not None:
                with contextlib.suppress(OSError):  # a file system without locks
                    fcntl.flock(descriptor, fcntl.LOCK_EX)
            size = os.fstat(descriptor).st_size
            if size > MOST_BYTES:
                rule = f"must have at most {MOST_BYTES / 1e6:.0f} MB to take another answer"
                raise InputError(problem(str(path), rule, got=f"{size / 1e6:.1f} MB", fix="Collect into another file."))
            os.lseek(descriptor, 0, os.SEEK_SET)
            text = b"".join(iter(lambda: os.read(descriptor, 2**20), b"")).decode("utf-8", "replace")
            found = _among(_rows(text, path), cells)
            if found.again:
                return found
            whole = {**cells, "attempt": str(found.attempt), "seen_before": "yes" if found.seen_before else "no"}
            start = "" if text.endswith("\n") else "\n"
            rest = ((start if text else _line(COLUMNS)) + _line([whole[column] for column in COLUMNS])).encode()
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise write_error(path, error) from error
    return found


def _rows(text: str, path: Path) -> list[dict[str, str]]:
    """The answers in a file, without what a killed process left of one."""
    if not text:
        return []
    head, *lines = text.split("\n")  # a cell has none; and an unfinished line may end within quotes
    if head != ",".join(COLUMNS):
        rule = "must begin with the columns of collected answers"
        raise InputError(problem(str(path), rule, got=head, fix="Collect into another file."))
    rows = (next(csv.reader([line]), []) for line in lines)
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows if len(row) == len(COLUMNS)]


def _among(rows: Sequence[Mapping[str, str]], cells: Mapping[str, str]) -> Collected:
    """Which attempt an answer is, after those of a file."""
    known = [row for row in rows if row["lesson"] == cells["lesson"]]
    own = [row for row in known if _learner(row) == _learner(cells)]
    seen = bool(own) or any(row["page"] == cells["page"] != "" for row in known)
    if own and all(own[-1][column] == cells[column] for column in SAME):
        return Collected(len(own), own[-1]["seen_before"] == "yes", again=True)
    return Collected(len(own) + 1, seen, again=False)


def _learner(row: Mapping[str, str]) -> tuple[str, str]:
    """Whose an answer is: a name's, whatever its capitals; without one a page's."""
    name = row["name"].casefold()
    return (name, "") if name else ("", row["page"])
