"""What the page lists beside a training: lessons, claims, and the runs of the working directory."""

from __future__ import annotations

import csv
import io
import math
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from goodfit.lab.claim_list import CLAIMS
from goodfit.lab.lessons import Lesson, read_lesson, shipped
from goodfit.plain_json import plain
from goodfit.reading import read_text

if TYPE_CHECKING:
    from goodfit.runs import RunSummary

RUNS = Path("runs")
MOST_BYTES = 2**24  # of a history that is told
MOST_RUNS = 200  # whose curves are told


@dataclass(frozen=True)
class LessonMode:
    """What lessons a lab shows. file: of the only one, None for those that ship; collect: where answers go, or None."""

    file: Path | None = None
    collect: Path | None = None

    def told(self) -> dict[str, str]:
        """What a process that runs lessons needs to know."""
        given = {"lesson_file": self.file, "collect": self.collect}
        return {name: str(path.resolve()) for name, path in given.items() if path is not None}

    @property
    def lessons(self) -> list[Lesson]:
        """Those that are shown. InputError where the file holds none."""
        return shipped() if self.file is None else [read_lesson(self.file)]


PLAIN = LessonMode()


def lessons_told(mode: LessonMode) -> dict[str, Any]:
    """The lessons, without their answers; whether there is but one, and whether answers are collected."""
    found = [lesson.to_json() for lesson in mode.lessons]
    return {"lessons": found, "only": mode.file is not None, "collects": mode.collect is not None}


def claims_told() -> dict[str, Any]:
    """The claims that nets can decide: name, and the sentence in both languages with {first} and {second} in it."""
    return {"claims": [{"name": each.name, "sentence": vars(each.words), "sense": each.sense} for each in CLAIMS]}


def runs_told() -> dict[str, Any]:
    """The runs in the folder `runs` of the working directory, with mean and spread of their curves over seeds."""
    from goodfit.runs import list_runs

    return {"runs": [_run(each) for each in list_runs(RUNS)[:MOST_RUNS]]} if os.path.isdir(RUNS) else {"runs": []}


def _run(run: RunSummary) -> dict[str, Any]:
    when = run.when.isoformat() if isinstance(run.when, datetime) else run.when
    scores = {part: {"name": s.name, "value": s.value, "low": s.low, "high": s.high} for part, s in run.scores.items()}
    found: dict[str, Any] = plain(
        {
            "folder": str(run.folder),
            "data": run.data,
            "when": when,
            "state": run.state,
            "seeds": list(run.seeds),
            "scores": scores,
            "problem": run.problem or None,
            "curves": _curves(run.folder),
        }
    )
    return found


def _curves(folder: Path) -> dict[str, Any]:
    """Mean, least and largest over seeds of each metric by epoch, as history.csv has it; {} where there is none."""
    try:
        text = read_text(folder / "history.csv", most=MOST_BYTES)
        lines = list(csv.DictReader(io.StringIO(text, newline="")))
        epochs = [int(line["epoch"]) for line in lines]
        metrics = [name for name in (lines[0] if lines else ()) if name not in ("epoch", "net", "seed")]
        values = np.asarray([[float(line[name] or "nan") for name in metrics] for line in lines])
    except (OSError, ValueError, KeyError, TypeError, csv.Error):
        return {}
    found: dict[str, Any] = {"epoch": sorted(set(epochs))}
    for place, name in enumerate(metrics):
        groups: dict[int, list[float]] = {epoch: [] for epoch in found["epoch"]}
        for epoch, value in zip(epochs, values[:, place].tolist(), strict=True):
            if math.isfinite(value):
                groups[epoch].append(value)
        found[name] = [
            [float(how(group)) if group else None for group in groups.values()] for how in (np.mean, np.min, np.max)
        ]
    return found
