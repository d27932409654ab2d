"""Fingerprints: of a data set, and of its rows one by one, by which these are known again in another file or order."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from goodfit.data.dataset import Dataset

KEPT_PRINTS = 100_000  # of a set of rows, 8 bytes each; of more rows those with the smallest prints stand for all
_EVERY = np.iinfo(np.uint64).max
Prints = NDArray[np.uint64]


def fingerprint(data: Dataset) -> str:
    """A short digest of all rows, targets and row weights, and of the preprocessing that made them, to recognise a data
    set by.
    """
    digest = hashlib.blake2b(digest_size=16)
    for array in (data.x, data.y):
        digest.update(f"{array.shape} {array.dtype}".encode())
        digest.update(np.ascontiguousarray(array).data)
    if data.weight is not None:
        digest.update(b"weight")
        digest.update(np.ascontiguousarray(data.weight, "<f8").data)
    if data.streamed is not None:
        digest.update(data.streamed.digest.encode())
    if data.preprocessing is not None:
        digest.update(json.dumps(data.preprocessing.to_json()).encode())
    return digest.hexdigest()


def row_prints(data: Dataset, rows: NDArray[np.int32]) -> Prints:
    """A digest of each of these rows and its target: uint64 [rows], as good as drawn at random.

    Of a table, a row is all that stands in it, columns that were left out too, whatever their order; numbers count in
    float32, texts as numbers, dates or yes and no where they can be read so. Of arrays, a row is its inputs in float32
    and its target, a class by its name. So neither the file's name, format or order of rows nor the preprocessing
    matters. A value that was changed, scaled or rounded beyond float32 makes another row.
    """
    if data.raw_rows is not None:
        return of_bytes(data.raw_rows(rows))
    x = np.ascontiguousarray(data.x[rows], np.float32) + np.float32(0)  # -0 is 0
    if data.task == "classification":
        names = np.array([text_print(name) for name in data.classes], np.uint64)
        y = names[data.y[rows]][:, None]
    else:
        y = np.ascontiguousarray(data.y[rows], np.float32) + np.float32(0)
    return of_bytes(np.hstack([x.view(np.uint8), np.ascontiguousarray(y).view(np.uint8)]))


def columns_print(data: Dataset) -> int:
    """The print of the columns that are in the row prints of a table, its target among them; 0 of arrays.

    Tables of which one has a column more have no row print in common, even where all else in their rows is the same.
    """
    if data.raw_rows is None:
        return 0
    first = np.ascontiguousarray(data.raw_rows(np.zeros(1, np.int32))[:, :8])  # see `row_bytes`
    return int(first.view(np.uint64)[0, 0])


def of_bytes(rows: NDArray[np.uint8]) -> Prints:
    """The print of each row of a table of bytes [N, W]: uint64 [N]."""
    content, width = rows.tobytes(), rows.shape[1]
    starts = range(0, len(content), width)
    digests = b"".join(hashlib.blake2b(content[at : at + width], digest_size=8).digest() for at in starts)
    return np.frombuffer(digests, "<u8").astype(np.uint64)


def text_print(text: str) -> int:
    """The print of a text."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


@dataclass(frozen=True, eq=False)
class RowSet:
    """A set of rows by their prints.

    rows: how many there are, repeated ones counted; digest: of all prints, in no order; kept: distinct prints, in
    order, all of them or the KEPT_PRINTS smallest; whole: whether it is all of them.
    """

    rows: int
    digest: str
    kept: Prints
    whole: bool

    @classmethod
    def of(cls, prints: Prints) -> RowSet:
        """The set of these prints."""
        ordered = np.sort(prints)
        digest = hashlib.blake2b(ordered.astype("<u8").tobytes(), digest_size=16).hexdigest()
        distinct = np.unique(ordered)
        return cls(len(prints), digest, distinct[:KEPT_PRINTS], len(distinct) <= KEPT_PRINTS)

    def overlap(self, other: RowSet) -> float:
        """The share of the smaller set's distinct rows that stand in the other too, from 0 to 1.

        It is exact where both sets are whole. Else it is an estimate from the rows with the smallest prints, which are
        a random sample of both; none of a small set may be among those of one that is thousands of times as large.
        """
        limit = min(self._limit, other._limit)
        mine, others = self._up_to(limit), other._up_to(limit)
        smaller = min(len(mine), len(others))
        return len(np.intersect1d(mine, others, assume_unique=True)) / smaller if smaller else 0.0

    def seen(self, earlier: Sequence[RowSet]) -> float:
        """The share of these rows that stand in at least one of the earlier sets, from 0 to 1; see `overlap`."""
        limit = min([self._limit, *(each._limit for each in earlier)])
        mine = self._up_to(limit)
        known = np.unique(np.concatenate([np.empty(0, np.uint64), *(each._up_to(limit) for each in earlier)]))
        return float(np.isin(mine, known).mean()) if len(mine) else 0.0

    @property
    def _limit(self) -> int:
        """The print up to which all of the set are kept."""
        return _EVERY if self.whole else int(self.kept[-1])

    def _up_to(self, limit: int) -> Prints:
        return self.kept[: int(np.searchsorted(self.kept, np.uint64(limit), "right"))]
