"""Train a recipe and its probes on the same folds, seeds and orders of rows, and tell how each does on other rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.data import Dataset, Table
from goodfit.data.folds import Fold, Folds, Indexes, some_rows
from goodfit.errors import InputError, problem
from goodfit.runs.record import fingerprint
from goodfit.selection.calls import digest_of
from goodfit.selection.methods import By
from goodfit.selection.recipes import fitted_whole, in_batches_of
from goodfit.selection.sheets import Sheet, SheetFit, alone_examples, may_share, shared_examples
from goodfit.training import session
from goodfit.training.examples import Examples
from goodfit.training.fitting import TrainedNets
from goodfit.training.keeping import PackTrained, keep_metrics
from goodfit.training.memory import free_memory
from goodfit.training.observer import Clock, Watch
from goodfit.training.population import Job
from goodfit.training.recipe import LARGEST_SEED, Recipe
from goodfit.training.store import Store
from goodfit.training.turns import MOST_MEMORY, SessionPlan, plan_session
from goodfit.verdicts.probes import HALF, Alternative
from goodfit.verdicts.sizing import ALL, Sizes

KIND = "verdict"  # of the files in its folder
SCORED = 25  # times that held-out rows are scored in a training, about

Errors = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MeasuredAlternatives:
    """What a recipe (place 0) and its probes gave, in columns: fold by fold, repeat by repeat.

    probes: those that were measured, one for each row but the first.
    errors: [1 + probes, J] on held-out rows, mean over seeds; training: likewise the running error in training, dropout
    included; nan where a net diverged, or where a probe was not measured any more.
    columns: on how many of the first columns each probe was.
    halfway, ends: [1 + probes, J] errors on held-out rows after half of each training, and at its end.
    curve, training_curve: [E, J], the recipe's after the epochs `epochs`.
    chosen: epochs that each was trained for, or was stopped after, mean over its columns.
    constant: the error of the best constant prediction.
    folds: of the columns.
    nets: that were trained.
    Errors are log losses in nats, shares of the variance that are not explained (1 - R²), or shares of rows that are
    wrong, as `by` and the task say.
    """

    probes: tuple[Alternative, ...]
    errors: Errors
    training: Errors
    columns: tuple[int, ...]
    halfway: Errors
    ends: Errors
    curve: Errors
    training_curve: Errors
    epochs: NDArray[np.int64]
    chosen: NDArray[np.float64]
    constant: float
    folds: Folds
    nets: int


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
    fitting = [in_batches_of(each, len(smallest.train)) for each in tried]
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


def measure(layout: VerdictLayout, folder: Path | None = None, watch: Watch | None = None) -> MeasuredAlternatives:
    """Train all usual probes on all folds, or what `folder` does not hold of it yet, and put the errors together."""
    tables, repeats = Tables(layout), range(len(layout.folds.repeats))
    tables.train(range(1 + layout.usual), repeats, folder, watch)
    return tables.measured()


class Tables:
    """What was measured so far, [1 + probes, J, epochs], nan where nothing was; errors as in `MeasuredAlternatives`."""

    def __init__(self, layout: VerdictLayout) -> None:
        self.layout, self.epochs = layout, scored_epochs(layout.recipes)
        shape = len(layout.recipes), len(layout.folds.all), len(self.epochs)
        self.watched, self.judged, self.training = (np.full(shape, np.nan) for _ in range(3))
        self.measured_on = np.zeros(shape[:2], bool)
        self.constants = np.full(shape[1], np.nan)
        self.nets = 0

    def train(
        self, settings: Collection[int], repeats: Collection[int], folder: Path | None, watch: Watch | None
    ) -> None:
        """Train some settings on the folds of some repeats, or what `folder` does not hold of it yet."""
        layout, tables = self.layout, (self.watched, self.judged, self.training)
        sheets = layout.stage(settings, repeats)
        planned = layout.plan_of(sheets)
        fitted = session.run(
            sheets,
            keep_metrics,
            planned=planned,
            kept_in=None if folder is None else (Store(folder, KIND), PackTrained()),
            observers=[Clock(planned, watch)],
            pace=session.Pace(score_every=_score_every(layout.recipes)),
        )
        for turn, trained in zip(planned.turns, fitted, strict=True):
            sheet = sheets[turn.work]
            found = _found(layout, sheet, trained, self.epochs)
            for place, job in enumerate(turn.jobs):
                at = sheet.fits[job].setting, sheet.fits[job].fold
                for table, values in zip(tables, found, strict=True):
                    before = table[at] if self.measured_on[at] else 0.0
                    table[at] = before + values[:, place] / len(layout.seeds)
                self.measured_on[at] = True
            self.constants[[sheet.fits[job].fold for job in turn.jobs]] = constant_error(sheet, layout.by)
        self.nets += planned.nets

    def measured(self) -> MeasuredAlternatives:
        """All that was measured, of the probes that were."""
        layout, last = self.layout, int(self.measured_on[0].sum())
        rows = np.flatnonzero(self.measured_on[:, 0])
        repeats = [number for number in range(len(layout.folds.repeats)) if layout.columns(number) < last]
        folds = dataclasses.replace(layout.folds, repeats=tuple(layout.folds.repeats[each] for each in repeats))
        watched, judged, training = (table[rows, :last] for table in (self.watched, self.judged, self.training))
        chosen = _chosen(layout, [layout.recipes[row] for row in rows], watched, self.epochs, folds)
        columns = self.measured_on[rows, :last].sum(axis=1)
        lengths = np.asarray([layout.recipes[row].epochs for row in rows])
        half, whole = (np.searchsorted(self.epochs, each) for each in ((lengths + 1) // 2, lengths))
        each_row = np.arange(len(rows))
        epochs = [float(self.epochs[own[:count]].mean()) for own, count in zip(chosen, columns, strict=True)]
        return MeasuredAlternatives(
            probes=tuple(layout.probes[row - 1] for row in rows[1:]),
            errors=np.take_along_axis(judged, chosen[..., None], axis=2)[..., 0],
            training=np.take_along_axis(training, chosen[..., None], axis=2)[..., 0],
            columns=tuple(columns[1:].tolist()),
            halfway=judged[each_row, :, half],
            ends=judged[each_row, :, whole],
            curve=judged[0].T,
            training_curve=training[0].T,
            epochs=self.epochs,
            chosen=np.asarray(epochs),
            constant=float(np.nanmean(self.constants)),
            folds=folds,
            nets=self.nets,
        )


def _score_every(recipes: Sequence[Recipe]) -> int:
    """Epochs from one scoring of the held-out rows to the next."""
    return max(1, max(recipe.epochs for recipe in recipes) // SCORED)


def scored_epochs(recipes: Sequence[Recipe]) -> NDArray[np.int64]:
    """The epochs after which held-out rows are scored: evenly spaced, and the last of every recipe."""
    longest, every = max(recipe.epochs for recipe in recipes), _score_every(recipes)
    return np.asarray(sorted({*range(every, longest + 1, every), *(recipe.epochs for recipe in recipes)}))


def constant_error(sheet: Sheet, by: By) -> float:
    """The error of predicting the same for every row, as well as can be: the shares of classes, or the mean."""
    data, examples = sheet.data, sheet.examples
    y = data.y[np.concatenate([examples.train, *examples.parts.values()])]
    if data.task == "regression":
        return 1.0
    if by == "score":
        _, counts = np.unique(y, axis=0, return_counts=True)
        return float(1.0 - counts.max() / len(y))
    shares = np.bincount(y, minlength=len(data.classes)) / len(y) if data.task == "classification" else y.mean(axis=0)
    chances = shares if data.task == "classification" else np.concatenate([shares, 1 - shares])
    some = chances[chances > 0]
    return float(-(some * np.log(some)).sum())


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


def _found(
    layout: VerdictLayout, sheet: Sheet, fitted: TrainedNets, epochs: NDArray[np.int64]
) -> tuple[Errors, Errors, Errors]:
    """What is watched, the error on held-out rows and that in training, [epochs, P] each; as in `MeasuredAlternatives`.

    nan where a net was frozen, or had stopped.
    """
    metrics = np.full((epochs[-1], *fitted.metrics.shape[1:]), np.nan)
    metrics[: len(fitted.metrics)] = fitted.metrics
    train_loss, train_score, valid_loss, valid_score = metrics[epochs - 1].transpose(1, 0, 2).astype(np.float64)
    if sheet.data.task == "regression" or layout.by == "score":
        errors, training = 1 - valid_score, 1 - train_score
    else:
        errors, training = valid_loss, train_loss
    watched = -valid_score if layout.recipes[0].monitor == "score" else valid_loss
    if not layout.early:
        errors, training = (np.where(fitted.frozen, np.nan, table) for table in (errors, training))
    return watched, errors, training


def _chosen(
    layout: VerdictLayout, recipes: Sequence[Recipe], watched: Errors, epochs: NDArray[np.int64], folds: Folds
) -> NDArray[np.intp]:
    """The place of the epoch after which each net counts, [1 + probes, J].

    That is its last one; where the recipe keeps its best epoch, the one that is best on the other folds of its repeat,
    so that no row that scores a net has chosen its epoch.
    """
    last = np.asarray([np.searchsorted(epochs, recipe.epochs) for recipe in recipes])
    chosen = np.broadcast_to(last[:, None], watched.shape[:2]).copy()
    return chosen_by_others(watched, folds) if layout.early else chosen


def chosen_by_others(watched: Errors, folds: Folds) -> NDArray[np.intp]:
    """The place of the epoch that is best on the other folds of its repeat, [.., J], of values [.., J, epochs]."""
    chosen, first = np.empty(watched.shape[:2], np.intp), 0
    for repeat in folds.repeats:
        places = range(first, first + len(repeat))
        for place in places:
            chosen[:, place] = best_epochs(watched, [other for other in places if other != place])
        first += len(repeat)
    return chosen


def best_epochs(watched: Errors, columns: Sequence[int]) -> NDArray[np.intp]:
    """The place of the epoch that is best on the mean of some columns, for every row [1 + probes]."""
    means = watched[:, columns].mean(axis=1)
    found: NDArray[np.intp] = np.where(np.isfinite(means), means, np.inf).argmin(axis=1)
    return found


@dataclass(frozen=True, eq=False)
class StoppedEarly:
    """The recipe where it is stopped at the epoch that is best on the other folds. epoch: on average; the rest as in
    `MeasuredAlternatives`, [J].
    """

    epoch: int
    errors: Errors
    training: Errors


def stopped_early(found: MeasuredAlternatives) -> StoppedEarly | None:
    """What stopping early would give a recipe that trains to its end; None where its last epoch is the best."""
    columns = np.arange(found.curve.shape[1])
    (chosen,) = chosen_by_others(found.curve.T[None], found.folds)
    errors = found.curve[chosen, columns]
    if not np.isfinite(errors).all() or (found.epochs[chosen] >= found.chosen[0]).all():
        return None
    training = found.training_curve[chosen, columns]
    return StoppedEarly(round(float(found.epochs[chosen].mean())), errors, training)
