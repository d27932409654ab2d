"""Tables in parts: each has the columns of all, and some of the rows, in their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from goodfit.data.tables.frames import Frame, check_names, frame_from
from goodfit.errors import InputError, nearest, problem


@dataclass(frozen=True, eq=False)
class TablePart:
    """Some rows of a table. where: what messages call the table; columns: (name, Arrow array) pairs; notes: as of a
    Frame, of the first part alone.
    """

    where: str
    columns: Sequence[tuple[str, Any]]
    notes: Sequence[str] = field(default=())

    def frame(self, without: Sequence[str] = ()) -> Frame:
        """The raw columns, but for those named."""
        left = [column for column in self.columns if column[0] not in without]
        return frame_from(self.where, left or self.columns, self.notes)

    def values(self, names: Sequence[str]) -> dict[str, list[Any]]:
        """The cells of some columns as they came: texts of a CSV file, values of Python of others."""
        held = dict(self.columns)
        return {name: held[name].to_pylist() for name in names}

    def check_has(self, names: Sequence[str]) -> None:
        """InputError where a column is not there, or more than one has its name."""
        held = [name for name, _ in self.columns]
        check_names(self.where, held)
        lacking = [name for name in names if name not in held]
        if lacking:
            rule = "has no column of the name that is to be kept"
            raise InputError(problem(self.where, rule, got=lacking[0], fix=nearest(lacking[0], held)))
