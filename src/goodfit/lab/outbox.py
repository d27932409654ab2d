"""What waits to be sent to one page, in its order; of pictures only the newest.

A page that takes long to read, or sleeps, slows nobody: training does not wait for it.
"""

from __future__ import annotations

import asyncio
import itertools

MOST_BYTES = 2**25  # that may wait in order; a page that is further behind is let go, and told all when it is back
Message = str | bytes


class Outbox:
    """The messages for one page."""

    def __init__(self) -> None:
        self._waiting: dict[object, Message] = {}
        self._put, self._size = itertools.count(), 0
        self._some = asyncio.Event()
        self.overfull = False
        """Whether so much waited that it was thrown away: the page must be let go."""

    def put(self, message: Message, key: object = None, *, last: bool = False) -> None:
        """Have a message sent.

        key: of which only the newest matters, in the place of the one that waits; None: all
        last: behind all that waits, as it tells how that ends
        """
        name = next(self._put) if key is None else key
        self._size += len(message) - len(self._waiting.get(name, ""))
        if last:
            self._waiting.pop(name, None)
        self._waiting[name] = message
        if self._size > MOST_BYTES:
            self.overfull = True
            self._waiting.clear()
        self._some.set()

    def drop_pictures(self) -> None:
        """What was of the state before is of no use any more."""
        for name in [name for name in self._waiting if not isinstance(name, int)]:
            self._size -= len(self._waiting.pop(name))

    async def next(self) -> Message | None:
        """The next one, waited for; None where the page must be let go."""
        while not self.overfull and not self._waiting:
            self._some.clear()
            await self._some.wait()
        if self.overfull:
            return None
        message = self._waiting.pop(next(iter(self._waiting)))
        self._size -= len(message)
        return message
