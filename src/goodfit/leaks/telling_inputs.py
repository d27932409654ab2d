"""Inputs that tell the target, of data sets that are arrays; `tables.leaks` does it for the columns of a table."""

from collections.abc import Iterator

import numpy as np

from goodfit.data.dataset import Dataset
from goodfit.data.streams import generator
from goodfit.data.tables.frames import Frame
from goodfit.data.tables.leaks import leaks_in_rows
from goodfit.data.tables.raw import RawColumn
from goodfit.data.tables.targets import TableTask, Target
from goodfit.leaks.duplicates import Rows

SAMPLE = 1000  # rows on which all inputs are looked at; the suspects are then looked at on all rows
ROWS_OF_A_CLASS = 20  # at least, in the sample


def telling_inputs(data: Dataset, rows: Rows) -> tuple[tuple[str, str], ...]:
    """(input, why) for the inputs that equal, determine or move exactly with the target in these rows.

    The rules are those of `tables.leaks.leaks_in_rows`. An input that tells the target in all rows does so in a sample,
    so that only the suspects of the sample are looked at in all rows. Each label and each regression target is looked
    at for itself.
    """
    found: dict[int, str] = {}
    for target, y in _targets(data):
        suspects = dict.fromkeys(range(data.n_inputs), "")
        for some in (_sample(y, rows, data.task), rows):
            suspects = _suspects(data, y[some], target, some, list(suspects))
        found = {**suspects, **found}
    return tuple((data.features[i] if data.features else str(i), found[i]) for i in sorted(found))


def _targets(data: Dataset) -> Iterator[tuple[tuple[str, tuple[str, ...]], np.ndarray]]:
    """((name of the target, its classes), its values) for each target."""
    if data.task == "classification":
        yield ("target", data.classes), data.y
    elif data.task == "multilabel":
        for place, name in enumerate(data.classes):
            yield (name, ("0", "1")), data.y[:, place].astype(np.int32)
    else:
        for place in range(data.n_outputs):
            yield ("target" if data.n_outputs == 1 else f"target {place}", ()), data.y[:, place].astype(np.float64)


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
) -> dict[int, str]:
    name, classes = target
    values = data.x[rows][:, inputs]
    if classes:
        some = _pure(values, y)
        inputs, values = [inputs[place] for place in some], values[:, some]
    values = values.astype(np.float64)
    columns = {str(i): RawColumn("number", values[:, place]) for place, i in enumerate(inputs)}
    task: TableTask = "classification" if classes else "regression"
    wanted = Target(name, task, np.arange(len(rows)), y, classes)
    leaks = leaks_in_rows(Frame(data.name, columns, len(rows)), dict.fromkeys(columns, "numeric"), wanted)
    return {int(leak.column): leak.why for leak in leaks}


def _pure(values: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The columns of which no value goes with two classes: others cannot tell them."""
    order = np.argsort(values, axis=0)
    ordered, classes = np.take_along_axis(values, order, axis=0), y[order]
    mixed = (ordered[1:] == ordered[:-1]) & (classes[1:] != classes[:-1])
    return np.flatnonzero(~mixed.any(axis=0))
