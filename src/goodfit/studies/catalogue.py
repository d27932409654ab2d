"""The studies, found by looking into `chapter/`: one file each, which names its study STUDY."""

from __future__ import annotations

import functools
import importlib
import pkgutil

from goodfit.errors import InputError, nearest, problem
from goodfit.studies import chapter
from goodfit.studies.declaring import Study


@functools.cache
def studies() -> dict[str, Study]:
    """Name -> study, in the order of the chapter's sections."""
    modules = [f"{chapter.__name__}.{found.name}" for found in pkgutil.iter_modules(chapter.__path__)]
    found = [importlib.import_module(name).STUDY for name in modules]
    return {study.name: study for study in sorted(found, key=lambda study: (_rank(study.section), study.name))}


def find(name: str) -> Study:
    """The study of that name; InputError, with the nearest name, where there is none."""
    known = studies()
    if name not in known:
        raise InputError(problem("Study", "the name must be a known one", got=name, fix=nearest(name, known)))
    return known[name]


def _rank(section: str) -> tuple[int, ...]:
    """4.1.1.2 as numbers; of "4.3.1-2" the first counts."""
    return tuple(int(part) for part in section.partition("-")[0].split("."))
