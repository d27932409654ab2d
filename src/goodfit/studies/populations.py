"""Recipes times seeds, trained as populations: what most studies do.

While a study is `keeping` its populations, each has a folder, numbered in the order in which they are asked for: one
that is finished is read there, and one that was killed goes on.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.checked_json import damaged, read_json
from goodfit.files import write_atomically
from goodfit.training import Examples, Job, Recipe, fit_jobs
from goodfit.training.cohort import Cohort
from goodfit.training.fitting import Report, nets_of
from goodfit.training.jobs import FittedJobs
from goodfit.training.observer import Observer
from goodfit.training.population import NetArrays
from goodfit.training.store import Store
from goodfit.training.turns import Turn

KIND = "study"  # of the files that hold what its turns gave
Initial = Callable[[int, Recipe], NetArrays | None]
"""(place of a recipe, the recipe with its seed) -> weights to start from; None for its own."""
_kept: ContextVar[tuple[Iterator[Path], float] | None] = ContextVar("goodfit_kept_populations", default=None)


@contextmanager
def keeping(folder: Path, memory: float) -> Iterator[None]:
    """While this lasts, what is trained is kept below a folder. memory: bytes that one turn may take."""
    token = _kept.set(((folder / f"population-{number:03d}" for number in itertools.count()), memory))
    try:
        yield
    finally:
        _kept.reset(token)


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
    initial: Initial = lambda *_: None,
    dtype: Any = np.float32,
) -> TrainedRecipes:
    """Train every recipe with every seed, as few programs as need be.

    With stacked examples, the seed at place g learns from data set g. score_every: epochs from one scoring of the parts
    to the next.
    """
    jobs = _jobs(recipes, examples, seeds, initial)
    found = _fitted(jobs, examples, _folder(), score_every=score_every, dtype=dtype)
    shape = len(recipes), len(seeds), max(recipe.epochs for recipe in recipes)
    names = [f"{part}_{what}" for part in ("train", *examples.parts) for what in ("loss", "score")]
    values = np.full((len(names), *shape), np.nan)
    for number in range(len(jobs)):
        metrics = found.metrics(number)  # [E, Q]
        values[:, number // len(seeds), number % len(seeds), : len(metrics)] = metrics.T
    nets = [tuple(found.net(at * len(seeds) + seed) for seed in range(len(seeds))) for at in range(len(recipes))]
    return TrainedRecipes(dict(zip(names, values, strict=True)), tuple(nets))


def after_epochs(
    recipes: Sequence[Recipe],
    examples: Examples,
    seeds: Sequence[int],
    measure: Callable[[NetArrays], float],
    *,
    initial: Initial = lambda *_: None,
) -> NDArray[np.float64]:
    """Train as `train` does, and measure every net as it begins and after each epoch: [R, S, 1 + E].

    Parts are scored after the last epoch alone.
    """
    jobs, folder = _jobs(recipes, examples, seeds, initial), _folder()
    measuring = _Measuring(measure, folder)
    epochs = max(recipe.epochs for recipe in recipes)
    _fitted(jobs, examples, folder, observers=[measuring], score_every=epochs, chunk_seconds=0)
    found = np.array([measuring.found[job] for job in range(len(jobs))])
    return found.reshape(len(recipes), len(seeds), -1)


def _jobs(recipes: Sequence[Recipe], examples: Examples, seeds: Sequence[int], initial: Initial) -> list[Job]:
    stacked = examples.set_rows > 0
    return [
        Job(seeded := recipe.replace(seed=seed), rows=place if stacked else 0, initial=initial(at, seeded))
        for at, recipe in enumerate(recipes)
        for place, seed in enumerate(seeds)
    ]


def _folder() -> Path | None:
    """The next population's folder."""
    kept = _kept.get()
    return None if kept is None else next(kept[0])


def _fitted(jobs: Sequence[Job], examples: Examples, folder: Path | None, **how: Any) -> FittedJobs:
    kept = _kept.get()
    if folder is not None and kept is not None:
        how |= {"memory": kept[1], "store": Store(folder, KIND)}
    return fit_jobs(jobs, examples, **how)


class _Measuring(Observer):
    """Measures nets after every epoch. found: job -> its values; they stand beside the turns and checkpoints."""

    def __init__(self, measure: Callable[[NetArrays], float], folder: Path | None) -> None:
        self._measure, self._folder = measure, folder
        self.found: dict[int, Sequence[float]] = {}
        self._turn: Turn | None = None
        self._steps: list[list[float]] = []

    def turn_begins(self, turn: Turn, cohort: Cohort, epoch: int) -> None:
        """Measure the initial nets, or read what was measured up to a checkpoint."""
        self._turn = turn
        if epoch:
            self._steps = self._read(turn)[: epoch + 1]
        else:
            self._steps = [[self._measure(net) for net in nets_of(cohort, cohort.initial_parameters())]]

    def chunk(self, turn: Turn, report: Report) -> None:
        """Measure; the last values are written before the turn counts as finished."""
        self._steps.append([self._measure(net) for net in report.nets()])
        if not report.active.any():
            self.saving()

    def saving(self) -> None:
        """A checkpoint must not know more than the values beside it."""
        if self._turn is not None and (path := self._path(self._turn)) is not None:
            write_atomically(path, json.dumps(self._steps).encode())

    def turn_ends(self, turn: Turn) -> None:
        """Hand its values out."""
        steps = self._steps if turn is self._turn else self._read(turn)
        self.found |= dict(zip(turn.jobs, zip(*steps, strict=True), strict=True))

    def _path(self, turn: Turn) -> Path | None:
        return None if self._folder is None else self._folder / f"turn-of-{turn.jobs[0]}.json"

    def _read(self, turn: Turn) -> list[list[float]]:
        """A list of epochs, each with one number a net; InputError where the file holds something else."""
        path = self._path(turn)
        if path is None:
            return []
        fix = "Remove the study's folder, and run it again."
        steps: list[list[float]] = read_json(path, must="what was measured of a study's nets", fix=fix)
        lists = isinstance(steps, list) and all(isinstance(each, list) for each in steps)
        if not lists or any(len(each) != len(turn.jobs) or not set(map(type, each)) <= {int, float} for each in steps):
            raise damaged(path, must="what was measured of a study's nets", fix=fix)
        return steps
