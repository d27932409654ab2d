"""The space that settings of an ensemble's members are drawn from. The default recipe for tables is always tried first.

docs/fit.md has the same table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from goodfit.training.recipe import Recipe
from goodfit.training.recipe_rules import with_schedules_off

HIDDEN = ((64, 64), (128,), (128, 64), (256,), (256, 128), (256, 256), (128, 128, 128))
ACTIVATIONS = ("gelu", "silu", "relu", "mish", "selu", "tanh")
BINS = (8, 16, 40)
BATCHES = (1.0, 2.0)  # batch sizes, as multiples of the default's
RATES = (0.0006, 0.008)  # learning rates, uniform in the logarithm
DROPOUTS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.45)
INPUT_DROPOUTS = (0.02, 0.05, 0.1, 0.2)  # in one of three rounds
DECAYS = (0.003, 0.3)  # weight decay of every other setting, uniform in the logarithm
SMOOTHINGS = (0.01, 0.02, 0.05)  # of labels, for classes and labels, in one of three rounds
SHARE_NEAR = 0.5  # of what is drawn, that is near one of the best so far, once there are some
OFF = ("input_dropout", "label_smoothing")  # of all settings of a round, or of none, as they cost time


@dataclass(frozen=True)
class Kind:
    """What the settings of one round have in common, so that they share a program and none is padded.

    bins: of the encoding; None for none. batch: as a multiple of the default's batch size
    """

    hidden: tuple[int, ...]
    activation: str
    bins: int | None
    batch: float

    def fields(self, base: Recipe, rows: int) -> dict[str, Any]:
        """As fields of a recipe. No encoding where the default has none, as of a table with very many columns.

        rows: that a net learns from, which a batch does not exceed
        """
        encoded = self.bins is not None and base.encoding != "none"
        return {
            "hidden": self.hidden,
            "activation": self.activation,
            "encoding": "piecewise" if encoded else "none",
            **({"bins": self.bins} if encoded else {}),
            "batch_size": min(rows, round(base.batch_size * self.batch)),
        }


FIRST_KINDS = (  # one after another, before kinds are drawn
    Kind((256, 128), "gelu", 16, 1.0),
    Kind((256, 256), "silu", None, 1.0),
    Kind((128,), "relu", 40, 1.0),
    Kind((128, 64), "mish", 8, 1.0),
    Kind((128, 128, 128), "selu", None, 2.0),
)


def kind_of(base: Recipe, number: int, best: Sequence[Recipe], seed: int, rows: int) -> dict[str, Any]:
    """What the settings of the number-th kind have in common, as fields of a recipe.

    rows: that a net learns from
    best: settings by their loss, the best first, one of which may be repeated in this
    """
    rng = np.random.default_rng([seed, 1])
    off = {name: 0.0 for place, name in enumerate(OFF) if number % 3 != place + 1}
    if number < len(FIRST_KINDS):
        return {**FIRST_KINDS[number].fields(base, rows), **off}
    if best and rng.random() < SHARE_NEAR:
        return kind_like(best[int(rng.integers(len(best)))])
    bins = (None, *BINS)[int(rng.integers(1 + len(BINS)))]
    hidden = HIDDEN[int(rng.integers(len(HIDDEN)))]
    kind = Kind(hidden, str(rng.choice(ACTIVATIONS)), bins, float(rng.choice(BATCHES)))
    return {**kind.fields(base, rows), **off}


def kind_like(recipe: Recipe) -> dict[str, Any]:
    """The kind of a setting, as fields of a recipe."""
    own = ("hidden", "activation", "encoding", *(["bins"] if recipe.encoding != "none" else []), "batch_size")
    off = [name for name in OFF if not getattr(recipe, name)]
    return {name: getattr(recipe, name) for name in (*own, *off)}


def drawn(
    base: Recipe, kind: Mapping[str, Any], count: int, best: Sequence[Recipe], task: str, seed: int
) -> tuple[Recipe, ...]:
    """Settings of a kind, all different.

    base: the default recipe, whose other fields they have
    kind: as `kind_of` gives it, whose fields they have in any case
    best: settings by their loss, the best first; some of the new ones are near one of them
    seed: of the draw
    """
    rng, found = np.random.default_rng(seed), dict[str, Recipe]()
    while len(found) < count:
        near = best[int(rng.integers(len(best)))] if best and rng.random() < SHARE_NEAR else None
        fields = _drawn(rng, task) if near is None else _near(rng, near, task)
        made = base.replace(**with_schedules_off(base, {**fields, **kind}))
        found.setdefault(made.to_json(), made)
    return tuple(found.values())


def shortened(recipe: Recipe, share: float) -> Recipe:
    """The same setting with a share of its epochs, to whose end the learning rate falls."""
    return recipe.replace(epochs=max(1, round(recipe.epochs * share)))


def _drawn(rng: np.random.Generator, task: str) -> dict[str, Any]:
    return {
        "learning_rate": _between(rng, RATES),
        "dropout": float(rng.choice(DROPOUTS)),
        "input_dropout": float(rng.choice(INPUT_DROPOUTS)),
        "optimizer": "adamw",
        "weight_decay": _between(rng, DECAYS) if rng.random() < 0.5 else 0.0,
        **({} if task == "regression" else {"label_smoothing": float(rng.choice(SMOOTHINGS))}),
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
