"""Opening test rows for a run: those that were set aside of its own data, or test data of their own."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goodfit.data import Dataset, Preprocessing, Split, Step, Table, names
from goodfit.data import load as load_data
from goodfit.data.prints import fingerprint
from goodfit.data.tables import is_table_path
from goodfit.data.tables.making import read_again
from goodfit.errors import GoodfitError, InputError, problem
from goodfit.models.trained_net import TrainedNet
from goodfit.runs import record, rows_again
from goodfit.runs.opening import Opened, open_rows
from goodfit.runs.separate import NOTHING, check_unseen, separate_rows

if TYPE_CHECKING:
    from goodfit.runs.starting import GoingOn

TEST = "goodfit.runs.load({}).test(data)"
CHANGED = "Restore them; to score other data than the run's own, give them with --data, or from Python: run.test(data)."
Notify = Callable[[Step], None]


def open_test_rows(
    nets: Sequence[TrainedNet],
    parts: Split | None,
    folder: Path | None,
    data: Any = None,
    target: str | Sequence[str] | None = None,
    progress: Notify | None = None,
    start: GoingOn | None = None,
    *,
    together: bool = False,
) -> Opened:
    """Open the test rows of a run, or all of other data; see `Run.test`.

    parts: the run's split, None where it came from a folder; target: of a table file that is other data; start: what
    the run went on from; together: as in `open_rows`.
    """
    if data is None:
        return _own(open_rows(nets, (parts or own_split(folder, progress)).test, run=folder, together=together), start)
    found = None if folder is None else record.RunRecord.read(folder)
    own = split_in(data, parts, folder, found, progress)
    if own is not None:
        return _own(open_rows(nets, own.test, run=folder, together=together), start)
    if target is None and found is not None and found.origin is not None:
        target = found.origin["target"]
    weight = None if found is None or found.origin is None else found.origin.get("weight")
    rows, notes = separate_rows(data, nets[0], nets[0].preprocessing, target, weight, progress)
    if parts is None:
        parts = _split_if_there(folder, progress)
        if (
            parts is None
            and found is not None
            and folder is not None
            and len(rows.data) in rows_again.sizes_of(folder, found)
        ):
            rule = f"must be opened with the data that it was started with; {rows.data.name!r} has different rows"
            raise InputError(problem(str(folder), rule, fix=_apart(found)))
    where = "this run" if folder is None else str(folder)
    notes = (*notes, *check_unseen(rows, parts, where, NOTHING if start is None else start.rows))
    return replace(open_rows(nets, rows, run=folder, together=together), notes=notes)


def _own(opened: Opened, start: GoingOn | None) -> Opened:
    """An opening of the run's own test rows, with what is to be said of those that its start had known."""
    return opened if start is None else replace(opened, notes=(*opened.notes, *start.told.note_on("test")))


def own_split(
    folder: Path | None, progress: Notify | None, call: str = TEST, changed: str = CHANGED, verb: str = "opened"
) -> Split:
    """The split in a run's folder, in its own data.

    call: Python that takes data which cannot be found, {} for the folder; changed: what helps where they are others;
    verb: what is done to the run.
    """
    if folder is None:
        new = f"give rows that are new to it: 'data' of {call.partition('(')[0]}"
        keep = f"Train with out=, which keeps the split; or {new}."
        fix = "Open them with split.test.open(run)." if verb == "opened" else keep
        raise InputError(problem("Run", "its split is unknown, since it was not written to a folder", fix=fix))
    found = record.RunRecord.read(folder)
    given = rows_again.data_of(folder, found, progress, call, flag=True)
    return rows_again.read_split(folder, given, found, verb, changed)


def split_in(
    data: Any, parts: Split | None, folder: Path | None, found: record.RunRecord | None, progress: Notify | None
) -> Split | None:
    """The run's split, where these are the data that it was trained on."""
    if isinstance(data, str | os.PathLike):
        if found is None:
            return None
        data = _read_as(os.fspath(data), found, progress)
    if not isinstance(data, Dataset | Table):
        return None
    if folder is not None and found is not None:
        return rows_again.split_of(folder, data, found)
    if parts is None:
        return None
    made = data if isinstance(data, Dataset) else _made_as(parts.data.preprocessing, data, parts)
    return parts if made is not None and fingerprint(made) == fingerprint(parts.data) else None


def _made_as(preprocessing: Preprocessing | None, table: Table, parts: Split) -> Dataset | None:
    """A table's data set after a run's own preprocessing; None where its columns do not fit that."""
    if preprocessing is None:
        return rows_again.preprocessed(table, parts.train)
    try:
        return table.through(preprocessing).dataset(parts.train)
    except InputError:
        return None


def _read_as(path: str, found: record.RunRecord, progress: Notify | None) -> Dataset | Table | None:
    """A data set of this name, or the table in a file, read with the choices of the run; None where that is refused."""
    if found.origin is None:
        return load_data(path, progress=progress) if path in names() or not is_table_path(path) else None
    try:
        return read_again(found.origin, path)
    except InputError:  # too few rows, or one class alone: no data to train on, yet some to test with
        return None


def _split_if_there(folder: Path | None, progress: Notify | None) -> Split | None:
    """The split of the run in a folder; None where its data are not there any more, or changed."""
    try:
        return own_split(folder, progress)
    except GoodfitError:
        return None


def _apart(found: record.RunRecord | None) -> str:
    """What opens other data that have as many rows as a run's own, which are not there to compare them with."""
    if found is not None and found.origin is not None:
        return (
            f"If these are other data: put those of the run back ({found.origin['path']}), so that both are compared."
        )
    return "If these are other data: goodfit.data.Sealed(data, range(len(data))).open(run)."
