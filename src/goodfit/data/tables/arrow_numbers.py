"""Numbers of Arrow arrays as NumPy has them, from their buffers: `np.asarray` would import pandas, a third of a second.

For the same reason nothing here makes an Arrow value out of one of Python's.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

FLOATS = {"halffloat": "float16", "float": "float32", "double": "float64"}  # Arrow's name -> NumPy's; others agree


def numbers_of(array: Any, absent: Any) -> NDArray[Any]:
    """The numbers or truth values of an Arrow array, whole or in chunks, with `absent` where there is none."""
    chunks = array.chunks if hasattr(array, "chunks") else [array]
    parts = [_of_chunk(chunk, absent) for chunk in chunks if len(chunk)]
    if not parts:
        return np.empty(0, _dtype(array.type))
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _of_chunk(chunk: Any, absent: Any) -> NDArray[Any]:
    known, data = chunk.buffers()
    if str(chunk.type) == "bool":
        values: NDArray[Any] = _bits(data, chunk.offset, len(chunk))
    else:
        dtype = _dtype(chunk.type)
        values = np.frombuffer(data, dtype, len(chunk), chunk.offset * dtype.itemsize)
    if not chunk.null_count:
        return values
    return np.where(_bits(known, chunk.offset, len(chunk)), values, np.asarray(absent, values.dtype))


def _dtype(kind: Any) -> np.dtype[Any]:
    """NumPy's type of the same numbers. Arrow's own `to_pandas_dtype` fails without pandas in pyarrow 18."""
    return np.dtype(FLOATS.get(str(kind), str(kind)))


def _bits(buffer: Any, offset: int, length: int) -> NDArray[np.bool_]:
    """So many truth values from a buffer that has one a bit."""
    content = np.frombuffer(buffer, np.uint8)[offset // 8 : (offset + length + 7) // 8]
    found: NDArray[np.bool_] = np.unpackbits(content, bitorder="little")[offset % 8 : offset % 8 + length].astype(bool)
    return found


def texts(words: Iterable[str]) -> Any:
    """Texts as an Arrow array."""
    import pyarrow as pa

    encoded = [word.encode() for word in words]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
    return pa.LargeStringArray.from_buffers(len(encoded), pa.py_buffer(ends), pa.py_buffer(b"".join(encoded)))


def no_text() -> Any:
    """A text that is missing, as an Arrow value."""
    import pyarrow as pa

    return pa.nulls(1, pa.large_string())[0]
