"""Trainings that no limit of a finding was set on: other data sets, other seeds, the same kinds of recipes and faults.

Look at these only to report them. Where a limit is changed because of them, SEED goes up by one, so that the figures
are of trainings that the change has not seen either.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks import pairs
from benchmarks.pairs import in_turn
from benchmarks.planted import BASE, ROWS, Case
from goodfit.data import Dataset, Split, load, split
from goodfit.training import Recipe

SEED = 102
TRAIN = 0.6  # share of the rows of small data sets


def data_sets() -> dict[str, Dataset]:
    """The data: three that are drawn, 1,700 rows each, and two that are measured, with 178 and 569 rows."""
    rows = 1700
    rng = np.random.default_rng(SEED)
    x = rng.normal(size=(rows, 4))
    ripples = 3.0 * x[:, :1] * np.exp(-0.5 * x[:, 1:2] ** 2) + np.cos(2 * x[:, 2:3]) + 0.1 * rng.normal(size=(rows, 1))
    return {
        "moons": load("moons", n_train=rows, n_test=0, seed=SEED),
        "xor": load("xor", n_train=rows, n_test=0, seed=SEED),
        "wine": load("wine"),
        "breast-cancer": load("breast-cancer"),
        "ripples": Dataset("ripples", x, ripples, "regression", scale_targets=True),
    }


def divided(data: Dataset) -> Split:
    """At most ROWS rows to train on, the others to validate."""
    train = min(ROWS / len(data), TRAIN)
    return split(data, valid=1 - train, test=0.0, seed=SEED)


def cases() -> Iterator[Case]:
    """Every training; with fewer rows it has more epochs, so that it takes as many steps as one on ROWS rows."""

    def base(rows: int) -> Recipe:
        return BASE.replace(seed=SEED, epochs=round(BASE.epochs * ROWS / rows))

    return in_turn(data_sets(), divided, base, pairs.HELD_OUT)
