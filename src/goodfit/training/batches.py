"""Which rows go into which batch: drawn on the host, keyed by (seed, epoch), the same for any population.

Batches are balanced over folds where there are folds: each takes the same number of rows from every fold, so that a
net which gives weight zero to its own fold sees batches of one size, and nets of all folds can share them.
"""

import math
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int32]

PURPOSE = 0x0D3  # of the random stream, beside the seed
BLOCK_ROWS = 2**17  # rows drawn with one generator: epochs are drawn in blocks of BLOCK_ROWS // rows, at most MOST
MOST_EPOCHS_A_BLOCK = 64


def block_epochs(rows: int) -> int:
    """Epochs whose orders are drawn, and kept, at once. rows: that are trained on."""
    return min(MOST_EPOCHS_A_BLOCK, max(1, BLOCK_ROWS // max(1, rows)))


class Order(Protocol):
    """The batches of a training: `steps` an epoch, `width` places each."""

    steps: int
    width: int

    def epochs(self, first: int, count: int) -> Rows:
        """Row numbers of epochs first .. first + count - 1 (from 0), [count, steps, width], -1 where no row is.

        Chunks are asked for in turn, and each once for every group of nets that shares this order.
        """


class RowOrder:
    """The batches of one seed.

    rows: [n] the rows to train on; folds: [n] the fold of each, or None; batch: rows of a batch that a net learns
    from (with K folds a batch holds K/(K-1) times as many); shuffle: False keeps the order of `rows`. names: of the
    folds, in the order in which a batch holds them. last: the most epochs that are asked for.
    """

    def __init__(
        self,
        rows: Rows,
        batch: int,
        seed: int,
        folds: Rows | None = None,
        shuffle: bool = True,
        last: int = MOST_EPOCHS_A_BLOCK,
    ) -> None:
        self.seed, self.shuffle, self.last, self.left_out = seed, shuffle, last, None
        self.names = np.zeros(1, np.int32) if folds is None else np.unique(folds)
        self.strata = [rows] if folds is None else [rows[folds == fold] for fold in self.names]
        # a net sits out its own fold: the K - 1 others make up the batch that its recipe asks for
        self.share = batch if folds is None else max(1, round(batch / max(1, len(self.strata) - 1)))
        # a batch beyond the data would hold places that no row ever fills
        self.share = min(self.share, max(len(stratum) for stratum in self.strata))
        # by the largest fold: smaller ones run out early and leave places empty
        self.steps = math.ceil(max(len(stratum) for stratum in self.strata) / self.share)
        self.width = self.share * len(self.strata)
        self.block = block_epochs(len(rows))
        self._drawn: tuple[int, Rows] | None = None

    def epochs(self, first: int, count: int) -> Rows:
        """The batches of epochs first .. first + count - 1 (from 0): [count, steps, width], -1 where no row is."""
        pieces = []
        epoch = first
        while epoch < first + count:
            block = epoch // self.block
            start, stop = epoch - block * self.block, min(self.block, first + count - block * self.block)
            pieces.append(self._block(block)[start:stop])
            epoch += stop - start
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)

    def _block(self, block: int) -> Rows:
        if self._drawn is None or self._drawn[0] != block:
            # by the block's number, not by what was drawn before: a resumed training meets the same orders
            generator = np.random.default_rng([self.seed, PURPOSE, block])
            drawn = self._arrange([self._shuffled(generator, rows) for rows in self.strata])
            if self.last < self.block:  # every seed keeps its block: thousands of them may be trained at once
                drawn = drawn[: self.last].copy()
            self._drawn = block, drawn
        return self._drawn[1]

    def _shuffled(self, generator: np.random.Generator, rows: Rows) -> Rows:
        """`block` orders of the rows, [block, n]: places sorted by random keys.

        A key is a random word whose lowest bits give way to the place, so that sorting the keys alone sorts the
        places, and no two are equal: faster than Fisher and Yates's shuffle, above all for many short orders.
        """
        if not self.shuffle:
            return np.broadcast_to(rows, (self.block, len(rows)))
        places = np.arange(len(rows), dtype=np.uint64)
        low = np.uint64((1 << len(rows).bit_length()) - 1)
        words = generator.bit_generator.random_raw(self.block * len(rows)).reshape(self.block, len(rows))
        keys = (words & ~low) | places
        keys.sort(axis=1)
        return rows[(keys & low).astype(np.intp)]

    def _arrange(self, orders: list[Rows]) -> Rows:
        """Cut each stratum's order [E, n] into steps and lay the strata side by side, [E, steps, width]."""
        epochs = len(orders[0])
        batches = np.full((epochs, self.steps, self.width), -1, np.int32)
        for number, order in enumerate(orders):
            padded = np.full((epochs, self.steps * self.share), -1, np.int32)
            padded[:, : order.shape[1]] = order
            at = number * self.share
            batches[:, :, at : at + self.share] = padded.reshape(epochs, self.steps, self.share)
        return batches

    def stratified(self) -> tuple[Rows, Rows | None]:
        """The rows, [n], one stratum after another, and the stratum of each; None where there is one."""
        strata = np.repeat(np.arange(len(self.strata), dtype=np.int32), [len(rows) for rows in self.strata])
        rows: Rows = np.concatenate(self.strata)
        return rows, None if len(self.strata) == 1 else strata

    def slots(self) -> Rows:
        """Which of the `stratified` rows, each stratum in its order, a place of a batch takes, [steps, width]; -1."""
        ends = np.cumsum([len(rows) for rows in self.strata])
        starts = ends - [len(rows) for rows in self.strata]
        numbers = [np.arange(start, end, dtype=np.int32)[None] for start, end in zip(starts, ends, strict=True)]
        first: Rows = self._arrange(numbers)[0]
        return first


class WithoutFold:
    """The batches of a `RowOrder` without the rows of one fold: what a net that never learns from them sees.

    fold: its number. Orders that share `whole` share its draws.
    """

    def __init__(self, whole: RowOrder, fold: int) -> None:
        self.whole, self.steps, self.seed, self.left_out = whole, whole.steps, whole.seed, fold
        self.kept = np.repeat(whole.names != fold, whole.share)
        self.width = int(self.kept.sum())

    def epochs(self, first: int, count: int) -> Rows:
        """As `RowOrder.epochs`."""
        return self.whole.epochs(first, count)[:, :, self.kept]

    def stratified(self) -> tuple[Rows, Rows | None]:
        """As `RowOrder.stratified`: the fold's rows are drawn with the others, so that all nets draw alike."""
        return self.whole.stratified()

    def slots(self) -> Rows:
        """As `RowOrder.slots`."""
        kept: Rows = self.whole.slots()[:, self.kept]
        return kept


def can_be_drawn(order: Order) -> bool:
    """Whether a device may draw these batches itself (see `program.drawn_order`): they are goodfit's own."""
    whole = order.whole if isinstance(order, WithoutFold) else order
    return isinstance(whole, RowOrder) and whole.shuffle
