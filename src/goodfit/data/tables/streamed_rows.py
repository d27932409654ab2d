"""Training rows that are larger than memory: encoded once, kept in a scratch file on disk, read back in ranges.

Which part a row belongs to is a hash of (seed, its number in the file), so that it takes no memory and no second look.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import weakref
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from goodfit.data.cache import user_cache
from goodfit.data.tables.coded import CodedRows
from goodfit.errors import GoodfitError, InputError, problem

TRAIN, SHOWN, VALID, TEST = range(4)  # parts of rows; SHOWN rows train, and are in memory as well
_GOLDEN, _FIRST, _SECOND = (np.uint64(each) for each in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))
WINDOW_BLOCKS = 128  # of a window, at least
WORD = 4  # bytes of a number, a code or a target on disk


@dataclass(frozen=True)
class StreamLimits:
    """What a streamed training may hold in memory, whatever the number of rows.

    sample_rows, sample_numbers: rows of the sample that kinds and quantiles come from, and the most values in it;
    held_rows, held_numbers: rows of each part that stays in memory (validation, test, and a sample of the training
    rows, by which these are scored), and the most inputs in it; window_bytes: inputs that are trained on at once;
    block_rows: the most consecutive rows that the shuffle keeps together; words: distinct texts of a column that are
    counted; word_bytes: what those of all columns may take.
    """

    sample_rows: int = 2**17
    sample_numbers: int = 2**22
    held_rows: int = 100_000
    held_numbers: int = 2**23
    window_bytes: int = 2**25
    block_rows: int = 2**10
    words: int = 2**17
    word_bytes: int = 2**27

    def sampled(self, columns: int) -> int:
        """Rows of the sample of a file with so many columns."""
        return max(1, min(self.sample_rows, self.sample_numbers // max(1, columns)))

    def held(self, inputs: int) -> int:
        """The most rows of a part that stays in memory. inputs: D"""
        return max(1, min(self.held_rows, self.held_numbers // max(1, inputs)))

    def window(self, inputs: int) -> int:
        """The most rows of a window, unless a batch has more. inputs: D"""
        return self.window_bytes // (4 * max(1, inputs))

    def block(self, inputs: int) -> int:
        """Rows of a block: so few that a window has WINDOW_BLOCKS, and is a fair draw of a sorted file. inputs: D"""
        return max(1, min(self.block_rows, self.window(inputs) // WINDOW_BLOCKS))


def hashed(numbers: NDArray[np.int64], seed: int, purpose: str) -> NDArray[np.uint64]:
    """A random word for each of these rows of a file, by their numbers (splitmix64): the same however it is cut."""
    key = np.random.SeedSequence([seed, zlib.crc32(purpose.encode())]).generate_state(1, np.uint64)[0]
    word = numbers.astype(np.uint64) * _GOLDEN + key
    word = (word ^ (word >> np.uint64(30))) * _FIRST
    word = (word ^ (word >> np.uint64(27))) * _SECOND
    found: NDArray[np.uint64] = word ^ (word >> np.uint64(31))
    return found


@dataclass(frozen=True)
class Division:
    """How rows of a file are divided. valid, test: shares as `goodfit.data.split` takes them; rows: of the file."""

    valid: float
    test: float
    seed: int
    rows: int

    def parts(self, numbers: NDArray[np.int64], held: int) -> NDArray[np.int8]:
        """The part of each row, by its number in the file.

        held: the most rows, about, of a part that stays in memory; the rest trains.
        """
        most = held / max(1, self.rows)
        test = min(self.test, most)
        valid = min(self.valid * (1 - self.test), most)
        shown = min(1 - test - valid, most)
        at = (hashed(numbers, self.seed, "stream/part") >> np.uint64(11)) * 2.0**-53  # in [0, 1)
        found = np.full(len(numbers), TRAIN, np.int8)
        found[at < test + valid + shown] = SHOWN
        found[at < test + valid] = VALID
        found[at < test] = TEST
        return found

    def to_json(self) -> dict[str, Any]:
        """What is needed to divide the same file again."""
        return {"valid": self.valid, "test": self.test, "seed": self.seed}


@dataclass(frozen=True)
class Record:
    """How an encoded row lies on disk: numbers, codes and targets, WORD bytes each.

    width: D; places: [E] of the inputs held as numbers; codes: columns K of which the place of the 1 is held;
    outputs: targets of a row; classes: whether these are one class code.
    """

    width: int
    places: NDArray[np.intp]
    codes: int
    outputs: int
    classes: bool

    @property
    def words(self) -> int:
        """Numbers, codes and targets of a row."""
        return len(self.places) + self.codes + self.outputs

    def packed(self, x: CodedRows, y: NDArray[Any]) -> NDArray[np.uint32]:
        """Rows as they lie on disk, [N, words]."""
        targets = y.astype(np.int32 if self.classes else np.float32).reshape(len(y), self.outputs)
        held = (x.numbers.astype(np.float32), x.codes.astype(np.int32), targets)
        return np.hstack([np.ascontiguousarray(each).view(np.uint32) for each in held])

    def unpacked(self, rows: NDArray[np.uint32], out: NDArray[np.float32]) -> NDArray[Any]:
        """Write the inputs of packed rows into out [N, D]; their targets, [N] codes or [N, C] numbers."""
        numbers = len(self.places)
        if self.codes:
            out[:] = 0.0
            out[:, self.places] = rows[:, :numbers].view(np.float32)
            codes = rows[:, numbers : numbers + self.codes].view(np.int32)
            every = np.arange(len(rows))
            for group in range(self.codes):
                known = codes[:, group] < self.width  # the place behind the last is that of no category
                out[every[known], codes[known, group]] = 1.0
        else:
            out[:] = rows[:, :numbers].view(np.float32)
        y = np.ascontiguousarray(rows[:, numbers + self.codes :])
        return y.view(np.int32)[:, 0] if self.classes else y.view(np.float32)


@dataclass(eq=False)
class StreamedRows:
    """The training rows of a file, encoded.

    division, limits: see there; rows: how many there are; class_rows: [C] how many of each class, empty for numbers;
    digest: of all of them, by which they are known again;
    file: where they are, without a name, so that it is gone with the process; None where they were only counted.
    """

    division: Division
    limits: StreamLimits
    record: Record
    rows: int = 0
    class_rows: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64), repr=False)
    file: IO[bytes] | None = field(default=None, repr=False)
    _digest: Any = field(default_factory=lambda: hashlib.blake2b(digest_size=16), repr=False)

    def __post_init__(self) -> None:
        if self.file is not None:
            weakref.finalize(self, self.file.close)  # with the rows, for nobody else has the file

    def add(self, x: CodedRows, y: NDArray[Any]) -> None:
        """Append rows; GoodfitError where the disk has no room."""
        packed = self.record.packed(x, y)
        self._digest.update(packed.data)
        self.rows += len(packed)
        if self.record.classes:
            counts = np.bincount(y, minlength=len(self.class_rows))
            counts[: len(self.class_rows)] += self.class_rows
            self.class_rows = counts
        if self.file is None:
            return
        try:
            self.file.write(packed.data)
            self.file.flush()  # so that a full disk is heard of here
        except OSError as error:
            raise GoodfitError(problem("Scratch file", "could not be written", got=error.strerror, fix=ROOM)) from error

    @property
    def digest(self) -> str:
        """Of all rows, in their order."""
        found: str = self._digest.hexdigest()
        return found

    def read(self, ranges: Sequence[tuple[int, int]], out: NDArray[np.float32]) -> NDArray[Any]:
        """Write the inputs of rows start .. stop - 1 of every range into out [n, D]; their targets."""
        if self.file is None:
            raise InputError(problem("Training rows", "are not in memory, and can be trained on by goodfit.train only"))
        size = self.record.words * WORD
        packed = np.empty((sum(stop - start for start, stop in ranges), self.record.words), np.uint32)
        at = 0
        for start, stop in ranges:
            self.file.seek(start * size)
            content = self.file.read((stop - start) * size)
            if len(content) != (stop - start) * size:
                raise GoodfitError(problem("Scratch file", "was cut short", fix="Train again."))
            packed[at : at + stop - start] = np.frombuffer(content, np.uint32).reshape(-1, self.record.words)
            at += stop - start
        return self.record.unpacked(packed, out)


ROOM = "Make room, or set GOODFIT_CACHE to a folder on a disk with more."


def scratch(size: int) -> IO[bytes]:
    """A file for `size` bytes that no name leads to: whatever ends the process, it takes no room afterwards."""
    folder = user_cache()
    try:
        os.makedirs(folder, exist_ok=True)
        free = shutil.disk_usage(folder).free
        if free < size:
            rule = "must have room for the encoded training rows"
            got = f"{free / 2**30:.1f} GB free; {size / 2**30:.1f} GB needed"
            raise InputError(problem(str(folder), rule, got=got, fix=ROOM))
        return tempfile.TemporaryFile(dir=folder)
    except OSError as error:
        raise GoodfitError(problem(str(folder), "must be writable", got=error.strerror, fix=ROOM)) from error
