"""The rows of a raw table as bytes, the same for a copy in another format or with its columns in another order."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from goodfit.data.prints import text_print
from goodfit.data.tables.frames import Frame
from goodfit.data.tables.kinds import are_codes, merges_truths
from goodfit.data.tables.raw import RawColumn
from goodfit.data.tables.targets import target_names


def row_bytes(frame: Frame, target: str | Sequence[str]) -> NDArray[np.uint8]:
    """Every row as bytes [N, W]: the names of the columns and of the target or targets, and what stands in each cell.

    The names are the first 8 bytes.
    """
    names = sorted(frame.columns)
    head = text_print("\0".join([*target_names(target), *names]))
    cells = [np.full(frame.rows, head, np.uint64), *(_cells(frame.columns[name]) for name in names)]
    return np.ascontiguousarray(np.stack(cells, axis=1)).view(np.uint8)


def _cells(column: RawColumn) -> NDArray[np.uint64]:
    """What stands in each cell: a number rounded to float32, a date to its microsecond, the print of another text.

    Texts that a reading as yes and no, or as numbers, would make one value stay texts: N and F, 5 and 05.
    """
    if column.storage != "text":
        return _bits(column.values.astype(np.float64), exact=column.storage == "date")
    words = RawColumn("text", np.arange(len(column.words), dtype=np.int32), column.words, commas=column.commas)
    prints = np.array([text_print(word) for word in words.categories()], np.uint64)
    texts = words.categories()
    readings = [(words.dates(), True)]
    if not merges_truths(texts):
        readings.append((words.booleans(), False))
    if not are_codes(texts):
        readings.append((words.numbers(), False))
    for values, exact in readings:
        prints = np.where(np.isnan(values), prints, _bits(values, exact=exact))
    nothing = _bits(np.array([np.nan]), exact=False)
    found: NDArray[np.uint64] = np.append(prints, nothing)[column.values]  # position -1 takes the last
    return found


def _bits(values: NDArray[np.float64], *, exact: bool) -> NDArray[np.uint64]:
    """Numbers as bits: one NaN, one zero; in float32 unless `exact`."""
    with np.errstate(over="ignore"):
        rounded = values if exact else values.astype(np.float32).astype(np.float64)
    return np.where(np.isnan(rounded), np.nan, rounded + 0.0).view(np.uint64)
