"""Nets that are alike but for their seeds and one thing more, trained as one population: of claims and lessons."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from goodfit.data import Split
from goodfit.lab.outcomes import Nets, Watch
from goodfit.models.trained_net import TrainedNet
from goodfit.runs.checks import fitted_recipe
from goodfit.training import Examples, Job, Recipe, fit_jobs
from goodfit.training.cohort import Cohort, cohort_of
from goodfit.training.devices import prepare
from goodfit.training.examples import scaled_by
from goodfit.training.fitting import Report, metric_names, nets_of
from goodfit.training.observer import Observer
from goodfit.training.turns import Turn


def train_nets(recipes: Sequence[tuple[Recipe, Split]], seeds: Sequence[int], watch: Watch | None = None) -> list[Nets]:
    """Train every recipe with every seed; recipes with the same rows in one population. The seeds pair the nets.

    recipes: each with the rows that it learns from, the same object where the rows are the same
    """
    fitted = [fitted_recipe(recipe, parts) for recipe, parts in recipes]
    found: dict[int, Nets] = {}
    groups: dict[Any, list[int]] = {}
    for place, (recipe, (_, parts)) in enumerate(zip(fitted, recipes, strict=True)):
        groups.setdefault((id(parts), tuple(scaled_by(recipe).items())), []).append(place)
    for number, places in enumerate(groups.values()):
        parts = recipes[places[0]][1]
        examples = Examples.of_split(parts, **scaled_by(fitted[places[0]]))
        jobs = [Job(fitted[place].replace(seed=seed)) for place in places for seed in seeds]
        told = _Told(len(jobs), watch, number / len(groups), 1 / len(groups))
        trained = fit_jobs(jobs, examples, observers=[told])
        for at, place in enumerate(places):
            own = range(at * len(seeds), (at + 1) * len(seeds))
            epochs, names = fitted[place].epochs, metric_names(examples.parts)
            table = np.full((len(names), len(seeds), epochs), np.nan)
            for row, job in enumerate(own):
                metrics = trained.metrics(job)[:epochs]  # [E, Q]
                table[:, row, : len(metrics)] = metrics.T
            nets = [TrainedNet.of(trained.net(job), jobs[job].recipe, parts.data, examples.scaling) for job in own]
            frozen = [bool(trained.turns[turn].frozen[net]) for turn, net in (trained.place[job] for job in own)]
            values = dict(zip(names, table, strict=True))
            found[place] = Nets(fitted[place], parts, tuple(seeds), values, tuple(nets), np.array(frozen))
    return [found[place] for place in range(len(recipes))]


def initial_nets(recipes: Sequence[tuple[Recipe, Split]], seeds: Sequence[int]) -> list[Nets]:
    """The nets of every recipe before training, as `train_nets` would begin with them."""
    found = []
    for recipe, parts in recipes:
        whole = fitted_recipe(recipe, parts)
        examples = Examples.of_split(parts, **scaled_by(whole))
        cohort = cohort_of([Job(whole.replace(seed=seed)) for seed in seeds], examples, prepare())
        arrays = nets_of(cohort, cohort.initial_parameters())
        nets = [
            TrainedNet.of(each, job.recipe, parts.data, examples.scaling)
            for each, job in zip(arrays, cohort.jobs, strict=True)
        ]
        found.append(Nets(whole, parts, tuple(seeds), {}, tuple(nets), np.zeros(len(seeds), bool)))
    return found


class _Told(Observer):
    """Tells a watcher the share of some jobs that is done. before, share: of all that is trained."""

    def __init__(self, jobs: int, watch: Watch | None, before: float, share: float) -> None:
        self.jobs, self.watch, self.before, self.share = jobs, watch, before, share
        self.done, self.epochs = 0, 1

    def turn_begins(self, turn: Turn, cohort: Cohort, epoch: int) -> None:
        """Note how long the turn is."""
        self.epochs = cohort.epochs

    def chunk(self, turn: Turn, report: Report) -> None:
        """Tell how far it has come."""
        self._tell(self.done + len(turn.jobs) * report.epoch / self.epochs)

    def turn_ends(self, turn: Turn) -> None:
        """Count its nets as done."""
        self.done += len(turn.jobs)
        self._tell(self.done)

    def _tell(self, nets: float) -> None:
        if self.watch is not None:
            self.watch(self.before + self.share * nets / self.jobs)
