"""What the page lists beside a training: lessons and claims."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from goodfit.lab.claim_list import CLAIMS
from goodfit.lab.lessons import Lesson, named_lesson, shipped


@dataclass(frozen=True)
class LessonMode:
    """What lessons a lab shows.

    file: of the only one, or its name where it ships; None for all that ship. collect: where answers go, or None.
    """

    file: Path | None = None
    collect: Path | None = None

    def told(self) -> dict[str, str]:
        """What a process that runs lessons needs to know."""
        given = {"lesson_file": self.file, "collect": self.collect}
        name_alone = self.file is not None and not os.path.isfile(self.file)  # of a lesson that ships
        told = {name: str(path.resolve()) for name, path in given.items() if path is not None}
        return {**told, "lesson_file": str(self.file)} if name_alone else told

    @property
    def lessons(self) -> list[Lesson]:
        """Those that are shown. InputError where the file holds none."""
        return shipped() if self.file is None else [named_lesson(self.file)]


PLAIN = LessonMode()


def lessons_told(mode: LessonMode) -> dict[str, Any]:
    """The lessons, without their answers; whether there is but one, and whether answers are collected."""
    found = [lesson.to_json() for lesson in mode.lessons]
    return {"lessons": found, "only": mode.file is not None, "collects": mode.collect is not None}


def claims_told() -> dict[str, Any]:
    """The claims that nets can decide: name, and the sentence before its values are known."""
    told = [(each.name, vars(each.general or each.words), each.sense) for each in CLAIMS]
    return {"claims": [{"name": name, "sentence": words, "sense": sense} for name, words, sense in told]}
