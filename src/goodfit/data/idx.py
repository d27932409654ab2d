"""IDX files: the format of MNIST and Fashion-MNIST, plain or gzip-compressed.

Two zero bytes, a type code, the number of dimensions, each length as a big-endian uint32, then the values, big-endian,
last dimension fastest. Source: the description on the MNIST page, "The IDX file format".
"""

import gzip
import io
import math
import struct
import zlib

import numpy as np

from goodfit.errors import InputError, problem

TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}  # type code -> dtype in the file
GZIP_MAGIC = b"\x1f\x8b"
FETCH_AGAIN = "Fetch the file again."


def uncompress(content: bytes, *, where: str, limit: int | None = None) -> bytes:
    """The content without gzip; content that is not gzip comes back as it is.

    limit: stop after this many bytes of output, in bytes; a guard against a small file that swells without end.
    Raises InputError, naming `where`, if the gzip stream is corrupt or truncated.
    """
    if content[:2] != GZIP_MAGIC:
        return content
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            return file.read(-1 if limit is None else limit)
    except EOFError as error:
        raise InputError(problem(where, "the gzip stream must be whole; it is truncated", fix=FETCH_AGAIN)) from error
    except (OSError, zlib.error) as error:
        raise InputError(problem(where, f"the gzip stream must be intact; {error}", fix=FETCH_AGAIN)) from error


def parse_idx(content: bytes, *, where: str = "IDX data") -> np.ndarray:
    """The array that the bytes of an (uncompressed) IDX file describe; `where` names them in an error."""
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in TYPES:
        rule = "must begin like an IDX file: two zero bytes, then a known type code"
        raise InputError(problem(where, rule, got=content[:4]))
    dtype, n_dims = np.dtype(TYPES[content[2]]), content[3]
    start = 4 + 4 * n_dims
    if len(content) < start:
        raise InputError(problem(where, f"the header must have {start} bytes", got=len(content), fix=FETCH_AGAIN))
    shape = struct.unpack(f">{n_dims}I", content[4:start])
    size = start + math.prod(shape) * dtype.itemsize
    if len(content) != size:
        fault = "is truncated" if len(content) < size else "has bytes that do not belong to it"
        rule = f"must have the {size} bytes that its header promises (shape {shape}); it {fault}"
        raise InputError(problem(where, rule, got=len(content), fix=FETCH_AGAIN))
    return np.frombuffer(content, dtype, offset=start).reshape(shape).astype(dtype.newbyteorder("="))
