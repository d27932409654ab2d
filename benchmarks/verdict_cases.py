"""Data sets and recipes with a fault that was planted, and sound ones, for measuring how good verdicts are.

Their truth is known from how they were made. Small tables from life are not among them: nobody knows which recipe is
sound for iris.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from goodfit import Recipe
from goodfit.data import Dataset, Split, load
from goodfit.data.synthetic import POLYNOMIAL, circles, moons, xor

SOUND = "good fit"


@dataclass(frozen=True)
class Case:
    """planted: the verdict that is right. name: data, size and fault in words."""

    name: str
    planted: str
    data: Dataset
    recipe: Recipe

    @property
    def rows(self) -> Split:
        """All rows may learn: none is sealed."""
        none = np.empty(0, np.int32)
        return Split(self.data, np.arange(len(self.data), dtype=np.int32), none, none)


LINEAR: dict[str, Any] = {
    "hidden": (),
    "optimizer": "adam",
    "learning_rate": 0.03,
    "schedule": "cosine",
    "epochs": 100,
    "batch_size": 16,
    "keep_best": False,
}
STEPS: dict[str, Any] = {
    "activation": "relu",
    "dropout": 0.0,
    "optimizer": "adam",
    "learning_rate": 0.01,
    "schedule": "cosine",
    "keep_best": False,
}


def cases() -> Iterator[Case]:
    """All of them."""
    yield from _polynomials()
    yield from _pictures()
    yield from _moons()
    yield from _digits()


def _polynomials() -> Iterator[Case]:
    """A cubic: 4 terms fit, 2 or 3 are too few, half as many as rows too many; with much noise, nothing helps."""
    fitted = Recipe(**LINEAR)
    for seed, (rows, noise) in enumerate([(100, 0.1), (100, 1.0), (200, 0.5), (300, 0.1), (300, 1.0)]):
        made = f"cubic, {rows} rows, noise {noise:g}"
        for terms, planted in ((2, "underfit"), (3, "underfit"), (4, SOUND)):
            yield Case(f"{made}, {terms} terms", planted, _cubic(rows, terms, noise, seed), fitted)
    for seed, (rows, noise) in enumerate([(120, 4.0), (120, 8.0), (160, 4.0), (160, 8.0)]):
        terms = rows // 2
        data = _cubic(rows, terms, noise, 10 + seed)
        yield Case(f"cubic, {rows} rows, noise {noise:g}, {terms} terms", "overfit", data, fitted.replace(epochs=400))
    for seed, noise in enumerate([8.0, 10.0, 12.0]):
        data = _cubic(600, 4, noise, 20 + seed)
        yield Case(f"cubic, 600 rows, noise {noise:g}, 4 terms", "limited by noise", data, fitted)


def _cubic(rows: int, terms: int, noise: float, seed: int) -> Dataset:
    """The chapter's cubic of x even in [-3, 3], with Legendre polynomials of x / 3 as inputs.

    They span what powers of x do, and every one of them is a freedom that a net can use; powers are so alike that 20 of
    them are hardly more than 8.
    """
    rng = np.random.default_rng(seed)
    x = rng.uniform(-3, 3, rows)
    y = sum(c * x**i / math.factorial(i) for i, c in enumerate(POLYNOMIAL)) + noise * rng.normal(size=rows)
    inputs = np.polynomial.legendre.legvander(x / 3, terms - 1)[:, 1:]  # the net has a bias
    return Dataset("cubic", inputs, y, "regression", scaling="standard", scale_targets=True)


def _pictures() -> Iterator[Case]:
    """Sound nets on what a straight line cannot divide, and a line on the same."""
    sound = Recipe(**STEPS, hidden=(32, 32), epochs=60, batch_size=32, l2=1e-3)
    for seed, rows in enumerate([400, 800, 1600]):
        for draw in (circles, xor):
            data = draw(seed=seed, n_train=rows, n_test=0)
            yield Case(f"{data.name}, {rows} rows, 32x32", SOUND, data, sound)
            yield Case(f"{data.name}, {rows} rows, no hidden layer", "underfit", data, sound.replace(hidden=()))


def _moons() -> Iterator[Case]:
    sound = Recipe(**STEPS, hidden=(32, 32), epochs=60, batch_size=32, l2=1e-4)
    for seed, (rows, noise) in enumerate([(400, 0.1), (400, 0.15), (800, 0.1), (800, 0.15)]):
        data = moons(seed=seed, n_train=rows, n_test=0, noise=noise)
        made = f"moons, {rows} rows, noise {noise:g}"
        yield Case(f"{made}, 32x32", SOUND, data, sound)
        yield Case(f"{made}, no hidden layer", "underfit", data, sound.replace(hidden=()))
        yield Case(f"{made}, 2 units", "underfit", data, sound.replace(hidden=(2,)))
        yield Case(f"{made}, 1 epoch", "underfit", data, sound.replace(epochs=1))
        yield Case(f"{made}, rate 1e-5", "underfit", data, sound.replace(learning_rate=1e-5))
        yield Case(f"{made}, l2 1", "underfit", data, sound.replace(l2=1.0))
        sgd = sound.replace(optimizer="sgd", learning_rate=100.0)
        yield Case(f"{made}, rate 100", "diverged", data, sgd)
    large = sound.replace(hidden=(128, 128), l2=0.0, epochs=200, schedule="constant")
    for seed, (rows, noise) in enumerate([(150, 0.4), (150, 0.5), (200, 0.4), (200, 0.5)]):
        data = moons(seed=10 + seed, n_train=rows, n_test=0, noise=noise)
        yield Case(f"moons, {rows} rows, noise {noise:g}, 128x128, 200 epochs", "overfit", data, large)
    for seed, share in enumerate([0.2, 0.3]):
        data = _flipped(moons(seed=20 + seed, n_train=1000, n_test=0, noise=0.1), share, seed)
        made = f"moons, 1000 rows, {share:.0%} of labels wrong"
        yield Case(f"{made}, 32x32", "limited by noise", data, sound.replace(l2=1e-3))
    for seed, share in enumerate([0.2, 0.3]):
        data = _flipped(moons(seed=25 + seed, n_train=200, n_test=0, noise=0.1), share, seed)
        yield Case(f"moons, 200 rows, {share:.0%} of labels wrong, 128x128, 200 epochs", "overfit", data, large)
    for seed, noise in enumerate([0.4, 0.5]):
        data = moons(seed=30 + seed, n_train=1000, n_test=0, noise=noise)
        yield Case(f"moons, 1000 rows, noise {noise:g}, 32x32", "limited by noise", data, sound.replace(l2=1e-3))


def _digits() -> Iterator[Case]:
    sound = Recipe(**{**STEPS, "dropout": 0.2, "learning_rate": 0.003}, hidden=(128,), epochs=40, batch_size=32)
    every = _digits_rows(1797, 0)
    yield Case("digits, 128", SOUND, every, sound)
    yield Case("digits, 64x64", SOUND, every, sound.replace(hidden=(64, 64)))
    yield Case("digits, 2 units", "underfit", every, sound.replace(hidden=(2,), dropout=0.0))
    yield Case("digits, 4 units", "underfit", every, sound.replace(hidden=(4,), dropout=0.0))
    yield Case(
        "digits, 1 epoch of SGD", "underfit", every, sound.replace(optimizer="sgd", learning_rate=0.01, epochs=1)
    )
    sgd = sound.replace(optimizer="sgd", learning_rate=0.01)
    yield Case("digits, 1 epoch", "underfit", every, sound.replace(epochs=1))
    yield Case("digits, l2 0.3", "underfit", every, sound.replace(l2=0.3))
    yield Case("digits, dropout 0.95", "underfit", every, sound.replace(dropout=0.95))
    yield Case("digits, rate 1e-6", "underfit", every, sound.replace(learning_rate=1e-6))
    yield Case("digits, rate 3", "diverged", every, sound.replace(learning_rate=3.0))
    yield Case("digits, SGD at rate 100", "diverged", every, sgd.replace(learning_rate=100.0))
    for rows in (80, 100, 120, 160, 200):
        few = _digits_rows(rows, rows)
        yield Case(f"digits, {rows} rows, 128", "limited by data", few, sound.replace(batch_size=16, l2=1e-3))
    large = sound.replace(hidden=(128, 128), dropout=0.0, epochs=40, schedule="constant")
    for share in (0.2, 0.4):
        noisy = _flipped(every, share, 1)
        yield Case(f"digits, {share:.0%} of labels wrong, 128x128", "overfit", noisy, large)


def _digits_rows(count: int, seed: int) -> Dataset:
    """So many rows, the same number of each class up to one."""
    found = load("digits")
    order = np.random.default_rng(seed).permutation(len(found))
    turn = np.empty(len(found), int)  # of each row among those of its class
    for code in range(len(found.classes)):
        own = order[found.y[order] == code]
        turn[own] = np.arange(len(own))
    chosen = np.sort(order[np.argsort(turn[order], kind="stable")[:count]])
    return replace(found, x=found.x[chosen], y=found.y[chosen], test=np.empty(0, np.int32))


def _flipped(data: Dataset, share: float, seed: int) -> Dataset:
    """A share of the rows gets another class, each of the others alike."""
    rng = np.random.default_rng(100 + seed)
    wrong = rng.random(len(data)) < share
    shift = rng.integers(1, len(data.classes), len(data))
    y = np.where(wrong, (data.y + shift) % len(data.classes), data.y).astype(data.y.dtype)
    return replace(data, y=y)
