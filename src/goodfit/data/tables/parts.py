"""Tables in parts: each has the columns of all, and some of the rows, in their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from goodfit.data.tables.commas import NumberForms
from goodfit.data.tables.frames import Frame, arrow_column, check_names, frame_from
from goodfit.data.tables.kinds import Kind
from goodfit.data.tables.plain import with_plain
from goodfit.data.tables.raw import UnreadableColumn
from goodfit.errors import InputError, nearest, problem


@dataclass(frozen=True, eq=False)
class TablePart:
    """Some rows of a table. where: what messages call the table; columns: (name, column) pairs, as `frame_from` takes
    them; notes: as of a Frame, of the first part alone; commas: where numbers may have a decimal comma, as in a text
    file whose separator is none, what is known of how they are written: one object for all parts of a file.
    """

    where: str
    columns: Sequence[tuple[str, Any]]
    notes: Sequence[str] = field(default=())
    commas: NumberForms | None = None

    def frame(self, without: Sequence[str] = (), kinds: Mapping[str, Kind] | None = None) -> Frame:
        """The raw columns, but for those named. kinds: of columns as which they will be read, which takes less time."""
        import pyarrow as pa

        left = [column for column in self.columns if column[0] not in without] or self.columns
        try:
            left = left if self.commas is None else self.commas.read(self.where, left, kinds or {})
            return frame_from(self.where, with_plain(left, kinds or {}), self.notes)
        except pa.ArrowException as error:
            said = str(error).splitlines()[0]
            fix = "It may be damaged, or of another type."
            raise InputError(problem(self.where, "must hold columns that can be read", got=said, fix=fix)) from error

    def values(self, names: Sequence[str], rows: int | None = None) -> dict[str, list[Any]]:
        """The cells of some columns as they came: texts of a CSV file, values of Python of others; texts, too, for
        times that Python does not hold, such as those after the year 9999.

        rows: how many the table has, where it is known. InputError for a column of another length, or without cells.
        """
        held = dict(self.columns)
        found = {name: self._cells(name, held[name]) for name in names}
        lengths = {name: len(cells) for name, cells in found.items() if rows not in (None, len(cells))}
        if lengths:
            rule = f"all columns must have the same number of rows, {rows}"
            raise InputError(problem(self.where, rule, got=lengths))
        return found

    def _cells(self, name: str, column: Any) -> list[Any]:
        import pyarrow as pa

        try:
            array = arrow_column(column)
            try:
                found: list[Any] = array.to_pylist()
            except (OverflowError, ValueError):
                found = [_cell(value) for value in array]
        except (UnreadableColumn, pa.ArrowException) as error:
            rule = f"column {name!r}, which is to be kept, must hold numbers, texts, dates or truth values"
            raise InputError(problem(self.where, rule, got=str(error))) from error
        return found

    def check_has(self, names: Sequence[str]) -> None:
        """InputError where a column is not there, or more than one has its name."""
        held = [name for name, _ in self.columns]
        check_names(self.where, held)
        lacking = [name for name in names if name not in held]
        if lacking:
            rule = "has no column of the name that is to be kept"
            raise InputError(problem(self.where, rule, got=lacking[0], fix=nearest(lacking[0], held)))


def plain_values(column: Any) -> Any:
    """A column without a dictionary of its own, for those of two parts differ."""
    import pyarrow as pa

    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return array.cast(array.type.value_type) if pa.types.is_dictionary(array.type) else array


def _cell(value: Any) -> Any:
    """An Arrow value as one of Python; as text where Python has no such value."""
    import pyarrow as pa

    try:
        return value.as_py()
    except (OverflowError, ValueError):
        return value.cast(pa.large_string()).as_py().replace(" ", "T", 1)  # as others are written
