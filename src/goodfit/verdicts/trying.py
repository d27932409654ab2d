"""Train what a verdict lays out, and tell how each recipe does on other rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from goodfit.data.folds import Folds
from goodfit.selection.methods import By
from goodfit.selection.sheets import Sheet
from goodfit.training import session
from goodfit.training.fitting import TrainedNets
from goodfit.training.keeping import PackTrained, keep_metrics
from goodfit.training.observer import Clock, Watch
from goodfit.training.recipe import Recipe
from goodfit.training.store import Store
from goodfit.verdicts.laying_out import VerdictLayout
from goodfit.verdicts.probes import Alternative

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
    if not layout.early:
        errors, training = (np.where(fitted.frozen, np.nan, table) for table in (errors, training))
    return valid_loss, errors, training


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
    """The place of the best epoch on the mean of some columns, of equals the first, for every row [1 + probes]."""
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
