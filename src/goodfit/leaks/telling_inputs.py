"""Inputs that tell the target, of data sets that are arrays; `tables.leaks` does it for the columns of a table."""

from collections.abc import Collection, Iterator

import numpy as np

from goodfit.data.dataset import Dataset
from goodfit.data.streams import generator
from goodfit.data.tables.frames import Frame
from goodfit.data.tables.leaks import Leak, leaks_in_rows, telling_pairs
from goodfit.data.tables.pairs_that_tell import MOST_COLUMNS
from goodfit.data.tables.raw import RawColumn
from goodfit.data.tables.targets import TableTask, Target
from goodfit.leaks.duplicates import Rows

SAMPLE = 1000  # rows on which all inputs are looked at; the suspects are then looked at on all rows
ROWS_OF_A_CLASS = 20  # at least, in the sample
ORDERLY = 0.85  # of neighbours along an input are of one class, or it is not looked at closer


def telling_inputs(data: Dataset, rows: Rows) -> tuple[tuple[str, str, str], ...]:
    """(input, why, status) for the inputs that tell the target in these rows, alone or two together.

    The rules are those of `tables.leaks.leaks_in_rows`. An input that tells the target in all rows does so in a sample,
    so that only the suspects of the sample are looked at in all rows. Each label and each regression target is looked
    at for itself. Pairs are looked for where there are at most MOST_COLUMNS inputs.
    """
    found: dict[int, Leak] = {}
    paired = 2 < data.n_inputs <= MOST_COLUMNS
    for target, y in _targets(data):
        suspects = dict.fromkeys(range(data.n_inputs), Leak("", ""))
        for some in (_sample(y, rows, data.task), rows):
            suspects = _suspects(data, y[some], target, some, list(suspects))
        _add(found, suspects)
        if paired:
            _add(found, _told_together(data, y, target, rows, suspects.keys()))
    names = _names(data)
    return tuple((names[i], found[i].why, found[i].status) for i in sorted(found))


def _add(found: dict[int, Leak], more: dict[int, Leak]) -> None:
    """What another target says of the inputs: of two statements on one input the first stays, but an issue comes before
    a notice.
    """
    for i, leak in more.items():
        if i not in found or (leak.status == "issue" and found[i].status != "issue"):
            found[i] = leak


def _names(data: Dataset) -> list[str]:
    return list(data.features) or [str(i) for i in range(data.n_inputs)]


def _targets(data: Dataset) -> Iterator[tuple[tuple[str, tuple[str, ...]], np.ndarray]]:
    """((name of the target, its classes), its values) for each target."""
    if data.task == "classification":
        yield ("target", data.classes), data.y
    elif data.task == "multilabel":
        for place, name in enumerate(data.classes):
            yield (name, ("0", "1")), data.y[:, place].astype(np.int32)
    else:
        for place in range(data.n_outputs):
            name = data.targets[place] if data.targets else f"target {place}" if data.n_outputs > 1 else "target"
            yield (name, ()), data.y[:, place].astype(np.float64)


def _sample(y: np.ndarray, rows: Rows, task: str) -> Rows:
    """Some of the rows at random; of each class equally many, or all."""
    shuffled = generator(0, "telling inputs").permutation(np.sort(rows))
    if task == "regression":
        return shuffled[:SAMPLE]
    _, codes = np.unique(y[shuffled], return_inverse=True)
    each = max(ROWS_OF_A_CLASS, SAMPLE // (int(codes.max()) + 1))
    order = np.argsort(codes, kind="stable")
    sizes = np.bincount(codes)
    position = np.arange(len(codes)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return shuffled[order[position < each]]


def _suspects(
    data: Dataset, y: np.ndarray, target: tuple[str, tuple[str, ...]], rows: Rows, inputs: list[int]
) -> dict[int, Leak]:
    values = data.x[rows][:, inputs]
    if target[1]:
        some = _orderly(values, y)
        inputs, values = [inputs[place] for place in some], values[:, some]
    frame, wanted = _frame(data, y, target, rows, inputs, values)
    leaks = leaks_in_rows(frame, dict.fromkeys(frame.columns, "numeric"), wanted, pairs=False)
    return {int(leak.column): leak for leak in leaks}


def _told_together(
    data: Dataset, y: np.ndarray, target: tuple[str, tuple[str, ...]], rows: Rows, but: Collection[int]
) -> dict[int, Leak]:
    """Inputs that tell the target with another one, first in the sample."""
    inputs = [i for i in range(data.n_inputs) if i not in but]
    names = {str(i): name for i, name in enumerate(_names(data))}
    found: list[Leak] = []
    for some in (_sample(y, rows, data.task), rows):
        frame, wanted = _frame(data, y[some], target, some, inputs, data.x[some][:, inputs])
        found = telling_pairs(frame, dict.fromkeys(frame.columns, "numeric"), wanted, data.n_inputs, names)
        if not found:
            break
    return {int(leak.column): leak for leak in found}


def _frame(
    data: Dataset, y: np.ndarray, target: tuple[str, tuple[str, ...]], rows: Rows, inputs: list[int], values: np.ndarray
) -> tuple[Frame, Target]:
    """Inputs as the columns of a table, under their numbers, and its target."""
    name, classes = target
    columns = {str(i): RawColumn("number", values[:, place].astype(np.float64)) for place, i in enumerate(inputs)}
    task: TableTask = "classification" if classes else "regression"
    return Frame(data.name, columns, len(rows)), Target(name, task, rows.astype(np.int64), y, classes)


def _orderly(values: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The columns along which neighbours mostly are of one class: others tell no class."""
    if len(values) < 2:
        return np.arange(0)
    order = np.argsort(values, axis=0)
    classes = y[order]
    return np.flatnonzero((classes[1:] == classes[:-1]).mean(axis=0) >= ORDERLY)
