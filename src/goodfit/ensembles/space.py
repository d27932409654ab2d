"""The space that settings of an ensemble's members are drawn from. The default recipe for tables is always tried first.

docs/fit.md has the same table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from goodfit.training.recipe import Recipe

Fields = Mapping[str, Any]

HIDDEN = ((64, 64), (128,), (128, 64), (256,), (256, 128), (256, 256), (128, 128, 128))
RATES = (0.0006, 0.008)  # learning rates, uniform in the logarithm
DROPOUTS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.45)
INPUT_DROPOUTS = (0.0, 0.0, 0.0, 0.05, 0.15)
DECAYS = (0.003, 0.3)  # weight decay of every other setting, uniform in the logarithm
SMOOTHINGS = (0.0, 0.0, 0.0, 0.02, 0.05)  # for classes and labels
SHARE_NEAR = 0.5  # of settings that are near one of the best so far, once there are some
FEW_BINS, MANY_BINS = 8, 40


@dataclass(frozen=True)
class Kind:
    """What the settings of one round have in common, so that they share a program: encoding, activation, batches."""

    encoding: str
    bins: int | None
    activation: str
    batch: float  # as a multiple of the default's

    def fields(self, base: Recipe) -> dict[str, Any]:
        """As fields of a recipe."""
        bins = {} if self.bins is None or self.encoding == "none" else {"bins": self.bins}
        batch = max(1, round(base.batch_size * self.batch))
        return {"encoding": self.encoding, **bins, "activation": self.activation, "batch_size": batch}


KINDS = (
    Kind("piecewise", None, "gelu", 1.0),
    Kind("none", None, "silu", 1.0),
    Kind("piecewise", MANY_BINS, "relu", 2.0),
    Kind("piecewise", FEW_BINS, "mish", 1.0),
    Kind("none", None, "selu", 2.0),
    Kind("piecewise", None, "tanh", 1.0),
)


def kinds_for(base: Recipe) -> tuple[Kind, ...]:
    """The kinds in turn; none with an encoding where the default has none, as of a table with very many columns."""
    return KINDS if base.encoding != "none" else tuple(kind for kind in KINDS if kind.encoding == "none")


def drawn(base: Recipe, kind: Kind, count: int, best: Sequence[Recipe], task: str, seed: int) -> tuple[Recipe, ...]:
    """Settings of a kind, all different.

    base: the default recipe, whose other fields they have
    best: settings by their loss, the best first; some of the new ones are near one of them
    seed: of the draw
    """
    rng, found = np.random.default_rng(seed), dict[str, Recipe]()
    while len(found) < count:
        near = best[int(rng.integers(len(best)))] if best and rng.random() < SHARE_NEAR else None
        fields = _drawn(rng, task) if near is None else _near(rng, near, task)
        made = base.replace(**{**fields, **kind.fields(base), "epochs": base.epochs, "patience": base.patience})
        found.setdefault(made.to_json(), made)
    return tuple(found.values())


def shortened(recipe: Recipe, share: float) -> Recipe:
    """The same setting with a share of its epochs, to whose end the learning rate falls."""
    epochs = max(1, round(recipe.epochs * share))
    return recipe.replace(epochs=epochs, patience=0 if recipe.patience >= epochs else recipe.patience)


def _drawn(rng: np.random.Generator, task: str) -> dict[str, Any]:
    smoothing = float(rng.choice(SMOOTHINGS))
    return {
        "hidden": HIDDEN[int(rng.integers(len(HIDDEN)))],
        "learning_rate": _between(rng, RATES),
        "dropout": float(rng.choice(DROPOUTS)),
        "input_dropout": float(rng.choice(INPUT_DROPOUTS)),
        "optimizer": "adamw",
        "weight_decay": _between(rng, DECAYS) if rng.random() < 0.5 else 0.0,
        **({} if task == "regression" else {"label_smoothing": smoothing}),
    }


def _near(rng: np.random.Generator, near: Recipe, task: str) -> dict[str, Any]:
    """One of the best with two of its fields drawn anew, and another learning rate near by."""
    fresh = _drawn(rng, task)
    own = {name: getattr(near, name) for name in fresh}
    again = rng.choice([name for name in fresh if name != "optimizer"], 2, replace=False)
    rate = own["learning_rate"] * float(np.exp(rng.normal(0, 0.3)))
    return {**own, **{name: fresh[name] for name in again.tolist()}, "learning_rate": _rounded(rate)}


def _between(rng: np.random.Generator, ends: tuple[float, float]) -> float:
    return _rounded(float(np.exp(rng.uniform(*np.log(ends)))))


def _rounded(value: float) -> float:
    """Three digits: a recipe that is read, and a number that JSON gives back."""
    return float(f"{value:.3g}")
