"""Reading R's lazy-load databases: bytes that are written here by the format's rules, field by field."""

from __future__ import annotations

import lzma
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks.r_data import MISSING, Database, Reader

HEAD = b"X\n" + struct.pack(">iii", 3, 0x040000, 0x030500) + struct.pack(">i", 5) + b"UTF-8"
NIL = struct.pack(">i", 254)


def text(value: str | None) -> bytes:
    if value is None:
        return struct.pack(">ii", 9, -1)
    return struct.pack(">ii", 9 | 0x40000, len(value.encode())) + value.encode()


def vector(kind: int, values: Sequence[Any], attributes: Sequence[tuple[bytes, bytes]] = ()) -> bytes:
    """Texts (16) and lists (19) hold items, the others numbers. attributes: (tag, value), both written already."""
    body = {
        10: lambda: struct.pack(f">{len(values)}i", *values),
        13: lambda: struct.pack(f">{len(values)}i", *values),
        14: lambda: struct.pack(f">{len(values)}d", *values),
        16: lambda: b"".join(text(each) for each in values),
        19: lambda: b"".join(values),
    }[kind]()
    found = struct.pack(">ii", kind | (0x300 if attributes else 0), len(values)) + body
    return (
        found
        + b"".join(struct.pack(">i", 2 | 0x400) + tag + value for tag, value in attributes)
        + NIL * bool(attributes)
    )


def symbol(name: str) -> bytes:
    return struct.pack(">i", 1) + text(name)


def again(number: int) -> bytes:
    return struct.pack(">i", 255 | number << 8)


def frame() -> bytes:
    """A data frame: R writes the symbols `levels`, `class` and `names` once, and refers to them afterwards."""
    factor = vector(
        13,
        [2, MISSING, 1],
        [(symbol("levels"), vector(16, ["low", "high"])), (symbol("class"), vector(16, ["factor"]))],
    )
    counts, sizes = vector(13, [7, MISSING, -1]), vector(14, [0.5, float("nan"), -2.25])
    names, flags = vector(16, ["å", None, ""]), vector(10, [1, 0, MISSING])
    sequence = struct.pack(">i", 238)  # 10, 11, 12 as R keeps 10:12
    sequence += struct.pack(">i", 2) + symbol("compact_intseq") + struct.pack(">i", 2) + symbol("base")
    sequence += struct.pack(">i", 2) + vector(13, [13]) + NIL + vector(14, [3, 10, 1]) + NIL
    attributes = [
        (symbol("names"), vector(16, ["grade", "count", "size", "name", "flag", "row"])),
        (again(2), vector(16, ["tbl", "data.frame"])),
    ]
    return HEAD + vector(19, [factor, counts, sizes, names, flags, sequence], attributes)


def test_a_data_frame_comes_back_column_by_column(tmp_path: Path) -> None:
    content = frame()
    packed = lzma.compress(
        content, lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA2, "preset": 6}]
    )  # as R does with its option "xz"
    length = struct.pack(">i", len(content))
    blocks = [length + zlib.compress(content), length + b"Z" + packed, length + b"0" + content]
    number = HEAD + vector(14, [1.0])
    blocks.append(struct.pack(">i", len(number)) + zlib.compress(number))
    starts = np.cumsum([0, *(len(each) for each in blocks[:-1])])
    places = [vector(13, [start, len(block)]) for start, block in zip(starts.tolist(), blocks, strict=True)]
    variables = vector(19, places, [(symbol("names"), vector(16, ["one", "two", "three", "number"]))])
    index = HEAD + vector(19, [variables, vector(10, [1])], [(again(1), vector(16, ["variables", "compressed"]))])
    (tmp_path / "Rdata.rdx").write_bytes(zlib.compress(index))
    (tmp_path / "Rdata.rdb").write_bytes(b"".join(blocks))
    database = Database(tmp_path)
    assert [*database] == ["one", "two", "three", "number"]
    for name in ("one", "two", "three"):
        found = database.frame(name)
        assert found["grade"].tolist() == ["high", None, "low"]
        assert found["name"].tolist() == ["å", None, ""]
        assert found["flag"].tolist() == [True, False, None]
        assert found["row"].tolist() == [10, 11, 12]
        np.testing.assert_array_equal(found["count"], [7, np.nan, -1])
        np.testing.assert_array_equal(found["size"], [0.5, np.nan, -2.25])
    with pytest.raises(ValueError, match="number is no data frame"):
        database.frame("number")


def test_what_is_not_of_the_format_is_refused() -> None:
    with pytest.raises(ValueError, match="not R's XDR format"):
        Reader(b"A\n3")
    with pytest.raises(ValueError, match="of version 9 is not known"):
        Reader(b"X\n" + struct.pack(">iii", 9, 0, 0))
    with pytest.raises(ValueError, match="end too early"):
        Reader(HEAD + struct.pack(">ii", 14, 3)).item()
    with pytest.raises(ValueError, match="values of R's type 25 are not read"):
        Reader(HEAD + struct.pack(">i", 25)).item()
