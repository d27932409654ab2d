"""The fits of a search as populations: which rows, which nets, and how a trained net is scored on its held-out rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.data import Dataset, Table
from goodfit.data.encoding import encoded_columns
from goodfit.data.folds import Fold, Folds, Indexes
from goodfit.data.target_transform import fit_transform
from goodfit.models.trained_net import TrainedNet
from goodfit.models.weighing import as_if_alike
from goodfit.selection.ranked_by import RankedBy
from goodfit.training.embeddings import categories_of
from goodfit.training.examples import Examples, Scaling, fit_scaling, row_weights, scaled_by
from goodfit.training.metrics import hits, log_losses, r2_of_rows
from goodfit.training.population import Job, NetArrays
from goodfit.training.recipe import Recipe


@dataclass(frozen=True)
class SheetFit:
    """One net to train. setting, fold, seed: by their numbers; held_out: rows that it is scored on."""

    setting: int
    fold: int
    seed: int
    held_out: Indexes


@dataclass(frozen=True)
class Sheet:
    """Fits that share their rows, and so may share programs. jobs[i] is what trains fits[i]; score_train: whether its
    training rows are scored too; measure: what is measured of every net beside its score and loss.
    """

    data: Dataset
    examples: Examples
    fits: tuple[SheetFit, ...]
    jobs: tuple[Job, ...]
    score_train: bool = False
    measure: RankedBy | None = None

    def training_rows(self, job: int) -> Indexes:
        """The rows that a net learns from."""
        train, weights = self.examples.train, self.examples.weights
        rows: Indexes = train if weights is None else train[weights[self.jobs[job].rows, train] > 0]
        return rows

    def net(self, job: int, arrays: NetArrays) -> TrainedNet:
        """A trained net with all that turns raw inputs into predictions."""
        of_job = self.jobs[job]
        return TrainedNet.of(arrays, of_job.recipe, self.data, self.examples.scaling_of(of_job.rows))


def make_sheets(data: Dataset | Table, folds: Folds, recipes: Sequence[Recipe], seeds: Sequence[int]) -> list[Sheet]:
    """Every recipe with every seed on every fold.

    Folds that are a partition share one population and its batches; others, and all folds of a table, are trained one
    after another, each on its own rows. Inputs and numeric targets are scaled, and a table is preprocessed, by each
    fold's own training rows alone.
    """
    sheets = []
    for kind in dict.fromkeys(map(_scaled_by, recipes)):
        chosen = [n for n, recipe in enumerate(recipes) if _scaled_by(recipe) == kind]
        first = 0
        for repeat in folds.repeats:
            if isinstance(data, Dataset) and may_share(data, folds, recipes[chosen[0]]):
                examples, _ = shared_examples(data, repeat, recipes[chosen[0]])
                # Nothing for the program to score: a trained net is scored once, at its end, row by row.
                laid = [(data, replace(examples, parts={}, part_weights={}), repeat)]
            else:
                laid = [(*alone_examples(data, fold, recipes[chosen[0]]), (fold,)) for fold in repeat]
            for own, examples, held in laid:
                sheets.append(_sheet(own, examples, held, first, recipes, chosen, seeds))
                first += len(held)
    return sheets


def _scaled_by(recipe: Recipe) -> tuple[object, ...]:
    """What of a recipe decides how inputs and targets are scaled."""
    return tuple({**scaled_by(recipe), "loss": recipe.loss == "poisson"}.values())


def may_share(data: Dataset, folds: Folds, recipe: Recipe) -> bool:
    """Whether all folds of a repeat may be one population: they are a partition, and targets are not transformed.

    A transform, or the range that predictions are clipped to, is fitted to each fold's own training rows, so that folds
    would not share their targets.
    """
    if not folds.partitions or data.task != "regression":
        return folds.partitions
    kind, clip = recipe.target_transform, recipe.clip_predictions
    return all(fit_transform(data.y[fold.train], kind, clip=clip) is None for fold in folds.all)


def shared_examples(
    data: Dataset, folds: Sequence[Fold], recipe: Recipe
) -> tuple[Examples, Callable[[Indexes], Scaling] | None]:
    """Folds that are a partition as one set of examples, and what fits a scaling where each fold has its own.

    A job with `rows` k learns from all folds but k, and the part "valid" scores it on fold k.
    """
    rows = np.sort(np.concatenate([fold.valid for fold in folds])).astype(np.int32)
    of_row = np.empty(len(rows), np.int32)
    for number, fold in enumerate(folds):
        of_row[np.searchsorted(rows, fold.valid)] = number

    # nets of one program have one shape: the same columns are encoded in all folds, by edges of each fold's own
    columns = encoded_columns(data.x[rows]) if recipe.encoding != "none" else None

    def fit(train: Indexes) -> Scaling:
        about = {**scaled_by(recipe), "target_transform": "none", "clip_predictions": False}  # see `may_share`
        return fit_scaling(data, train, **about, columns=columns)

    own = None if _is_fixed(data, recipe) else fit
    return _examples(data, rows, fit(rows)).with_folds(of_row, own), own


def alone_examples(source: Dataset | Table, fold: Fold, recipe: Recipe) -> tuple[Dataset, Examples]:
    """One fold with rows of its own; a table is preprocessed by them. Nothing is scored."""
    data = source.dataset(fold.train) if isinstance(source, Table) else source
    scaling = fit_scaling(data, fold.train, **scaled_by(recipe))
    return data, _examples(data, fold.train, scaling)


def _examples(data: Dataset, rows: Indexes, scaling: Scaling) -> Examples:
    about: dict[str, Any] = {"row_weights": row_weights(data), "categories": categories_of(data.preprocessing)}
    return Examples(data.x, data.y, data.task, data.n_outputs, rows, scaling, **about)


def _is_fixed(data: Dataset, recipe: Recipe) -> bool:
    """Whether the scaling is the same whatever rows it is fitted on."""
    kind = data.scaling if recipe.scaling == "auto" else recipe.scaling
    fitted = recipe.encoding != "none" or (data.scale_targets and recipe.loss != "poisson")
    return not fitted and (kind == "none" or (kind == "unit" and data.x.dtype.kind in "ui"))


def _sheet(
    data: Dataset,
    examples: Examples,
    folds: Sequence[Fold],
    first: int,
    recipes: Sequence[Recipe],
    chosen: Sequence[int],
    seeds: Sequence[int],
) -> Sheet:
    fits = tuple(
        SheetFit(setting, first + number, seed, fold.valid)
        for setting in chosen
        for number, fold in enumerate(folds)
        for seed in range(len(seeds))
    )
    jobs = tuple(Job(recipes[fit.setting].replace(seed=seeds[fit.seed]), rows=fit.fold - first) for fit in fits)
    return Sheet(data, examples, fits, jobs)


def row_values(
    net: TrainedNet, z: Any, y: Any, weight: NDArray[np.float64] | None = None
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(score, loss) of every row, [n] each; the mean of the scores is accuracy, exact match, or R² of these rows.

    z: the net's outputs for the rows, which may be overwritten.
    Losses are in nats for classes and labels, and squared errors, summed over outputs, for numbers.
    weight: [n] how much each row counts; both are then such that their plain means are the weighted ones.
    """
    score, loss = _row_values(net, z, y, weight)
    with np.errstate(over="ignore", invalid="ignore"):  # of a net that has grown large
        return as_if_alike(score, weight).astype(np.float32), as_if_alike(loss, weight).astype(np.float32)


def _row_values(
    net: TrainedNet, z: Any, y: Any, weight: NDArray[np.float64] | None
) -> tuple[NDArray[Any], NDArray[Any]]:
    with np.errstate(over="ignore", invalid="ignore"):  # a net may have grown large
        if net.task == "regression":
            predicted = net.predictions_of(z).astype(np.float64)
            errors = ((predicted - y) ** 2).sum(axis=1)
            return r2_of_rows(predicted, y, weight), errors
        chances = net.probabilities_of(z)
        right = hits(net.task, chances.argmax(axis=1) if net.task == "classification" else chances > 0.5, y)
        return right.astype(np.float64), log_losses(net.task, chances, y)
