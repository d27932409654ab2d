"""The measures of what several nets predict together for some rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from goodfit.data import Dataset, Split
from goodfit.data.split import Part
from goodfit.errors import InputError
from goodfit.intervals import LEVEL
from goodfit.models.averaging import decided
from goodfit.models.measures import Measures
from goodfit.models.measuring import FEWEST_ROWS, measured
from goodfit.models.stacked import stacked_outputs
from goodfit.models.trained_net import TrainedNet
from goodfit.notices import warn
from goodfit.runs.members import OutOfFold


class MeasureWarning(UserWarning):
    """Predictions are of one class only, so that their accuracy is no more than its share."""


OUT_OF_FOLD = "row out of fold"
ROWS = {"train": "training row", "valid": "validation row", "test": "test row"}


def measured_nets(
    nets: Sequence[TrainedNet],
    x: np.ndarray,
    y: np.ndarray,
    *,
    positive: str | None = None,
    level: float = LEVEL,
    row: str = "row",
) -> Measures:
    """The measures of the mean probabilities or numbers of all the nets, for inputs [N, D] and targets.

    Beside what `measured` warns of: single nets that predict one class only. InputError as of `measured`.
    """
    task = nets[0].task
    outputs, single = outputs_together(nets, x)
    found = measured(task, outputs, y, nets[0].classes, positive=positive, level=level, row=row)
    if found.warnings or not single or len(nets) == 1 or len(y) < FEWEST_ROWS or not np.ptp(y):
        return found
    which = f"{len(single)} of {len(nets)} nets predict" if len(single) > 1 else f"1 of {len(nets)} nets predicts"
    return replace(found, warnings=(f"{which} the same class for every {row}.",))


def outputs_together(nets: Sequence[TrainedNet], x: np.ndarray) -> tuple[np.ndarray, list[int]]:
    """(mean probabilities or numbers of the nets in float64, [N, C]; places of nets that predict one class only)."""
    task, total, single = nets[0].task, np.zeros(1), []
    for place, z in stacked_outputs(nets, x):
        wide = z.astype(np.float64)  # float32 has no 1 - 1e-9, whose log loss is not 0
        with np.errstate(over="ignore", invalid="ignore"):
            values = nets[place].predictions_of(wide) if task == "regression" else nets[place].probabilities_of(wide)
            total = total + values * nets[place].count
        if task == "classification" and not np.ptp(decided(task, values)):
            single.append(place)
    return total / sum(net.count for net in nets), single


def measured_part(nets: Sequence[TrainedNet], parts: Split, part: Part) -> Measures:
    """The measures on the training or validation rows of a split."""
    return measured_nets(nets, parts.x(part), parts.y(part), row=ROWS[part])


def measured_out_of_fold(found: OutOfFold, data: Dataset, positive: str | None = None) -> Measures:
    """The measures of out-of-fold predictions of fold members, for every training row."""
    y = data.y[found.rows]
    return measured(data.task, found.values, y, data.classes, positive=positive, row=OUT_OF_FOLD)


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
