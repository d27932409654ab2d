"""Which rows go into which batch where they are not in memory: a block shuffle, keyed by seed and epoch.

An epoch takes all blocks of consecutive rows in a new order, and cuts what they hold into windows; the rows of a window
are in memory together, and are shuffled among each other. So two rows can stand in one batch if their blocks meet in a
window: of a file that is sorted, windows of many blocks are still a fair draw of all rows.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from goodfit.training.batches import PURPOSE, RowOrder, Rows

if TYPE_CHECKING:
    from goodfit.data.tables.streamed_rows import StreamedRows

BLOCKS = 0x0B1  # of the random stream of blocks, beside the seed


def order_of(streamed: StreamedRows, batch: int, seed: int) -> StreamOrder:
    """The batches of one seed of a training on streamed rows."""
    limits, width = streamed.limits, streamed.record.width
    return StreamOrder(streamed.rows, batch, seed, streamed.division.seed, limits.block(width), limits.window(width))


class StreamOrder:
    """The batches of one seed, window by window.

    rows: how many there are; batch: rows of one; seed: of the order within windows; shared: the seed of the order of
    blocks, the same for all nets, so that they share windows; block: rows of a block; most: rows of a window.
    With one window, blocks keep their order, and batches are those of `RowOrder`.
    """

    def __init__(self, rows: int, batch: int, seed: int, shared: int, block: int, most: int) -> None:
        self.rows, self.seed, self.shared, self.block = rows, seed, shared, block
        self.width = min(batch, rows)
        self.steps = math.ceil(rows / self.width)
        self.windows = math.ceil(self.steps / max(1, most // self.width))
        self.window_steps = math.ceil(self.steps / self.windows)
        self.windows = math.ceil(self.steps / self.window_steps)
        self._whole = RowOrder(np.arange(rows, dtype=np.int32), batch, seed) if self.windows == 1 else None
        self._starts = functools.lru_cache(maxsize=2)(self._drawn_starts)

    @property
    def window_rows(self) -> int:
        """The most rows of a window."""
        return min(self.rows, self.window_steps * self.width)

    def steps_of(self, window: int) -> int:
        """Batches of a window; the last one may have fewer."""
        return min(self.window_steps, self.steps - window * self.window_steps)

    def ranges(self, epoch: int, window: int) -> list[tuple[int, int]]:
        """The rows of a window, as (first, end) of rows that lie together."""
        blocks, ends = self._starts(epoch)
        first = window * self.window_rows
        last = min(first + self.window_rows, self.rows)
        found = []
        place = int(np.searchsorted(ends, first, "right"))
        while first < last:
            start = int(blocks[place]) * self.block
            stop = min(start + self.block, self.rows)
            begin = stop - (int(ends[place]) - first)  # the window before may have had a part of the block
            taken = min(stop - begin, last - first)
            found.append((begin, begin + taken))
            first += taken
            place += 1
        return found

    def order(self, epoch: int, window: int) -> Rows:
        """Batches of a window, [steps, width]: places among its rows in the order of `ranges`, -1 where none is."""
        if self._whole is not None:
            found: Rows = self._whole.epochs(epoch, 1)[0]
            return found
        first = window * self.window_rows
        rows, steps = min(self.window_rows, self.rows - first), self.steps_of(window)
        drawn = np.random.default_rng([self.seed, PURPOSE, epoch, window]).permutation(rows)
        batches = np.full(steps * self.width, -1, np.int32)
        batches[:rows] = drawn
        return batches.reshape(steps, self.width)

    def epochs(self, first: int, count: int) -> Rows:
        """As `RowOrder.epochs`: all rows by their numbers, of whole epochs."""
        return np.stack([self._numbers(epoch) for epoch in range(first, first + count)])

    def _numbers(self, epoch: int) -> Rows:
        pieces = []
        for window in range(self.windows):
            rows = np.concatenate([np.arange(*each, dtype=np.int32) for each in self.ranges(epoch, window)])
            order = self.order(epoch, window)
            pieces.append(np.where(order < 0, -1, rows[order]))
        return np.concatenate(pieces)

    def _drawn_starts(self, epoch: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(blocks in the order of an epoch, rows before the end of each)."""
        count = math.ceil(self.rows / self.block)
        blocks = np.arange(count)
        if self.windows > 1:
            blocks = np.random.default_rng([self.shared, BLOCKS, epoch]).permutation(count)
        sizes = np.where(blocks == count - 1, self.rows - (count - 1) * self.block, self.block)
        return blocks, np.cumsum(sizes)
