from __future__ import annotations

import gzip
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from goodfit.data.idx import parse_idx, uncompress
from goodfit.errors import InputError
from idx_writing import format_idx

BY_HAND = bytes([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 255])  # uint8, 2 dimensions, 2 x 3
DTYPES = [np.uint8, np.int8, np.int16, np.int32, np.float32, np.float64]


def test_bytes_written_by_hand() -> None:
    array = parse_idx(BY_HAND)
    assert array.dtype == np.uint8
    assert array.tolist() == [[1, 2, 3], [4, 5, 255]]


def test_values_are_big_endian() -> None:
    content = bytes([0, 0, 0x0C, 1]) + struct.pack(">I", 2) + struct.pack(">ii", 1, -2)
    array = parse_idx(content)
    assert array.tolist() == [1, -2]
    assert array.dtype.isnative


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(DTYPES).flatmap(lambda d: hnp.arrays(d, hnp.array_shapes(min_dims=1, max_dims=4, min_side=0))))
def test_round_trip(array: np.ndarray) -> None:
    back = parse_idx(format_idx(array))
    assert back.dtype == array.dtype
    assert back.shape == array.shape
    assert back.tobytes() == array.tobytes()


def test_big_endian_arrays_are_written_by_value() -> None:
    array = np.array([1, 256], dtype=">i4")
    assert parse_idx(format_idx(array)).tolist() == [1, 256]


def test_compression_is_told_by_content() -> None:
    assert uncompress(gzip.compress(BY_HAND), where="f") == uncompress(BY_HAND, where="f") == BY_HAND


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"two zero bytes, then a known type code; got b''"),
        (b"PK\x03\x04", "must begin like an IDX file"),
        (bytes([0, 0, 7, 1]), "known type code"),
        (BY_HAND[:9], r"header must have 12 bytes; got 9\. Fetch the file again"),
        (BY_HAND[:-1], r"18 bytes that its header promises \(shape \(2, 3\)\); it is truncated; got 17"),
        (BY_HAND + b"x", "has bytes that do not belong to it; got 19"),
    ],
)
def test_bad_content(content: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_idx(content, where="file")


def test_a_header_that_promises_more_than_memory_holds() -> None:
    content = bytes([0, 0, 14, 4]) + b"\xff" * 16
    with pytest.raises(InputError, match="it is truncated"):
        parse_idx(content)


def test_gzip_truncated_and_corrupt() -> None:
    packed = gzip.compress(BY_HAND * 50)
    with pytest.raises(InputError, match="f: the gzip stream must be whole; it is truncated"):
        uncompress(packed[:-9], where="f")
    with pytest.raises(InputError, match="f: the gzip stream must be intact"):
        uncompress(packed[:-8] + bytes(8), where="f")  # wrong CRC
    with pytest.raises(InputError, match="f: the gzip stream must be intact"):
        uncompress(packed[:10] + b"\xff" * 20, where="f")  # not a deflate stream


def test_limit_stops_a_swelling_file() -> None:
    packed = gzip.compress(bytes(10_000_000))
    assert len(uncompress(packed, where="f", limit=100)) == 100
