"""Recipes times seeds, trained as populations: what most studies do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.training import Examples, Job, Recipe, fit_jobs
from goodfit.training.population import NetArrays


@dataclass(frozen=True)
class TrainedRecipes:
    """R recipes trained with S seeds each. values: metric -> [R, S, E], nan where a net had stopped; nets: [R][S]."""

    values: dict[str, NDArray[np.float64]]
    nets: tuple[tuple[NetArrays, ...], ...]

    def __getitem__(self, metric: str) -> NDArray[np.float64]:
        """A metric, [R, S, E]: "train_loss", "test_score", ..."""
        return self.values[metric]

    def last(self, metric: str) -> NDArray[np.float64]:
        """A metric after each net's last epoch, [R, S]; nan where that was not finite."""
        table = self.values[metric]
        there = np.isfinite(table)
        place = table.shape[-1] - 1 - there[..., ::-1].argmax(-1)
        return np.take_along_axis(table, place[..., None], -1)[..., 0]

    def weights(self, recipe: int, layer: int = 0) -> NDArray[np.float64]:
        """The weights of a layer, [S, out, in]."""
        return np.stack([net.weights[layer] for net in self.nets[recipe]]).astype(float)


def train(
    recipes: Sequence[Recipe],
    examples: Examples,
    seeds: Sequence[int],
    *,
    score_every: int = 1,
    initial: Callable[[int, Recipe], NetArrays | None] = lambda *_: None,
    dtype: Any = np.float32,
) -> TrainedRecipes:
    """Train every recipe with every seed, as few programs as need be.

    With stacked examples, the seed at place g learns from data set g. score_every: epochs from one scoring of the parts
    to the next; initial: (place of a recipe, the recipe with its seed) -> weights to start from, None for its own.
    """
    stacked = examples.set_rows > 0
    jobs = [
        Job(seeded := recipe.replace(seed=seed), rows=place if stacked else 0, initial=initial(at, seeded))
        for at, recipe in enumerate(recipes)
        for place, seed in enumerate(seeds)
    ]
    found = fit_jobs(jobs, examples, score_every=score_every, dtype=dtype)
    shape = len(recipes), len(seeds), max(recipe.epochs for recipe in recipes)
    names = [f"{part}_{what}" for part in ("train", *examples.parts) for what in ("loss", "score")]
    values = np.full((len(names), *shape), np.nan)
    for number in range(len(jobs)):
        metrics = found.metrics(number)  # [E, Q]
        values[:, number // len(seeds), number % len(seeds), : len(metrics)] = metrics.T
    nets = [tuple(found.net(at * len(seeds) + seed) for seed in range(len(seeds))) for at in range(len(recipes))]
    return TrainedRecipes(dict(zip(names, values, strict=True)), tuple(nets))
