"""What is read of a file before its rows are divided: a sample of them, and whether it is still the same file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.data.tables.file_parts import in_parts
from goodfit.data.tables.frames import Frame, check_names, frame_from
from goodfit.data.tables.parts import TablePart
from goodfit.data.tables.streamed_rows import StreamLimits, hashed
from goodfit.errors import InputError, problem

ENDINGS = ".parquet, .csv or .tsv"


@dataclass(frozen=True)
class FileStamp:
    """By what a file is known to be the one read before. size: bytes; changed: nanoseconds; place: its inode."""

    size: int
    changed: int
    place: int

    @classmethod
    def of(cls, path: str) -> FileStamp | None:
        """Of a file as it is now; None where there is none."""
        try:
            found = os.stat(path)
        except OSError:
            return None
        return cls(found.st_size, found.st_mtime_ns, found.st_ino)


def changed_error(path: str) -> InputError:
    """The error for a file that is another one than in the pass before."""
    rule = "must not change while it is read, and it is read several times; it has changed"
    return InputError(problem(path, rule, fix="Train again when nothing writes to it."))


def file_parts_of(path: str) -> Iterator[TablePart]:
    """The parts of a file; InputError for one that cannot be read in parts."""
    parts = in_parts(path)
    if parts is None:
        rule = f"must be one {ENDINGS} file to be read in parts"
        raise InputError(problem(path, rule, fix="Convert it, or train without stream."))
    return parts


def sampled(path: str, limits: StreamLimits) -> tuple[Frame, NDArray[np.int64], int]:
    """(rows drawn by a hash of their numbers, these numbers, how many rows there are): those of the smallest words, so
    that the same rows are drawn however the file is cut into parts.
    """
    import pyarrow as pa

    chosen, first, most, bound = list[tuple[Any, Any, Any]](), 0, 0, np.uint64(2**64 - 1)
    for part in file_parts_of(path):
        names = [name for name, _ in part.columns]
        check_names(path, names)
        columns = [_plain_values(column) for _, column in part.columns]
        count = len(columns[0]) if columns else 0
        most = most or limits.sampled(len(names))
        words = hashed(np.arange(first, first + count), 0, "stream/sample")
        rows = np.flatnonzero(words < bound)
        if len(rows):
            piece = pa.table(columns, names=names).take(pa.array(rows))
            chosen.append((words[rows], rows + first, piece))
        first += count
        if sum(len(each) for each, *_ in chosen) > 1.25 * most:
            chosen = [_smallest(chosen, most)]
            bound = chosen[0][0].max()
    words, numbers, piece = _smallest(chosen, most) if chosen else _empty(path)
    order = np.argsort(numbers)
    piece = piece.take(pa.array(order)).combine_chunks()
    sample = frame_from(path, [(name, piece[name].combine_chunks()) for name in piece.column_names])
    del chosen, piece
    pa.default_memory_pool().release_unused()
    return sample, numbers[order].astype(np.int64), first


def _empty(path: str) -> Any:
    raise InputError(problem(path, "must have rows; there are none"))


def _smallest(chosen: list[tuple[Any, Any, Any]], most: int) -> tuple[Any, Any, Any]:
    """The rows of the smallest words, (words, numbers, table)."""
    import pyarrow as pa

    words = np.concatenate([each for each, *_ in chosen])
    numbers = np.concatenate([each for _, each, _ in chosen])
    keep = np.argsort(words, kind="stable")[:most]
    return words[keep], numbers[keep], pa.concat_tables([each for *_, each in chosen]).take(pa.array(keep))


def _plain_values(column: Any) -> Any:
    """A column without a dictionary of its own, for those of two parts differ."""
    import pyarrow as pa

    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return array.cast(array.type.value_type) if pa.types.is_dictionary(array.type) else array
