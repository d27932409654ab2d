"""Schedules: the share of a rate (of learning, dropout, decay) at every step of an epoch, on the host.

t is the time since the warm-up in epochs, T the epochs between warm-up and end. The formulas are Optax's, of which
`tests/training/test_schedules.py` checks the equality; flat-cosine and coslog4 are those of RealMLP: Holzmüller,
Grinsztajn & Steinwart (2024), Better by Default, arXiv 2407.04491.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ONE_CYCLE_START = 1 / 25  # of the peak, where one-cycle begins (Optax and torch: div_factor 25)
ONE_CYCLE_RISE = 0.3  # of the time, until the peak (Optax and torch: pct_start 0.3)
FLAT = 0.5  # of the time, before flat-cosine falls
WAVES = 4  # of coslog4
ENDING = ("cosine", "flat-cosine", "coslog4", "one-cycle")  # those that end with the training


@dataclass(frozen=True)
class Schedule:
    """The schedule of one recipe. Two nets with equal schedules share one row of a program's table.

    kind: constant, step, exponential, cosine, flat-cosine, coslog4 or one-cycle; warmup, every: in epochs; rate: the
    factor of step and exponential for each `every`; final: the share left at the end of cosine, flat-cosine and
    one-cycle; epochs: of the training.
    """

    kind: str = "constant"
    warmup: float = 0.0
    rate: float = 0.1
    every: float = 10.0
    final: float = 0.0
    epochs: int = 1

    def factors(self, first: int, count: int, steps: int) -> NDArray[np.float64]:
        """Factors of the rate for epochs first .. first + count - 1 (from 0), [count, steps]."""
        epoch = np.arange(first, first + count)[:, None] + np.arange(steps) / steps  # [count, steps]
        after = np.maximum(epoch - self.warmup, 0.0)
        # a warm-up as long as the training leaves no time after it: never divide by 0
        span = max(self.epochs - self.warmup, 1 / steps)
        factors = self._after_warmup(after, np.minimum(after / span, 1.0))
        if self.warmup > 0:
            rising = (epoch + 1 / steps) / self.warmup  # the first step is already above zero
            factors = np.where(epoch < self.warmup, np.minimum(rising, 1.0), factors)
        return factors

    def _after_warmup(self, t: NDArray[np.float64], share: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.kind == "step":
            # t / every may fall short, by rounding, of the whole number that it is: the fall would come a step late
            return self.rate ** np.floor(t / self.every + 1e-9)
        if self.kind == "exponential":
            return np.asarray(self.rate ** (t / self.every))
        if self.kind == "cosine":
            return _cosine(1.0, self.final, share)
        if self.kind == "flat-cosine":
            return _cosine(1.0, self.final, (share - FLAT) / (1 - FLAT))
        if self.kind == "coslog4":
            return np.asarray(0.5 * (1 - np.cos(2 * np.pi * np.log2(1 + (2**WAVES - 1) * share))))
        if self.kind == "one-cycle":
            rising = _cosine(ONE_CYCLE_START, 1.0, share / ONE_CYCLE_RISE)
            falling = _cosine(1.0, self.final, (share - ONE_CYCLE_RISE) / (1 - ONE_CYCLE_RISE))
            return np.where(share < ONE_CYCLE_RISE, rising, falling)
        return np.ones_like(t)


def _cosine(start: float, end: float, share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Half a cosine wave from `start` at share 0 to `end` at share 1."""
    return np.asarray(end + (start - end) * 0.5 * (1 + np.cos(np.pi * np.clip(share, 0.0, 1.0))))
