"""Test data of their own: rows that no run was divided into, read as the nets of a run take them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from goodfit.data import Dataset, Preprocessing, Sealed, Split, Step, Table, names
from goodfit.data import load as load_data
from goodfit.data.prints import Prints, row_prints
from goodfit.data.tables import is_table_path, read_frame
from goodfit.data.tables.commas import as_written
from goodfit.data.tables.frames import Frame, frame_of
from goodfit.data.tables.row_bytes import row_bytes
from goodfit.data.tables.row_columns import weighed
from goodfit.data.tables.targets import known_targets, own_order, target_names, target_words
from goodfit.errors import InputError, Problems, problem
from goodfit.models.trained_net import TrainedNet
from goodfit.words import rows_text

NOTHING = np.empty(0, np.uint64)
MOST_LEARNED = 0.5  # of the rows, from which on they are no test data


def separate_rows(
    given: Any,
    net: TrainedNet,
    preprocessing: Preprocessing | None,
    target: str | Sequence[str] | None,
    weight: str | None = None,
    progress: Callable[[Step], None] | None = None,
) -> tuple[Sealed, tuple[str, ...]]:
    """(rows to open, notes) of test data of their own, as the net takes them.

    given: a data set with the net's features (of one with official test rows, these), or its name; for a net that was
    trained on a table, a table file, a table or a data frame with the same columns. target: of a file or a data frame;
    weight: the column of row weights there, of which rows are noted to count alike where it is missing.
    InputError where they do not fit the net.
    """
    if isinstance(given, Dataset):
        return _of_data(given, net), ()
    if isinstance(given, Table):
        return _of_frame(given.frame, given.name, given.target.columns, net, preprocessing, given.weight or weight)
    if not isinstance(given, str | os.PathLike):
        return _of_frame(frame_of(given), "table", target, net, preprocessing, weight)
    path = os.fspath(given)
    if preprocessing is not None:
        name = os.path.splitext(os.path.basename(path))[0] or path
        return _of_frame(read_frame(path), name, target, net, preprocessing, weight)
    if path in names() or not is_table_path(path):
        return _of_data(load_data(path, progress=progress), net), ()
    raise InputError(_no_columns(path))


def _no_columns(where: str) -> str:
    rule = "the run was trained on arrays without column names, so test data must be arrays, too"
    return problem(where, rule, fix="From Python: run.test(goodfit.data.Dataset.from_arrays(x, y)).")


def _of_data(data: Dataset, net: TrainedNet) -> Sealed:
    """The official test rows of a data set, or all. Classes are matched by their names: a few may be missing here."""
    where = f"Test data {data.name!r}"
    if data.task != net.task:
        rule, fix = f"must be for {net.task}, as the run is", f"Set it: from_arrays(x, y, task={net.task!r})."
        raise InputError(problem(where, rule, got=data.task, fix=fix))
    strange = [name for name in data.classes if name not in net.classes]
    if data.n_inputs != net.n_inputs or strange or data.n_outputs > net.n_outputs:
        rule = f"must have {net.n_inputs} features and the run's targets"
        alike = data.n_inputs == net.n_inputs and strange
        got = strange[0] if alike else f"{data.n_inputs} features, {data.n_outputs} outputs"
        raise InputError(problem(where, rule, got=got))
    if data.classes != net.classes:
        if data.task != "classification":
            raise InputError(problem(where, "must have the run's labels, in their order", got=data.classes))
        codes = np.array([net.classes.index(name) for name in data.classes], np.int32)
        data = replace(data, y=codes[data.y], classes=net.classes)
    order = own_order(data.targets, net.targets)
    if order != data.targets:
        data = replace(data, y=data.y[:, [data.targets.index(name) for name in order]], targets=order)
    return Sealed(data, data.test if data.test.size else np.arange(len(data), dtype=np.int32))


def _of_frame(
    frame: Frame,
    name: str,
    target: str | Sequence[str] | None,
    net: TrainedNet,
    preprocessing: Preprocessing | None,
    weight: str | None,
) -> tuple[Sealed, tuple[str, ...]]:
    """Every row of a table that has a target."""
    if preprocessing is None:
        raise InputError(_no_columns(frame.name))
    target = target or net.targets
    if not target:
        fix = "Name it: --target, or target=."
        raise InputError(problem(frame.name, "the target column of this run is not known", fix=fix))
    columns = own_order(target_names(target), net.targets)
    if net.task == "regression" and len(columns) != net.n_outputs:
        rule = f"must have the {net.n_outputs} targets of the run" if net.n_outputs > 1 else "must have one target"
        raise InputError(problem(frame.name, rule, got=[*columns], fix="Leave the target out to take the run's own."))
    frame = as_written(frame, preprocessing.commas)
    notes: list[str] = []
    if weight is not None:
        problems = Problems()
        frame, notes = weighed(frame, weight, problems)
        problems.raise_if_any()
    y, rows = known_targets(frame, columns, net.task, net.classes)
    if len(rows) < frame.rows:
        lost = np.setdiff1d(np.arange(frame.rows), rows)
        notes.append(f"{rows_text(lost)} left out: {target_words(columns)} is missing.")
        frame = frame.take(rows)
    weights = None if weight is None else frame.columns.get(weight)
    features = {column: values for column, values in frame.columns.items() if column not in columns}
    x, more = preprocessing.transform(replace(frame, columns=features))
    data = Dataset(
        name,
        x,
        y,
        net.task,
        net.classes,
        preprocessing.features,
        targets=columns if net.task == "regression" else (),
        scaling="none",
        source=frame.name,
        preprocessing=preprocessing,
        raw_rows=lambda chosen: row_bytes(frame.take(chosen), columns),
        weight=None if weights is None else weights.numbers(),
    )
    return Sealed(data, np.arange(len(data), dtype=np.int32)), (*notes, *more)


def check_unseen(rows: Sealed, parts: Split | None, where: str, earlier: Prints = NOTHING) -> tuple[str, ...]:
    """Notes on rows of test data by which the run was trained or chosen; InputError where these are most of them.

    parts: of the run; None where its data cannot be had, which is noted. earlier: prints of rows that the nets knew
    before, where the run went on from trained ones.
    """
    if parts is None:
        return ("Whether some of these rows were trained on could not be checked: the run's own data are not there.",)
    known = np.concatenate([row_prints(parts.data, parts.train), row_prints(parts.data, parts.valid), earlier])
    seen = int(np.isin(row_prints(rows.data, rows.rows), known).sum())
    if seen > MOST_LEARNED * len(rows):
        rule = f"are no test data: {seen:,} of {len(rows):,} rows are in the training or validation set of {where}"
        fix = "Use rows that it has not seen. Without other data, it scores its own test set."
        raise InputError(problem(f"Test data {rows.data.name!r}", rule, fix=fix))
    if not seen:
        return ()
    return (f"{seen:,} of {len(rows):,} rows are in the training or validation set too: the score may be optimistic.",)
