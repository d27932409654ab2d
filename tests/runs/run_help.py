"""Small trainings for the tests of runs: many short chunks, a checkpoint after each, figures that cost nothing."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import goodfit.figures
from goodfit.data import Dataset
from goodfit.files import write_atomically
from goodfit.training import session, store
from goodfit.training.events import EventLog
from goodfit.training.fitting import fit
from goodfit.training.progress import Progress
from goodfit.training.recipe import Recipe

RECIPE = Recipe(hidden=(6,), epochs=5, batch_size=32, dropout=0.25)
SEEDS = (0, 1, 7)  # three nets on two devices: one place of the grid stays empty


def make_chunks_short(patch: pytest.MonkeyPatch) -> None:
    """Every chunk is an epoch, and ends with a checkpoint."""
    patch.setattr(session, "fit", lambda *given, **how: fit(*given, **{**how, "chunk_seconds": 1e-9}))
    patch.setattr(store, "FEWEST_SECONDS", 0.0)
    patch.setattr(store, "SHARE_OF_TIME", 1e9)
    patch.setattr(goodfit.figures, "write_figure", lambda figure, path: write_atomically(path, b"a figure"))


def interrupt_at(epoch: int) -> Callable[[Progress], None]:
    """A watcher that presses Ctrl-C after that epoch."""

    def watch(progress: Progress) -> None:
        if progress.phase == "train" and progress.epoch == epoch:
            signal.raise_signal(signal.SIGINT)

    return watch


def same_results(one: Path, other: Path) -> bool:
    """Whether two runs ended with the same bits."""
    names = ("model.safetensors", "history.csv")
    return all((one / name).read_bytes() == (other / name).read_bytes() for name in names)


def numbers(task: str = "regression", rows: int = 40, outputs: int = 2) -> Dataset:
    """A data set that is not in the catalogue."""
    rng = np.random.default_rng(3)
    x = rng.standard_normal((rows, 3)).astype(np.float32)
    y: Any = (x + np.roll(x, 1, axis=1))[:, :outputs] * 3 + 1  # no input alone tells it
    if task == "multilabel":
        return Dataset("mine", x, y > 1, "multilabel", ("a", "b"))
    return Dataset("mine", x, y, "regression")


class Camera:
    """Copies a run's folder at every change of it: what `kill -9` at that moment would leave."""

    def __init__(self, folder: Path, album: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder, self.album = folder, album
        self.shots: list[Path] = []
        replace, append = os.replace, EventLog.append

        def watched_replace(old: Path, new: Path) -> None:
            self.shoot(f"before {Path(new).name}")
            replace(old, new)
            self.shoot(f"after {Path(new).name}")

        def watched_append(log: EventLog, text: str) -> None:
            for share in (3, 2):  # the line is torn
                with open(log.path, "ab") as file:
                    size = file.tell()
                    file.write(text.encode()[: len(text) // share])
                self.shoot("torn events")
                os.truncate(log.path, size)
            append(log, text)
            self.shoot("events")

        patch.setattr(os, "replace", watched_replace)
        patch.setattr(EventLog, "append", watched_append)

    def shoot(self, what: str) -> None:
        target = self.album / f"{len(self.shots):03d} {what}"
        shutil.copytree(self.folder, target)
        self.shots.append(target)
