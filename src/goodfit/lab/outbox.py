"""What waits to be sent to one page: everything in its order, but of pictures only the newest.

A page that takes long to read, or sleeps, slows nobody: training does not wait for it.
"""

from __future__ import annotations

import asyncio
from collections import deque

MOST_BYTES = 2**25  # that may wait in order; a page that is further behind is let go, and told all when it is back
Message = str | bytes


class Outbox:
    """The messages for one page."""

    def __init__(self) -> None:
        self._ordered: deque[Message] = deque()
        self._newest: dict[object, Message] = {}
        self._size = 0
        self._some = asyncio.Event()
        self.overfull = False
        """Whether so much waited that it was thrown away: the page must be let go."""

    def put(self, message: Message, key: object = None) -> None:
        """Have a message sent. key: of which only the newest matters; None: all do."""
        if key is not None:
            self._newest.pop(key, None)
            self._newest[key] = message
        elif not self.overfull:
            self._ordered.append(message)
            self._size += len(message)
            if self._size > MOST_BYTES:
                self.overfull = True
                self._ordered.clear()
                self._newest.clear()
        self._some.set()

    async def next(self) -> Message | None:
        """The next one, waited for; None where the page must be let go."""
        while True:
            if self.overfull:
                return None
            if self._ordered:
                message = self._ordered.popleft()
                self._size -= len(message)
                return message
            if self._newest:
                return self._newest.pop(next(iter(self._newest)))
            self._some.clear()
            await self._some.wait()
