"""Any table as raw columns: pandas, polars and Arrow through narwhals, and a dict of arrays."""

from __future__ import annotations

import datetime
import decimal
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.data.tables.raw import EXACT, RawColumn, UnreadableColumn, raw_column
from goodfit.data.tables.small import small_columns
from goodfit.errors import InputError, problem

MOST_COLUMNS = 10_000  # of a table


@dataclass(frozen=True, eq=False)
class Frame:
    """Raw columns by name, in order.

    name: what messages call it, a file's path or "table"; unreadable: what stands in columns that hold no numbers,
    texts, dates or truth values (lists, bytes), by name; notes: what was left out in reading; numbers: [rows] which
    rows of a file these are, None for all of them.
    """

    name: str
    columns: Mapping[str, RawColumn]
    rows: int
    unreadable: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    numbers: NDArray[np.int64] | None = None

    def take(self, rows: NDArray[Any]) -> Frame:
        """The same columns with these rows only."""
        columns = {name: column.take(rows) for name, column in self.columns.items()}
        numbers = None if self.numbers is None else self.numbers[rows]
        return replace(self, columns=columns, rows=len(rows), numbers=numbers)

    def of_file(self, rows: NDArray[Any]) -> NDArray[Any]:
        """The numbers that messages call these rows by."""
        return rows if self.numbers is None else self.numbers[rows]

    @property
    def names(self) -> list[str]:
        """All columns' names, those that cannot be read last."""
        return [*self.columns, *self.unreadable]


def frame_of(data: Any, name: str = "table") -> Frame:
    """A table of any kind as a Frame; InputError for what is none, and for names that occur twice.

    data: a data frame that narwhals knows (pandas, polars, Arrow, ...), a dict of one-dimensional arrays or lists, or a
    structured NumPy array [N].
    """
    return data if isinstance(data, Frame) else frame_from(name, columns_of(data, name))


def columns_of(data: Any, name: str = "table") -> list[tuple[str, Any]]:
    """(name, column) pairs of a table of any kind, which `frame_from` takes; InputError as of `frame_of`."""
    if isinstance(data, Mapping):
        return [(str(key), values) for key, values in data.items()]
    if isinstance(data, np.ndarray) and data.dtype.names is not None and data.ndim == 1:
        return [(field, np.ascontiguousarray(data[field])) for field in data.dtype.names]
    import narwhals as nw

    try:
        native = nw.from_native(data, eager_only=True)
    except TypeError as error:
        rule = "must be a data frame (pandas, polars, Arrow) or a dict of columns"
        raise InputError(problem(name, rule, got=type(data).__name__, fix=_as_frame(data))) from error
    except nw.exceptions.DuplicateError:
        check_names(name, _names_of(data))
        raise
    names = _names_of(data)
    check_names(name, names)
    return list(zip(names, native.iter_columns(), strict=True))


def _as_frame(data: Any) -> str:
    """What to do about data that are no table."""
    if type(data).__name__ == "Series":
        return "A frame of one row has it as frame.iloc[[0]], one of one column as series.to_frame()."
    if isinstance(data, list | tuple) and data and all(isinstance(row, Mapping) for row in data):
        return "A list of rows becomes one by pandas.DataFrame(rows)."
    return "Collect a lazy frame first; arrays without column names go into Dataset.from_arrays."


def frame_to_encode(data: Any, name: str = "table") -> Frame:
    """A table whose kinds of columns are known, as `frame_of` gives it; of a few rows in a tenth of the time."""
    small = None if isinstance(data, Frame) else small_columns(data)
    return frame_of(data, name) if small is None else frame_from(name, small)


def _names_of(data: Any) -> list[str]:
    return [str(column) for column in (data.column_names if hasattr(data, "column_names") else data.columns)]


def check_names(where: str, names: Sequence[str]) -> None:
    """InputError if a name occurs twice."""
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        rule = f"column names must be unique; repeated: {', '.join(map(repr, twice[:5]))}"
        raise InputError(problem(where, rule, fix="Rename one of them."))


def check_count(where: str, columns: int) -> None:
    """InputError if there are more columns than a table may have."""
    if columns > MOST_COLUMNS:
        rule = f"must have at most {MOST_COLUMNS:,} columns"
        fix = "Choose some, or give the numbers as one array: goodfit.data.Dataset.from_arrays(x, y)."
        raise InputError(problem(where, rule, got=columns, fix=fix))


def frame_from(where: str, columns: Sequence[tuple[str, Any]], notes: Sequence[str] = ()) -> Frame:
    """A Frame from (name, column) pairs; InputError if there is none, or if their lengths differ."""
    check_count(where, len(columns))
    check_names(where, [name for name, _ in columns])
    made: dict[str, RawColumn] = {}
    unreadable: dict[str, str] = {}
    lengths: dict[str, int] = {}
    for name, values in columns:
        try:
            column = values if isinstance(values, RawColumn) else arrow_column(values)
            lengths[name] = len(column)
            made[name] = column if isinstance(column, RawColumn) else raw_column(column)
        except UnreadableColumn as error:
            unreadable[name] = str(error)
    if len(set(lengths.values())) > 1:
        raise InputError(problem(where, "all columns must have the same number of rows", got=lengths))
    if not columns:
        raise InputError(problem(where, "must have columns; there are none"))
    if not lengths and any(isinstance(values, str | bytes | int | float | np.generic) for _, values in columns):
        name, values = columns[0]
        rule = f"every column must be a list of values, also for one row; {name!r} is none"
        raise InputError(problem(where, rule, got=values, fix="Write [...] around each value."))
    return Frame(where, made, max(lengths.values(), default=0), unreadable, tuple(notes))


def arrow_column(values: Any) -> Any:
    """A column as an Arrow array; mixed Python values become texts. UnreadableColumn for what holds no values."""
    import pyarrow as pa

    if isinstance(values, pa.Array | pa.ChunkedArray):
        return values
    if not isinstance(values, Iterable) or isinstance(values, str | bytes | Mapping):
        raise UnreadableColumn(type(values).__name__)
    if isinstance(values, np.ndarray) and values.ndim != 1:
        raise UnreadableColumn(f"an array of shape {values.shape}")
    try:
        if hasattr(values, "to_arrow"):  # a narwhals series
            return _as_ordered(values)
        if isinstance(values, np.ndarray) and values.dtype.kind in "fiu":
            wide = values.dtype.kind == "f" and values.dtype.itemsize > 8  # which Arrow has not
            with np.errstate(over="ignore"):  # beyond float64 is infinite
                values = values.astype(np.float64 if wide else values.dtype.newbyteorder("="))
        if isinstance(values, np.ndarray) and values.dtype.kind == "U":  # which Arrow would end at a zero
            values = values.tolist()
        values = values if isinstance(values, np.ndarray) else list(values)
        if not isinstance(values, np.ndarray) or values.dtype == object:
            kinds = {kind for kind in set(map(type, values)) if issubclass(kind, np.generic)}
            if np.datetime64 in kinds and len(kinds) > 1:
                raise TypeError("Arrow ends the process on these")
        return pa.array(values)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return pa.array([_plain(value) for value in values], pa.large_string())


def _as_ordered(series: Any) -> Any:
    """A narwhals series as an Arrow array, an Enum's categories as ordered ones, whatever library it is of; categories
    that are no values of Arrow, as texts.
    """
    import narwhals as nw
    import pyarrow as pa

    if isinstance(series.to_native(), pa.ChunkedArray):
        return series.to_native()  # in its parts, whose orders may differ
    array = series.to_arrow()
    if pa.types.is_dictionary(array.type) and isinstance(array.type.value_type, pa.BaseExtensionType):
        array = pa.array(series.to_native().cat.rename_categories(str))  # the intervals of pandas.cut
    if not isinstance(series.dtype, nw.Enum) or not pa.types.is_dictionary(array.type) or array.type.ordered:
        return array
    return array.cast(pa.dictionary(array.type.index_type, array.type.value_type, ordered=True))


def _plain(value: Any) -> str | None:
    """One value of a mixed column as text; None where it is missing."""
    if value is None or type(value).__name__ in ("NAType", "NaTType", "MaskedConstant"):
        return None
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, bool | str | decimal.Decimal):
        return str(value)
    if isinstance(value, int | float):
        whole = abs(value) < EXACT and value == int(value)
        return str(int(value)) if whole else str(value)
    if isinstance(value, datetime.date):  # a datetime is one, too
        return value.isoformat()
    raise UnreadableColumn(type(value).__name__)
