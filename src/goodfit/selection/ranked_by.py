"""What settings are ranked by: the score, the loss, or any of the measures of `goodfit measure`, fold by fold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from goodfit.data.folds import Folds
from goodfit.errors import InputError, nearest, problem
from goodfit.intervals import NOT_NEGATIVE, SHARE, Bounds
from goodfit.models import agreement, ranking
from goodfit.models.averaging import decided
from goodfit.models.class_measures import MOST_RANKED, positive_class
from goodfit.models.measures import (
    ACCURACY,
    AUC,
    BALANCED,
    BRIER,
    EXACT,
    F1,
    LOG_LOSS,
    MAE,
    MEDIAN,
    PRECISION,
    R2,
    RMSE,
)
from goodfit.models.row_scores import SQUARED, value_scores
from goodfit.models.trained_net import TrainedNet
from goodfit.training.metrics import SCORE_NAMES

if TYPE_CHECKING:
    from jaxtyping import Bool, Float

    from goodfit.data import Dataset

WHERE = "Search"
MACRO = "F1, mean over classes"
BOTH = ("classification", "multilabel")
NAMES = {  # as `by` may be called, scikit-learn's scorers among them -> the measure
    "accuracy": ACCURACY,
    "exact match": EXACT,
    "balanced accuracy": BALANCED,
    "balanced_accuracy": BALANCED,
    "ROC AUC": AUC,
    "roc_auc": AUC,
    "roc_auc_ovr": AUC,
    "average precision": PRECISION,
    "average_precision": PRECISION,
    "F1": F1,
    "f1": F1,
    "f1_macro": MACRO,
    "log loss": LOG_LOSS,
    "neg_log_loss": LOG_LOSS,
    "Brier score": BRIER,
    "neg_brier_score": BRIER,
    "R²": R2,
    "r2": R2,
    "neg_mean_squared_error": SQUARED,
    "root mean squared error": RMSE,
    "neg_root_mean_squared_error": RMSE,
    "mean absolute error": MAE,
    "neg_mean_absolute_error": MAE,
    "median absolute error": MEDIAN,
    "neg_median_absolute_error": MEDIAN,
}
TASKS = {
    ACCURACY: ("classification",),
    EXACT: ("multilabel",),
    BALANCED: ("classification",),
    MACRO: BOTH,
    **dict.fromkeys((AUC, PRECISION, F1, LOG_LOSS, BRIER), BOTH),
    **dict.fromkeys((R2, SQUARED, RMSE, MAE, MEDIAN), ("regression",)),
}
SHARES = (BALANCED, AUC, PRECISION, F1, MACRO)
NEED_CLASSES = (BALANCED, AUC, PRECISION, F1, MACRO)  # rows of every class in every fold
BOUNDS = {**dict.fromkeys(SHARES, SHARE), BRIER: NOT_NEGATIVE}


@dataclass(frozen=True)
class RankedBy:
    """A measure by which settings are ranked.

    name: of the measure
    task: of the data
    positive: of two classes, that which average precision and F1 are of; None otherwise
    """

    name: str
    task: str
    positive: int | None = None

    @property
    def sign(self) -> float:
        """1 where higher is better, -1 for losses and errors."""
        return 1.0 if self.name in SHARES else -1.0

    @property
    def bounds(self) -> Bounds:
        """Of the measure."""
        return BOUNDS.get(self.name, NOT_NEGATIVE)

    def of(self, net: TrainedNet, z: Float[np.ndarray, "N C"], y: Any) -> float:
        """The measure of one net, from its outputs z, which stay as they are; nan where one is not finite."""
        wide = z.astype(np.float64)
        with np.errstate(over="ignore", invalid="ignore"):
            values = net.predictions_of(wide) if self.task == "regression" else net.probabilities_of(wide)
            return self.value(values, y) if np.isfinite(values).all() else math.nan

    def value(self, values: Float[np.ndarray, "N C"], y: Any) -> float:
        """The measure of probabilities or numbers."""
        if self.name in (LOG_LOSS, BRIER):
            return float(value_scores(self.task, values, y)[self.name].mean())
        if self.task == "regression":
            apart = np.abs(values - y)
            if self.name == RMSE:
                return float(np.sqrt((apart**2).mean(0)).mean())
            return float((np.median(apart, 0) if self.name == MEDIAN else apart.mean(0)).mean())
        truth, told = self._by_class(values, y)
        if self.name == BALANCED:
            return float(np.mean([told[own, place].mean() for place, own in enumerate(truth.T) if own.any()]))
        if self.name in (F1, MACRO):
            found = [agreement.f1(*pair).value for pair in zip(truth.T, told.T, strict=True)]
            return float(np.nanmean(found)) if not np.isnan(found).all() else math.nan
        of = ranking.roc_auc if self.name == AUC else ranking.average_precision
        chances = values if self.positive is None else values[:, [self.positive]]
        return float(np.mean([of(*pair).value for pair in zip(chances.T, truth.T, strict=True)]))

    def _by_class(self, values: Any, y: Any) -> tuple[Bool[np.ndarray, "N K"], Bool[np.ndarray, "N K"]]:
        """(whether each row is of each class, and is predicted to be); of two classes, the positive one alone."""
        if self.task == "multilabel":
            return np.asarray(y) > 0.5, decided(self.task, values) > 0.5
        eye = np.eye(values.shape[1], dtype=bool)
        truth, told = eye[np.asarray(y)], eye[decided(self.task, values)]
        if self.positive is None or self.name in (MACRO, BALANCED):
            return truth, told
        return truth[:, [self.positive]], told[:, [self.positive]]


def check_name(by: Any) -> None:
    """InputError for a name that no measure has."""
    if by not in ("score", "loss", *NAMES):
        close = nearest(by, ["score", "loss", *NAMES])
        rule = "'by' must be score, loss, a measure of 'goodfit measure', or scikit-learn's name for it"
        raise InputError(problem(WHERE, rule, got=by, fix=close if close.startswith("Did") else SOME))


SOME = "For example: roc_auc, average_precision, balanced_accuracy, f1_macro, neg_root_mean_squared_error."


def ranked_by(by: str, data: Dataset, folds: Folds) -> tuple[str, RankedBy | None]:
    """(score, loss or the measure's name, the measure or None for the first two) for data in folds.

    InputError for a measure of another task, and where it is not defined on a fold.
    """
    if by in ("score", "loss"):
        return by, None
    name, task = NAMES[by], data.task
    if task not in TASKS[name]:
        rule = f"'by' must be a measure of {task}"
        raise InputError(problem(WHERE, rule, got=by, fix=f"For example: {', '.join(_some(task))}."))
    if name == SCORE_NAMES[task]:
        return "score", None
    if name in (LOG_LOSS, SQUARED):  # the latter summed over targets, which ranks as their mean does
        return "loss", None
    if data.weight is not None:
        rule = "'by' must be the score or the loss where rows have weights; measures would count all rows alike"
        raise InputError(problem(WHERE, rule, got=by, fix="Use --by score or --by loss."))
    if name in NEED_CLASSES:
        _check_classes(by, name, data, folds)
    positive = None
    if task == "classification" and len(data.classes) == 2:
        positive = positive_class(data.y[np.unique(np.concatenate([fold.valid for fold in folds.all]))])
    return name, RankedBy(name, task, positive)


def _some(task: str) -> Sequence[str]:
    return [by for by, name in NAMES.items() if task in TASKS[name] and by == by.lower() and " " not in by][:4]


def _check_classes(by: str, name: str, data: Dataset, folds: Folds) -> None:
    """Every fold must have rows of every class, or rows with and without every label."""
    if name in (AUC, PRECISION) and len(data.classes) > MOST_RANKED:
        rule = f"{by!r} is for at most {MOST_RANKED} classes"
        raise InputError(problem(WHERE, rule, got=len(data.classes), fix="Rank by the loss."))
    for number, fold in enumerate(folds.all):
        y = data.y[fold.valid]
        counts = np.bincount(y, minlength=len(data.classes)) if data.task == "classification" else (y > 0.5).sum(0)
        few = counts == 0 if data.task == "classification" else (counts == 0) | (counts == len(y))
        if few.any():
            which = data.classes[int(np.flatnonzero(few)[0])]
            kinds, lacks = "of every class", f"has none of {which!r}"
            if data.task == "multilabel":
                kinds, lacks = "with and without every label", f"has rows of one kind only for {which!r}"
            rule = f"{by!r} needs rows {kinds} in every fold; fold {number + 1} of {len(folds.all)} {lacks}"
            raise InputError(problem(WHERE, rule, fix="Use fewer folds, or rank by the loss."))
