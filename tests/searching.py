"""What the tests of searches share: a small data set, a small recipe, and ways to kill a search."""

from __future__ import annotations

from typing import Any

import numpy as np

from goodfit.data import Dataset
from goodfit.training import Recipe

BASE = Recipe(
    hidden=(5,),
    activation="tanh",
    dropout=0.2,
    optimizer="sgd",
    momentum=0.9,
    learning_rate=0.1,
    schedule="cosine",
    warmup=3.0,
    epochs=9,
    batch_size=10,
)


def dataset() -> Dataset:
    """60 rows of two classes, standardised on the way in."""
    rng = np.random.default_rng(0)
    x = rng.normal(3.0, 5.0, (60, 4)).astype(np.float32)
    y = (x[:, 0] - x[:, 1] + rng.normal(size=60) > 0).astype(np.int32)
    return Dataset("d", x, y, "classification", ("a", "b"))


class Stop(Exception):
    """The search was killed."""


def killed_after(reports: int) -> Any:
    """A watcher that kills a search at a report."""
    seen = []

    def watch(progress: SessionProgress) -> None:
        seen.append(progress)
        if len(seen) > reports:
            raise Stop

    return watch
