"""Values of a column to try one after another, as a person would name them, and the inputs that each becomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from goodfit.data.robust import CLIP, ColumnScaling
from goodfit.data.tables.base import CellNotes
from goodfit.data.tables.dates import Moments
from goodfit.data.tables.fitted import Boolean, FittedColumn, Numeric
from goodfit.data.tables.frames import frame_from
from goodfit.data.tables.ordered import Ordered
from goodfit.data.tables.raw import DAY
from goodfit.data.tables.typical import typical_value
from goodfit.errors import InputError, problem

if TYPE_CHECKING:
    from jaxtyping import Float, Int

MOST_CATEGORIES = 30  # tried without being asked for: the most frequent
INNER = 0.05, 0.95  # quantiles between which numbers are tried
LARGEST_INPUT = 0.999 * CLIP  # beyond, float32 has lost what the value was


@dataclass(frozen=True, eq=False)
class ColumnGrid:
    """values: numbers, or the words of categories, truth values, dates; inputs: [G, width] what they become; numeric:
    whether values are numbers; notes: on values that training had not.
    """

    values: tuple[Any, ...]
    inputs: Float[np.ndarray, "G W"]
    numeric: bool
    notes: tuple[str, ...] = ()


def column_grid(
    column: FittedColumn, x: Float[np.ndarray, "N W"], points: int, values: Sequence[Any] | None = None
) -> ColumnGrid:
    """The values to try.

    x: the column's inputs in some rows, by which values are chosen: quantiles of numbers from 5 to 95 %, the most
    frequent categories, no and yes, even steps from the first date to the last; points: at most so many, where they are
    not categories; values: these instead. InputError where they cannot be read as the column, or there is none.
    """
    given = _chosen(column, x, points) if values is None else list(values)
    if not given:
        raise InputError(problem(f"column {column.name!r}", "has no value to try in these rows"))
    where = f"values of {column.name!r}"
    frame = frame_from(where, [(column.name, given)])
    if column.name in frame.unreadable:
        raise InputError(problem(where, f"must hold {column.kind} values", got=frame.unreadable[column.name]))
    raw = frame.columns[column.name]
    wrong = raw.missing if column.kind == "categorical" else raw.missing | column.read(raw)[1]
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        got = None if raw.missing[first] else raw.shown(first)
        words = "categories" if column.kind == "categorical" else column.words
        raise InputError(
            problem(where, f"must be {words}", got=got, fix="Give some of those that it has in the table.")
        )
    notes, inputs = CellNotes(), np.zeros((len(given), column.width), np.float32)
    column.fill(raw, inputs, notes)
    shown = tuple(_shown(column, each) for each in given)
    return ColumnGrid(shown, inputs, isinstance(column, Numeric), tuple(notes.texts([column.name])))


def number_grid(x: Float[np.ndarray, " N"], points: int) -> list[float]:
    """Distinct quantiles of numbers, evenly from 5 to 95 %, all of them there; or all numbers."""
    distinct = np.unique(x)
    if len(distinct) > points:
        distinct = np.unique(np.quantile(x, np.linspace(*INNER, points), method="nearest"))
    return [float(each) for each in distinct]


def _chosen(column: FittedColumn, x: Float[np.ndarray, "N W"], points: int) -> list[Any]:
    present = x[:, -1] < 0.5 if column.missing else np.ones(len(x), bool)
    own = x[present, : column.own_width]
    if isinstance(column, Numeric):
        return sorted({_rounded(each) for each in number_grid(_unscaled(column.scaling, own[:, 0]), points)})
    if isinstance(column, Moments):
        return _dates(column, own, points)
    if isinstance(column, Boolean):
        return ["no", "yes"]
    if isinstance(column, Ordered) and not column.scaling.factor:  # of one category alone in the training rows
        return [typical_value(column)] if len(own) else []
    counts = _ranked(column, own[:, 0]) if isinstance(column, Ordered) else own[:, : len(column.categories)].sum(0)
    often = [place for place in np.argsort(-counts, kind="stable")[:MOST_CATEGORIES] if counts[place] > 0]
    return [column.categories[place] for place in sorted(often)]


def _ranked(column: Ordered, z: Float[np.ndarray, " N"]) -> Int[np.ndarray, " K"]:
    """How many rows have each of the ordered categories."""
    values = column.values.astype(z.dtype)
    places = np.minimum(np.searchsorted(values, z), len(values) - 1)
    return np.bincount(places[values[places] == z], minlength=len(values))  # the rest were filled in as the median


def _unscaled(scaling: ColumnScaling, z: Float[np.ndarray, " N"]) -> Float[np.ndarray, " N"]:
    """The numbers that scaling made these inputs of, as far as float32 tells; the median of a constant."""
    if not scaling.factor:
        return np.full(min(1, len(z)), scaling.median)
    inner = np.clip(z.astype(np.float64), -LARGEST_INPUT, LARGEST_INPUT)
    found: Float[np.ndarray, " N"] = inner / np.sqrt(1 - (inner / CLIP) ** 2) / scaling.factor + scaling.median
    return found


def _rounded(value: float) -> float:
    """To the five digits that an input in float32 surely holds."""
    return float(f"{value:.5g}")


def _dates(column: Moments, own: Float[np.ndarray, "N W"], points: int) -> list[Any]:
    days = _unscaled(column.scaling, own[:, 0]) if "trend" in column.parts else np.array([column.scaling.median])
    if not len(days):
        return []
    steps = np.linspace(days.min(), days.max(), points)
    # dates without a time of day are tried at midnight
    steps = steps if "day" in column.parts else np.round(steps)
    return [np.datetime64(round(each * DAY), "us") for each in np.unique(steps)]


def _shown(column: FittedColumn, value: Any) -> Any:
    """A number as it is, everything else in words: dates as 2024-01-31, times of day as 17:42."""
    if isinstance(column, Numeric):
        return float(value)
    if isinstance(value, np.datetime64):
        text = str(value.astype("datetime64[m]"))
        if column.kind == "date" and isinstance(column, Moments) and column.clock:
            return text[11:]
        return text.replace("T", " ") if text[11:] != "00:00" else text[:10]
    return str(value)
