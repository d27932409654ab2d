"""Predictions, and how they are written: as CSV, and as lines of JSON."""

import contextlib
import csv
import io
import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import IO, Any

import numpy as np

from goodfit.errors import InputError, problem
from goodfit.files import write_atomically
from goodfit.models.conformal import Conformal

FORMULAS = ("=", "+", "-", "@", "\t", "\r")  # with which a formula begins in spreadsheets
BETWEEN = " | "  # names of a set
PLAIN = (999_999.5, 1e15)  # numbers between these have seven digits or more before the point, and are written out
Kept = Mapping[str, Sequence[Any]]


@dataclass(frozen=True, eq=False)
class Bounds:
    """What intervals or sets of predictions are made from: the errors of a model, a coverage, see `Conformal`."""

    errors: Conformal
    coverage: float
    adaptive: bool = False

    @property
    def notes(self) -> list[str]:
        """What is to be known of them: that there are too few rows, or that they are cut off."""
        told = (self.errors.note(self.coverage), self.errors.cut_note())
        return [text for text in told if text is not None]


@dataclass(frozen=True, eq=False)
class Predictions:
    """Predictions of a run's nets for the rows of a data set or table: the mean over nets of probabilities or numbers.

    task: "classification", "multilabel" or "regression"
    classes: names of classes or labels, () for regression
    values: [N, C] probabilities, or numbers
    predicted: [N] class codes, [N, C] labels or numbers
    nets: how many predict together
    notes: on what was ignored or filled in of a table.
    unread: rows of a table with a value that cannot be read: `values` holds NaN for them, `predicted` -1 for classes
    and NaN for labels and numbers, and `write_csv` leaves their cells empty
    warnings: which values, by column.
    bounds: of the intervals or sets that were asked for, or None.
    targets: names of several targets, in the order of the columns of `values`; () where they have none.
    quantiles: [N, C, L] of nets that give them, where intervals were asked for.
    """

    task: str
    classes: tuple[str, ...]
    values: np.ndarray
    predicted: np.ndarray
    nets: int
    notes: tuple[str, ...] = ()
    unread: tuple[int, ...] = ()
    warnings: tuple[str, ...] = ()
    bounds: Bounds | None = None
    targets: tuple[str, ...] = ()
    quantiles: np.ndarray | None = None

    @property
    def intervals(self) -> np.ndarray | None:
        """Prediction intervals [N, C, 2], NaN for rows that could not be read; None where none were asked for, and for
        classes.
        """
        if self.bounds is None or self.task != "regression":
            return None
        around = self.values if self.quantiles is None else self.quantiles
        return self.bounds.errors.intervals(around, self.bounds.coverage, adaptive=self.bounds.adaptive)

    @property
    def sets(self) -> np.ndarray | None:
        """Prediction sets, bool [N, C]; None where none were asked for, and for numbers."""
        if self.bounds is None or self.task != "classification":
            return None
        return self.bounds.errors.sets(self.values, self.bounds.coverage)

    def write_csv(self, to: str | os.PathLike[str] | IO[str]) -> None:
        """One line a row: its number, the prediction, for classes and labels every probability, and the interval or
        set where it was asked for.

        A name that a spreadsheet would carry out as a formula, such as =1+1, has an apostrophe before it, which
        spreadsheets take for "this is text".
        """
        text = csv_header(self) + csv_rows(self)
        if hasattr(to, "write"):
            to.write(text)
        else:
            write_atomically(to, text.encode())


def csv_header(found: Predictions, kept: Sequence[str] = ()) -> str:
    """The first line of a CSV file: the names of the columns. kept: of the input, which stand last.

    InputError where a kept column has the name of another one.
    """
    names = ["row", *_columns(found)]
    twice = [name for name in kept if name in names]
    if twice:
        rule = "a column to be kept must not have the name of one that is written"
        raise InputError(problem("Predictions", rule, got=twice[0], fix="Rename it, or write JSON: --json."))
    return _line([*map(_as_text, names), *kept])


def csv_rows(found: Predictions, first: int = 0, kept: Kept | None = None) -> str:
    """A line for each row. first: the number of the first row; kept: columns of the input, by name, as they came."""
    columns = list(_cells(found))
    unread = set(found.unread)
    nothing = [""] * len(columns)
    copied = [[_plain(value) for value in values] for values in (kept or {}).values()]
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerows(
        [row + first, *(nothing if row in unread else cells), *more]
        for row, (cells, more) in enumerate(
            zip(zip(*columns, strict=True), _across(copied, len(found.values)), strict=True)
        )
    )
    return text.getvalue()


def json_rows(found: Predictions, first: int = 0, kept: Kept | None = None) -> str:
    """A line of JSON for each row, with the entries row, prediction and, for classes and labels, probabilities; low and
    high, or set, where they were asked for; and kept, where columns of the input are. null where a row could not be
    read, and for the ends of an infinite interval.

    Numbers have the digits that tell one float32 from the next.
    """
    unread, dumps = set(found.unread), json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
    numbers = [[float(str(value)) for value in row] for row in found.values]
    bounds = _bounds_as_json(found)
    lines = []
    for row, (values, more) in enumerate(zip(numbers, _across(list((kept or {}).values()), len(numbers)), strict=True)):
        known = row not in unread
        line: dict[str, Any] = {"row": row + first, "prediction": _predicted(found, row, values) if known else None}
        if found.task != "regression":
            line["probabilities"] = dict(zip(found.classes, values, strict=True)) if known else None
        line |= {name: each[row] if known else None for name, each in bounds.items()}
        if kept is not None:
            line["kept"] = {name: _as_json(value) for name, value in zip(kept, more, strict=True)}
        lines.append(dumps(line) + "\n")
    return "".join(lines)


def _across(columns: Sequence[Sequence[Any]], rows: int) -> Iterator[tuple[Any, ...]]:
    """The rows of columns; empty ones where there is no column."""
    return iter(zip(*columns, strict=True)) if columns else iter([()] * rows)


def _columns(found: Predictions) -> list[str]:
    """The names of what is predicted."""
    if found.task == "regression":
        outputs = found.values.shape[1]
        ends = ["" if outputs == 1 else f"_{name}" for name in found.targets or range(outputs)]
        kinds = ["prediction"] if found.bounds is None else ["prediction", "low", "high"]
        return [f"{kind}{end}" for kind in kinds for end in ends]
    chosen = ["prediction"] if found.task == "classification" else list(found.classes)
    return [*chosen, *(f"probability of {name}" for name in found.classes), *(["set"] if found.bounds else [])]


def _cells(found: Predictions) -> Iterator[Sequence[str]]:
    """The same as texts, column by column."""
    if found.task == "classification":
        names = [*map(_as_text, found.classes), ""]  # -1, of a row that could not be read, takes the last
        yield [names[code] for code in found.predicted.tolist()]
    elif found.task == "multilabel":
        yield from (["1" if label == 1 else "0" for label in labels] for labels in found.predicted.T.tolist())
    yield from (list(map(_number, values)) for values in found.values.T.tolist())
    if (intervals := found.intervals) is not None:
        yield from (list(map(_number, values)) for ends in intervals.T.tolist() for values in ends)
    if (sets := found.sets) is not None:
        yield [_as_text(BETWEEN.join(names)) for names in _names_in(found.classes, sets)]


def _number(value: float) -> str:
    """Six digits, but of a large number all before the point: 1234568 says more than 1.23457e+06."""
    return f"{value:.0f}" if PLAIN[0] <= abs(value) < PLAIN[1] else f"{value:.6g}"


def _predicted(found: Predictions, row: int, values: Sequence[float]) -> Any:
    if found.task == "classification":
        return found.classes[found.predicted[row]]
    if found.task == "multilabel":
        return {name: int(label) for name, label in zip(found.classes, found.predicted[row], strict=True)}
    return _by_target(found, values)


def _by_target(found: Predictions, values: Sequence[Any]) -> Any:
    """What each target has: one value alone, several by name, or as a list where they have no names."""
    if len(values) == 1:
        return values[0]
    return dict(zip(found.targets, values, strict=True)) if found.targets else list(values)


def _bounds_as_json(found: Predictions) -> dict[str, list[Any]]:
    """Entry -> its value for each row: the ends of the intervals, or the names of the classes in the sets."""
    if (sets := found.sets) is not None:
        return {"set": _names_in(found.classes, sets)}
    if (intervals := found.intervals) is None:
        return {}
    rows = [[[_as_json(value) for value in end] for end in row] for row in intervals.swapaxes(1, 2).tolist()]
    return {name: [_by_target(found, row[place]) for row in rows] for place, name in enumerate(("low", "high"))}


def _names_in(classes: Sequence[str], sets: np.ndarray) -> list[list[str]]:
    """The names of the classes in each set."""
    return [[classes[code] for code in np.flatnonzero(row).tolist()] for row in sets]


def _line(cells: Sequence[Any]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()


def _plain(value: Any) -> Any:
    """A kept cell as CSV has it."""
    return value.isoformat() if isinstance(value, date | datetime | time) else value


def _as_json(value: Any) -> Any:
    """A kept cell as JSON has it: null for a missing one, and texts for what JSON has not."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return str(_plain(value))


def _as_text(name: str) -> str:
    """A name as a spreadsheet shows it, not carries it out; numbers, which may begin with a sign, stay as they are."""
    if not name.startswith(FORMULAS):
        return name
    with contextlib.suppress(ValueError):
        float(name)
        return name
    return f"'{name}"
