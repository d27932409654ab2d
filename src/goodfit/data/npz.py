"""NPZ and NPY files from anybody: read without NumPy's own reader, which trusts what a header claims.

An NPZ file is a zip archive of NPY files. An NPY file is a magic number, two bytes of version, the length of a header,
the header (a Python dict as text) and the numbers. Source: NEP 1 and the documentation of `numpy.lib.format`.
"""

import io
import lzma
import math
import re
import struct
import zipfile
import zlib
from typing import Any

import numpy as np

from goodfit.reading import memory_limit

MAGIC = b"\x93NUMPY"
HEADER_BYTES = 10_000  # as NumPy itself reads at most
MOST_AXES = 8
MOST_LENGTH = 2**31  # of one axis
ENCRYPTED = 0x1  # bit of a member's flags
KINDS = "biufcUSMm"  # of numbers, texts and dates; never objects, which would have to be unpickled
_ENTRIES = {
    "descr": re.compile(
        r"""(['"])descr\1\s*:\s*(['"])([<>|=]?[a-zA-Z?][0-9]{0,9}(?:\[[0-9]{0,9}[a-zA-Z]{1,7}\])?)\2"""
    ),
    "fortran_order": re.compile(r"""(['"])fortran_order\1\s*:\s*()(True|False)"""),
    "shape": re.compile(r"""(['"])shape\1\s*:\s*()\(([0-9\s,]*)\)"""),
}
_BREAKS = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, lzma.LZMAError, struct.error,
    RuntimeError, OSError, EOFError, ValueError, LookupError, OverflowError, TypeError,
)  # fmt: skip
"""What zipfile lets through of an archive that is damaged, encrypted or written with a method that it does not know."""


def read_npz(content: bytes) -> dict[str, np.ndarray]:
    """The arrays of an archive by name, read-only views where that is possible, in native byte order.

    ValueError for anything but plain or deflated members that are whole NPY files of numbers, texts or dates. What the
    members claim to hold is compared with `memory_limit` before anything is unpacked, and every shape with the bytes
    that are there.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            _check(members)
            parts = {member.filename.removesuffix(".npy"): archive.read(member) for member in members}
    except _BREAKS as error:
        raise ValueError(f"it is not a readable archive: {error}") from error
    return {name: parse_npy(part) for name, part in parts.items()}


def _check(members: list[zipfile.ZipInfo]) -> None:
    """ValueError for members that are not read."""
    names = [member.filename for member in members]
    if len(set(names)) < len(names):
        raise ValueError("a name is given twice")
    for member in members:
        if not member.filename.endswith(".npy"):
            raise ValueError(f"{member.filename[:80]!r} is not an array")
        if member.flag_bits & ENCRYPTED:
            raise ValueError("it is encrypted")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(f"it is compressed by method {member.compress_type}")
    if sum(member.file_size for member in members) > memory_limit():
        raise ValueError("it is too large when unpacked")


def parse_npy(content: bytes) -> np.ndarray:
    """The array of an NPY file, read-only; ValueError for anything else."""
    kind, in_columns, shape, start = _header(content)
    size = len(content) - start
    if kind.kind not in KINDS or not kind.itemsize:
        raise ValueError(f"arrays of {kind} are not read")
    if max(shape, default=0) > MOST_LENGTH or math.prod(shape) * kind.itemsize != size:
        raise ValueError("the shape is not that of the numbers that are there")
    array: np.ndarray = np.frombuffer(content, kind, offset=start).reshape(shape, order="F" if in_columns else "C")
    if kind.kind == "U" and size:
        codes = np.frombuffer(content, np.dtype("u4").newbyteorder(kind.byteorder), offset=start)
        if codes.max() > 0x10FFFF or ((codes >= 0xD800) & (codes <= 0xDFFF)).any():
            raise ValueError("a text holds an invalid character")
    if kind.kind == "b" and size and np.frombuffer(content, np.uint8, offset=start).max() > 1:
        raise ValueError("a truth value is neither 0 nor 1")
    return array if kind.isnative else array.astype(kind.newbyteorder("="))


def _header(content: bytes) -> tuple[np.dtype[Any], bool, tuple[int, ...], int]:
    """(type, whether columns run fastest, shape, where the numbers begin) of an NPY file."""
    version = content[6:8]
    if content[:6] != MAGIC or version not in (b"\1\0", b"\2\0", b"\3\0"):
        raise ValueError("it does not begin like an array")
    width = 2 if version == b"\1\0" else 4
    start = 8 + width + int.from_bytes(content[8 : 8 + width], "little")
    if not 8 + width < start <= min(len(content), HEADER_BYTES):
        raise ValueError("its header is too long, or cut off")
    text = content[8 + width : start].decode("utf-8" if version == b"\3\0" else "latin-1").strip()
    found, rest = {}, text
    for name, entry in _ENTRIES.items():
        matches = list(entry.finditer(text))
        if len(matches) != 1:
            raise ValueError(f"its header must give {name!r} once")
        found[name] = matches[0][3]
        rest = rest.replace(matches[0][0], "")
    if not re.fullmatch(r"\{[\s,]*\}", rest):
        raise ValueError("its header holds something else")
    try:
        kind = np.dtype(found["descr"])
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError("its numbers are of no type that NumPy knows") from error
    return kind, found["fortran_order"] == "True", _shape(found["shape"]), start


def _shape(text: str) -> tuple[int, ...]:
    """The lengths in "3, 4", "3," or ""."""
    lengths = [each.strip() for each in text.split(",")]
    if not lengths[-1]:
        lengths.pop()
    if len(lengths) > MOST_AXES or not all(each.isdigit() and len(each) < 19 for each in lengths):
        raise ValueError("its shape is not valid")
    return tuple(map(int, lengths))
