"""A safetensors file that knows whether it is whole: named arrays, JSON metadata, and a SHA-256 over both.

The header's metadata has four entries, all text: `kind` ("checkpoint", "model"), `format` (a whole number), `metadata`
(JSON) and `sha256` (of the content, see `digest`). Reading one never runs code from it, takes no byte of it on trust,
and needs memory for the file and at most about 60 times its header.

Files are written with safetensors' own `serialize`, and read here. Its `deserialize` (tried: 0.8) copies all arrays, so
that a file takes twice its size; it gives no metadata, so that the header is parsed here all the same; and it accepts a
name given twice, more keys of an array than it knows, 2**40 rows of no size, and a header that is not padded.
"""

import hashlib
import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from goodfit import strict_json
from goodfit.errors import InputError, problem
from goodfit.reading import open_file

HEADER_BYTES = 16 * 2**20  # the longest header that is read; that of 1000 nets of five layers takes about 1.5 MB
MOST_AXES = 8  # of an array
ALIGNMENT = 8  # arrays begin at a multiple of it
TYPES = {
    "BOOL": np.dtype("?"),
    "U8": np.dtype("u1"),
    "I8": np.dtype("i1"),
    "U16": np.dtype("<u2"),
    "I16": np.dtype("<i2"),
    "F16": np.dtype("<f2"),
    "U32": np.dtype("<u4"),
    "I32": np.dtype("<i4"),
    "F32": np.dtype("<f4"),
    "U64": np.dtype("<u8"),
    "I64": np.dtype("<i8"),
    "F64": np.dtype("<f8"),
}


@dataclass(frozen=True, eq=False)
class Content:
    """What a file holds. arrays: by name, read-only; metadata: a JSON object; version: of the format."""

    arrays: dict[str, np.ndarray]
    metadata: dict[str, Any]
    version: int


def pack(arrays: Mapping[str, np.ndarray], metadata: Mapping[str, Any], *, kind: str, version: int) -> bytes:
    """The content of a file; the same for the same arrays and metadata. metadata must be JSON (a non-finite number in
    it raises ValueError).
    """
    from safetensors.numpy import save

    whole = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    text = json.dumps(metadata, ensure_ascii=False, allow_nan=False)
    about = {"kind": kind, "format": str(version), "metadata": text}
    return _ordered(save(whole, {**about, "sha256": digest(whole, **about)}))


def _ordered(content: bytes) -> bytes:
    """The same file with its metadata in a fixed order; the library writes them in one that changes."""
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:end])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % ALIGNMENT)
    return b"".join((len(text).to_bytes(8, "little"), text, memoryview(content)[end:]))


def array_of(arrays: Mapping[str, np.ndarray], name: str, kinds: str, *shape: int | None) -> Any:
    """An array of a file by its name; ValueError where it is missing, or of another type or shape.

    kinds: codes of NumPy's kinds of types, "f", "iu", ...; shape: None where any length will do.
    """
    array = arrays.get(name)
    if array is None or array.dtype.kind not in kinds or array.ndim != len(shape):
        raise ValueError(f"{name!r} must be an array of {len(shape)} axes")
    if any(wanted not in (None, length) for wanted, length in zip(shape, array.shape, strict=True)):
        raise ValueError(f"{name!r} must be of another shape")
    return array


def seconds_of(metadata: Mapping[str, Any]) -> dict[str, float]:
    """The seconds by phase in a file's metadata; ValueError for anything else."""
    found = metadata.get("seconds")
    if not isinstance(found, dict) or not all(type(spent) in (int, float) and spent >= 0 for spent in found.values()):
        raise ValueError("'seconds' must be numbers >= 0 by name")
    return {name: float(spent) for name, spent in found.items()}


def damaged(where: str | os.PathLike[str], kind: str) -> InputError:
    """The error for a file that holds something else than goodfit writes."""
    return _damaged(os.fspath(where), kind)


def digest(arrays: Mapping[str, np.ndarray], **about: str) -> str:
    """SHA-256, in hex, of the texts and of every array's name, type, shape and bytes, in order of their names."""
    total = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
    for name in sorted(arrays):
        array = arrays[name]
        total.update(json.dumps([name, array.dtype.name, array.shape]).encode())
        total.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return total.hexdigest()


def read(path: str | os.PathLike[str], *, kind: str, version: int, oldest: int | None = None) -> Content:
    """What a file holds that `pack` made, in the format `version` or one back to `oldest`.

    Whatever is wrong with the file (missing, no regular file, cut off, changed, of another kind or version, not one of
    goodfit's) is one InputError that names it.
    """
    return unpack(read_bytes(path, kind=kind), where=os.fspath(path), kind=kind, version=version, oldest=oldest)


def read_bytes(path: str | os.PathLike[str], *, kind: str) -> bytes:
    """The bytes of a regular file that could be one, as many as it had when it was opened; InputError if not.

    Nothing else is waited for or read from: pipes, devices and folders are refused, links are followed.
    """
    where = os.fspath(path)
    try:
        file, size = open_file(path)
        with file:
            start = file.read(9)
            length = int.from_bytes(start[:8], "little")
            if (
                len(start) >= 8 and length > HEADER_BYTES and start[8:] != b"{"
            ):  # a table, a picture, never one of these
                raise _another(where, kind, "another file")
            if len(start) < 8 or length > min(HEADER_BYTES, size - 8):
                raise _damaged(where, kind)
            file.seek(0)
            return file.read(size)
    except OSError as error:
        raise InputError(problem(where, f"must be a {kind} file: {error.strerror or error}")) from error


def unpack(content: bytes, *, where: str, kind: str, version: int, oldest: int | None = None) -> Content:
    """What the bytes of a file hold. where: its name, for the InputError; the rest as in `read`."""
    try:
        header, start = _header(content)
        about = _texts(header.pop("__metadata__", {}))
    except ValueError as error:
        raise _damaged(where, kind) from error
    if about.get("kind") != kind or about.keys() != {"kind", "format", "metadata", "sha256"}:
        raise _another(where, kind, about.get("kind", "another file"))
    known = {str(number): number for number in range(version if oldest is None else oldest, version + 1)}
    if about["format"] not in known:
        fix = "Use the version of goodfit that wrote it, or write it again."
        raise InputError(problem(where, f"must be a {kind} file of format {version}", got=about["format"], fix=fix))
    try:
        arrays = _arrays(header, content, start)
        if about.pop("sha256") != digest(arrays, **about):
            raise ValueError("another digest")
        metadata = strict_json.parse(about["metadata"])
    except ValueError as error:
        raise _damaged(where, kind) from error
    if not isinstance(metadata, dict):
        raise InputError(problem(where, f"must be a {kind} file; its metadata must be an object", got=metadata))
    return Content(arrays, metadata, known[about["format"]])


def _header(content: bytes) -> tuple[dict[str, Any], int]:
    """The header's entries, and where the arrays begin; ValueError if there is no such header."""
    start = 8 + int.from_bytes(content[:8], "little")
    if len(content) < start or start % ALIGNMENT:
        raise ValueError("the header does not end where arrays may begin")
    header = strict_json.parse(content[8:start].decode())
    if not isinstance(header, dict):
        raise ValueError("the header is not an object")
    return header, start


def _texts(given: Any) -> dict[str, str]:
    """Texts by name; ValueError if it is anything else."""
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise ValueError("metadata must be texts")
    return dict(given)


def _arrays(header: Mapping[str, Any], content: bytes, start: int) -> dict[str, np.ndarray]:
    """The arrays that the header describes, which fill the rest of the file with no gap and no overlap.

    They are views of the content. ValueError if the header describes anything else.
    """
    places = {name: _place(entry) for name, entry in header.items()}
    in_order = sorted((begin, end) for _, _, begin, end in places.values())
    ends = [0, *(end for _, end in in_order)]
    if any(begin != end for (begin, _), end in zip(in_order, ends, strict=False)) or ends[-1] != len(content) - start:
        raise ValueError("arrays overlap, leave gaps or end elsewhere")
    return {
        name: np.ndarray(shape, kind, buffer=content, offset=start + begin)
        for name, (kind, shape, begin, _) in places.items()
    }


def _place(entry: Any) -> tuple[np.dtype[Any], tuple[int, ...], int, int]:
    """(type, shape, first byte, byte after the last) of an array; ValueError if the entry does not say."""
    if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "data_offsets"}:
        raise ValueError("an array must have a type, a shape and a place")
    name, shape, offsets = entry["dtype"], _whole_numbers(entry["shape"]), _whole_numbers(entry["data_offsets"])
    if not isinstance(name, str) or name not in TYPES or len(shape) > MOST_AXES or len(offsets) != 2:
        raise ValueError("an array of an unknown type or shape")
    if offsets[1] - offsets[0] != math.prod(shape) * TYPES[name].itemsize or max(shape, default=0) >= 2**31:
        raise ValueError("an array of another size than its place")
    return TYPES[name], shape, offsets[0], offsets[1]


def _whole_numbers(given: Any) -> tuple[int, ...]:
    if not isinstance(given, list) or not all(type(number) is int and number >= 0 for number in given):
        raise ValueError("integers are required")
    return tuple(given)


def _another(where: str, kind: str, got: str) -> InputError:
    return InputError(problem(where, f"must be a {kind} file of goodfit's", got=got))


def _damaged(where: str, kind: str) -> InputError:
    rule = f"must be a whole {kind} file, but it is cut off or its bytes have changed"
    return InputError(problem(where, rule, fix="Use a copy, or train again."))
