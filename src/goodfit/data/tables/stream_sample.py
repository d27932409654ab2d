"""What is read of a file before its rows are divided: a sample of them, and whether it is still the same file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.data.sources import Notify, Step
from goodfit.data.tables.commas import NumberForms
from goodfit.data.tables.file_parts import in_parts
from goodfit.data.tables.frames import Frame, check_names
from goodfit.data.tables.parts import TablePart, plain_values
from goodfit.data.tables.several import files_of, no_table
from goodfit.data.tables.streamed_rows import StreamLimits, hashed
from goodfit.errors import InputError, problem

ENDINGS = ".parquet, .csv or .tsv"
PASSES = 3  # that a file is read before training
_watching: ContextVar[Notify | None] = ContextVar("goodfit_passes", default=None)


@contextmanager
def passes_told(notify: Notify) -> Iterator[None]:
    """While this lasts, who watches is told how far a pass over a file is, which may take minutes."""
    token = _watching.set(notify)
    try:
        yield
    finally:
        _watching.reset(token)


@dataclass(frozen=True)
class FileStamp:
    """By what the files of a table are known to be those read before.

    files: of each its name, size in bytes, the nanoseconds of its last change, and its inode.
    """

    files: tuple[tuple[str, int, int, int], ...]

    @classmethod
    def of(cls, path: str) -> FileStamp | None:
        """Of a table as it is now; None where a file is not there."""
        files = files_of(path)
        try:
            found = [os.stat(file) for file in files]
        except OSError:
            return None
        marks = [(each.st_size, each.st_mtime_ns, each.st_ino) for each in found]
        return cls(tuple((file, *mark) for file, mark in zip(files, marks, strict=True)))


def changed_error(path: str) -> InputError:
    """The error for a file that is another one than in the pass before."""
    rule = "must not change while it is read, and it is read several times; it has changed"
    return InputError(problem(path, rule, fix="Train again when nothing writes to it."))


def file_parts_of(path: str, number: int, rows: int | None = None) -> Iterator[TablePart]:
    """The parts of a file; InputError for one that cannot be read in parts.

    number: of the pass, from 1; rows: how many there are, where it is known.
    """
    parts = in_parts(path)
    if parts is None:
        if wrong := no_table(path):
            raise InputError(wrong)
        rule = f"must be one {ENDINGS} file, or a folder of Parquet files, to be read in parts"
        raise InputError(problem(path, rule, fix="Convert it, or train without stream."))
    return _counted(parts, number, rows)


def _counted(parts: Iterator[TablePart], number: int, rows: int | None) -> Iterator[TablePart]:
    done, notify = 0, _watching.get()
    for part in parts:
        yield part
        done += len(part.columns[0][1]) if part.columns else 0
        if notify is not None:
            share = min(done / rows, 1.0) if rows else None
            notify(Step("reading", "computing", f"{done:,} rows, pass {number} of {PASSES}", share))


def sampled(path: str, limits: StreamLimits) -> tuple[Frame, NDArray[np.int64], int]:
    """(rows drawn by a hash of their numbers, these numbers, how many rows there are): those of the smallest words, so
    that the same rows are drawn however the file is cut into parts.
    """
    import pyarrow as pa

    chosen, first, most, bound = list[tuple[Any, Any, Any]](), 0, 0, np.uint64(2**64 - 1)
    notes, commas = dict[str, None](), False
    for part in file_parts_of(path, 1):
        notes, commas = notes | dict.fromkeys(part.notes), commas or part.commas is not None
        names = [name for name, _ in part.columns]
        check_names(path, names)
        columns = [plain_values(column) for _, column in part.columns]
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
    pairs = [(name, piece[name].combine_chunks()) for name in piece.column_names]
    sample = TablePart(path, pairs, list(notes), NumberForms() if commas else None).frame()
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
