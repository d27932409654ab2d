"""NPZ files against NumPy's own reader, and those that it trusts too much."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from goodfit.data.npz import parse_npy, read_npz


def npz(**arrays: Any) -> bytes:
    made = io.BytesIO()
    np.savez_compressed(made, **arrays)
    return made.getvalue()


def npy(array: Any) -> bytes:
    made = io.BytesIO()
    np.save(made, np.asanyarray(array))
    return made.getvalue()


def packed(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return made.getvalue()


ARRAYS = {
    "floats": np.arange(6, dtype="<f4").reshape(2, 3),
    "columns": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "swapped": np.arange(5, dtype=">i8"),
    "half": np.float16([0.5]),
    "truth": np.array([True, False]),
    "texts": np.array(["a", "ä", "\U0001f600"]),
    "swapped texts": np.array(["a", "é"], ">U1"),
    "bytes": np.array([b"a", b"bc"]),
    "days": np.array(["2024-01-31", "NaT"], "M8[D]"),
    "number": np.array(3),
    "none": np.zeros((0, 3)),
    "empty text": np.array(""),
}


def test_sound_files_are_read_as_numpy_reads_them() -> None:
    found = read_npz(npz(**ARRAYS))
    with np.load(io.BytesIO(npz(**ARRAYS))) as theirs:
        assert found.keys() == set(theirs.files)
        for name in theirs.files:
            np.testing.assert_array_equal(found[name], theirs[name])
            assert found[name].dtype == theirs[name].dtype.newbyteorder("=")
            assert found[name].dtype.isnative


def with_shape(text: str) -> bytes:
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {text}, }}\n".encode()
    return b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header + bytes(24)


def encrypted() -> bytes:
    content = bytearray(npz(x=np.zeros(3)))
    for at in (6, content.rindex(b"PK\x01\x02") + 8):  # the flags, here and in the directory
        content[at] |= 1
    return bytes(content)


def method_99() -> bytes:
    content = bytearray(npz(x=np.zeros(3)))
    for at in (8, content.rindex(b"PK\x01\x02") + 10):
        content[at : at + 2] = (99).to_bytes(2, "little")
    return bytes(content)


def torn() -> bytes:
    content = bytearray(npz(x=np.arange(1000.0)))
    at = content.index(b"x.npy") + 60
    content[at : at + 20] = bytes(20)
    return bytes(content)


BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "a .npy renamed": (lambda: npy(np.zeros(3)), "not a zip file"),
    "encrypted": (encrypted, "encrypted"),
    "method 99": (method_99, "method 99"),
    "bytes that no longer unpack": (torn, "while decompressing"),
    "packed by bzip2": (lambda: packed(("x.npy", npy(np.zeros(3))), method=zipfile.ZIP_BZIP2), "method 12"),
    "no header": (lambda: packed(("x.npy", b"")), "does not begin like an array"),
    "another file": (
        lambda: packed(("x.npy", npy(np.zeros(3))), ("readme.txt", b"hello")),
        "'readme.txt' is not an array",
    ),
    "a shape of 1e12": (
        lambda: packed(("x.npy", with_shape("(1000000000000,)"))),
        "the shape is not that of the numbers",
    ),
    "a shape of 1e12 of nothing": (
        lambda: packed(("x.npy", with_shape("(0, 1000000000000)"))),
        "the shape is not that of the numbers",
    ),
    "a shape of 4,000 digits": (lambda: packed(("x.npy", with_shape(f"({'9' * 4000},)"))), "its shape is not valid"),
    "a shape below 0": (lambda: packed(("x.npy", with_shape("(-3,)"))), "must give 'shape' once"),
    "no shape": (lambda: packed(("x.npy", with_shape("None"))), "must give 'shape' once"),
    "code": (lambda: packed(("x.npy", with_shape("(__import__('os').getpid(),)"))), "must give 'shape' once"),
    "objects": (lambda: npz(x=np.array([{}], object)), "arrays of object are not read"),
    "signs that are none": (
        lambda: packed(("x.npy", npy(np.array(["a"])).replace(b"a\0\0\0", b"\xff\xff\xff\xff"))),
        "an invalid character",
    ),
    "half of a pair": (
        lambda: packed(("x.npy", npy(np.array(["a"])).replace(b"a\0\0\0", b"\0\xd8\0\0"))),
        "an invalid character",
    ),
    "truth that is neither": (lambda: packed(("x.npy", npy(np.array([True]))[:-1] + b"\2")), "neither 0 nor 1"),
    "texts of no length": (lambda: packed(("x.npy", npy(np.array(["a"])).replace(b"<U1", b"<U0"))), "arrays of <U0"),
    "a type that is none": (
        lambda: packed(("x.npy", npy(np.zeros(3)).replace(b"<f8", b"<f7"))),
        "no type that NumPy knows",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_refused(name: str) -> None:
    make, told = BAD[name]
    with pytest.raises(ValueError, match=told):
        read_npz(make())


def test_a_claim_is_not_believed_before_anything_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("goodfit.data.npz.memory_limit", lambda: 1000)
    with pytest.raises(ValueError, match="too large when unpacked"):
        read_npz(npz(x=np.zeros(10_000)))  # 80 kB in some hundred bytes


def test_headers_that_other_programs_write() -> None:
    text = "{'shape': (3,4,), 'fortran_order': False, 'descr': \"<f8\"}"
    header = text.ljust(117) + "\n"
    content = b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header.encode() + bytes(96)
    np.testing.assert_array_equal(parse_npy(content), np.zeros((3, 4)))
