"""Data frames out of an R package's lazy-load database, in plain Python: R itself is not needed.

Source of the formats: the manual R Internals ("Serialization Formats") and R's `src/main/serialize.c`, which has the
types' codes and the blocks of a database: the length of the content, then zlib's bytes, or a letter and other bytes.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

SYMBOL, PAIRS, ENVIRONMENT, LANGUAGE, TEXT, LOGICAL, INTEGER, REAL = 1, 2, 4, 6, 9, 10, 13, 14
TEXTS, LIST, EXPRESSION, RAW, ALTERNATIVE, ATTRIBUTED_CALL, ATTRIBUTED_PAIRS = 16, 19, 20, 24, 238, 239, 240
PERSISTENT, PACKAGE, NAMESPACE, REFERENCE = 247, 248, 249, 255
NOTHING = (241, 242, 250, 251, 252, 253, 254)  # NULL, and environments that R has anyway
CHAINED = (PAIRS, LANGUAGE, ATTRIBUTED_CALL, ATTRIBUTED_PAIRS)
HAS_ATTRIBUTES, HAS_TAG = 0x200, 0x400
MISSING = -(2**31)  # of integers and logicals
WIDTH = {LOGICAL: ">i4", INTEGER: ">i4", REAL: ">f8", RAW: ">u1"}


@dataclass
class Vector:
    """A vector or list of R's. kind: its type's code; attributes: name -> value, such as `names` and `levels`."""

    kind: int
    values: Any
    attributes: dict[str, Any] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """The names of its elements; [] where it has none."""
        found = self.attributes.get("names")
        return list(found.values) if isinstance(found, Vector) else []

    def is_a(self, name: str) -> bool:
        """Whether R would call it that."""
        found = self.attributes.get("class")
        return isinstance(found, Vector) and name in found.values


class Reader:
    """Reads what R's `serialize` wrote in the XDR format, versions 2 and 3."""

    def __init__(self, content: bytes) -> None:
        self.content, self.at, self.seen = content, 0, list[Any]()
        if self._take(2) != b"X\n":
            raise ValueError("not R's XDR format")
        version = self._integer()
        self._take(8)  # the R that wrote it, and the oldest that can read it
        if version == 3:
            self._take(self._integer())  # the encoding of texts
        elif version != 2:
            raise ValueError(f"R's format of version {version} is not known")

    def item(self) -> Any:
        """The next value."""
        flags = self._integer()
        kind = flags & 0xFF
        if kind in NOTHING:
            return None
        if kind == REFERENCE:
            return self.seen[(flags >> 8 or self._integer()) - 1]
        if kind in CHAINED:
            return self._chain(flags)
        if kind == TEXT:
            length = self._integer()
            return None if length == -1 else self._take(length).decode("utf-8", "replace")
        if kind == ALTERNATIVE:
            return self._alternative()
        if kind in (SYMBOL, ENVIRONMENT, PERSISTENT, PACKAGE, NAMESPACE):
            return self._referred(kind)
        return self._vector(kind, flags)

    def _vector(self, kind: int, flags: int) -> Vector:
        if kind not in (*WIDTH, TEXTS, LIST, EXPRESSION):
            raise ValueError(f"values of R's type {kind} are not read")
        length = self._integer()
        if kind in WIDTH:
            width = np.dtype(WIDTH[kind])
            values: Any = np.frombuffer(self._take(length * width.itemsize), width)
        else:
            values = [self.item() for _ in range(length)]
        found = Vector(kind, values)
        if flags & HAS_ATTRIBUTES:
            found.attributes = dict(self.item() or ())
        return found

    def _chain(self, flags: int) -> list[tuple[str, Any]]:
        """A pairlist: (tag, value) of each."""
        found = []
        while flags & 0xFF in CHAINED:
            if flags & HAS_ATTRIBUTES:
                self.item()
            tag = self.item() if flags & HAS_TAG else None
            found.append((str(tag or ""), self.item()))
            flags = self._integer()
        if flags & 0xFF not in NOTHING:
            raise ValueError("a pairlist of R's must end with NULL")
        return found

    def _referred(self, kind: int) -> Any:
        """What later items may refer to by its number."""
        if kind == SYMBOL:
            self.seen.append(self.item())
        elif kind == ENVIRONMENT:
            self._integer()
            self.seen.append("environment")  # before what it holds, which may refer to it
            place = len(self.seen) - 1
            for _ in ("enclosing", "frame", "table", "attributes"):
                self.item()
            return self.seen[place]
        else:
            self._integer()
            self.seen.append([self.item() for _ in range(self._integer())])
        return self.seen[-1]

    def _alternative(self) -> Any:
        """A vector that R keeps in another form: a sequence, or one that is wrapped."""
        info, state, attributes = self.item(), self.item(), self.item()
        name = info[0][1]
        if name == "compact_intseq":
            length, first, step = state.values
            found = Vector(INTEGER, (first + step * np.arange(int(length))).astype(np.int32))
        elif name.startswith("wrap_"):
            found = state.values[0] if isinstance(state, Vector) else state[0][1]
        else:
            raise ValueError(f"R's {name} is not read")
        return Vector(found.kind, found.values, {**found.attributes, **dict(attributes or ())})

    def _integer(self) -> int:
        return int(struct.unpack(">i", self._take(4))[0])

    def _take(self, count: int) -> bytes:
        self.at += count
        if self.at > len(self.content):
            raise ValueError("R's data end too early")
        return self.content[self.at - count : self.at]


def frame_of(value: Vector) -> pd.DataFrame:
    """A `data.frame` as pandas has it: factors as texts, integers and logicals with gaps as floats and objects."""
    return pd.DataFrame({name: _column(each) for name, each in zip(value.names, value.values, strict=True)})


def _column(value: Vector) -> Any:
    if value.kind not in (LOGICAL, INTEGER):
        return value.values.astype(float) if value.kind == REAL else pd.Series(value.values, dtype=object)
    gaps = value.values == MISSING
    if value.is_a("factor"):
        levels = np.array([*value.attributes["levels"].values, None], object)
        return pd.Series(levels[np.where(gaps, 0, value.values) - 1], dtype=object)
    if value.kind == LOGICAL:
        known = value.values.astype(bool)
        return np.where(gaps, None, known) if gaps.any() else known
    return np.where(gaps, np.nan, value.values) if gaps.any() else value.values.astype(np.int64)


class Database:
    """An R package's data: `frames` has their names.

    folder: where `Rdata.rdx` and `Rdata.rdb` are, such as `modeldata/data` of an installed package. OSError and
    ValueError where they cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        index = (folder / "Rdata.rdx").read_bytes()
        listed = Reader((gzip.decompress if index[:2] == b"\x1f\x8b" else zlib.decompress)(index)).item()
        places = listed.values[listed.names.index("variables")]
        pairs = zip(places.names, places.values, strict=True)
        self.places = {name: [int(number) for number in each.values] for name, each in pairs}
        self.blocks = (folder / "Rdata.rdb").read_bytes()

    def frame(self, name: str) -> pd.DataFrame:
        """A data frame by its name; KeyError where there is none, ValueError where it is something else."""
        offset, length = self.places[name]
        found = Reader(_unpacked(self.blocks[offset : offset + length])).item()
        if not isinstance(found, Vector) or not found.is_a("data.frame"):
            raise ValueError(f"{name} is no data frame")
        return frame_of(found)

    def __iter__(self) -> Iterator[str]:
        return iter(self.places)


def _unpacked(block: bytes) -> bytes:
    """The content of a block: 4 bytes of its length, then zlib's, or a letter (2: bzip2, Z: LZMA) and its content."""
    raw_lzma: Callable[[bytes], bytes] = lambda content: lzma.decompress(  # noqa: E731
        content, lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA2, "preset": 6}]
    )
    letters: dict[bytes, Callable[[bytes], bytes]] = {b"2": bz2.decompress, b"Z": raw_lzma, b"0": bytes}
    read = letters.get(block[4:5])
    return zlib.decompress(block[4:]) if read is None else read(block[5:])
