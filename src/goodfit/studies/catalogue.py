"""The studies, found by looking for folders here: each makes its study in `study.py`, as STUDY."""

import functools
import importlib
from pathlib import Path

from goodfit.arguments import public
from goodfit.errors import InputError, nearest, problem
from goodfit.studies.declaring import Study

OWN = "A study of your own runs from Python: goodfit.studies.run(study), with its Study."  # for who names its file


def names() -> list[str]:
    """The studies' names, those of their folders with dashes; nothing is loaded."""
    return sorted(found.parent.name.replace("_", "-") for found in Path(__file__).parent.glob("*/study.py"))


@functools.cache
def studies() -> dict[str, Study]:
    """Name -> study, in the order of the chapter's sections."""
    found = [_load(name) for name in names()]
    return {study.name: study for study in sorted(found, key=lambda study: (_rank(study.section), study.name))}


@public
def find(name: str) -> Study:
    """The study of that name or section, such as 4.4; InputError, with the nearest name, where there is none."""
    known = names()
    if name[:1].isdigit():
        name = by_section().get(name, name)
    if name not in known:
        valid = sorted(by_section()) if name[:1].isdigit() else known
        fix = OWN if name.endswith(".py") else nearest(name, valid)
        raise InputError(problem("Study", "the name must be a known one", got=name, fix=fix))
    return _load(name)


@functools.cache
def by_section() -> dict[str, str]:
    """Section of the notes -> its study's name, the first of several; of "4.3.1-2", each that no other is about."""
    found: dict[str, str] = {}
    for study in studies().values():
        found.setdefault(study.section, study.name)
    for study in studies().values():
        first, _, last = study.section.partition("-")
        above, _, start = first.rpartition(".")
        for each in range(int(start), int(last or start) + 1):
            found.setdefault(f"{above}.{each}", study.name)
    return found


def _load(name: str) -> Study:
    study: Study = importlib.import_module(f"goodfit.studies.{name.replace('-', '_')}.study").STUDY
    return study


def _rank(section: str) -> tuple[int, ...]:
    """4.1.1.2 as numbers; of "4.3.1-2" the first counts."""
    return tuple(int(part) for part in section.partition("-")[0].split("."))
