"""IDX files, written as their description says: the inverse of `parse_idx`."""

import struct

import numpy as np

from goodfit.data.idx import TYPES


def format_idx(array: np.ndarray) -> bytes:
    """The bytes of an uncompressed IDX file that holds the array."""
    codes = {np.dtype(dtype).newbyteorder("="): code for code, dtype in TYPES.items()}
    code = codes[array.dtype.newbyteorder("=")]
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape)
    return header + array.astype(TYPES[code]).tobytes()
