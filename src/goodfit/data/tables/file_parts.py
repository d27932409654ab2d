"""Table files in parts, so that they may be larger than memory."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from goodfit.data.tables.csv_parts import csv_parts
from goodfit.data.tables.frames import check_names
from goodfit.data.tables.parts import TablePart, plain_values
from goodfit.data.tables.several import SUFFIX, common_types, several_files
from goodfit.errors import InputError, problem
from goodfit.reading import open_file

PART_ROWS = 2**13  # of a part of a Parquet file
BUFFER_BYTES = 2**16  # of a column of it, read at once


def in_parts(path: str | os.PathLike[str]) -> Iterator[TablePart] | None:
    """The parts of a CSV, TSV or Parquet file, of whatever size, or of several Parquet files (see `several_files`);
    None for a file of another type, or none.

    InputError where it cannot be read, as of `read_frame`.
    """
    where = os.fspath(path)
    files = several_files(where)
    if files:
        return _parquet_parts(where, files)
    suffix = Path(where).suffix.lower()
    if suffix not in (".csv", ".tsv", SUFFIX) or not os.path.isfile(where):
        return None
    if suffix == SUFFIX:
        return _parquet_parts(where, [where])

    def opened() -> Iterator[TablePart]:
        with _opened(where) as content:
            yield from csv_parts(where, content, "\t" if suffix == ".tsv" else None)

    return opened()


@contextmanager
def _opened(file: str) -> Iterator[Any]:
    try:
        content, _ = open_file(Path(file), most=2**62)
    except OSError as error:
        raise InputError(problem(file, f"must be readable: {error.strerror or error}")) from error
    with closing(content):
        yield content


@contextmanager
def _parquet(file: str) -> Iterator[Any]:
    """A Parquet file, and what goes wrong with it as an InputError."""
    import pyarrow as pa
    from pyarrow import parquet

    with _opened(file) as content:
        try:
            # pages are read as they are needed: without a buffer, all columns of a row group would be read at once
            yield parquet.ParquetFile(content, pre_buffer=False, buffer_size=BUFFER_BYTES)
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            said = str(error).splitlines()[0]
            fix = "It may be damaged, or of another type."
            raise InputError(problem(file, "must be a Parquet file", got=said, fix=fix)) from error


def _parquet_parts(where: str, files: Sequence[str]) -> Iterator[TablePart]:
    """The rows of files, one after another."""
    import pyarrow as pa
    import pyarrow.compute as pc

    columns, gaps, lost = list[dict[str, Any]](), set[str](), dict[str, Any]()
    for file in files:
        with _parquet(file) as found:
            if len(files) > 1:
                check_names(file, found.schema_arrow.names)
            columns.append({each.name: each.type for each in found.schema_arrow})
            gaps |= _with_gaps(found)
            lost |= {name: columns[-1][name].value_type for name in lost_orders(columns[-1], found.metadata)}
    common = common_types(files, columns) if len(files) > 1 else {}
    lost |= {name: of for name, of in common.items() if any(is_ordered(held[name]) for held in columns)}
    # numbers with a gap anywhere are floats in every part, as in a column that is read whole
    types = {**lost, **common, **dict.fromkeys(gaps, pa.float64())}

    def part(names: Sequence[str], arrays: Sequence[Any], notes: Sequence[str] = ()) -> TablePart:
        held = [
            (name, pc.cast(plain_values(a), types[name], safe=False) if name in types else a)
            for name, a in zip(names, arrays, strict=True)
        ]
        if len(files) > 1:  # in the order of the first file
            by_name = dict(held)
            held = [(name, by_name[name]) for name in columns[0]]
        return TablePart(where, held, notes)

    notes, batches = list(map(order_note, lost)), 0
    for file in files:
        with _parquet(file) as found:
            for batch in found.iter_batches(batch_size=PART_ROWS):
                batch.validate(full=True)  # as of a whole file
                yield part(batch.schema.names, batch.columns, () if batches else notes)
                batches += 1
            empty = found.schema_arrow.empty_table()
    if not batches:
        yield part(empty.column_names, empty.columns, notes)


def is_ordered(of: Any) -> bool:
    """Whether a type is one of ordered categories."""
    import pyarrow as pa

    return bool(pa.types.is_dictionary(of) and of.ordered)


def lost_orders(types: Mapping[str, Any], told: Any) -> list[str]:
    """The columns of ordered categories of which a Parquet file has not kept the order. told: its metadata."""
    ordered = [name for name, of in types.items() if is_ordered(of)]
    groups = [told.row_group(group) for group in range(told.num_row_groups)] if ordered else []
    chunks = [group.column(place) for group in groups for place in range(told.num_columns)]
    # without a dictionary in the file, Arrow makes one of the values as they come, and calls it ordered all the same
    lost = {each.path_in_schema for each in chunks if not each.has_dictionary_page}
    return [name for name in ordered if name in lost]


def order_note(name: str) -> str:
    """What is said of a column of ordered categories without their order."""
    return f"Column {name!r}: the file has not kept the order of its categories."


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
