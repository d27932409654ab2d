"""The answers of a class room in one CSV file: each a line, appended whole, that no spreadsheet takes for a formula."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from goodfit.errors import InputError, problem
from goodfit.files import write_error
from goodfit.lab.lessons import Lesson, ScoredPrediction
from goodfit.words import visible

try:
    import fcntl
except ImportError:  # pragma: no cover - a system without these locks: one process is then to write at a time
    fcntl = None  # type: ignore[assignment]

COLUMNS = ("time", "lesson", "name", "prediction", "answer", "low", "high", "right", "changed", "note")
MOST_LETTERS = 500  # of a text in a cell
MOST_BYTES = 2**26  # of the file, after which no answer is taken
_FORMULA = "=+-@|%"  # what a spreadsheet may run begins with one of these


def collect(
    path: str | Path,
    lesson: Lesson,
    scored: ScoredPrediction,
    *,
    name: str = "",
    changed: Mapping[str, Any] | None = None,
    note: str = "",
) -> None:
    """Append one answer to a file, which begins with a line of names.

    path: of the CSV file, made where it is not there
    scored: the prediction and the result
    name, note: whatever a learner wrote, shortened to MOST_LETTERS
    changed: what was changed of the lesson's state

    Several processes may append at once. A line is written whole and flushed to the disk; what a killed process left of
    one is ended, so that the next begins on its own. Texts that a spreadsheet would run have an apostrophe in front.
    InputError where the file cannot be written, or is full.
    """
    result = scored.result
    cells = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "lesson": lesson.name,
        "name": name,
        "prediction": scored.prediction,
        "answer": result.answer,
        "low": result.low,
        "high": result.high,
        "right": "yes" if scored.right else "no",
        "changed": json.dumps(dict(changed or {}), ensure_ascii=False) if changed else "",
        "note": note,
    }
    _append(Path(path), _line([safe(cells[column]) for column in COLUMNS]))


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


def _append(path: Path, line: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
        try:
            if fcntl is not None:
                with contextlib.suppress(OSError):  # a file system without locks
                    fcntl.flock(descriptor, fcntl.LOCK_EX)
            size = os.fstat(descriptor).st_size
            if size > MOST_BYTES:
                rule = f"must have at most {MOST_BYTES:,} bytes to take another answer"
                raise InputError(problem(str(path), rule, got=size, fix="Collect into another file."))
            start = _line(COLUMNS) if not size else ""
            if size:
                os.lseek(descriptor, -1, os.SEEK_END)
                start = "" if os.read(descriptor, 1) == b"\n" else "\n"
            rest = (start + line).encode()
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise write_error(path, error) from error
