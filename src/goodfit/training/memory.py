"""How much memory a population takes, and how much there is."""

import itertools
from collections.abc import Sequence

import numpy as np

from goodfit.host import host_memory
from goodfit.training import devices
from goodfit.training.batches import block_epochs

COPIES = 7  # of the weights: themselves, gradients, two moments, what replaces them, and room
LBFGS_COPIES = 28  # of L-BFGS, which has no moments, but the last ten steps and gradients, and three more
PASSES = 6  # numbers kept a unit and row of a batch in the forward and backward pass
MEMBER_PASSES = 8  # the same of members, whose inputs and products are kept before and after they are scaled
OF_A_MEMBER = 3  # numbers that a member trains for every unit: scalings of its inputs and outputs, an offset
FIRST = 2  # copies of each member's first weights, or of its rows: as they multiply, and their gradient
CHUNKS = 3  # copies of an epoch's row numbers on their way: of this chunk and the next, on the host and the devices


def free_memory() -> float:
    """Bytes that are free where this process trains: on its accelerator, or else on the machine itself."""
    found = devices.free_memory()
    return host_memory() if found is None else found


def net_bytes(widths: Sequence[int], rows: int, itemsize: int = 4, optimizer: str = "", more: int = 0) -> int:
    """About what one net takes in training. widths: from inputs to outputs, padded; rows: of a batch; more: numbers
    that it trains beside weights and biases.
    """
    copies = LBFGS_COPIES if optimizer == "lbfgs" else COPIES
    weights = more + sum((i + 1) * o for i, o in itertools.pairwise(widths))
    return itemsize * (copies * weights + PASSES * rows * sum(widths[1:]))


def member_bytes(members: int, widths: Sequence[int], rows: int, itemsize: int = 4, *, drops: bool = False) -> int:
    """About what members that share weights add to `net_bytes`; 0 of one.

    widths: from the inputs, as the first layer multiplies them, to the outputs of all members.
    rows: of a batch.
    drops: whether inputs are dropped, so that each member has rows of its own from the start.
    """
    if members == 1:
        return 0
    trained = COPIES * OF_A_MEMBER * members * sum(widths[:-1])
    passes = rows * (MEMBER_PASSES * members - PASSES) * sum(widths[1:-1])
    first = FIRST * members * widths[0] * (rows if drops else widths[1])
    return itemsize * (trained + passes + first)


def seed_bytes(inputs: int, batch: int, rows: int, epochs: int, itemsize: int = 4) -> int:
    """About what nets of one seed take together: the rows of their batch, and the orders that are drawn ahead.

    rows: that are trained on; epochs: of the training.
    """
    return itemsize * batch * inputs + 4 * rows * (min(epochs, block_epochs(rows)) + CHUNKS)


def cut(jobs: Sequence[int], each: float, budget: float) -> list[tuple[int, ...]]:
    """Jobs in turns that fit the budget, of nearly equal size. each: bytes of one; a turn has one job at least."""
    most = len(jobs) if each * len(jobs) <= budget else max(1, int(budget // each))  # the budget may be infinite
    turns = -(-len(jobs) // most)
    bounds = np.linspace(0, len(jobs), turns + 1).astype(int)
    return [tuple(jobs[start:end]) for start, end in itertools.pairwise(bounds)]
