"""Trainings with a fault planted in each, and sound ones: what `benchmarks.findings` diagnoses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from goodfit.data import Dataset, Split, load, split
from goodfit.training import Recipe

ROWS, VALID = 500, 1200
BASE = Recipe(
    hidden=(64, 64), activation="relu", init="he-normal", dropout=0, optimizer="adamw", learning_rate=0.003,
    schedule="constant", batch_size=32, epochs=30, keep_best=False, weight_decay=0.0,
)  # fmt: skip
SGD: dict[str, Any] = {"optimizer": "sgd", "learning_rate": 0.05, "momentum": 0.9}
START = {"initial-variance", "wrong-initialiser", "vanishing-gradient", "exploding-gradient", "saturated-units"}
STEPS = {"learning-rate-high", "learning-rate-low", "updates-small", "updates-large"}
STUCK = {"constant-prediction", "redundant-layer", "dead-units", "loss-not-finite"}
STEEP = {"saturated-units", "exploding-gradient", "vanishing-gradient"}
ALL_ELSE = START | STEPS | STUCK | {"too-deep", "over-regularised"}
SHRUNK = {"symmetric-units", "outputs-out-of-range"}  # what weights near 0 look like
BOTH = ("classification", "regression")


@dataclass(frozen=True)
class Fault:
    """A planted cause. changes: of the recipe; must: codes that have to be found; may: codes that follow from it, and
    are not judged; data: what is done to the rows; repairable: whether a recipe can mend it; tasks: of the data that it
    is planted into; of: the two faults of a pair, () for a single one.
    """

    name: str
    changes: tuple[dict[str, Any], ...]
    must: set[str]
    may: set[str]
    data: Callable[[Dataset], Dataset] | None = None
    repairable: bool = True
    tasks: tuple[str, ...] = ("classification",)
    of: tuple[Fault, ...] = ()


@dataclass(frozen=True)
class Case:
    """One training. fault: None for a sound one; rows: the digest of its data where these are not kept."""

    data: str
    parts: Split
    recipe: Recipe
    fault: Fault | None
    rows: str = ""


def scaled(factor: float, shift: float = 0.0) -> Callable[[Dataset], Dataset]:
    """The inputs, standardised, then multiplied and shifted."""

    def change(data: Dataset) -> Dataset:
        x = data.x.astype(np.float64)
        x = (x - x.mean()) / x.std()
        return replace(data, x=(x * factor + shift).astype(np.float32), image_shape=None, scaling="none")

    return change


def shuffled(data: Dataset) -> Dataset:
    """The targets in another order than the inputs."""
    return replace(data, y=np.random.default_rng(5).permutation(data.y))


def constant(data: Dataset) -> Dataset:
    """Every target the same."""
    return replace(data, y=np.zeros_like(data.y))


def tiny(factor: float) -> Callable[[Dataset], Dataset]:
    """Numeric targets made small, and left so."""

    def change(data: Dataset) -> Dataset:
        return replace(data, y=data.y.astype(np.float64) * factor, scale_targets=False)

    return change


def far(data: Dataset) -> Dataset:
    """Numeric targets in thousands, as they are."""
    return replace(data, y=data.y * 1000 + 3000, scale_targets=False)


FAULTS = (
    Fault("deep sigmoid layers", (
        {"activation": "sigmoid", "init": "xavier-normal", "hidden": (64,) * 8},
        {"activation": "sigmoid", "init": "xavier-normal", "hidden": (64,) * 12},
    ), {"vanishing-gradient"}, ALL_ELSE),
    Fault("weights too small", (
        {"init": "normal", "init_scale": 0.01, "hidden": (64,) * 4},
        {"init": "normal", "init_scale": 0.01, "hidden": (64,) * 6, "activation": "tanh"},
    ), {"vanishing-gradient", "initial-variance", "wrong-initialiser"}, ALL_ELSE),
    Fault("weights too large", (
        {"init": "normal", "init_scale": 1.0, "hidden": (64,) * 8},
        {"init": "normal", "init_scale": 1.0, "hidden": (64,) * 10, **SGD},
    ), {"exploding-gradient", "initial-variance", "wrong-initialiser"}, ALL_ELSE),
    Fault("Xavier for many ReLU layers", (
        {"init": "xavier-normal", "hidden": (64,) * 14},
        {"init": "xavier-uniform", "hidden": (64,) * 16, **SGD},
    ), {"wrong-initialiser"}, ALL_ELSE | {"learning-rate-low"}),
    Fault("saturated from the start", (
        {"activation": "tanh", "init": "normal", "init_scale": 2.0, "hidden": (64, 64, 64)},
        {"activation": "sigmoid", "init": "normal", "init_scale": 4.0, "hidden": (64, 64, 64), **SGD},
    ), {"saturated-units"}, ALL_ELSE),
    Fault("dead from the start", (
        {"init_bias": "constant", "init_bias_value": -10.0},
        {"init_bias": "constant", "init_bias_value": -20.0, "hidden": (64, 64, 64), **SGD},
    ), {"dead-units"}, ALL_ELSE),
    Fault("constant initialisation", (
        {"init": "constant", "init_scale": 0.1},
        {"init": "constant", "init_scale": 0.05, "activation": "tanh", **SGD},
        {"init": "zeros", "activation": "sigmoid"},
    ), {"symmetric-units"}, ALL_ELSE),
    Fault("no non-linearity", (
        {"activation": "identity", "init": "xavier-normal"},
        {"activation": "identity", "init": "xavier-normal", "hidden": (64, 32, 16), **SGD},
    ), {"linear-collapse"}, ALL_ELSE),
    Fault("layers that never bend", (
        {"init_bias": "constant", "init_bias_value": 80.0, "hidden": (16, 16), "learning_rate": 0.001},
        {"init_bias": "constant", "init_bias_value": 50.0, "hidden": (16, 16, 16), "learning_rate": 0.001},
    ), {"redundant-layer"}, ALL_ELSE),
    Fault("steps as large as the weights", (
        {"learning_rate": 10.0}, {"learning_rate": 3.0, "activation": "tanh", "init": "xavier-normal"},
    ), {"learning-rate-high", "updates-large"}, STEPS | STUCK | STEEP),
    Fault("learning rate too high", (
        {"optimizer": "sgd", "learning_rate": 50.0}, {"optimizer": "sgd", "learning_rate": 30.0, "activation": "tanh",
        "init": "xavier-normal"},
    ), {"learning-rate-high"}, STEPS | STUCK | STEEP),
    Fault("learning rate too low", (
        {"learning_rate": 1e-6}, {"optimizer": "sgd", "learning_rate": 1e-5}, {"learning_rate": 1e-6,
        "activation": "tanh", "init": "xavier-normal"},
    ), {"learning-rate-low", "updates-small"}, {"constant-prediction", "redundant-layer"}, tasks=BOTH),
    Fault("inputs in hundreds", (
        {}, {**SGD, "activation": "tanh", "init": "xavier-normal"},
    ), {"inputs-unscaled"}, ALL_ELSE, scaled(300.0)),
    Fault("inputs far from 0", ({}, {**SGD},), {"inputs-unscaled"}, ALL_ELSE, scaled(1.0, 100.0)),
    Fault("inputs in thousandths", (
        {"optimizer": "sgd", "learning_rate": 0.05}, {"activation": "tanh", "init": "xavier-normal", **SGD},
    ), {"inputs-unscaled"}, ALL_ELSE, scaled(0.001)),
    Fault("labels shuffled", ({}, {**SGD},), {"labels-shuffled"}, STEPS | STUCK, shuffled, False),
    Fault("labels constant", ({}, {**SGD},), {"labels-constant"}, STEPS | STUCK | {"labels-shuffled"}, constant, False),
    Fault("targets in thousands", (
        {}, {**SGD, "learning_rate": 0.01}, {"activation": "tanh", "init": "xavier-normal"}, {"activation": "gelu"},
    ), {"outputs-out-of-range"}, ALL_ELSE, far, True, ("regression",)),
    Fault("squared errors that diverge", (
        {**SGD, "learning_rate": 30.0}, {**SGD, "learning_rate": 100.0, "hidden": (64,)},
        {**SGD, "learning_rate": 10.0, "hidden": (64,) * 3}, {**SGD, "learning_rate": 1000.0},
    ), {"loss-not-finite", "learning-rate-high"}, STEPS | STUCK | {"outputs-out-of-range"}, None, True,
        ("regression",)),
    Fault("l2 too strong", ({"l2": 3.0}, {"l2": 1.0, **SGD, "learning_rate": 0.02}), {"over-regularised"},
        ALL_ELSE | SHRUNK, tasks=BOTH),
    Fault("l1 too strong", ({"l1": 0.3}, {"l1": 0.1, "activation": "tanh", "init": "xavier-normal"}),
        {"over-regularised"}, ALL_ELSE | SHRUNK, tasks=BOTH),
    Fault("weight decay too strong", ({"weight_decay": 300.0}, {"weight_decay": 50.0, "activation": "gelu"}),
        {"over-regularised"}, ALL_ELSE | SHRUNK, tasks=BOTH),
    Fault("dropout too strong", ({"dropout": 0.95}, {"dropout": 0.9, "hidden": (32, 32), **SGD}),
        {"over-regularised"}, ALL_ELSE | SHRUNK, tasks=BOTH),
    Fault("bottleneck", ({"hidden": (64, 1, 64)}, {"hidden": (1, 64), "activation": "tanh", "init": "xavier-normal"},
        {"hidden": (64, 1), **SGD}), {"bottleneck"}, ALL_ELSE | {"symmetric-units"}, tasks=BOTH),
    Fault("too many layers", ({"activation": "leaky-relu", "hidden": (64,) * 20},
        {"activation": "leaky-relu", "hidden": (32,) * 24, **SGD}), {"too-deep"}, ALL_ELSE, tasks=BOTH),
    Fault("targets in millionths", ({}, {**SGD},), {"targets-small"}, ALL_ELSE | SHRUNK, tiny(1e-6),
        tasks=("regression",)),
    Fault("targets in thousandths", ({}, {**SGD, "activation": "tanh", "init": "xavier-normal"},), {"targets-small"},
        ALL_ELSE | SHRUNK, tiny(1e-3), tasks=("regression",)),
)  # fmt: skip
SOUND: tuple[dict[str, Any], ...] = (
    {}, {"activation": "gelu"}, {"activation": "tanh", "init": "xavier-normal"}, {"hidden": (64,) * 4},
    {"hidden": (32,)}, {**SGD}, {"activation": "tanh", "init": "xavier-normal", **SGD},
    {"dropout": 0.2, "hidden": (128, 64)}, {"activation": "silu"}, {"init": "torch"}, {"optimizer": "rmsprop",
    "learning_rate": 0.001}, {"activation": "selu", "init": "lecun-normal"}, {"l2": 1e-4, "schedule": "cosine"},
    {"activation": "leaky-relu", "hidden": (48, 48, 48)},
    {"dropout": 0.5, "hidden": (128, 64)}, {"l2": 1e-3}, {"l2": 1e-3, "dropout": 0.3, "hidden": (128, 64)},
    {"weight_decay": 0.1}, {"activation": "leaky-relu", "hidden": (64,) * 5},
    {"activation": "leaky-relu", "hidden": (64,) * 8, "learning_rate": 0.001}, {"hidden": (12,)}, {"hidden": (16, 8)},
)  # fmt: skip


def data_sets() -> dict[str, Dataset]:
    """The data, ROWS + VALID rows of each (fewer of digits)."""
    rows = ROWS + VALID
    rng = np.random.default_rng(0)
    centres = rng.normal(0, 3, (4, 6))
    codes = rng.integers(0, 4, rows)
    blobs = centres[codes] + rng.normal(size=(rows, 6))
    x = rng.uniform(-2, 2, (rows, 3))
    waves = np.sin(2 * x[:, :1]) + x[:, 1:2] * x[:, 2:] + 0.1 * rng.normal(size=(rows, 1))
    circles = load("circles", n_train=rows, n_test=0)
    digits, fashion = load("digits"), load("fashion-mnist")
    some = rng.choice(60000, rows, replace=False)
    return {
        "blobs": Dataset("blobs", blobs, codes, "classification", ("a", "b", "c", "d")),
        "circles": circles,
        "digits": Dataset("digits", digits.x[:rows], digits.y[:rows], "classification", digits.classes),
        "fashion-mnist": Dataset(
            "fashion-mnist", fashion.x[some], fashion.y[some], "classification", fashion.classes, scaling="unit"
        ),
        "waves": Dataset("waves", x, waves, "regression", scale_targets=True),
    }


def divided(data: Dataset) -> Split:
    """ROWS rows to train on, the others to validate."""
    return split(data, valid=1 - ROWS / len(data), test=0.0)


def sound_variants(data: Dataset) -> Iterator[tuple[Dataset, tuple[dict[str, Any], ...]]]:
    """A data set as sound trainings have it, with their changes of the recipe."""
    yield data, SOUND
    if data.task == "regression":
        yield replace(data, y=data.y.astype(np.float64) * 1e-6), SOUND[:4]
