"""What a training tells whoever watches it."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from goodfit.training.progress import Phase, Progress, ProgressCallback

TELLING_SECONDS = 2.0  # a first chunk as long as this tells the rate
Tables = Mapping[str, NDArray[np.floating]]  # metric -> [E, P], as in History


class Reporter:
    """Makes a Progress of what is known, and measures the rate on the last chunk, without compilation.

    The first chunk is one epoch, in which much happens for the first time: where it is short, it says no rate.
    rows: of an epoch; nets: all; epochs: at most; epoch: where the training begins.
    """

    def __init__(self, callback: ProgressCallback | None, *, rows: int, nets: int, epochs: int, epoch: int = 0) -> None:
        self.callback, self.rows, self.nets, self.epochs = callback, rows, nets, epochs
        self._last: Progress | None = None
        self._later, self._stops = 0.0, False
        self.begin(epoch)

    def begin(self, epoch: int) -> None:
        """A training begins, or goes on, after so many epochs."""
        self.epoch, self._seconds, self._known = epoch, 0.0, False

    def later(self, turns: float) -> None:
        """So many turns follow, each as long as the one that begins."""
        self._later = turns

    def phase(self, phase: Phase) -> None:
        """Another phase begins."""
        self._stops = self._stops or phase == "stop"
        if self.callback is None:
            return
        if self._last is None or phase in ("data", "compile"):
            told = Progress(phase, self.epoch, self.epochs, {}, 0.0, None, self.nets, self.nets)
        else:
            last = self._last
            told = replace(last, phase=phase, rows_per_second=0.0, seconds_left=None, recent={})
        self.callback(told)

    def window(self, done: int, windows: int, *, seconds: float) -> None:
        """Some windows of an epoch are done. seconds: spent on training since its beginning."""
        if self.callback is None:
            return
        spent, share = seconds - self._seconds, done / windows
        known = self._known or spent > TELLING_SECONDS
        active = self.nets if self._last is None else self._last.active
        to_come = self.epochs - self.epoch - share + self._later * self.epochs
        self._last = Progress(
            "stop" if self._stops else "train",
            self.epoch,
            self.epochs,
            {} if self._last is None else self._last.values,
            self.rows * active * share / max(spent, 1e-9) if known else 0.0,
            spent / share * to_come if known and not self._stops else None,
            active,
            self.nets,
            window=done,
            windows=windows,
        )
        self.callback(self._last)

    def chunk(self, epoch: int, values: Tables, *, going: bool, seconds: float) -> None:
        """A chunk is done. going: whether any net still trains; seconds: spent on training since its beginning."""
        done, self.epoch = epoch - self.epoch, epoch
        spent, self._seconds = seconds - self._seconds, seconds
        if self.callback is None:
            return
        trained = ~np.isnan(values["train_loss"])  # [E, P]
        recent = {name: means(table) for name, table in values.items()}
        known, self._known = self._known or spent > TELLING_SECONDS, True
        to_come = (self.epochs - epoch if going else 0) + self._later * self.epochs
        left = spent / max(done, 1) * to_come if known else None
        self._last = Progress(
            "train",
            epoch,
            self.epochs,
            {name: mean[-1] for name, mean in recent.items() if mean and np.isfinite(mean[-1])},
            self.rows * int(trained.sum()) / max(spent, 1e-9) if known else 0.0,
            left if to_come else 0.0,
            int(trained[-1].sum()) if len(trained) else 0,
            self.nets,
            recent,
        )
        self.callback(self._last)


def means(table: NDArray[np.floating]) -> list[float]:
    """The mean over the nets that are finite, of every epoch; nan where there is none."""
    finite = np.isfinite(table)
    count = finite.sum(1)
    total = np.where(finite, table, 0.0).sum(1, dtype=np.float64)
    mean: list[float] = np.divide(total, count, out=np.full(len(table), np.nan), where=count > 0).tolist()
    return mean
