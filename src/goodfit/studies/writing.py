"""A study's files: two pages, and beside them a folder with figures, tables and what was measured."""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
import json
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goodfit.figures import write_figure
from goodfit.files import write_atomically
from goodfit.plain_json import plain
from goodfit.reading import read_text
from goodfit.studies.declaring import Columns
from goodfit.studies.pages import languages_of, page_name, study_page
from goodfit.studies.words import LANGUAGES

if TYPE_CHECKING:
    from goodfit.studies.study_findings import StudyFindings

RESULT = "result.json"


def write(result: StudyFindings, out: Path, beside: Sequence[str] = ()) -> tuple[Path, ...]:
    """Write a study's pages into `out`, and its other files into a folder there; the pages' paths, English first.

    There is no Chinese page of a study without a Chinese title. An earlier, different result is not
    overwritten: see `put_aside`.
    beside: as in `study_page`.
    """
    put_aside(result, out)
    folder = out / result.study.name
    for drawing in result.study.figures:
        figure = result.figure(drawing.name)
        for suffix in (".svg", ".png"):
            write_figure(figure, folder / f"{drawing.name}{suffix}")
    for table in result.study.tables:
        write_atomically(folder / f"{table.name}.csv", as_csv(result.tables[table.name]).encode())
    write_atomically(folder / RESULT, as_json(result.to_dict()).encode())
    pages = [
        (study_page(result, each, beside), page_name(result.study.name, each)) for each in languages_of(result.study)
    ]
    return tuple(page.write(out / name) for page, name in pages)


def put_aside(result: StudyFindings, out: Path) -> Path | None:
    """Rename an earlier result of the study that is not this one, so that nothing is overwritten; its English page.

    None where there is no such result: none at all, or the same one.
    """
    name = result.study.name
    try:
        earlier = json.loads(read_text(out / name / RESULT)) | {"seconds": 0}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError):  # damaged: no reason to lose its tables
        earlier = None
    if earlier == json.loads(as_json(result.to_dict())) | {"seconds": 0}:
        return None
    number = next(number for number in itertools.count(1) if not os.path.exists(out / f"{name}-{number}"))
    (out / name).rename(out / f"{name}-{number}")
    for each in LANGUAGES:
        with contextlib.suppress(FileNotFoundError):
            (out / page_name(name, each)).rename(out / page_name(f"{name}-{number}", each))
    return out / page_name(f"{name}-{number}", "en")


def as_csv(columns: Columns) -> str:
    """A table as CSV; numbers in full, empty where there is none."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in zip(*columns.values(), strict=True):
        writer.writerow([_cell(value) for value in row])
    return text.getvalue()


def as_json(value: Any) -> str:
    """JSON text; numbers that are not finite become null."""
    return json.dumps(plain(value), ensure_ascii=False, indent=1) + "\n"


def _cell(value: Any) -> Any:
    if isinstance(value, float) and math.isnan(value):
        return ""
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else value
