"""Random draws in scikit-learn's order: with the same `random_state` its initial weights, its split and its batches.

A stream is NumPy's legacy generator, from which scikit-learn's MLP draws first the weights, then the validation rows,
then one shuffle an epoch. What scikit-learn does not draw (dropout, goodfit's own initialisers) is keyed by a seed.
"""

import copy
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from goodfit.training.population import NetArrays

SEEDS = 2**32  # numbers that may be a seed


@dataclass(frozen=True)
class Stream:
    """The randomness of one net. draws: scikit-learn's generator; seed: of everything else."""

    draws: np.random.RandomState
    seed: int


def streams(random_state: Any, nets: int) -> list[Stream]:
    """One stream a net.

    random_state: as scikit-learn takes it. An integer r gives net i the stream of r + i, so that net i of an ensemble
    is the net that r + i alone would give. A generator is used up by the first net; the seeds of the others, and of
    all that scikit-learn does not draw, come from a copy of it.
    """
    if isinstance(random_state, Integral):
        seeds = [(int(random_state) + net) % SEEDS for net in range(nets)]
        return [Stream(np.random.RandomState(seed), seed) for seed in seeds]
    first = check_random_state(random_state)
    start = int(copy.deepcopy(first).randint(SEEDS, dtype=np.int64))
    seeds = [(start + net) % SEEDS for net in range(nets)]
    return [Stream(np.random.RandomState(seed) if net else first, seed) for net, seed in enumerate(seeds)]


def glorot_uniform(draws: np.random.RandomState, sizes: Sequence[int], logistic: bool, dtype: Any) -> NetArrays:
    """Weights and biases of one net as scikit-learn draws them: uniform within sqrt(factor / (inputs + outputs)).

    The factor is 2 for the logistic activation and 6 for the others; biases are drawn within the same bound.
    Source: scikit-learn's `_init_coef`, after Glorot & Bengio (2010).
    """
    weights, biases = [], []
    for fan_in, fan_out in itertools.pairwise(sizes):
        bound = math.sqrt((2.0 if logistic else 6.0) / (fan_in + fan_out))
        weights.append(draws.uniform(-bound, bound, (fan_in, fan_out)).astype(dtype).T)
        biases.append(draws.uniform(-bound, bound, fan_out).astype(dtype))
    return NetArrays(tuple(weights), tuple(biases), (None,) * (len(sizes) - 2))


class ShuffledOrder:
    """The batches of one net, in scikit-learn's order: each epoch shuffles the order of the epoch before.

    rows: [n] the rows to train on; batch: rows of a batch; width: places of a batch, at least `batch`; draws: of the
    shuffles, None to keep the order; steps: batches of an epoch, where there shall be more than the rows fill. Chunks
    must be asked for in turn.
    """

    def __init__(
        self,
        rows: NDArray[np.int32],
        batch: int,
        width: int,
        draws: np.random.RandomState | None,
        steps: int = 0,
    ) -> None:
        self.rows, self.batch, self.width, self.draws = rows, batch, width, draws
        self.steps = max(steps, math.ceil(len(rows) / batch))
        self._asked: tuple[int, int] | None = None
        self._given = np.empty((0, self.steps, width), np.int32)

    def epochs(self, first: int, count: int) -> NDArray[np.int32]:
        """The batches of epochs first .. first + count - 1, [count, steps, width], -1 where no row is."""
        if (first, count) != self._asked:
            self._asked, self._given = (first, count), np.stack([self._epoch() for _ in range(count)])
        return self._given

    def _epoch(self) -> NDArray[np.int32]:
        if self.draws is not None:
            places = np.arange(len(self.rows))
            self.draws.shuffle(places)
            self.rows = self.rows[places]
        padded = np.full(self.steps * self.batch, -1, np.int32)
        padded[: len(self.rows)] = self.rows
        batches = np.full((self.steps, self.width), -1, np.int32)
        batches[:, : self.batch] = padded.reshape(self.steps, self.batch)
        return batches


def rounded_up(count: int) -> int:
    """A little more than `count`, so that data sets of nearly equal size share a compiled program.

    At most 1/16 more, and multiples of 8 where there are few.
    """
    step = max(8, 1 << max(0, count.bit_length() - 5))
    return -(-count // step) * step
