"""Table files, read by their suffix: CSV, TSV, Parquet, Feather, NPZ."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from goodfit.arguments import public
from goodfit.data.npz import read_npz
from goodfit.data.tables.csv_file import csv_columns
from goodfit.data.tables.file_parts import in_parts, is_ordered, lost_orders, order_note
from goodfit.data.tables.frames import Frame, check_count
from goodfit.data.tables.parts import TablePart, plain_values
from goodfit.data.tables.several import no_table, several_files
from goodfit.errors import InputError, problem
from goodfit.reading import memory_limit, read_bytes, too_large

NPZ_TARGET = "y"  # the target's column in an NPZ file with the arrays x and y


@public
def read_frame(path: str | os.PathLike[str]) -> Frame:
    """The raw columns of a table file; InputError where it cannot be read."""
    return read_columns(path).frame()


def read_columns(path: str | os.PathLike[str]) -> TablePart:
    """The columns of a table file as they stand there; InputError where it cannot be read."""
    file = Path(path)
    where = os.fspath(path)
    if wrong := no_table(where):
        raise InputError(wrong)
    files = several_files(where)
    if files:
        _check_size(where, files)
        if parts := in_parts(where):
            return _joined(where, list(parts))
    reader = READERS.get(file.suffix.lower())
    if reader is None:
        rule = f"must be a table file: its name must end in {', '.join(READERS)}"
        raise InputError(problem(where, rule, got=file.suffix or file.name))
    try:
        content = read_bytes(file)
    except OSError as error:
        raise InputError(problem(where, f"must be readable: {error.strerror or error}")) from error
    return reader(where, content)


def _check_size(where: str, files: Sequence[str]) -> None:
    """InputError where several files are together larger than one file may be."""
    try:
        size, limit = sum(map(os.path.getsize, files)), memory_limit()
    except OSError as error:
        raise InputError(problem(where, f"must be readable: {error.strerror or error}")) from error
    if size > limit:
        raise InputError(problem(where, f"must be readable: {too_large(size, limit)}"))


@public
def is_table_path(text: str) -> bool:
    """Whether a name looks like a table file rather than like one of goodfit's data sets."""
    like_a_path = Path(text).suffix.lower() in READERS or os.sep in text or os.path.exists(text)
    return like_a_path or several_files(text) is not None


def _joined(where: str, parts: Sequence[TablePart]) -> TablePart:
    """Parts as one, in which categories are texts, for the dictionaries of two files differ; but for ordered ones that
    are the same in all.
    """
    import pyarrow as pa

    held, notes, columns = [dict(part.columns) for part in parts], [*parts[0].notes], list[tuple[str, Any]]()
    for name, first in parts[0].columns:
        arrays = [each[name] for each in held]
        kept = is_ordered(first.type) and all(each.dictionary.equals(first.dictionary) for each in arrays)
        if is_ordered(first.type) and not kept:
            notes.append(order_note(name))
        columns.append((name, pa.chunked_array(arrays if kept else map(plain_values, arrays))))
    return TablePart(where, columns, notes)


def _parquet(where: str, content: bytes) -> TablePart:
    import pyarrow as pa
    from pyarrow import parquet

    part = _arrow_table(where, content, "a Parquet file", parquet.read_table)
    if not any(is_ordered(column.type) for _, column in part.columns):
        return part
    lost = lost_orders(
        {name: column.type for name, column in part.columns}, parquet.read_metadata(pa.BufferReader(content))
    )
    columns = [(name, column.cast(column.type.value_type) if name in lost else column) for name, column in part.columns]
    return TablePart(where, columns, list(map(order_note, lost)))


def _feather(where: str, content: bytes) -> TablePart:
    from pyarrow import feather

    return _arrow_table(where, content, "a Feather (Arrow) file", feather.read_table)


def _arrow_table(where: str, content: bytes, kind: str, read: Callable[..., Any]) -> TablePart:
    import pyarrow as pa

    try:
        table = read(pa.BufferReader(content))
        table.validate(full=True)  # offsets and codes that point elsewhere would end the process when they are used
        return TablePart(where, list(zip(table.column_names, table.columns, strict=True)))
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        said = str(error).splitlines()[0]
        raise InputError(
            problem(where, f"must be {kind}", got=said, fix="It may be damaged, or of another type.")
        ) from error


def _npz(where: str, content: bytes) -> TablePart:
    """Arrays x [N, D] and y [N], or one-dimensional arrays by name. Never unpickles."""
    try:
        arrays = read_npz(content)
    except ValueError as error:
        rule = "must be an NPZ file of arrays of numbers or texts; arrays of objects are never unpickled"
        raise InputError(problem(where, rule, got=str(error))) from error
    x, y = arrays.get("x"), arrays.get(NPZ_TARGET)
    if x is not None and x.ndim == 2 and arrays.keys() <= {"x", NPZ_TARGET}:
        check_count(where, x.shape[1])
        columns = [(f"x{place}", np.ascontiguousarray(x[:, place])) for place in range(x.shape[1])]
        return TablePart(where, columns if y is None else [*columns, (NPZ_TARGET, y)])
    return TablePart(where, list(arrays.items()))


READERS: dict[str, Callable[[str, bytes], TablePart]] = {
    ".csv": csv_columns,
    ".tsv": lambda where, content: csv_columns(where, content, "\t"),
    ".parquet": _parquet,
    ".feather": _feather,
    ".arrow": _feather,
    ".npz": _npz,
}
