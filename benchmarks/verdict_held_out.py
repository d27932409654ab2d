"""Recipes that no threshold of a verdict was chosen on: other data, other faults, truth from fresh samples alone.

Look at these only to report them. Where a threshold is changed because of them, SEED goes up by one, so that the
figures are of samples that the change has not seen either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit import Recipe
from goodfit.data import Dataset

SEED = 1001

Sample = tuple[NDArray[np.float64], NDArray[Any]]  # (x, y) of fresh rows
Law = Callable[[np.random.Generator, int], Sample]

BASE = Recipe(
    hidden=(24,),
    activation="relu",
    dropout=0.0,
    optimizer="adam",
    learning_rate=0.01,
    schedule="cosine",
    epochs=40,
    batch_size=32,
    keep_best=False,
)


@dataclass(frozen=True)
class HeldOut:
    """A law that draws rows, how many of them there are, and the recipe that is judged."""

    name: str
    law: Law
    task: str
    rows: int
    recipe: Recipe

    def data(self, rng: np.random.Generator, rows: int | None = None) -> Dataset:
        """Fresh rows of the law; as many as the case has if None."""
        x, y = self.law(rng, rows or self.rows)
        scaled: dict[str, Any] = {"scaling": "standard"}
        if self.task == "regression":
            return Dataset(self.name, x.astype(np.float32), y, "regression", scale_targets=True, **scaled)
        names = tuple(map(str, range(int(y.max()) + 1)))
        return Dataset(self.name, x.astype(np.float32), y.astype(np.int32), "classification", classes=names, **scaled)


def _friedman(which: int, noise: float, others: int, rng: np.random.Generator, rows: int) -> Sample:
    """Friedman's three functions (1991), with inputs that tell nothing beside theirs."""
    u = rng.uniform(size=(rows, (5 if which == 1 else 4) + others))
    if which == 1:
        y = 10 * np.sin(np.pi * u[:, 0] * u[:, 1]) + 20 * (u[:, 2] - 0.5) ** 2 + 10 * u[:, 3] + 5 * u[:, 4]
        return u, y + noise * 5 * rng.normal(size=rows)
    a, b, c, d = 100 * u[:, 0], np.pi * (40 + 520 * u[:, 1]), u[:, 2], 1 + 10 * u[:, 3]
    inner = b * c - 1 / (b * d)
    y = np.hypot(a, inner) / 375 if which == 2 else np.arctan(inner / (a + 1e-9)) / 0.31
    return u, y + noise * rng.normal(size=rows)


def _sparse(inputs: int, noise: float, rng: np.random.Generator, rows: int) -> Sample:
    """A linear function of five of the inputs."""
    x = rng.normal(size=(rows, inputs))
    return x, x[:, :5] @ np.array([1.0, -1.0, 0.5, 0.5, 2.0]) / 2.5 + noise * rng.normal(size=rows)


def _lognormal(spread: float, rng: np.random.Generator, rows: int) -> Sample:
    """Targets whose logarithms are a plain function and noise."""
    x = rng.normal(size=(rows, 4))
    return x, np.exp(0.5 * x[:, 0] + 0.3 * np.sin(2 * x[:, 1]) + spread * rng.normal(size=rows))


def _imbalanced(share: float, rng: np.random.Generator, rows: int) -> Sample:
    """Two normal classes, of which one is rare."""
    y = rng.random(rows) < share
    return rng.normal(size=(rows, 5)) + 1.5 * y[:, None] * np.array([1, 1, 0, 0, 0]), y


def _spirals(noise: float, rng: np.random.Generator, rows: int) -> Sample:
    y, turn = rng.integers(2, size=rows), np.sqrt(rng.random(rows)) * 2.5 * np.pi
    angle = turn + np.pi * y
    x = np.stack([turn * np.cos(angle), turn * np.sin(angle)], axis=1) / (2.5 * np.pi)
    return x + noise * rng.normal(size=x.shape), y


def _parity(inputs: int, wrong: float, rng: np.random.Generator, rows: int) -> Sample:
    """Xor of the signs of the first two of many inputs; a share of the labels is wrong."""
    x = rng.uniform(-1, 1, size=(rows, inputs))
    return x, ((x[:, 0] * x[:, 1] > 0) ^ (rng.random(rows) < wrong)).astype(int)


def _rings(classes: int, noise: float, rng: np.random.Generator, rows: int) -> Sample:
    y, angle = rng.integers(classes, size=rows), rng.uniform(0, 2 * np.pi, rows)
    x = (1 + y)[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return x + noise * rng.normal(size=x.shape), y


def cases() -> Iterator[HeldOut]:
    """All of them."""
    sgd = BASE.replace(optimizer="sgd", learning_rate=0.1)
    large = BASE.replace(hidden=(96, 96), epochs=100, schedule="constant")
    for which in (1, 2, 3):
        law = partial(_friedman, which, 0.1, 0)
        yield HeldOut(f"friedman{which}", law, "regression", 300, BASE)
        yield HeldOut(f"friedman{which}, no hidden layer", law, "regression", 300, BASE.replace(hidden=()))
        yield HeldOut(f"friedman{which}, rate 1e-6", law, "regression", 300, BASE.replace(learning_rate=1e-6))
        noisy = partial(_friedman, which, 0.5, 0)
        yield HeldOut(f"friedman{which}, noise 0.5, 96x96", noisy, "regression", 200, large)
    crowd = partial(_friedman, 1, 0.1, 50)
    yield HeldOut("friedman1, 50 inputs of noise", crowd, "regression", 250, BASE)
    yield HeldOut("friedman1, 50 inputs of noise, l2 1e-2", crowd, "regression", 250, BASE.replace(l2=1e-2))
    yield HeldOut("friedman1, rate 50", partial(_friedman, 1, 0.1, 0), "regression", 300, sgd.replace(learning_rate=50))
    for inputs, noise in ((20, 0.1), (60, 0.5), (60, 2.0)):
        law = partial(_sparse, inputs, noise)
        name = f"sparse linear, {inputs} inputs, noise {noise:g}"
        yield HeldOut(name, law, "regression", 240, BASE)
        yield HeldOut(f"{name}, no hidden layer", law, "regression", 240, BASE.replace(hidden=()))
    for spread in (0.3, 1.0):
        law = partial(_lognormal, spread)
        yield HeldOut(f"log-normal, spread {spread:g}", law, "regression", 300, BASE)
        yield HeldOut(f"log-normal, spread {spread:g}, l2 1e-2", law, "regression", 300, BASE.replace(l2=1e-2))
    for share in (0.05, 0.2):
        law = partial(_imbalanced, share)
        yield HeldOut(f"{share:.0%} in one class, linear", law, "classification", 400, BASE.replace(hidden=()))
        yield HeldOut(f"{share:.0%} in one class, 96x96", law, "classification", 300, large)
        yield HeldOut(f"{share:.0%} in one class, l2 3", law, "classification", 400, BASE.replace(l2=3.0))
    spirals, wide = partial(_spirals, 0.03), BASE.replace(hidden=(32, 32), epochs=80)
    yield HeldOut("spirals, 32x32", spirals, "classification", 400, wide)
    yield HeldOut("spirals, 4 units", spirals, "classification", 400, wide.replace(hidden=(4,)))
    yield HeldOut("spirals, 3 epochs", spirals, "classification", 400, wide.replace(epochs=3))
    yield HeldOut("spirals, rate 50", spirals, "classification", 400, sgd.replace(learning_rate=50.0))
    yield HeldOut("spirals, dropout 0.9", spirals, "classification", 400, wide.replace(dropout=0.9))
    for inputs, wrong in ((2, 0.0), (10, 0.0), (2, 0.3), (10, 0.3)):
        law = partial(_parity, inputs, wrong)
        name = f"xor of 2 in {inputs}, {wrong:.0%} wrong"
        yield HeldOut(name, law, "classification", 400, BASE)
        if not wrong:
            yield HeldOut(f"{name}, rate 1e-6", law, "classification", 400, BASE.replace(learning_rate=1e-6))
        else:
            yield HeldOut(f"{name}, 96x96", law, "classification", 300, large)
    rings = partial(_rings, 4, 0.15)
    yield HeldOut("4 rings", rings, "classification", 400, BASE.replace(epochs=60))
    yield HeldOut("4 rings, 2 units", rings, "classification", 400, BASE.replace(hidden=(2,)))
    yield HeldOut("4 rings, noise 0.8, 96x96", partial(_rings, 4, 0.8), "classification", 300, large)
    yield HeldOut("4 rings, rate 3", rings, "classification", 400, BASE.replace(learning_rate=3.0))
    yield from _sound()


def _sound() -> Iterator[HeldOut]:
    """Recipes that there is little to say against: targets that are noise, and plain laws with nets that suit them."""
    calm = BASE.replace(learning_rate=0.003, epochs=60, l2=1e-2)
    for rows in (120, 400):
        yield HeldOut(
            f"noise, {rows} rows", partial(_sparse, 6, 50.0), "regression", rows, calm.replace(hidden=(4,), l2=1.0)
        )
        coin = partial(_parity, 6, 0.5)
        yield HeldOut(f"coin flips, {rows} rows", coin, "classification", rows, calm.replace(hidden=(4,), l2=1.0))
        linear = calm.replace(hidden=(), learning_rate=0.03)
        for noise in (0.5, 1.0):
            law = partial(_sparse, 6, noise)
            yield HeldOut(f"linear, 6 inputs, noise {noise:g}, {rows} rows", law, "regression", rows, linear)
        for share in (0.3, 0.5):
            law = partial(_imbalanced, share)
            yield HeldOut(f"two normal classes, {share:.0%}, {rows} rows", law, "classification", rows, linear)


def seed_of(number: int, what: int) -> np.random.Generator:
    """The generator of a case. what: 0 for its own rows, 1 for the fresh ones."""
    return np.random.default_rng([SEED, number, what])
