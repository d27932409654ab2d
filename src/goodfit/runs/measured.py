"""The measures of what several nets predict together for some rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from goodfit.data import Dataset, Split
from goodfit.data.split import Part
from goodfit.errors import InputError
from goodfit.intervals import LEVEL
from goodfit.models.averaging import decided, values_together
from goodfit.models.measures import Measures
from goodfit.models.measuring import FEWEST_ROWS, LEARNED, measured
from goodfit.models.trained_net import TrainedNet
from goodfit.notices import warn
from goodfit.runs.members import OutOfFold


class MeasureWarning(UserWarning):
    """Predictions are of one class only, so that their accuracy is no more than its share, or worse than a constant."""


OUT_OF_FOLD = "out-of-fold row"
INDEPENDENT = (
    "Rows count as independent of one another. Those of one group or of neighbouring times may not be: then scores are "
    "less sure than their intervals say."
)
ROWS = {"train": LEARNED, "valid": "validation row", "test": "test row"}


def measured_nets(
    nets: Sequence[TrainedNet],
    x: np.ndarray,
    y: np.ndarray,
    *,
    positive: str | None = None,
    level: float = LEVEL,
    row: str = "row",
    weight: np.ndarray | None = None,
) -> Measures:
    """The measures of the mean probabilities or numbers of all the nets, for inputs [N, D] and targets.

    weight: how much each row counts, [N].
    Beside what `measured` warns of: single nets that predict one class only. InputError as of `measured`, and where a
    prediction is not finite.
    """
    values, single = values_together(nets, x)
    return measured_together(nets, values, single, y, positive=positive, level=level, row=row, weight=weight)


def measured_together(
    nets: Sequence[TrainedNet],
    values: np.ndarray,
    single: Sequence[int],
    y: np.ndarray,
    *,
    positive: str | None = None,
    level: float = LEVEL,
    row: str = "row",
    weight: np.ndarray | None = None,
) -> Measures:
    """The same of what `values_together` gives."""
    task = nets[0].task
    if task == "regression":
        values = decided(task, values)  # as the nets predict them
    how: dict[str, Any] = {"positive": positive, "level": level, "row": row, "weight": weight}
    found = measured(task, values, y, nets[0].classes, **how, names=nets[0].targets)
    if found.warnings or not single or len(nets) == 1 or len(y) < FEWEST_ROWS or not np.ptp(y):
        return found
    which = f"{len(single)} of {len(nets)} nets predict" if len(single) > 1 else f"1 of {len(nets)} nets predicts"
    return replace(found, warnings=(f"{which} the same class for every {row}.",))


def dependence(data: Dataset) -> tuple[str, ...]:
    """What is to be known of intervals where rows belong to groups or to times; () for others."""
    return (INDEPENDENT,) if data.groups is not None or data.time is not None else ()


def measured_part(nets: Sequence[TrainedNet], parts: Split, part: Part) -> Measures:
    """The measures on the training or validation rows of a split."""
    weight = parts.data.weight_of(parts.rows(part))
    found = measured_nets(nets, parts.x(part), parts.y(part), row=ROWS[part], weight=weight)
    return replace(found, notes=(*dependence(parts.data), *found.notes))


def measured_out_of_fold(found: OutOfFold, data: Dataset, positive: str | None = None) -> Measures:
    """The measures of out-of-fold predictions of fold members, for every training row."""
    y, weight = data.y[found.rows], data.weight_of(found.rows)
    how: dict[str, Any] = {"positive": positive, "row": OUT_OF_FOLD, "weight": weight}
    made = measured(data.task, found.values, y, data.classes, **how, names=data.targets)
    return replace(made, notes=(*dependence(data), *made.notes))


def measured_at_end(
    nets: Sequence[TrainedNet], parts: Split, out_of_fold: OutOfFold | None = None
) -> dict[str, Measures]:
    """What is measured as a training ends: on the validation rows, out of fold for fold members, or, without any, on
    the training rows. {} where an output is not finite, as of nets that diverged.
    """
    part: Part = "valid" if len(parts.valid) else "train"
    try:
        if out_of_fold is not None:
            return {"valid": measured_out_of_fold(out_of_fold, parts.data)}
        return {part: measured_part(nets, parts, part)}
    except InputError:
        return {}


def warn_of(found: Mapping[str, Measures]) -> None:
    """Say what must not be overlooked."""
    for each in found.values():
        for text in each.warnings:
            warn(text, MeasureWarning)
