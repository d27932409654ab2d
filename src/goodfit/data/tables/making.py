"""Tables from data frames and from files, and a look at a file that refuses nothing."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from goodfit.arguments import public
from goodfit.data.tables.files import NPZ_TARGET, read_frame
from goodfit.data.tables.frames import Frame, frame_of
from goodfit.data.tables.kinds import Kind
from goodfit.data.tables.sealed_rows import SealedTable, asked_rows, sealed_rows
from goodfit.data.tables.several import name_of
from goodfit.data.tables.streamed import FileStream, refuse_streamed
from goodfit.data.tables.survey import SHOWN_COLUMNS, Choices, Survey, found_ids, survey
from goodfit.data.tables.tabular import Table
from goodfit.data.tables.targets import TableTask
from goodfit.errors import InputError, Problems, problem
from goodfit.words import as_listed


@public
def table(
    frame: Any,
    target: str | Sequence[str],
    *,
    ids: str | Iterable[str] = (),
    task: TableTask | None = None,
    kinds: Mapping[str, Kind] | None = None,
    group: str | None = None,
    time: str | None = None,
    weight: str | None = None,
    ordered: Mapping[str, Sequence[str]] | None = None,
    test: Any = None,
    name: str = "table",
) -> Table:
    """A table from a data frame (pandas, polars, Arrow, or what else narwhals knows), a dict of columns, or a
    structured NumPy array.

    The columns `group` and `time` are not inputs. Everything that is wrong with the table is named in one InputError.

    frame: the rows
    target: the column to predict, or a list of several columns of numbers, which one net then predicts together; a row
    must have all of them.
    ids: columns to leave out, names or one text with commas
    task: "classification" or "regression", found if None
    kinds: column -> "numeric", "categorical", "boolean" or "date", where the kind that would be found is wrong
    group: a column whose equal values are never divided between two parts (a person, a machine)
    time: a column of dates or numbers, whose later rows validate and test.
    weight: a column of numbers >= 0 that says how much each row counts in the loss and in scores; no input either. Only
    ratios matter, and a row of weight 0 is left out. See docs/tables.md.
    ordered: column -> its categories, the lowest first: one input, by rank. Columns that come as ordered categories are
    taken so unless `kinds` says otherwise.
    test: rows to seal as the test set: a share of these in [0, 1), or rows of their own with the same columns, in a
    file or anything that `frame` may be; None is 0.2 of these rows. The kinds of columns, the classes and all that is
    fitted are of `frame` alone. See docs/seal.md.
    name: as tables and the ledger show it; default 'table'
    """
    choices = Choices.of(target, ids, task, kinds, group, time, weight, ordered)
    return _table(frame_of(frame, name), name, choices, _asked(test))


@public
def read_table(
    path: str | os.PathLike[str],
    target: str | Sequence[str] | None = None,
    *,
    ids: str | Iterable[str] = (),
    task: TableTask | None = None,
    kinds: Mapping[str, Kind] | None = None,
    group: str | None = None,
    time: str | None = None,
    weight: str | None = None,
    ordered: Mapping[str, Sequence[str]] | None = None,
    test: Any = None,
    stream: bool | Mapping[str, Any] = False,
) -> Table:
    """A table from a file: .csv, .tsv, .parquet, .feather, .arrow or .npz; or from a folder of Parquet files.

    The other parameters are those of `table`. NPZ files are never unpickled. Text files are UTF-8 with a line of column
    names.

    path: of the file
    target: may be left out for an NPZ file with the arrays x and y.
    ids, task, kinds, group, time, weight, ordered, test: as in `table`
    stream: whether its rows, which may be more than fit into memory, are read in parts; `goodfit.train` alone takes
    such a table (see docs/tables.md). A run's own division of the rows, where it is read again for that run.
    """
    choices = Choices.of(target, ids, task, kinds, group, time, weight, ordered)
    return _read_table(path, choices, test, stream)


def read_again(chosen: Mapping[str, Any], path: str | os.PathLike[str] | None = None) -> Table:
    """A table file read as it was for a run, by `Table.origin`: no column is left out as an id but those that were.

    path: of another file, to be read alike; None for the same.
    """
    given = dict(chosen)
    where, test, stream = given.pop("path", None), given.pop("test", None), given.pop("stream", False)
    found = Choices.of(
        given.pop("target", None), given.pop("ids", ()), given.pop("task", None), given.pop("kinds", None), **given
    )
    return _read_table(path or where, replace(found, finds_ids=False), test, stream)


def _read_table(path: str | os.PathLike[str], choices: Choices, test: Any, stream: bool | Mapping[str, Any]) -> Table:
    streamed = None
    if stream is not False:
        columns = {"group": choices.group, "time": choices.time, "weight": choices.weight}
        refuse_streamed(os.fspath(path), columns, test)
        streamed = FileStream.of(path, None if stream is True else stream)
    frame = read_frame(path) if streamed is None else streamed.frame
    if choices.target is None and Path(path).suffix.lower() == ".npz" and NPZ_TARGET in frame.columns:
        choices = replace(choices, target=NPZ_TARGET)
    asked = _asked(test)
    origin = {"path": str(Path(path).resolve()), **choices.as_dict()}
    if asked is not None:
        origin["test"] = str(Path(test).resolve()) if isinstance(test, str | os.PathLike) else asked
    told = None if isinstance(origin.get("test"), Frame) else origin  # a data frame cannot be found again
    made = _table(frame, name_of(path), choices, asked, told)
    if streamed is None:
        return made
    frame, origin = replace(made.frame, name=streamed.path), {**origin, "task": made.target.task}
    return replace(made, stream=streamed, frame=frame, origin=origin, notes=streamed.notes(made.notes))


@public
def look(path: str | os.PathLike[str], target: str | Sequence[str] | None = None, **choices: Any) -> Survey:
    """What a table file holds, with or without a target, and all that is wrong with it: nothing is refused here.

    choices: ids, task, kinds, group, time, weight, ordered and test, as in `table`.
    """
    given = (choices.get(name) for name in ("task", "kinds", "group", "time", "weight", "ordered"))
    named = Choices.of(target, choices.get("ids", ()), *given)
    found, problems = survey(read_frame(path), named), Problems()
    apart = None
    with problems.collecting():
        apart = _sealed(_asked(choices.get("test")), found, named)
    notes = () if apart is None else apart.notes
    return replace(found, notes=(*found.notes, *notes), problems=(*found.problems, *problems.found))


def _asked(test: Any) -> float | Frame | None:
    return asked_rows(test.frame if isinstance(test, Table) else test)


def _sealed(asked: float | Frame | None, found: Survey, choices: Choices) -> SealedTable | None:
    """The test rows of their own, if there are any and the table that is trained on can be read."""
    if not isinstance(asked, Frame) or found.problems or found.target is None:
        return None
    return sealed_rows(asked, found, found.target, choices)


def _table(
    frame: Frame, name: str, choices: Choices, asked: float | Frame | None, origin: Mapping[str, Any] | None = None
) -> Table:
    if choices.target is None:
        more = ", ..." if len(frame.names) > SHOWN_COLUMNS else ""
        fix = f"Columns: {', '.join(map(as_listed, frame.names[:SHOWN_COLUMNS]))}{more}."
        raise InputError(problem(frame.name, "needs a target column: --target, or target=", fix=fix))
    found = survey(frame, choices)
    if found.problems or found.target is None:
        raise InputError(*found.problems)
    apart = _sealed(asked, found, choices)
    if origin is not None:  # with the ids that were found, so that the run finds them again
        ids = [*choices.ids, *found_ids(found.columns, choices)]
        origin = {**origin, "ids": ids, "task": found.target.task}
    notes = found.notes if apart is None else (*found.notes, *apart.notes)
    return Table(
        name,
        found.frame,
        found.target,
        found.kinds,
        found.columns,
        notes,
        origin,
        group=choices.group,
        time=choices.time,
        weight=choices.weight,
        orders=found.orders,
        test=asked if isinstance(asked, float) else None,
        sealed=apart,
    )
