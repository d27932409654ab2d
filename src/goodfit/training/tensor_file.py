"""A safetensors file that knows whether it is whole: named arrays, JSON metadata, and a SHA-256 over both.

The header's metadata has four entries, all text: `kind` ("checkpoint", "model"), `format` (a whole number), `metadata`
(JSON) and `sha256` (of the content, see `digest`). Reading one never runs code from it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from goodfit.errors import InputError, problem

HEADER_BYTES = 16 * 2**20  # the longest header that is read; that of 1000 nets of five layers takes about 1.5 MB


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
    text += b" " * (-len(text) % 8)  # tensors begin at a multiple of 8
    return b"".join((len(text).to_bytes(8, "little"), text, memoryview(content)[end:]))


def digest(arrays: Mapping[str, np.ndarray], **about: str) -> str:
    """SHA-256, in hex, of the texts and of every array's name, type, shape and bytes, in order of their names."""
    total = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
    for name in sorted(arrays):
        array = arrays[name]
        total.update(json.dumps([name, array.dtype.name, array.shape]).encode())
        total.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return total.hexdigest()


def read(path: str | os.PathLike[str], *, kind: str, version: int) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The arrays (read-only) and the metadata of a file that `pack` made.

    Whatever is wrong with the file (missing, cut off, changed, of another kind or version, not one of goodfit's) is one
    InputError that names it.
    """
    where = os.fspath(path)
    try:
        with open(path, "rb") as file:
            start = file.read(8)
            length = int.from_bytes(start, "little")
            size = os.fstat(file.fileno()).st_size
            if len(start) < 8 or length > min(size - 8, HEADER_BYTES):
                raise _damaged(where, kind)
            content = start + file.read()
    except OSError as error:
        raise InputError(problem(where, f"must be a {kind} file: {error.strerror or error}")) from error
    return unpack(content, where=where, kind=kind, version=version)


def unpack(content: bytes, *, where: str, kind: str, version: int) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The arrays and the metadata in the content of a file. where: its name, for the InputError."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays = load(content)
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    except (SafetensorError, KeyError, ValueError, TypeError, RecursionError) as error:
        raise _damaged(where, kind) from error
    about = header.get("__metadata__") or {}
    if about.get("kind") != kind or not {"format", "metadata", "sha256"} <= about.keys():
        raise InputError(problem(where, f"must be a {kind} file of goodfit's", got=about.get("kind", "another file")))
    if about["format"] != str(version):
        fix = "Use the version of goodfit that wrote it, or write it anew."
        raise InputError(problem(where, f"must be a {kind} file of format {version}", got=about["format"], fix=fix))
    expected = about.pop("sha256")
    if digest(arrays, **about) != expected:
        raise _damaged(where, kind)
    return arrays, json.loads(about["metadata"])


def _damaged(where: str, kind: str) -> InputError:
    rule = f"must be a whole {kind} file, but it is cut off or its bytes have changed"
    return InputError(problem(where, rule, fix="Use a copy, or train again."))
