"""Compiled programs, the most recent ones: how many are kept, and how the memory of the others goes back."""

import contextlib
import ctypes
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import jax

# The program of a small net stays resident with 4 to 7 MiB: so many hold the shapes that a search or a study goes back
# to, in about 200 MiB. A program that was dropped is read from the disk's cache, which takes some tenths of a second.
MOST_PROGRAMS = 32
# All of them take so much at most, as `size_of` estimates; a net of 24 hidden layers is a program of about 35 MiB.
MOST_BYTES = 512 * 2**20
BYTES_A_PROGRAM, BYTES_A_CHARACTER = 4 * 2**20, 8  # fitted to resident memory on CPUs, nets of 1 to 24 hidden layers
# JAX keeps what it traced of every shape, 0.4 MiB a program, and some of it without a bound. Clearing that makes other
# JAX code in the process trace anew, so it is done once in so many dropped programs, which took far longer to compile.
CLEARED_EVERY = 64


@dataclass(frozen=True)
class Compiled:
    """A program ready to run. call: on arrays on the devices; seconds: that lowering and compiling took."""

    call: Callable[..., Any]
    seconds: float


class RecentPrograms:
    """The most recently used programs by key, at most MOST_PROGRAMS and about MOST_BYTES of them.

    Threads may share one. The newest program is always kept, however large.
    """

    def __init__(self) -> None:
        self._programs: OrderedDict[Hashable, tuple[Compiled, int]] = OrderedDict()
        self._lock = threading.Lock()
        self._dropped = 0

    def __len__(self) -> int:
        return len(self._programs)

    def get(self, key: Hashable) -> Compiled | None:
        """The program, which counts as used now; None where it is not kept."""
        with self._lock:
            if key not in self._programs:
                return None
            self._programs.move_to_end(key)
            return self._programs[key][0]

    def put(self, key: Hashable, program: Compiled, size: int) -> None:
        """Keep a program of about `size` bytes, and drop those used longest ago as far as they are too many."""
        with self._lock:
            before = self._dropped
            self._programs[key] = program, size
            while len(self._programs) > MOST_PROGRAMS or (len(self._programs) > 1 and self._bytes() > MOST_BYTES):
                self._programs.popitem(last=False)
                self._dropped += 1
            after = self._dropped
        if after // CLEARED_EVERY > before // CLEARED_EVERY:
            jax.clear_caches()
        if after > before:
            return_memory()

    def clear(self) -> None:
        """Drop all of them."""
        with self._lock:
            self._programs.clear()
        return_memory()

    def _bytes(self) -> int:
        return sum(size for _, size in self._programs.values())


def size_of(compiled: Any) -> int:
    """About the bytes that a program of JAX's keeps resident. XLA does not say it on CPUs; its text grows with it."""
    code = 0
    with contextlib.suppress(Exception):  # a backend that knows no sizes
        code = int(compiled.memory_analysis().generated_code_size_in_bytes)
    return BYTES_A_PROGRAM + BYTES_A_CHARACTER * len(compiled.as_text() or "") + code


def return_memory() -> None:
    """Hand freed pages back to the system, in some milliseconds; glibc would keep those of a dropped program."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # another C library than glibc
            ctypes.CDLL(None).malloc_trim(0)
