"""Running a study, or the whole chapter."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from goodfit.errors import GoodfitError, InputError
from goodfit.studies.catalogue import find, studies
from goodfit.studies.declaring import Columns, Measured, Study, Tell
from goodfit.studies.pages import index_page, page_name
from goodfit.studies.parameters import checked
from goodfit.studies.result import Result
from goodfit.studies.words import LANGUAGES
from goodfit.studies.writing import write


def run(name: str, *, tell: Tell = lambda _: None, **parameters: Any) -> Result:
    """Run a study of the chapter: `run("weight-decay", l2=3, seeds=100)`.

    tell: called with what is done next, in a few words; parameters: the study's own, `find(name).parameters` has them.
    InputError names an unknown study, and every parameter that is unknown or out of its range.
    """
    study = find(name)
    given = checked(f"study {name}", study.parameters, parameters)
    began = time.perf_counter()
    measured = study.measure(given, tell)
    tables = {each.name: _plain_table(study, each.name, measured) for each in study.tables}
    _same(study, "tables", {each.name for each in study.tables}, measured.tables)
    _same(study, "claims", {each.name for each in study.claims}, measured.claims)
    _same(study, "printed", {each.name for each in study.printed}, measured.printed)
    kept = Measured(tables, measured.claims, measured.printed, measured.arrays)
    return Result(study, given, kept, time.perf_counter() - began)


def run_all(
    out: Path, *, tell: Callable[[str, str], None] = lambda *_: None, given: Mapping[str, Mapping[str, Any]] = {}
) -> tuple[list[Result], dict[str, str]]:
    """Run every study of the chapter and write each as it is done, and an index page at the end.

    tell: called with a study's name and what it does next; given: study -> parameters other than its defaults.
    The results, and for studies that failed (data that are nowhere to be had) the reason. A folder that cannot be
    written ends it.
    """
    results, failed = [], {}
    beside = ["index", *studies()]
    for name in studies():
        try:
            result = run(name, tell=functools.partial(tell, name), **given.get(name, {}))
        except InputError:
            raise
        except GoodfitError as error:
            failed[name] = str(error)
            continue
        write(result, out, beside)
        results.append(result)
    for language in LANGUAGES:
        index_page(results, language, failed).write(out / page_name("index", language))
    return results, failed


def _plain_table(study: Study, name: str, measured: Measured) -> Columns:
    """A table with Python's own values, checked against its declaration."""
    columns = {column: _plain(values) for column, values in measured.tables.get(name, {}).items()}
    declared = [column.name for each in study.tables if each.name == name for column in each.columns]
    if list(columns) != declared or len({len(values) for values in columns.values()}) != 1:
        sizes = {column: len(values) for column, values in columns.items()}
        raise ValueError(f"study {study.name}: table {name} must have columns {declared} of one length, not {sizes}")
    return columns


def _plain(values: Any) -> list[Any]:
    return [each.tolist() if isinstance(each, np.generic | np.ndarray) else each for each in values]


def _same(study: Study, what: str, declared: set[str], found: Mapping[str, Any]) -> None:
    if declared != set(found):
        raise ValueError(f"study {study.name}: {what} must be {sorted(declared)}, not {sorted(found)}")
