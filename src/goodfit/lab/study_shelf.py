"""The studies as the page lists them: their sliders, made of their declarations, and the same thing in Play."""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from goodfit.files import write_atomically
from goodfit.lab.lessons import shipped
from goodfit.reports.languages import Language
from goodfit.studies import Result, Study, find, run, studies
from goodfit.studies.declaring import Tell
from goodfit.studies.pages import page_name, study_page
from goodfit.studies.parameters import StudyParameter, checked
from goodfit.studies.words import LANGUAGES

KINDS = {"choice": "name"}  # as a control of the page calls a kind of parameter
LOGARITHMIC = 30.0  # ratio of a slider's ends from which it goes by powers of ten
MOST_PAGES = 60  # that are kept, the newest
MOST_RESULTS = 8
_RAN: dict[tuple[str, str], Result] = {}  # (study, parameters as JSON) -> what it gave, for the other language


def studies_told() -> dict[str, Any]:
    """Every study: texts, sliders, the lesson of its section, and the state that shows the same in Play.

    A state may hold "{name}" where a parameter's value belongs.
    """
    by_section = {lesson.section: lesson.name for lesson in shipped()}
    found = []
    for study in studies().values():
        told = study.told(study.small)
        found.append(
            {
                "name": study.name,
                "section": study.section,
                "title": vars(told.title),
                "question": vars(told.question),
                "parameters": [_slider(each, study) for each in told.parameters],
                "lesson": by_section.get(".".join(study.section.split(".")[:2])),
                "play": _plays()[study.name],
            }
        )
    return {"studies": found}


def study_page_name(
    name: str, parameters: Mapping[str, Any], language: Language, folder: Path, tell: Tell = lambda _: None
) -> str:
    """Run a study, unless it was run so before, and write its page into a folder; the page's name.

    name, parameters: of the study, those that are left out at their defaults
    language: of the page
    folder: that it is written to
    tell: gets what is done next, in a few words, while the study runs

    InputError for an unknown study, and for parameters that are not valid.
    """
    study = find(name)
    given = checked(f"study {study.name}", study.parameters, parameters).to_dict()
    asked = json.dumps(given)
    page = page_name(hashlib.sha256(f"{study.name} {asked}".encode()).hexdigest()[:32], language)
    if not os.path.exists(folder / page):
        if (study.name, asked) not in _RAN:
            _RAN[study.name, asked] = run(study.name, tell=tell, **given)
            for old in [*_RAN][:-MOST_RESULTS]:
                del _RAN[old]
        made = study_page(_RAN[study.name, asked], language, framed=True)
        write_atomically(folder / page, made.html().encode())
        for path in sorted(folder.glob("*.html"), key=lambda each: each.stat().st_mtime)[:-MOST_PAGES]:
            path.unlink(missing_ok=True)
    return page


def _slider(parameter: StudyParameter, study: Study) -> dict[str, Any]:
    """What the page makes a control of: its rule, the slider's span if it has one, and the value it begins with."""
    value = parameter.plain(study.small.get(parameter.name, parameter.default))
    kind = KINDS.get(parameter.kind, parameter.kind)
    rule = {
        "name": parameter.name,
        "kind": kind,
        "choices": [*parameter.choices],
        "many": parameter.many,
        "label": {each: _short(parameter.about.of(each)) for each in LANGUAGES},
        "sentence": {each: f"{parameter.about.of(each)} ({parameter.range(each)})" for each in LANGUAGES},
        "span": _span(parameter, value),
    }
    return {"rule": rule, "value": [*value] if parameter.many else value}


def _span(parameter: StudyParameter, value: Any) -> dict[str, Any] | None:
    """Where a slider goes from and to; by powers of ten where that is far. None for what no slider sets."""
    if (
        parameter.many
        or parameter.name == "seed"
        or parameter.kind not in ("number", "whole")
        or not math.isfinite(parameter.high)
    ):
        return None
    low, high, whole = parameter.low, parameter.high, parameter.kind == "whole"
    zero = low == 0
    least = min(value or high, high) / LOGARITHMIC if zero else low
    if zero and whole:
        least = max(1.0, least)
    if least <= 0 or high / least < LOGARITHMIC:
        return {"low": low, "high": high, "whole": whole}
    return {"low": least, "high": high, "log": True, "zero": zero, "whole": whole}


def _short(text: str) -> str:
    """The beginning of a sentence, as a label."""
    return re.split(r"[;；:：,，(（]|[.。]$|\. ", text)[0].strip()


@cache
def _plays() -> dict[str, Any]:
    """Study -> the state that shows the same thing in Play."""
    return tomllib.loads(files("goodfit.lab").joinpath("plays.toml").read_text("utf-8"))
