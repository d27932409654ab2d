"""Progress in a notebook, where nobody asked for another: one line of plain text that is written over itself."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from goodfit.words import duration

if TYPE_CHECKING:
    from goodfit.training.progress import Progress, SessionProgress

BAR_WIDTH = 20
BETWEEN_SECONDS = 0.2  # at least this long between two lines


def in_notebook() -> bool:
    """Whether this is the kernel of a notebook; IPython in a terminal and plain Python are none."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return getattr(shell, "kernel", None) is not None


def training_line() -> Callable[[Progress], None] | None:
    """Shows the progress of one training; None outside of notebooks, where nothing is printed."""
    return _Line().training if in_notebook() else None


def session_line() -> Callable[[SessionProgress], None] | None:
    """Shows the progress of a search, a curve or a verdict; None outside of notebooks."""
    return _Line().session if in_notebook() else None


def tell_line(text: str) -> None:
    """A line in a notebook; nothing elsewhere."""
    if in_notebook():
        print(text, flush=True)


class _Line:
    """The line; it ends where the work does."""

    def __init__(self) -> None:
        self._shown, self._width = 0.0, 0

    def training(self, progress: Progress) -> None:
        """How many epochs are done, and the losses."""
        if progress.phase == "evaluate":
            self._write(1.0, f"epoch {progress.epoch} of {progress.epochs}", {}, ended=True)
        elif progress.phase == "train":
            losses = {name: progress.values.get(name) for name in ("train_loss", "valid_loss")}
            text = f"epoch {progress.epoch} of {progress.epochs}"
            self._write(progress.epoch / progress.epochs, text, losses, progress.seconds_left)

    def session(self, progress: SessionProgress) -> None:
        """How many nets are trained."""
        of = "" if progress.nets is None else f" of {progress.nets}"
        told = f"{progress.done}{of} nets" if progress.done else f"{progress.share:.0%}"  # all nets may end at once
        self._write(progress.share, told, {}, progress.seconds_left, ended=progress.ended)

    def _write(
        self, share: float, text: str, values: dict[str, Any], left: float | None = None, *, ended: bool = False
    ) -> None:
        now = time.monotonic()
        if not ended and now - self._shown < BETWEEN_SECONDS:
            return
        self._shown = now
        full = round(BAR_WIDTH * min(max(share, 0.0), 1.0))
        words = [f"{name.replace('_', ' ')} {value:.4g}" for name, value in values.items() if value is not None]
        words += [f"{duration(left)} left"] if left and not ended else []
        line = f"[{'#' * full}{'.' * (BAR_WIDTH - full)}] {', '.join([text, *words])}"
        print(f"\r{line:<{self._width}}", end="\n" if ended else "", flush=True)
        self._width = 0 if ended else len(line)
