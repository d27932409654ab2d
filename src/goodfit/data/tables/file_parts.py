"""Table files in parts, so that they may be larger than memory."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from goodfit.data.tables.csv_parts import csv_parts
from goodfit.data.tables.parts import TablePart
from goodfit.errors import InputError, problem
from goodfit.reading import open_file

PART_ROWS = 2**13  # of a part of a Parquet file
BUFFER_BYTES = 2**16  # of a column of it, read at once


def in_parts(path: str | os.PathLike[str]) -> Iterator[TablePart] | None:
    """The parts of a CSV, TSV or Parquet file, of whatever size; None for a file of another type, or none.

    InputError where it cannot be read, as of `read_frame`.
    """
    file, where = Path(path), os.fspath(path)
    suffix = file.suffix.lower()
    if suffix not in (".csv", ".tsv", ".parquet") or not os.path.isfile(where):
        return None

    def opened() -> Iterator[TablePart]:
        try:
            content, _ = open_file(file, most=2**62)
        except OSError as error:
            raise InputError(problem(where, f"must be readable: {error.strerror or error}")) from error
        with closing(content):
            if suffix == ".parquet":
                yield from _parquet_parts(where, content)
            else:
                yield from csv_parts(where, content, "\t" if suffix == ".tsv" else None)

    return opened()


def _parquet_parts(where: str, file: Any) -> Iterator[TablePart]:
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import parquet

    try:
        # pages are read as they are needed: without a buffer, all columns of a row group would be read at once
        found = parquet.ParquetFile(file, pre_buffer=False, buffer_size=BUFFER_BYTES)
        gaps = _with_gaps(found)
        batches = 0
        for batch in found.iter_batches(batch_size=PART_ROWS):
            batch.validate(full=True)  # as of a whole file
            columns = zip(batch.schema.names, batch.columns, strict=True)
            # numbers with a gap anywhere are floats in every part, as in a column that is read whole
            yield TablePart(
                where, [(name, pc.cast(a, pa.float64(), safe=False) if name in gaps else a) for name, a in columns]
            )
            batches += 1
        if not batches:
            empty = found.schema_arrow.empty_table()
            yield TablePart(where, list(zip(empty.column_names, empty.columns, strict=True)))
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        said = str(error).splitlines()[0]
        fix = "It may be damaged, or of another type."
        raise InputError(problem(where, "must be a Parquet file", got=said, fix=fix)) from error


def _with_gaps(file: Any) -> set[str]:
    """The columns of whole numbers in which some are missing."""
    import pyarrow as pa

    whole = [each.name for each in file.schema_arrow if pa.types.is_integer(each.type)]
    found, unknown = set[str](), set[str]()
    for group in range(file.metadata.num_row_groups):
        row_group = file.metadata.row_group(group)
        for place in range(row_group.num_columns):
            column = row_group.column(place)
            if column.path_in_schema in whole:
                facts = column.statistics
                if facts is None or not facts.has_null_count:
                    unknown.add(column.path_in_schema)
                elif facts.null_count:
                    found.add(column.path_in_schema)
    if unknown - found:
        for batch in file.iter_batches(batch_size=PART_ROWS, columns=sorted(unknown - found)):
            found |= {name for name, array in zip(batch.schema.names, batch.columns, strict=True) if array.null_count}
    return found
