"""When the next plain line of progress is due: few lines, however long something takes."""

import math
import time

PLAIN_SECONDS = 5.0  # at least this long between plain lines
GROWTH = 0.5  # and at least this share of the time that had passed at the last: 12 lines in 8 minutes, 18 in an hour


class Spacing:
    """Lines that have been shown, and whether another is due."""

    def __init__(self) -> None:
        self.began, self.shown = time.monotonic(), -math.inf

    def due(self) -> bool:
        """Whether it is time for a line."""
        return time.monotonic() - self.shown >= max(PLAIN_SECONDS, GROWTH * (self.shown - self.began))

    def note(self) -> None:
        """A line is shown."""
        self.shown = time.monotonic()
