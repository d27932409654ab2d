"""CSV and TSV files, read as text: what a column means is decided later, in one place for all sources."""

import csv
import io
import re
from typing import Any

import numpy as np

from goodfit.data.tables.commas import SEPARATORS as COMMA_SEPARATORS
from goodfit.data.tables.commas import NumberForms
from goodfit.data.tables.csv_text import TextBytes
from goodfit.data.tables.frames import Frame, check_count
from goodfit.data.tables.parts import TablePart
from goodfit.data.tables.raw import raw_column
from goodfit.errors import InputError, problem
from goodfit.words import rows_text

SEPARATORS = (",", ";", "\t", "|")  # those tried for .csv; the one that occurs most often in the header wins
BLOCK = 1 << 28  # bytes parsed at a time; a row must fit
MARK = b"\xef\xbb\xbf"  # of UTF-8, which may stand at the beginning
EMPTY = "must hold a line of column names and rows; it is empty"
_QUOTED = re.compile(  # a text in quotes, which begins where a cell does; after blanks, quotes do not hold line ends
    rb'(?<![^,;\t|\r\n])(?:"(?:[^"]|"")*+"| ++"(?:[^"\n]|"")*+")'
)
_HEADER = re.compile(rb"\s*+(?:" + _QUOTED.pattern + rb"|[^\n])*+")


def read_csv(where: str, content: bytes, separator: str | None = None) -> Frame:
    """The raw columns of a text file, as of `csv_columns`."""
    return csv_columns(where, content, separator).frame()


def csv_columns(where: str, content: bytes, separator: str | None = None) -> TablePart:
    """A text file with one line of column names. separator: None finds it in the header.

    UTF-8, with or without a byte-order mark, or Windows-1252; quotes may hold separators and line ends. InputError for
    a file of another encoding, without lines, or with rows that are shorter or longer than the header.
    """
    content = content.removeprefix(MARK)
    if not content.strip():
        raise InputError(problem(where, EMPTY))
    text = TextBytes(where)
    content = text.in_utf8(content)
    header, separator = header_of(where, content, separator)
    columns, _ = cells(where, content, separator, len(header))
    pairs, notes = named(header, [column.slice(1) for column in columns])
    forms = NumberForms() if separator in COMMA_SEPARATORS else None
    return TablePart(where, pairs, [*notes, *text.told()], forms)


def header_of(where: str, content: bytes, separator: str | None) -> tuple[list[str], str]:
    """The column names in the first line, and the separator. separator: None finds it in that line."""
    separator = separator or separator_of(content)
    header = [name.strip() for name in _first_record(where, content, separator)]
    check_count(where, len(header))
    return header, separator


def separator_of(content: bytes) -> str:
    """The separator that the header has most of, outside of quotes, in which a name may have lines."""
    header = _HEADER.match(content)
    unquoted = _QUOTED.sub(b"", header[0] if header else b"")
    return max(SEPARATORS, key=lambda sign: unquoted.count(sign.encode()))


def _first_record(where: str, content: bytes, separator: str) -> list[str]:
    lines = io.TextIOWrapper(io.BytesIO(content), "utf-8", newline="")
    try:
        return next(record for record in csv.reader(lines, delimiter=separator) if record)
    except csv.Error as error:  # a cell longer than the csv module's limit: a quote that is never closed
        raise InputError(problem(where, "the line of column names must be readable", got=str(error))) from error


def cells(where: str, content: bytes, separator: str, width: int, records: int = 0) -> tuple[list[Any], int]:
    """The cells of each column, as Arrow arrays of text, and how many records there are.

    content: whole records, of which the first is the header; records: those that stand before it in the file, and then
    none of its own is the header.
    """
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    ragged: list[tuple[int, int]] = []
    names = [f"f{place}" for place in range(width)]

    def note(row: Any) -> str:
        # records count from 1, and the first of the file is the header
        ragged.append((records + row.number - 2, row.actual_columns))
        return "skip"

    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(content),
            read_options=arrow_csv.ReadOptions(column_names=names, use_threads=False, block_size=BLOCK),
            parse_options=arrow_csv.ParseOptions(
                delimiter=separator, newlines_in_values=True, invalid_row_handler=note
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.large_string()), check_utf8=False
            ),
        )
    except pa.ArrowInvalid as error:
        raise InputError(problem(where, "must be a table of text", got=str(error))) from error
    if ragged:
        rows = np.array([row for row, _ in ragged])
        rule = f"every row must have {width} cells, as many as the header; {rows_text(rows)} has not"
        rule = rule if rows.size == 1 else f"{rule[:-7]}have not"
        fix = "Rows count from 0 below the header. A text with the separator in it needs quotes around it."
        raise InputError(problem(where, rule, got=ragged[0][1], fix=fix))
    return table.columns, table.num_rows


def named(header: list[str], columns: list[Any]) -> tuple[list[tuple[str, Any]], list[str]]:
    """(name, column) pairs, and notes.

    Columns without a name are called by their place; one that only counts the rows, as pandas writes, goes.
    """
    found, notes = [], []
    for place, (name, column) in enumerate(zip(header, columns, strict=True), start=1):
        if not name and _counts_rows(column):
            notes.append(f"Column {place} has no name and counts the rows: left out.")
            continue
        found.append((name or f"column {place}", column))
    return found, notes


def _counts_rows(column: Any) -> bool:
    numbers = raw_column(column).numbers()
    return bool(len(numbers)) and bool(np.array_equal(numbers, numbers[0] + np.arange(len(numbers))))
