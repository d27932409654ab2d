"""CSV files and streams in parts of whole records, so that memory does not grow with them."""

import re
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from goodfit.data.tables.commas import SEPARATORS as COMMA_SEPARATORS
from goodfit.data.tables.commas import NumberForms
from goodfit.data.tables.csv_file import (
    BLOCK,
    EMPTY,
    MARK,
    cells,
    csv_columns,
    header_of,
    named,
    separator_of,
)
from goodfit.data.tables.csv_text import TextBytes
from goodfit.data.tables.parts import TablePart
from goodfit.errors import InputError, problem

PART_BYTES = 2**20  # of a part, where a record is not longer
_QUOTE, _LINE, _RETURN = b'"\n\r'


def csv_parts(where: str, file: BinaryIO, separator: str | None = None, size: int | None = None) -> Iterator[TablePart]:
    """The rows of a text file with one line of column names, read as `read_csv` reads them.

    size: bytes of a part; None for PART_BYTES.
    InputError as of `read_csv`, once the part with the fault is reached. A column without a name is left out if it
    counts the rows of the first part.
    """
    names: list[str] = []
    left_out, sign, records, text, forms = set[str](), separator, 0, TextBytes(where), NumberForms()
    head = b""  # the line of names, until rows come: which columns count them cannot be told before
    for raw, sign in _whole_records(file, separator, size or PART_BYTES):
        content = text.in_utf8(raw)
        if not (content.strip(b"\r\n") if names or head else content.strip()):
            continue
        if names:
            columns, count = cells(where, content, sign, len(names), records)
            pairs = [pair for pair in zip(names, columns, strict=True) if pair[0] not in left_out]
            yield TablePart(where, pairs, text.told(), forms if sign in COMMA_SEPARATORS else None)
        else:
            head += content
            header, sign = header_of(where, head, sign)
            columns, count = cells(where, head, sign, len(header))
            if count == 1:
                continue
            pairs, notes = named(header, [column.slice(1) for column in columns])
            part = TablePart(where, pairs, [*notes, *text.told()], forms if sign in COMMA_SEPARATORS else None)
            names = [name or f"column {place}" for place, name in enumerate(header, start=1)]
            left_out = {*names} - {name for name, _ in part.columns}
            yield part
        records += count
    if not head:
        raise InputError(problem(where, EMPTY))
    if not names:
        yield csv_columns(where, head, sign)


def _whole_records(file: BinaryIO, separator: str | None, size: int) -> Iterator[tuple[bytes, str]]:
    """(content, separator): the content in pieces that end where a record does, of about `size` bytes, or longer where
    a record is.
    """
    left, first = file.read(len(MARK)).removeprefix(MARK), True
    while True:
        read = file.read(size)
        content = left + read
        if separator is None and (b"\n" in content.lstrip() or not read):
            separator = separator_of(content)
        if not read:
            if content or first:
                yield content, separator or ","
            return
        end = 0 if separator is None else end_of_records(content, separator)
        left = content[end:]
        if end:
            first = False
            yield content[:end], separator or ","
        size = max(size, min(len(left), BLOCK))  # a long record is looked through a few times, not once a piece


def end_of_records(content: bytes, separator: str) -> int:
    """Where the last record ends that is surely whole, in bytes that begin with one; 0 if there is none.

    A quote opens a text only where a cell begins, and in a text two quotes are one. So, where every quote that would
    open one stands after a separator, an end of line or a quote that closed, a line that ends after an even number of
    quotes ends a record. Where a quote stands elsewhere, records are looked through one by one.
    """
    signs = np.frombuffer(content, np.uint8)
    quotes = np.flatnonzero(signs == _QUOTE)
    if not quotes.size:
        return content.rfind(b"\n") + 1
    opening = quotes[::2]
    before = np.where(opening > 0, signs[opening - 1], _LINE)
    if not np.isin(before, (_LINE, _RETURN, _QUOTE, ord(separator))).all():
        return _end_one_by_one(content, separator)
    end = len(content)
    while (end := content.rfind(b"\n", 0, end)) >= 0:
        if int(np.searchsorted(quotes, end)) % 2 == 0:
            return end + 1
    return 0


def _end_one_by_one(content: bytes, separator: str) -> int:
    sign = re.escape(separator.encode())
    # a text that is not closed yet is no cell: it must not pass for one without quotes
    cell = rb'(?:"(?:[^"]++|"")*+"|(?!"))[^\r\n' + sign + rb"]*+"
    whole = re.compile(cell + rb"(?:" + sign + cell + rb")*+(?:\r\n|\n|\r(?=[^\n]))")
    end = 0
    while (found := whole.match(content, end)) is not None:
        end = found.end()
    return end
