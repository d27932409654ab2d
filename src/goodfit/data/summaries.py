"""What a data set holds, as plain numbers: the table behind `goodfit data show`."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from goodfit.arguments import public
from goodfit.data.dataset import Dataset

BLOCK_ROWS = 4096  # worked on at a time, so that 55 MB of pixels do not become 440 MB of float64
MAX_COLUMNS = 64  # listed one by one; of wider sets only the whole is described


@dataclass(frozen=True)
class ClassCount:
    """How often a class (or, in a multilabel set, a label) occurs."""

    name: str
    rows: int
    """Of all rows."""
    test_rows: int
    """Of the official test rows."""


@dataclass(frozen=True)
class FeatureRange:
    """The values of one column, or of a whole table."""

    name: str
    lowest: float
    highest: float
    mean: float
    deviation: float
    """Standard deviation over the rows, divided by their number."""


@dataclass(frozen=True)
class Summary:
    """What a data set holds. Made by `summary`."""

    name: str  # of the data set
    about: str  # a sentence
    source: str  # where it comes from
    task: str  # classification, multilabel or regression
    rows: int
    """All rows, official test rows included."""
    test_rows: int  # of its official test set
    inputs: int  # D
    outputs: int  # C: classes, labels or targets
    storage: str
    """dtype of the inputs."""
    size: int
    """Inputs and targets in memory, in bytes."""
    image_shape: tuple[int, int] | None  # (height, width) of images
    scaling: str  # of the inputs, in training
    missing: int
    """Values that are not finite; a Dataset never has any, so 0."""
    classes: tuple[ClassCount, ...]
    """() for regression."""
    values: FeatureRange
    """All inputs together."""
    columns: tuple[FeatureRange, ...]
    """Each input, where there are at most 64; or else ()."""
    targets: tuple[FeatureRange, ...]
    """Each target of a regression, or else ()."""
    constant: tuple[str, ...]
    """Constant features."""

    def as_dict(self) -> dict[str, Any]:
        """The same as plain dicts, for JSON."""
        return asdict(self)


@public
def summary(data: Dataset) -> Summary:
    """Rows, classes with counts, ranges and constant columns of a data set."""
    lowest, highest, mean, deviation = _columns(data.x)
    names = data.features or tuple(f"input {i}" for i in range(data.n_inputs))
    columns = tuple(
        FeatureRange(name, float(lowest[i]), float(highest[i]), float(mean[i]), float(deviation[i]))
        for i, name in enumerate(names)
    )
    spread = float(np.sqrt(np.mean(deviation**2 + (mean - mean.mean()) ** 2)))
    return Summary(
        name=data.name,
        about=data.about,
        source=data.source,
        task=data.task,
        rows=len(data),
        test_rows=len(data.test),
        inputs=data.n_inputs,
        outputs=data.n_outputs,
        storage=str(data.x.dtype),
        size=data.x.nbytes + data.y.nbytes,
        image_shape=data.image_shape,
        scaling=data.scaling,
        missing=0,
        classes=_counts(data),
        values=FeatureRange("all inputs", float(lowest.min()), float(highest.max()), float(mean.mean()), spread),
        columns=columns if data.n_inputs <= MAX_COLUMNS else (),
        targets=_targets(data),
        constant=tuple(name for i, name in enumerate(names) if lowest[i] == highest[i]),
    )


def _columns(table: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(lowest, highest, mean, standard deviation) of each column, in float64; two passes over blocks of rows."""
    blocks = [table[at : at + BLOCK_ROWS] for at in range(0, len(table), BLOCK_ROWS)]
    mean = np.sum([block.sum(axis=0, dtype=np.float64) for block in blocks], axis=0) / len(table)
    squares = np.sum([((block - mean) ** 2).sum(axis=0) for block in blocks], axis=0)
    return table.min(axis=0), table.max(axis=0), mean, np.sqrt(squares / len(table))


def _counts(data: Dataset) -> tuple[ClassCount, ...]:
    if data.task == "regression":
        return ()
    tables = (data.y, data.y[data.test])
    if data.task == "classification":
        rows, test_rows = (np.bincount(codes, minlength=len(data.classes)) for codes in tables)
    else:
        rows, test_rows = (labels.sum(axis=0, dtype=np.float64) for labels in tables)
    return tuple(ClassCount(name, int(rows[i]), int(test_rows[i])) for i, name in enumerate(data.classes))


def _targets(data: Dataset) -> tuple[FeatureRange, ...]:
    if data.task != "regression":
        return ()
    parts = _columns(data.y)
    names = ["target"] if data.n_outputs == 1 else data.targets or [f"target {i}" for i in range(data.n_outputs)]
    return tuple(FeatureRange(name, *(float(part[i]) for part in parts)) for i, name in enumerate(names))
