"""Table files, read by their suffix: CSV, TSV, Parquet, Feather, NPZ."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from goodfit.arguments import public
from goodfit.data.npz import read_npz
from goodfit.data.tables.csv_file import csv_columns
from goodfit.data.tables.file_parts import in_parts
from goodfit.data.tables.frames import Frame, check_count
from goodfit.data.tables.parts import TablePart, plain_values
from goodfit.data.tables.several import several_files
from goodfit.errors import InputError, problem
from goodfit.reading import read_bytes, similar_file

NPZ_TARGET = "y"  # the target's column in an NPZ file with the arrays x and y


@public
def read_frame(path: str | os.PathLike[str]) -> Frame:
    """The raw columns of a table file; InputError where it cannot be read."""
    return read_columns(path).frame()


def read_columns(path: str | os.PathLike[str]) -> TablePart:
    """The columns of a table file as they stand there; InputError where it cannot be read."""
    file = Path(path)
    where = os.fspath(path)
    if parts := several_files(where) and in_parts(where):
        return _joined(where, list(parts))
    reader = READERS.get(file.suffix.lower())
    if reader is None and not os.path.lexists(where):
        raise InputError(no_file(where))
    if os.path.isdir(where):
        raise InputError(
            problem(where, "must be a table file, or a folder of Parquet files; it is a folder without any")
        )
    if reader is None:
        rule = f"must be a table file: its name must end in {', '.join(READERS)}"
        raise InputError(problem(where, rule, got=file.suffix or file.name))
    try:
        content = read_bytes(file)
    except FileNotFoundError as error:
        raise InputError(no_file(where)) from error
    except OSError as error:
        raise InputError(problem(where, f"must be readable: {error.strerror or error}")) from error
    return reader(where, content)


def no_file(where: str) -> str:
    """The problem with the path of a table file that is not there."""
    return problem(where, "there is no such file", fix=similar_file(where))


@public
def is_table_path(text: str) -> bool:
    """Whether a name looks like a table file rather than like one of goodfit's data sets."""
    return Path(text).suffix.lower() in READERS or os.sep in text or os.path.isfile(text) or bool(several_files(text))


def _joined(where: str, parts: Sequence[TablePart]) -> TablePart:
    """Parts as one, in which categories are texts: the dictionaries of two files differ."""
    import pyarrow as pa

    tables = [
        pa.table([plain_values(a) for _, a in part.columns], names=[name for name, _ in part.columns]) for part in parts
    ]
    whole = pa.concat_tables(tables)
    return TablePart(where, list(zip(whole.column_names, whole.columns, strict=True)))


def _parquet(where: str, content: bytes) -> TablePart:
    import pyarrow as pa
    from pyarrow import parquet

    part = _arrow_table(where, content, "a Parquet file", parquet.read_table)
    ordered = [name for name, column in part.columns if pa.types.is_dictionary(column.type) and column.type.ordered]
    if not ordered:
        return part
    told = parquet.read_metadata(pa.BufferReader(content))
    groups = [told.row_group(group) for group in range(told.num_row_groups)]
    chunks = [group.column(place) for group in groups for place in range(told.num_columns)]
    # without a dictionary in the file, Arrow makes one of the values as they come, and calls it ordered all the same
    lost = {each.path_in_schema for each in chunks if not each.has_dictionary_page} & {*ordered}
    columns = [(name, column.cast(column.type.value_type) if name in lost else column) for name, column in part.columns]
    notes = [f"Column {name!r}: the file has not kept the order of its categories." for name in ordered if name in lost]
    return TablePart(where, columns, notes)


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
