"""What every fitted column is. The kinds are in `fitted`, `dates` and `categories`."""

from __future__ import annotations

import heapq
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from goodfit.data.tables.kinds import WORDS, Kind, read_as
from goodfit.data.tables.raw import Numbers, RawColumn

SHOWN_WORDS = 3  # values that a note lists


@dataclass
class CellNote:
    """So many values of a column, of which there is something to tell. words: the first of them in their order."""

    count: int = 0
    words: list[str] = field(default_factory=list)


class CellNotes:
    """What is to be told of the values of a table, counted over all parts in which it is read."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], CellNote] = {}

    def add(self, column: str, what: str, count: int, words: Iterable[str] = ()) -> None:
        """Count values of a column. what: what is told of them, after "5 values are"; words: some of them."""
        note = self._found.setdefault((column, what), CellNote())
        note.count += count
        note.words = heapq.nsmallest(SHOWN_WORDS + 1, {*note.words, *words})  # one more, to know that there are more

    def texts(self, columns: Sequence[str]) -> list[str]:
        """The notes for people, in the order of these columns; of one column missing ones last."""
        places = {name: place for place, name in enumerate(columns)}
        texts = []
        for (column, what), note in sorted(
            self._found.items(), key=lambda found: (places[found[0][0]], _order(found[0][1]))
        ):
            shown = ", ".join(map(repr, note.words[:SHOWN_WORDS])) + (", ..." if len(note.words) > SHOWN_WORDS else "")
            told = f"{what}: {shown}" if shown else what
            texts.append(f"Column {column!r}: {values_text(note.count)} {told}.")
        return texts


def _order(what: str) -> bool:
    """Missing values are told last, whatever part of the table had them first."""
    return what.startswith("missing")


@dataclass(frozen=True)
class ColumnInputs(ABC):
    """name: of the column; missing: whether training rows lacked a value, which gives an input of its own."""

    name: str
    missing: bool
    kind: ClassVar[Kind]

    @property
    def own(self) -> tuple[str, ...]:
        """Names of the inputs but for the one for missing values: the column's, where there is one input."""
        return (self.name,)

    @property
    def own_width(self) -> int:
        """How many they are. They are not made for it: the names of a hostile file may take gigabytes."""
        return 1

    @property
    def words(self) -> str:
        """What its cells must hold, for messages."""
        return WORDS[self.kind]

    def read(self, column: RawColumn) -> tuple[Numbers, NDArray[np.bool_]]:
        """(values [N] with NaN for missing, where a cell cannot be read as this column); not for categories."""
        return read_as(column, self.kind)

    @abstractmethod
    def fill(self, column: RawColumn, out: NDArray[np.float32], notes: CellNotes) -> None:
        """Write the inputs of all rows into `out` [N, width], zeros before; notes are for people."""

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the inputs."""
        return (*self.own, f"{self.name} is missing") if self.missing else self.own

    @property
    def width(self) -> int:
        """How many inputs."""
        return self.own_width + self.missing

    def to_json(self) -> dict[str, Any]:
        """Everything as JSON."""
        return {"type": type(self).__name__.lower(), **_plain(asdict(self))}

    def _mark(self, absent: NDArray[np.bool_], out: NDArray[np.float32], instead: str, notes: CellNotes) -> None:
        """Fill the input for missing values; where training rows lacked none there is no such input, but a note."""
        if self.missing:
            out[:, -1] = absent
        elif absent.any():
            notes.add(self.name, f"missing; {instead}", int(absent.sum()))


def values_text(count: int) -> str:
    """The subject and the verb of a note on so many values."""
    return "1 value is" if count == 1 else f"{count:,} values are"


def _plain(value: Any) -> Any:
    """Tuples as lists, all the way down: what JSON would make of it."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value
