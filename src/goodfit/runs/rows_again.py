"""How the rows of a run are found again: its data read as they were, and which of them train, validate and test."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import get_args

import numpy as np

from goodfit.data import Dataset, Split, Step, Table, describe, load, names
from goodfit.data.dataset import rows_fault
from goodfit.data.prints import fingerprint
from goodfit.data.split import Part
from goodfit.data.tables.making import read_again
from goodfit.data.tables.several import is_there
from goodfit.errors import InputError, problem
from goodfit.models.model_file import load_model
from goodfit.runs.record import SPLIT, SPLIT_FORMAT, RunRecord
from goodfit.runs.record_parts import LARGEST
from goodfit.runs.start_files import START
from goodfit.training import tensor_file

OTHER_DATA = "Restore the data as they were, or train a new run on these."


def data_of(
    where: Path, found: RunRecord, progress: Callable[[Step], None] | None, call: str, *, flag: bool = False
) -> Dataset | Table:
    """The data that a run was begun with: one of goodfit's own, or a table file, read again.

    call: Python that takes other data, with {} for the folder; an InputError names it. flag: whether the command has
    --data as well.
    """
    origin = found.origin
    files = [] if origin is None else [origin["path"], *filter(_is_file, [origin.get("test")])]
    gone = [path for path in files if not is_there(path)]
    if origin is not None and not gone:
        return read_again(origin)
    if found.origin is None and found.data in names():
        return load(found.data, progress=progress)
    rule = f"was trained on {found.data!r}, which is not a built-in data set"
    apart = bool(gone) and gone[0] != files[0]  # the test file is gone, and no flag names another
    if gone:
        rule = f"was {'given the test file' if apart else 'trained on'} {gone[0]}, which is not there any more"
    by_flag = "with --data, or " * (flag and origin is not None and not apart)  # no flag takes arrays
    fix = f"Give it {by_flag}from Python: {call.format(repr(str(where)))}."
    raise InputError(problem(str(where), rule, fix=fix))


def _is_file(test: float | str | None) -> bool:
    """Whether test rows were asked for by the path of their file."""
    return isinstance(test, str)


def read_split(folder: Path, given: Dataset | Table, record: RunRecord, verb: str, fix: str = OTHER_DATA) -> Split:
    """The split of a run, for the data set that it was trained on; a table is preprocessed as it was then.

    verb: what is done to the run, and fix: what helps where the data are others; an InputError says both.
    """
    parts = split_of(folder, given, record)
    if parts is None:
        rule = f"must be {verb} with the data that it was started with; {given.name!r} has different rows"
        if given.name in names() and describe(given.name).parameters:
            drawn = f"goodfit.data.load({given.name!r}, ...)"
            fix = f"Draw it with the parameters that it had, {drawn}, and give it from Python."
        raise InputError(problem(str(folder), rule, fix=fix))
    return parts


def split_of(folder: Path, given: Dataset | Table, record: RunRecord) -> Split | None:
    """The split of a run in data that may be what it was trained on; None where they are other data."""
    rows, seed, folds = _rows_of_parts(folder)
    data: Dataset | Table | None = given
    if record.start is not None and isinstance(given, Table):
        data = _through(folder, given)
    data = preprocessed(data, rows["train"]) if isinstance(data, Table) else data
    if data is None or fingerprint(data) != record.data_print:
        return None
    return Split(data, rows["train"], rows["valid"], rows["test"], seed=seed, folds=folds)


def _rows_of_parts(folder: Path) -> tuple[dict[Part, np.ndarray], int, np.ndarray | None]:
    """The rows of each part of a run, the seed that drew them, and the folds of training rows, None where there are
    none; InputError where the file is damaged.
    """
    path = folder / SPLIT
    found = tensor_file.read(path, kind="split", version=SPLIT_FORMAT)
    try:
        rows: dict[Part, np.ndarray] = {part: _row_numbers(found.arrays, part) for part in get_args(Part)}
        seed = found.metadata["seed"]
        if type(seed) is not int or not 0 <= seed <= LARGEST:
            raise ValueError("a seed is an integer >= 0")
        folds = _row_numbers(found.arrays, "folds") if "folds" in found.arrays else None
        if folds is not None and len(folds) != len(rows["train"]):
            raise ValueError("every training row has a fold")
    except (KeyError, ValueError) as error:
        raise tensor_file.damaged(path, "split") from error
    return rows, seed, folds


def _row_numbers(arrays: Mapping[str, np.ndarray], part: str) -> np.ndarray:
    rows: np.ndarray = tensor_file.array_of(arrays, part, "iu", None)
    return rows


def sizes_of(folder: Path, record: RunRecord) -> tuple[int, ...]:
    """How many rows the file that a run was trained on may have: those that it was divided into, without those of a
    test file.
    """
    parts = _rows_of_parts(folder)[0]
    count = sum(map(len, parts.values()))
    apart = record.table is not None and _is_file(record.table.test)
    return (count, count - len(parts["test"])) if apart else (count,)


def split_print(folder: Path) -> str:
    """A short digest of which rows of a run train, validate and test."""
    path = folder / SPLIT
    return hashlib.blake2b(tensor_file.read_bytes(path, kind="split"), digest_size=16).hexdigest()


def _through(folder: Path, table: Table) -> Table | None:
    """The table as a run that went on from other nets had it; None where its columns do not fit these."""
    fitted = load_model(folder / START).preprocessing
    if fitted is None:
        return table
    made = table.through(fitted)
    with contextlib.suppress(InputError):
        return made if len(made.prepared[0]) else None
    return None


def preprocessed(table: Table, train: np.ndarray) -> Dataset | None:
    """The table's data set after a preprocessing fitted on these rows; None where it has not so many."""
    return None if rows_fault(train, len(table)) else table.dataset(train)
