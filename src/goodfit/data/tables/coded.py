"""Rows of a table whose large categories are codes instead of a number an input: nets predict from them faster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from goodfit.data.tables.base import CellNotes, ColumnInputs
from goodfit.data.tables.categories import Indicators
from goodfit.data.tables.frames import Frame

if TYPE_CHECKING:
    from jaxtyping import Float, Int

FEWEST_CODED = 12  # inputs of a categorical column from which on a look-up is faster than its share of a product
FEWEST_ROWS = 256  # from which on the weights are put in order for them in less time than it saves


@dataclass(frozen=True, eq=False)
class CodedRows:
    """Rows [N, D] in which some groups of inputs have one 1 a row at most: of these, the place of the 1 is held.

    width: D.
    places: [E] of the inputs that are held as numbers, rising; numbers: [N, E] what they are, float32, finite.
    codes: [N, K] the place among D of the input that is 1, one a group, D where all of the group are 0.
    """

    width: int
    places: Int[np.ndarray, " E"]
    numbers: Float[np.ndarray, "N E"]
    codes: Int[np.ndarray, "N K"]

    @property
    def shape(self) -> tuple[int, int]:
        """(N, D), as of the array `dense`."""
        return len(self.numbers), self.width

    def __len__(self) -> int:
        return len(self.numbers)

    @cached_property
    def dense(self) -> Float[np.ndarray, "N D"]:
        """The rows as an array, as `Preprocessing.transform` makes it; made once, for all nets that ask for it."""
        wide = np.zeros((len(self), self.width + 1), np.float32)  # the last takes the ones of what is in no group
        wide[:, self.places] = self.numbers
        wide[np.arange(len(self))[:, None], self.codes] = 1.0
        return wide[:, :-1]


@dataclass(frozen=True, eq=False)
class CodedLayer:
    """The weights of a first layer in the order in which coded rows meet them.

    numbers: [E, H] of the inputs that are held as numbers, and of components behind them; table: [D + 1, H] the row
    that each code adds, 0 in the last.
    """

    numbers: Float[np.ndarray, "E H"]
    table: Float[np.ndarray, "D1 H"]

    @classmethod
    def of(cls, weight: Float[np.ndarray, "D2 H"], rows: CodedRows) -> CodedLayer:
        """weight: [in, out], of the D inputs of rows like these and of components behind them."""
        numbers = np.concatenate([weight[rows.places], weight[rows.width :]])
        return cls(numbers, np.concatenate([weight[: rows.width], np.zeros_like(weight[:1])]))


@dataclass(frozen=True, eq=False)
class CodedBlock:
    """Rows as a first layer sees them: numbers [B, E], scaled and with their components, and codes [B, K]."""

    numbers: Float[np.ndarray, "B E"]
    codes: Int[np.ndarray, "B K"]

    def __matmul__(self, layer: CodedLayer) -> Float[np.ndarray, "B H"]:
        z: Float[np.ndarray, "B H"] = self.numbers @ layer.numbers
        row = np.empty_like(z)
        for group in range(self.codes.shape[1]):
            # codes are within the table: "clip" alone writes into `out` without a copy
            z += layer.table.take(self.codes[:, group], axis=0, out=row, mode="clip")
        return z


def dense_rows(columns: Sequence[ColumnInputs], frame: Frame, notes: CellNotes) -> Float[np.ndarray, "N D"]:
    """The inputs of fitted columns, one a number. notes: what there is to tell of the cells goes into them."""
    x = np.zeros((frame.rows, sum(column.width for column in columns)), np.float32)
    at = 0
    for column in columns:
        column.fill(frame.columns[column.name], x[:, at : at + column.width], notes)
        at += column.width
    return x


def coded_rows(columns: Sequence[ColumnInputs], frame: Frame, notes: CellNotes) -> CodedRows | np.ndarray:
    """The same, with the inputs of large categories as codes; an array where there are no such columns, or few rows."""
    if frame.rows < FEWEST_ROWS or not any(map(is_grouped, columns)):
        return dense_rows(columns, frame, notes)
    return grouped_rows(columns, frame, notes)


def is_grouped(column: ColumnInputs) -> bool:
    """Whether coded rows hold a column as codes."""
    return isinstance(column, Indicators) and column.width >= FEWEST_CODED


def single_places(columns: Sequence[ColumnInputs]) -> np.ndarray:
    """The places [E] of the inputs that coded rows hold as numbers."""
    places, at = list[int](), 0
    for column in columns:
        if not is_grouped(column):
            places += range(at, at + column.width)
        at += column.width
    return np.array(places, np.intp)


def grouped_rows(columns: Sequence[ColumnInputs], frame: Frame, notes: CellNotes) -> CodedRows:
    """The same, as coded rows in any case."""
    codes, at = list[np.ndarray](), 0
    width = sum(column.width for column in columns)
    for column in columns:
        if is_grouped(column):
            chosen = column.chosen(frame.columns[column.name], notes)  # type: ignore[attr-defined]
            codes.append(np.where(chosen < 0, width, chosen + at))
        at += column.width
    single = [column for column in columns if not is_grouped(column)]
    stacked = np.stack(codes).T if codes else np.empty((frame.rows, 0), np.intp)
    return CodedRows(width, single_places(columns), dense_rows(single, frame, notes), stacked)
