"""Lay out a recipe and its probes on the same folds, seeds and orders of rows: what a verdict trains."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.data import Dataset, Table
from goodfit.data.folds import Fold, Folds, Indexes, some_rows
from goodfit.data.prints import fingerprint
from goodfit.errors import InputError, problem
from goodfit.selection.calls import digest_of
from goodfit.selection.methods import By
from goodfit.selection.recipes import fitted_whole, in_as_many_steps, in_batches_of
from goodfit.selection.sheets import Sheet, SheetFit, alone_examples, may_share, shared_examples
from goodfit.training.examples import Examples
from goodfit.training.memory import free_memory
from goodfit.training.population import Job
from goodfit.training.recipe import LARGEST_SEED, Recipe
from goodfit.training.turns import MOST_MEMORY, SessionPlan, plan_session
from goodfit.verdicts.probes import HALF, Alternative
from goodfit.verdicts.sizing import ALL, Sizes


@dataclass(frozen=True)
class VerdictLayout:
    """What is to be trained, and its plan.

    probes: all that may be; the first `usual` of them are trained in any case.
    recipes: the recipe's own and those of the probes.
    early: nets are stopped after the epoch that is best on other folds; memory: bytes that a turn may take.
    sizes: what it was laid out for; rows: that are divided into folds, of `of_rows` that may learn;
    doublings: of the steps, that trainings lack beside the recipe's own.
    """

    probes: tuple[Alternative, ...]
    usual: int
    recipes: tuple[Recipe, ...]
    sheets: tuple[Sheet, ...]
    folds: Folds
    seeds: tuple[int, ...]
    early: bool
    by: By
    memory: float
    sizes: Sizes = ALL
    rows: int = 0
    of_rows: int = 0
    doublings: float = 0.0

    @cached_property
    def planned(self) -> SessionPlan:
        """The turns in which all usual probes are trained on all folds: the most that is expected."""
        return self.plan_of(self.stage(range(1 + self.usual), range(len(self.folds.repeats))))

    @cached_property
    def begun(self) -> SessionPlan:
        """The turns of the first repeat."""
        return self.plan_of(self.stage(range(1 + self.usual), [0]))

    def plan_of(self, sheets: Sequence[Sheet]) -> SessionPlan:
        """The turns of some of it."""
        return plan_session(sheets, self.memory)

    def columns(self, repeats: int) -> int:
        """How many columns the first repeats of the folds have."""
        return sum(len(repeat) for repeat in self.folds.repeats[:repeats])

    def stage(self, settings: Collection[int], repeats: Collection[int]) -> tuple[Sheet, ...]:
        """The fits of some settings (0 is the recipe, then the probes) on the folds of some repeats."""
        folds = {fold for each in repeats for fold in range(self.columns(each), self.columns(each + 1))}
        found = []
        for sheet in self.sheets:
            kept = [n for n, fit in enumerate(sheet.fits) if fit.setting in settings and fit.fold in folds]
            if kept:
                fits, jobs = tuple(sheet.fits[n] for n in kept), tuple(sheet.jobs[n] for n in kept)
                found.append(dataclasses.replace(sheet, fits=fits, jobs=jobs))
        return tuple(found)

    def cut_to(self, memory: float) -> VerdictLayout:
        """The same in turns of at most so many bytes."""
        return dataclasses.replace(self, memory=memory)

    def digest(self, asked: Any) -> str:
        """A digest of all that decides the verdict; the name of a table file, which may have moved, does not."""
        recipes = [each.to_json() for each in self.recipes]
        told = [recipes, self.usual, list(self.seeds), self.early, asked.by, asked.margin, asked.quick]
        return digest_of([*told, self.data_print], [self.folds])

    @property
    def data_print(self) -> str:
        """A digest of the data, those of a table as its first fold sees them."""
        return fingerprint(self.sheets[0].data)


def lay_out(
    data: Dataset | Table,
    recipe: Recipe,
    probes: Sequence[Alternative],
    folds: Folds,
    *,
    far: Sequence[Alternative] = (),
    seeds: Sequence[int] = (0,),
    early: bool,
    by: By,
    memory: float | None = None,
) -> VerdictLayout:
    """The recipe and its probes on every fold, with a net for each seed. far: probes for a recipe that learns nothing.

    Every fold has seeds of its own, the same for all probes: were a seed common to folds, so would be its luck, and the
    spread of the folds would not show it. Those given are the seeds of the first fold.

    InputError where the recipe does not fit the data, or a fold leaves too few rows to take half of.
    """
    smallest = min(folds.all, key=lambda fold: len(fold.train))
    if len(smallest.train) < 4:
        raise InputError(
            problem("Verdict", "every fold must leave at least 4 training examples", got=len(smallest.train))
        )
    usual, probes = len(probes), (*probes, *far)
    tried = [recipe, *(probe.applied(recipe) for probe in probes)]
    rows = len(smallest.train)
    fitting = [in_batches_of(in_as_many_steps(each, rows + len(smallest.valid), rows), rows) for each in tried]
    recipes = fitted_whole(fitting, data, smallest.train, folds)
    sheets, first = list[Sheet](), 0
    for repeat in folds.repeats:
        if isinstance(data, Dataset) and may_share(data, folds, recipes[0]):
            laid = [(data, _shared(data, repeat, recipes[0]), repeat)]
        else:
            laid = [(*_alone(data, fold, recipes[0]), (fold,)) for fold in repeat]
        for own, examples, held in laid:
            of_fold = [_seeds(seeds, first + number) for number in range(len(held))]
            sheets.append(_sheet(own, examples, held, first, recipes, probes, of_fold))
            first += len(held)
    budget = MOST_MEMORY * free_memory() if memory is None else memory
    return VerdictLayout(probes, usual, recipes, tuple(sheets), folds, tuple(seeds), early, by, budget)


def _shared(data: Dataset, folds: Sequence[Fold], recipe: Recipe) -> Examples:
    """Folds that are a partition, as one population: a fold, and half of its training rows, are sets of row weights."""
    examples, fit_rows = shared_examples(data, folds, recipe)
    assert examples.weights is not None
    halves = [_half(data, np.flatnonzero(own > 0).astype(np.int32)) for own in examples.weights]
    scalings = examples.own_scalings
    if scalings is not None and fit_rows is not None:
        scalings = (*scalings, *map(fit_rows, halves))
    held_out = examples.part_weights["valid"]
    return dataclasses.replace(
        examples,
        weights=np.concatenate([examples.weights, [_weights(rows, len(data.y)) for rows in halves]]),
        part_weights={"valid": np.concatenate([held_out, held_out])},
        own_scalings=scalings,
    )


def _alone(source: Dataset | Table, fold: Fold, recipe: Recipe) -> tuple[Dataset, Examples]:
    """One fold with rows of its own, of which one net takes half."""
    data, examples = alone_examples(source, fold, recipe)
    half = _half(data, fold.train)
    weights = np.stack([_weights(rows, len(data.y)) for rows in (fold.train, half)])
    return data, dataclasses.replace(examples, weights=weights, parts={"valid": fold.valid})


def _sheet(
    data: Dataset,
    examples: Examples,
    folds: Sequence[Fold],
    first: int,
    recipes: Sequence[Recipe],
    probes: Sequence[Alternative],
    seeds: Sequence[Sequence[int]],
) -> Sheet:
    """seeds: of every fold."""
    fits, jobs = [], []
    for place, recipe in enumerate(recipes):
        half = place > 0 and probes[place - 1] == HALF
        for number, fold in enumerate(folds):
            for at, seed in enumerate(seeds[number]):
                fits.append(SheetFit(place, first + number, at, fold.valid))
                jobs.append(Job(recipe.replace(seed=seed), rows=number + len(folds) * half))
    return Sheet(data, examples, tuple(fits), tuple(jobs))


def _seeds(first: Sequence[int], column: int) -> list[int]:
    """The seeds of a fold: those of the first, moved on until none is used twice."""
    span = max(first) - min(first) + 1
    return [(seed + column * span) % (LARGEST_SEED + 1) for seed in first]


def _half(data: Dataset, rows: Indexes) -> Indexes:
    return some_rows(data, rows, len(rows) // 2, seed=0, latest=False)


def _weights(rows: Indexes, count: int) -> NDArray[np.float32]:
    weights = np.zeros(count, np.float32)
    weights[rows] = 1.0
    return weights
