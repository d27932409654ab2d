"""What the server and a process that trains say to each other: frames over pipes, each with its length in front.

Towards the process a frame is JSON. Back it is a frame as the page gets it (see `telling.pack`).
"""

from __future__ import annotations

import json
import os
import queue
import struct
import threading
from typing import Any, BinaryIO

SIZE = struct.Struct("<I")


def framed(content: bytes) -> bytes:
    """With its length in front."""
    return SIZE.pack(len(content)) + content


class Commands:
    """What is asked of this process, read by a thread; when nobody can ask any more, the process ends."""

    def __init__(self, source: BinaryIO) -> None:
        self._source, self._queue = source, queue.Queue[dict[str, Any]]()
        threading.Thread(target=self._read, daemon=True, name="goodfit lab commands").start()

    def next(self, seconds: float | None = None) -> dict[str, Any] | None:
        """The next, waited for so long (None: for ever); None where there is none."""
        try:
            return self._queue.get(timeout=seconds) if seconds != 0 else self._queue.get_nowait()
        except queue.Empty:
            return None

    @property
    def waiting(self) -> bool:
        """Whether there is one."""
        return not self._queue.empty()

    def holds_any(self, *do: str) -> bool:
        """Whether one of these is among those that wait."""
        with self._queue.mutex:
            return any(each.get("do") in do for each in self._queue.queue)

    def _read(self) -> None:
        while True:
            head = self._source.read(SIZE.size)
            content = self._source.read(SIZE.unpack(head)[0]) if len(head) == SIZE.size else b""
            if not content:
                os._exit(0)  # the server is gone, and with it everybody who looked on
            self._queue.put(json.loads(content))
