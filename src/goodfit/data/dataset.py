"""A data set: inputs, targets, and what they mean, checked once when it is made."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from goodfit.errors import InputError, Problems, nearest, problem
from goodfit.words import rows_text

if TYPE_CHECKING:
    from goodfit.data.tables.preprocessing import Preprocessing
    from goodfit.data.tables.streamed_rows import StreamedRows

Task = Literal["classification", "multilabel", "regression"]
Scaling = Literal["none", "unit", "standard", "robust"]
LEAST_STEPS = 64  # of float32 between the least and the largest number of a column: fewer lose what it says
WEIGHT_RULE = "must hold a finite number >= 0 in every row, not 0 in all"
WEIGHT_FIX = "A row that is to count for nothing has weight 0; fill in or drop rows without a weight."
SHOWN_COLUMNS = 5  # of the columns at fault, in an error


def _no_rows() -> np.ndarray:
    return np.empty(0, np.int32)


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Rows with targets, in memory, in their storage type; scaling happens in training.

    Arrays of other number types are converted; the fields are read-only views. Everything is checked here, and one
    InputError names all that is wrong.
    """

    name: str  # as in tables and in the ledger
    x: np.ndarray
    """Inputs [N, D]: uint8 (pixels) as they are, any other numbers as float32; finite."""
    y: np.ndarray
    """Targets. classification: int32 codes [N], positions in `classes`. multilabel: float32 [N, C] of 0 and 1.
    regression: float32 [N, C], finite; a one-dimensional array becomes one column."""
    task: Task  # classification, multilabel or regression
    classes: tuple[str, ...] = ()
    """Names of the C classes or labels; () for regression."""
    features: tuple[str, ...] = ()
    """Names of the D inputs, or () where they have none."""
    targets: tuple[str, ...] = ()
    """Names of the C regression targets, or () where they have none."""
    test: np.ndarray = field(default_factory=_no_rows)
    """Rows of the official test set, int32; empty where the data set has none. `split` keeps them as test rows."""
    image_shape: tuple[int, int] | None = None
    """(height, width) where a row is an image, in row-major order; D = height * width."""
    scaling: Scaling = "standard"
    """What the inputs want before a net sees them. none: nothing; unit: division by the largest value of the storage
    type (255 for uint8); standard: each column to mean 0 and standard deviation 1 over the training rows; robust: each
    column by its median and quartiles over the training rows, then clipped smoothly, as tables are."""
    scale_targets: bool = False
    """Regression only: whether training standardises the targets (scores are in the targets' own unit all the same)."""
    about: str = ""
    """One line on what it is."""
    source: str = ""
    """Where the rows came from."""
    preprocessing: Preprocessing | None = None
    """What made the inputs from the columns of a table, or None. It goes into the model file: nets then take tables."""
    raw_rows: Callable[[np.ndarray], np.ndarray] | None = None
    """Gives rows of the table that the inputs were made of, as bytes uint8 [rows, W], to know them again by; or None:
    they are known by their inputs and targets."""
    suspects: Callable[[np.ndarray], Sequence[tuple[str, str, str]]] | None = None
    """Gives the columns of that table that tell the target in these rows, why, and whether that is an "issue" or a
    "notice"; None: inputs are looked at."""
    groups: np.ndarray | None = None
    """What each row belongs to [N] (a person, a machine): numbers or texts; None and NaN belong to nothing. Rows of one
    group are never divided between two parts or folds."""
    time: np.ndarray | None = None
    """When each row was, float64 [N], in any unit, or dates: what validates is later than what trains."""
    weight: np.ndarray | None = None
    """How much each row counts in the loss and in scores, float64 [N], finite and >= 0, not all 0; None: all alike.
    Only ratios matter. `split` gives a row of weight 0 to no part."""

    streamed: StreamedRows | None = None
    """Training rows that are not in memory, of which those of a training part are then a sample; None: there are none.
    """

    notes: tuple[str, ...] = ()
    """What a person may want to correct: how the targets were read where they could be read in two ways."""

    def __post_init__(self) -> None:
        """Convert, check, and make read-only."""
        where = f"Dataset {self.name!r}"
        problems = Problems()
        for option, valid in (("task", get_args(Task)), ("scaling", get_args(Scaling))):
            value = getattr(self, option)
            if value not in valid:
                problems.add(where, f"'{option}' must be a known one", got=value, fix=nearest(value, valid))
        problems.raise_if_any()
        x = _checked_inputs(self.x, self.features, where, problems)
        y = _checked_targets(self.y, self.task, self.classes, where, problems)
        test = np.asarray(self.test)
        if x is not None:
            _check_shapes(self, x, y, where, problems)
            _check_test_rows(test, len(x), where, problems)
            for name in ("groups", "time", "weight"):
                object.__setattr__(self, name, _one_a_row(name, getattr(self, name), len(x), where, problems))
        if self.groups is not None and self.time is not None:
            problems.add(where, "'groups' and 'time' cannot both define the split")
        if self.scale_targets and self.task != "regression":
            problems.add(where, "'scale_targets' must be False unless the task is regression", got=True)
        problems.raise_if_any()
        for name, array in (("x", x), ("y", y), ("test", test.astype(np.int32, copy=False))):
            view = array.view()  # type: ignore[union-attr]
            view.flags.writeable = False
            object.__setattr__(self, name, view)

    @classmethod
    def from_arrays(cls, x: Any, y: Any, *, name: str = "table", task: Task | None = None, **fields: Any) -> Dataset:
        """A data set from anything that NumPy can read, with class labels of any kind, read as a table of it would be.

        x: inputs [N, D], or images [N, height, width]
        y: targets or labels [N], or targets [N, C] for regression.
        name: of the data set, as tables and the ledger show it; default 'table'
        task: where it is not given, `y` decides as the target of a table does (`goodfit.data.tables.targets`): texts,
        booleans, two whole numbers, and few whole numbers that repeat are classes; other numbers are regression.
        fields: the other fields of a Dataset. Unless they say otherwise, inputs are scaled robustly (images to mean 0
        and standard deviation 1), and each regression target to mean 0 and standard deviation 1.
        """
        from goodfit.data.tables.targets import read_target

        where = f"Dataset {name!r}"
        inputs, labels = _array("x", x, where), _array("y", y, where)
        if labels.dtype.kind == "f":
            labels = labels.astype(np.float64)
        if labels.ndim == 2 and labels.shape[1] == 1:
            labels = labels[:, 0]
        if labels.ndim == 1 and task in (None, "classification", "regression") and "classes" not in fields:
            read = read_target(where, labels, task)
            task, labels = read.task, read.y
            fields |= {"classes": read.classes, "notes": fields.get("notes", read.notes)}
        elif task is None:
            task = "classification" if "classes" in fields else "regression"
        fields.setdefault("scaling", "standard" if fields.get("image_shape") else "robust")
        fields.setdefault("scale_targets", task == "regression")
        return cls(name=name, x=inputs, y=labels, task=task, **fields)

    @property
    def n_inputs(self) -> int:
        """D, the number of inputs."""
        return int(self.x.shape[1])

    @property
    def n_outputs(self) -> int:
        """C, the number of classes, labels or regression targets: the width of a net's last layer."""
        return len(self.classes) if self.task == "classification" else int(self.y.shape[1])

    def weight_of(self, rows: np.ndarray) -> np.ndarray | None:
        """How much each of some rows counts, float64, 1 the most; None where all rows of the data set count alike."""
        return None if self.weight is None else self.weight[rows] / self.weight.max()

    def __len__(self) -> int:
        """N, the number of rows, official test rows included."""
        return len(self.x)

    def __repr__(self) -> str:
        """One line: name, task and shape; and one for each note."""
        return "\n".join(
            (
                f"Dataset({self.name!r}, {self.task}, {len(self)} rows of which {len(self.test)} official test rows, "
                f"{self.n_inputs} inputs, {self.n_outputs} outputs, {self.x.dtype})",
                *self.notes,
            )
        )


def _array(name: str, values: Any, where: str) -> np.ndarray:
    """Anything that NumPy can read, as an array; InputError for rows of different lengths."""
    try:
        return np.asarray(values)
    except ValueError as error:
        raise InputError(problem(where, f"{name!r} must be an array; its rows differ in length")) from error


def _checked_inputs(values: Any, features: Sequence[str], where: str, problems: Problems) -> np.ndarray | None:
    """The inputs in storage type, or None if they cannot be read as a table of numbers."""
    x = np.asarray(values)
    if x.ndim != 2 or 0 in x.shape:
        problems.add(where, "'x' must be a 2-d array with at least one row and one column", got=x.shape)
        return None
    if x.dtype.kind not in "buif":
        problems.add(where, "'x' must hold real numbers", got=str(x.dtype), fix="Encode categories as numbers first.")
        return None
    if x.dtype == np.uint8:
        return x
    names = features if len(features) == x.shape[1] else range(x.shape[1])
    return _finite_float32(x, "input", names, where, problems)


def _checked_targets(
    values: Any, task: Task, classes: Sequence[str], where: str, problems: Problems
) -> np.ndarray | None:
    """The targets in the form that the task wants, or None if they are unusable."""
    y = np.asarray(values)
    if task == "classification":
        return _checked_codes(y, classes, where, problems)
    if y.ndim == 1 and task == "regression":
        y = y[:, None]
    if y.ndim != 2 or y.shape[1] == 0:
        problems.add(where, "'y' must be a 2-d array with one column per output", got=y.shape)
        return None
    if y.dtype.kind not in "buif":
        problems.add(where, "'y' must hold real numbers", got=str(y.dtype))
        return None
    if task == "regression":
        if classes:
            problems.add(where, "'classes' must be () for regression", got=tuple(classes))
        return _finite_float32(y, "target", range(y.shape[1]), where, problems)
    if len(classes) != y.shape[1]:
        rule = f"'classes' must name the {y.shape[1]} columns of 'y'"
        problems.add(where, rule, got=tuple(classes))
    wrong = np.flatnonzero(~((y == 0) | (y == 1)).all(axis=1))
    if wrong.size:
        problems.add(where, f"labels must be 0 or 1, unlike those of {rows_text(wrong)}", got=y[wrong[0]].tolist())
    return y.astype(np.float32)


def _checked_codes(y: np.ndarray, classes: Sequence[str], where: str, problems: Problems) -> np.ndarray | None:
    if y.ndim != 1 or y.dtype.kind not in "ui":
        fix = "Dataset.from_arrays turns labels of any kind into codes."
        got = f"{y.dtype} of shape {y.shape}"
        problems.add(where, "'y' must hold one integer class code per row", got=got, fix=fix)
        return None
    if len(classes) < 2 or len(set(classes)) != len(classes):
        problems.add(where, "'classes' must name at least two different classes", got=tuple(classes))
    elif y.size and (y.min() < 0 or y.max() >= len(classes)):
        wrong = np.flatnonzero((y < 0) | (y >= len(classes)))
        rule = f"labels must be codes from 0 to {len(classes) - 1} for {len(classes)} classes"
        problems.add(where, f"{rule}, unlike those of {rows_text(wrong)}", got=int(y[wrong[0]]))
    return y.astype(np.int32, copy=False)


def _finite_float32(
    values: np.ndarray, what: str, names: Sequence[object], where: str, problems: Problems
) -> np.ndarray:
    """The values as float32; each column with a non-finite value, or one too large for float32, is a problem."""
    with np.errstate(over="ignore"):
        narrow = values.astype(np.float32, copy=False)
    bad = ~np.isfinite(narrow)
    columns = np.flatnonzero(bad.any(axis=0))
    for column in columns[:SHOWN_COLUMNS]:
        rows = np.flatnonzero(bad[:, column])
        verb = "is" if rows.size == 1 else "are"
        rule = f"{what} column {names[column]!r} must be finite in float32; {rows_text(rows)} {verb} not"
        problems.add(where, rule, got=float(values[rows[0], column]), fix="Impute these values or drop the rows.")
    if columns.size > SHOWN_COLUMNS:
        more = columns.size - SHOWN_COLUMNS
        problems.add(where, f"{what} columns must be finite; {more} more columns are not", got=int(bad.sum()))
    if not columns.size:
        _check_resolution(values, narrow, what, names, where, problems)
    return narrow


def _check_resolution(
    values: np.ndarray, narrow: np.ndarray, what: str, names: Sequence[object], where: str, problems: Problems
) -> None:
    """A column far from 0 whose spread float32 rounds away is a problem: 1e9 + noise of 1 would become a constant."""
    if values is narrow or not values.size:
        return
    low, high = values.min(axis=0).astype(np.float64), values.max(axis=0).astype(np.float64)
    step = np.spacing(np.maximum(np.abs(low), np.abs(high)).astype(np.float32)).astype(np.float64)
    close = np.flatnonzero((low < high) & (high - low < LEAST_STEPS * step))
    lost = [column for column in close.tolist() if (narrow[:, column] != values[:, column]).any()]
    for column in lost[:SHOWN_COLUMNS]:
        rule = f"{what} column {names[column]!r} must vary by more than the rounding of float32"
        got = f"{low[column]:.10g} to {high[column]:.10g}, in steps of {step[column]:.3g}"
        problems.add(where, rule, got=got, fix="Subtract a constant, such as its mean, or use another origin.")
    if len(lost) > SHOWN_COLUMNS:
        problems.add(where, f"{what} columns must vary so; {len(lost) - SHOWN_COLUMNS} more columns do not")


def one_each(names: Sequence[str], count: int) -> bool:
    """Whether so many things have a name each, none of them twice."""
    return len(names) == len({*names}) == count


def _check_shapes(data: Dataset, x: np.ndarray, y: np.ndarray | None, where: str, problems: Problems) -> None:
    if y is not None and len(y) != len(x):
        problems.add(where, f"'y' must have one entry for each of the {len(x)} rows of 'x'", got=len(y))
    if data.features and len(data.features) != x.shape[1]:
        problems.add(where, f"'features' must name all {x.shape[1]} features", got=len(data.features))
    if data.targets and (y is None or data.task != "regression" or not one_each(data.targets, y.shape[1])):
        problems.add(where, "'targets' must name each target of a regression", got=data.targets)
    if data.image_shape is not None and math.prod(data.image_shape) != x.shape[1]:
        rule = f"'image_shape' must be a height and a width whose product is the {x.shape[1]} features"
        problems.add(where, rule, got=data.image_shape)


def _one_a_row(name: str, given: Any, n_rows: int, where: str, problems: Problems) -> np.ndarray | None:
    """Groups, times or weights as an array [N], read-only; None where there are none, or something is wrong."""
    if given is None:
        return None
    if isinstance(given, str) or not (hasattr(given, "__len__") and hasattr(given, "__iter__")):
        problems.add(where, f"{name!r} must hold a value for each of the {n_rows} rows", got=given)
        return None
    if name == "groups":
        found = np.fromiter(given.tolist() if hasattr(given, "tolist") else given, object, len(given))
        if not all(label is None or isinstance(label, str | int | float) for label in found):
            wrong = next(label for label in found if label is not None and not isinstance(label, str | int | float))
            problems.add(where, "'groups' must hold one label for each row, a text or a number", got=wrong)
    elif name == "weight":
        found = np.asarray(given)
        fault = weights_fault(found)
        if fault:
            problems.add(where, f"'weight' {WEIGHT_RULE}; {fault}", fix=WEIGHT_FIX)
            return None
        found = found.astype(np.float64)
    else:
        found = np.asarray(given)
        if found.dtype.kind == "M":
            found = np.where(np.isnat(found), np.nan, found.astype("datetime64[us]").astype(np.float64))
        if found.ndim != 1 or found.dtype.kind not in "buif" or not np.isfinite(found).all():
            problems.add(where, "'time' must hold a number or a date for each row", got=given)
            return None
        found = found.astype(np.float64)
    if len(found) != n_rows:
        problems.add(where, f"{name!r} must hold a value for each of the {n_rows} rows", got=len(found))
    found.flags.writeable = False
    return found


def weights_fault(weights: np.ndarray) -> str:
    """What is wrong with an array of row weights: "" if it holds finite numbers >= 0 of which one is above 0."""
    if weights.ndim != 1 or weights.dtype.kind not in "buif":
        return f"it holds {weights.dtype} of shape {weights.shape}"
    wrong = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))
    if wrong.size:
        return f"{rows_text(wrong)} {'does' if wrong.size == 1 else 'do'} not ({float(weights[wrong[0]]):g})"
    return "all are 0" if weights.size and not weights.any() else ""


def _check_test_rows(test: np.ndarray, n_rows: int, where: str, problems: Problems) -> None:
    fault = rows_fault(test, n_rows)
    if fault:
        problems.add(where, f"'test' must hold different row numbers from 0 to {n_rows - 1}", got=fault)
    elif test.size >= n_rows:
        problems.add(where, "'test' must leave rows for training", got=f"all {n_rows} rows")


def rows_fault(rows: np.ndarray, n_rows: int) -> str:
    """What is wrong with an array of row numbers: "" if it holds different whole numbers in [0, n_rows)."""
    if rows.ndim != 1 or (rows.size and rows.dtype.kind not in "ui"):
        return f"{rows.dtype} of shape {rows.shape}"
    if rows.size and (rows.min() < 0 or rows.max() >= n_rows):
        return f"row {int(rows.min() if rows.min() < 0 else rows.max())}"
    if rows.size and np.bincount(rows, minlength=n_rows).max() > 1:
        return f"row {int(np.bincount(rows).argmax())} twice"
    return ""
