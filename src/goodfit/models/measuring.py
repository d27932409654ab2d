"""From predictions and targets to `Measures`: pure functions of arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from goodfit.errors import InputError, nearest, problem
from goodfit.intervals import LEVEL
from goodfit.models.agreement import confusion
from goodfit.models.averaging import decided
from goodfit.models.class_measures import (
    balanced_accuracy,
    calibration_measure,
    f1_measure,
    most_frequent,
    positive_class,
    proper_measures,
    ranking_measures,
)
from goodfit.models.measures import ACCURACY, AUC, PRECISION, R2, Measure, Measures
from goodfit.models.number_measures import number_measures
from goodfit.models.weighing import Weights, effective_rows, known_alike, ratios
from goodfit.words import fixed

WHERE = "Measures"
_WEIGHTED = "Rows are weighted: {rows:,} rows tell as much as {known:,.1f} that count alike. "
WEIGHTED = {
    "classification": _WEIGHTED + "The calibration error and the confusion matrix are unweighted.",
    "multilabel": _WEIGHTED.rstrip(),
    "regression": _WEIGHTED.rstrip(),
}
MOST_CLASSES = 50  # of a confusion matrix
FEWEST_ROWS = 10  # of which all are predicted alike, for a warning: with fewer that is chance
MOSTLY = 0.6  # share of the predicted class from which on it is the rest that is rare
OF_RARE = "To have it predict other classes: class_weight='balanced', or a threshold by cost."
OF_STUCK = "It has hardly learned: train it longer; 'goodfit inspect' looks for causes."
OF_WORSE = (
    "Look at R² of the training rows: if it is high, the net overfits (more rows, a smaller net, more dropout or "
    "weight decay); if it is low too, it has not learned: 'goodfit inspect' looks for causes."
)

TASKS = "classification", "multilabel", "regression"
LEARNED = "training row"  # of which a bad score leaves no doubt why


def measured(
    task: str,
    outputs: Any,
    targets: Any,
    classes: Sequence[str] = (),
    *,
    positive: str | None = None,
    level: float = LEVEL,
    row: str = "row",
    weight: np.ndarray | None = None,
    names: Sequence[str] = (),
) -> Measures:
    """The measures of predictions for rows with targets.

    task: "classification", "multilabel" or "regression"
    outputs: [N, C] probabilities of classes or labels, or numbers
    targets: [N] codes of classes, [N, C] labels of 0 and 1, or [N, C] numbers
    classes: names of classes or labels, C of them; not for regression
    positive: of two classes, that which average precision and F1 are of. None: the second, as in scikit-learn, unless
    the first is less than a third of the rows
    level: of every interval by itself, 0 to 1
    row: what a row is called in warnings, LEARNED for rows that the nets learned from
    weight: how much each row counts, [N], as scikit-learn's `sample_weight`; a note says what counts rows alike
    names: of several numeric targets, C of them
    InputError where these do not fit together, there are no rows, or an output is not finite.
    """
    values, y = np.asarray(outputs, np.float64), np.asarray(targets)
    _check(task, values, y, classes, positive)
    if weight is None:
        return _measured(task, values, y, tuple(classes), positive, level, row, None, names)
    some = weight > 0
    if not some.any():
        raise InputError(problem(WHERE, "no row has a weight above 0"))
    weight = ratios(weight[some])
    found = _measured(task, values[some], y[some], tuple(classes), positive, level, row, weight, names)
    return replace(found, notes=(WEIGHTED[task].format(rows=len(weight), known=effective_rows(weight)),))


def _measured(
    task: str,
    values: np.ndarray,
    y: np.ndarray,
    classes: tuple[str, ...],
    positive: str | None,
    level: float,
    row: str,
    weight: Weights,
    names: Sequence[str],
) -> Measures:
    if task == "regression":
        told = tuple(number_measures(values, y.astype(np.float64), level, weight, names))
        return Measures(task, len(y), told, warnings=_worse_than_constant(told, len(y), row), level=level)
    if task == "multilabel":
        return _of_labels(values, (y > 0.5).astype(np.float64), classes, level, row, weight)
    return _of_classes(values, y.astype(np.int64), classes, positive, level, row, weight)


def _check(task: str, values: np.ndarray, y: np.ndarray, classes: Sequence[str], positive: str | None) -> None:
    if task not in TASKS:
        raise InputError(problem(WHERE, "unknown task", got=task, fix=nearest(task, TASKS)))
    rows = values.shape[:1] if task == "classification" else values.shape
    if values.ndim != 2 or not values.size or y.shape != rows:
        rule = "'outputs' must be rows by outputs, and 'targets' must have the same rows"
        raise InputError(problem(WHERE, rule, got=f"{values.shape} and {y.shape}"))
    if not np.isfinite(values).all():
        raise InputError(problem(WHERE, "'outputs' must be finite"))
    if task != "regression" and len(classes) != values.shape[1]:
        raise InputError(problem(WHERE, f"'classes' must name {values.shape[1]} classes", got=len(classes)))
    if task == "classification" and not (y.min() >= 0 and y.max() < len(classes)):
        raise InputError(problem(WHERE, f"'targets' must be codes from 0 to {len(classes) - 1}", got=int(y.max())))
    if positive is not None and (len(classes) != 2 or task != "classification" or positive not in classes):
        fix = nearest(positive, classes) if len(classes) == 2 else "Leave it out."
        raise InputError(problem(WHERE, "'positive' must be one of two classes", got=positive, fix=fix))


def _of_classes(
    chances: np.ndarray,
    y: np.ndarray,
    classes: tuple[str, ...],
    positive: str | None,
    level: float,
    row: str,
    weight: Weights,
) -> Measures:
    predicted = decided("classification", chances)
    counts, shares = confusion(y, predicted, len(classes)), np.bincount(y, weight, minlength=len(classes))
    common = int(shares.argmax())
    truth, told, always = (np.eye(len(classes), dtype=bool)[each] for each in (y, predicted, common))
    chosen = slice(None)
    if len(classes) == 2:
        place = positive_class(y) if positive is None else classes.index(positive)
        positive, chosen = classes[place], slice(place, place + 1)
    first, *proper = proper_measures("classification", chances, y, level, weight)
    ranked = ranking_measures(chances[:, chosen], truth[:, chosen], y, level, weight)
    f1 = f1_measure(told[:, chosen], truth[:, chosen], always[chosen], y, level, weight)
    balanced = balanced_accuracy(confusion(y, predicted, len(classes), known_alike(y, predicted == y, weight)), level)
    of_one = [replace(each, of=positive or "") for each in (*ranked[1:], f1)]
    found = Measures(
        "classification",
        len(y),
        (first, balanced, *proper, *ranked[:1], *of_one, *calibration_measure(chances, y)),
        classes,
        positive or "",
        classes[common],
        tuple(map(tuple, counts.tolist())) if len(classes) <= MOST_CLASSES else (),
        level=level,
    )
    return replace(found, warnings=_one_class(found, predicted, y, row))


def _worse_than_constant(found: Sequence[Measure], rows: int, row: str) -> tuple[str, ...]:
    """What is to be said of targets whose R² is below 0 with its whole interval."""
    worse = [each for each in found if each.name == R2 and each.high < 0]
    single = [each for each in worse if each.of] or worse  # that over all targets says nothing more
    if rows < FEWEST_ROWS or not single:
        return ()
    which = ", ".join(f"{each.label} {fixed(each.value)}, at most {fixed(each.high)}" for each in single)
    fix = OF_STUCK if row == LEARNED else OF_WORSE
    return (f"Worse than a constant on these {rows:,} {row}s: {which}; always the mean would give 0. {fix}",)


def _one_class(found: Measures, predicted: np.ndarray, y: np.ndarray, row: str) -> tuple[str, ...]:
    """What is to be said where every row is predicted to be of one class, though not every row is."""
    if len(y) < FEWEST_ROWS or np.ptp(predicted) or not np.ptp(y):
        return ()
    name, accuracy = found.classes[predicted[0]], found[ACCURACY].value
    text = f"Predicts {name!r} for every {row}; accuracy {accuracy:.4f} is the share of {name!r}."
    ranked = [each.value for each in found.measures if each.name == AUC and not math.isnan(each.value)]
    looks = [f"ROC AUC {value:.4f} (0.5 by chance)" for value in ranked]
    if found.positive:
        precision = found[PRECISION]
        share = f"the share of {found.positive!r} is {precision.baseline:.4f}"
        looks.append(f"average precision {precision.value:.4f} ({share})")
    look = f" Look at {' and '.join(looks)}." if looks else ""
    unequal = accuracy >= MOSTLY  # or it has not learned, where the classes are about equally frequent
    return (f"{text}{look} {OF_RARE if unequal else OF_STUCK}",)


def _of_labels(
    chances: np.ndarray, y: np.ndarray, classes: tuple[str, ...], level: float, row: str, weight: Weights
) -> Measures:
    truth, told = y > 0.5, decided("multilabel", chances) > 0.5
    combination, _ = most_frequent(y, weight)
    names = [name for name, has in zip(classes, combination, strict=True) if has]
    kinds = np.unique(truth, axis=0, return_inverse=True)[1].reshape(-1)
    first, *proper = proper_measures("multilabel", chances, y, level, weight)
    ranked = ranking_measures(chances, truth, kinds, level, weight)
    f1 = f1_measure(told, truth, np.average(truth, axis=0, weights=weight) > 0.5, kinds, level, weight)
    warnings: tuple[str, ...] = ()
    if len(y) >= FEWEST_ROWS and (told == told[0]).all() and not (truth == truth[0]).all():
        which = ", ".join(map(repr, (name for name, has in zip(classes, told[0], strict=True) if has))) or "no labels"
        warnings = (f"Predicts {which} for every {row}; exact match {first.value:.4f} is the share of such rows.",)
    majority = ", ".join(names) or "no labels"
    return Measures("multilabel", len(y), (first, *proper, *ranked, f1), classes, "", majority, (), warnings, level)
