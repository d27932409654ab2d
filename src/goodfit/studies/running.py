"""Running a study, or the whole chapter; killed at any moment, it resumes from its folder.

`unfinished/NAME/` in that folder holds the populations of a study until its pages are written, and `unfinished/all/`
what the whole chapter was asked for, whose studies keep their populations until the last of them is done.
"""

from __future__ import annotations

import contextlib
import functools
import re
import shlex
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from goodfit import __version__
from goodfit.arguments import public
from goodfit.errors import GoodfitError, InputError, problem
from goodfit.files import folder_to_write
from goodfit.selection.calls import digest_of
from goodfit.studies.catalogue import find, names, studies
from goodfit.studies.declaring import Columns, Measured, Study, Tell
from goodfit.studies.pages import index_page, page_name
from goodfit.studies.parameters import Given, checked
from goodfit.studies.populations import KIND, keeping
from goodfit.studies.result import Result
from goodfit.studies.words import LANGUAGES
from goodfit.studies.writing import put_aside, write
from goodfit.training.elsewhere import on_executor
from goodfit.training.memory import free_memory
from goodfit.training.notebooks import tell_line
from goodfit.training.store import SessionRecord, read_call, session_folder
from goodfit.training.turns import MOST_MEMORY

UNFINISHED, RECORD = "unfinished", "study.json"
INDEX = "index"  # the page of the whole chapter, which no study can be called
ALL = "all"  # what the whole chapter is called beside the studies

TellOf = Callable[[str, str], None]
"""Called with a study's name and what it does next, in a few words."""


@public
@on_executor
def run(
    name: str | Study,
    *,
    out: str | Path | None = None,
    tell: Tell = tell_line,
    executor: Any = None,
    **parameters: Any,
) -> Result:
    """Run a study of the chapter: `run("weight-decay", l2=3, seeds=100)`.

    name: of the study, or its section of the notes, such as "4.4"; or a study of your own, as a `Study`.
    out: folder that the study is written to; an earlier, different result there is put aside. It keeps every population
    that was trained until then, so that the same call resumes there, and `resume(out)` a study of the chapter.
    tell: called with what is done next, in a few words; by default, a notebook shows it.
    executor: as in `select`; what a study measures after every epoch is trained here.
    parameters: the study's own, `find(name).parameters` has them.
    InputError names an unknown study, and every parameter that is unknown or out of its range.
    """
    study = _own(name) if isinstance(name, Study) else find(name)
    given = checked(f"study {study.name}", study.parameters, parameters)
    if out is None:
        return _run(study, given, tell)
    result = _run_kept(study, given, folder_to_write(out), tell)
    shutil.rmtree(Path(out) / UNFINISHED / study.name, ignore_errors=True)
    with contextlib.suppress(OSError):  # other studies may be unfinished
        (Path(out) / UNFINISHED).rmdir()
    return result


@public
@on_executor
def resume(
    out: str | Path, *, tell: TellOf = lambda *_: None, executor: Any = None
) -> tuple[list[Result], dict[str, str]]:
    """Go on with what was killed in a folder, one study or several or the whole chapter.

    The results, and reasons of failures, as from `run_all`. InputError where nothing was interrupted.

    out: the folder
    tell: called with a study and its progress
    executor: as in `run`
    """
    folder = Path(out)
    found = sorted(path.parent for path in (folder / UNFINISHED).glob(f"*/{RECORD}"))
    kept = [path for path in found if path.name in {*names(), ALL}]
    if found and not kept:
        rule = "holds an interrupted study of your own"
        fix = "Call goodfit.studies.run with it and this folder as 'out': it resumes."
        raise InputError(problem(str(folder), rule, got=found[0].name, fix=fix))
    if not kept:
        rule, fix = "must hold a study that was interrupted; there is none", "Start it with goodfit study NAME."
        raise InputError(problem(str(folder), rule, fix=fix))
    calls = {path.name: read_call(path, RECORD, KIND) for path in kept}
    if ALL in calls:
        return run_all(folder, tell=tell, given=calls[ALL])
    return [run(name, out=folder, tell=functools.partial(tell, name), **call) for name, call in calls.items()], {}


def _own(study: Study) -> Study:
    """A study of the caller's. InputError where its name is one of goodfit's, or no name of files."""
    if study.name in {*names(), ALL, INDEX}:
        raise InputError(problem("Study", "a study of your own must have a name of its own", got=study.name))
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", study.name):
        rule = "the name must be lower-case words and numbers with dashes between, for files are named by it"
        raise InputError(problem("Study", rule, got=study.name))
    return study


def _run_kept(study: Study, given: Given, out: Path, tell: Tell, beside: Sequence[str] = ()) -> Result:
    """Run a study with its populations kept, and write it. beside: as in `write`."""
    with _kept(out, study.name, given.to_dict()) as (folder, memory), keeping(folder, memory):
        result = _run(study, given, tell)
        earlier = put_aside(result, out)
        if earlier is not None:
            tell(f"the earlier, different result is now {earlier}")
        write(result, out, beside)
    return result


@contextmanager
def _kept(out: Path, name: str, call: Mapping[str, Any]) -> Iterator[tuple[Path, float]]:
    """The folder that keeps what is trained, and the memory of a turn."""
    record = SessionRecord(digest_of([__version__, name, call], []), MOST_MEMORY * free_memory(), KIND, call)
    own = name not in {*names(), ALL}
    finish = "the same call" if own else shlex.join(["goodfit", "study", "--resume", str(out)])
    with session_folder(out / UNFINISHED / name, RECORD, record, KIND, finish) as found:
        yield found


def _run(study: Study, given: Given, tell: Tell) -> Result:
    began = time.perf_counter()
    measured = study.measure(given, tell)
    tables = {each.name: _plain_table(study, each.name, measured) for each in study.tables}
    _same(study, "tables", {each.name for each in study.tables}, measured.tables)
    _same(study, "claims", {each.name for each in study.claims}, measured.claims)
    _same(study, "printed", {each.name for each in study.printed}, measured.printed)
    kept = Measured(tables, measured.claims, measured.printed, measured.arrays)
    return Result(study.told(given.to_dict()), given, kept, time.perf_counter() - began)


@public
@on_executor
def run_all(
    out: str | Path,
    *,
    tell: TellOf = lambda *_: None,
    given: Mapping[str, Mapping[str, Any]] = {},
    executor: Any = None,
) -> tuple[list[Result], dict[str, str]]:
    """Run every study of the chapter and write each as it is done, and an index page at the end.

    What was trained is kept in the folder until then, so that the same call, or `resume(out)`, resumes there.

    The results, and for studies that failed (data that are nowhere to be had) the reason. A folder that cannot be
    written ends it.

    out: folder for the pages
    tell: called with a study and its progress
    given: study -> parameters other than its defaults
    executor: as in `run`.
    """
    out, results, failed = Path(out), [], {}
    beside = ["index", *studies()]
    asked = {name: checked(f"study {name}", study.parameters, given.get(name, {})) for name, study in studies().items()}
    with _kept(out, ALL, {name: each.to_dict() for name, each in asked.items()}):
        for name, study in studies().items():
            try:
                results.append(_run_kept(study, asked[name], out, functools.partial(tell, name), beside))
            except InputError:
                raise
            except GoodfitError as error:
                failed[name] = str(error)
        for language in LANGUAGES:
            index_page(results, language, failed).write(out / page_name("index", language))
    if not failed:  # else the same call tries again what failed, and trains nothing twice
        shutil.rmtree(out / UNFINISHED, ignore_errors=True)
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
