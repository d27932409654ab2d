"""What every fitted column is. The kinds are in `fitted`, `dates` and `categories`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from goodfit.data.tables.kinds import Kind
from goodfit.data.tables.raw import RawColumn

Notes = list[str]


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

    @abstractmethod
    def fill(self, column: RawColumn, out: NDArray[np.float32], notes: Notes) -> None:
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

    def _mark(self, absent: NDArray[np.bool_], out: NDArray[np.float32], instead: str, notes: Notes) -> None:
        """Fill the input for missing values; where training rows lacked none there is no such input, but a note."""
        if self.missing:
            out[:, -1] = absent
        elif absent.any():
            notes.append(f"Column {self.name!r}: {values_text(int(absent.sum()))} missing; {instead}.")


def values_text(count: int) -> str:
    """The subject and the verb of a note on so many values."""
    return "1 value is" if count == 1 else f"{count:,} values are"


def _plain(value: Any) -> Any:
    """Tuples as lists, all the way down: what JSON would make of it."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value
