"""Columns of texts that are plain numbers or plain dates throughout: read by Arrow at once, not word by word.

What is read is what `raw_column` would read; a column with any other cell is left to that.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.data.tables.arrow_numbers import no_text, numbers_of
from goodfit.data.tables.kinds import Kind
from goodfit.data.tables.raw import RawColumn

_YEAR_1 = date(1, 1, 1).toordinal() - date(1970, 1, 1).toordinal()  # in days: the first date that Python has


def with_plain(columns: Sequence[tuple[str, Any]], kinds: Mapping[str, Kind]) -> list[tuple[str, Any]]:
    """(name, column) pairs, those that are plain as a RawColumn, the others as they are. kinds: by name, if known."""
    return [(name, plain_column(array, kinds.get(name)) or array) for name, array in columns]


def plain_column(array: Any, kind: Kind | None) -> RawColumn | None:
    """An Arrow array of texts as numbers or days, if all its cells are plain ones of its kind or empty; None if not."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if kind not in ("numeric", "date") or not isinstance(array, pa.Array | pa.ChunkedArray):
        return None
    if not len(array) or not pa.types.is_large_string(array.type) or array.null_count:
        return None
    empty = numbers_of(pc.binary_length(array), 0) == 0
    if empty.any():
        array = pc.if_else(_mask(empty), no_text(), array)
    try:
        read = pc.cast(array, pa.float64() if kind == "numeric" else pa.date32())
    except pa.ArrowInvalid:
        return None
    if kind == "numeric":
        values = numbers_of(read, np.nan)
        # Arrow reads nan, nan(2) and the like, too: whether such a word is missing, others decide
        return RawColumn("number", values) if np.array_equal(np.isnan(values), empty) else None
    days = numbers_of(pc.cast(pc.cast(read, pa.int32()), pa.float64()), np.nan)
    return None if (days < _YEAR_1).any() else RawColumn("date", days)


def _mask(values: NDArray[np.bool_]) -> Any:
    """Truth values as an Arrow array, from their bits."""
    import pyarrow as pa

    bits = pa.py_buffer(np.packbits(values, bitorder="little").tobytes())
    return pa.BooleanArray.from_buffers(pa.bool_(), len(values), [None, bits])
