"""`goodfit.measures` and `goodfit.threshold`: what is asked of any model and any rows with targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from goodfit.arguments import public
from goodfit.errors import InputError, nearest, problem
from goodfit.models.class_measures import positive_class
from goodfit.models.measures import Measures
from goodfit.models.thresholds import Threshold, threshold_by_cost
from goodfit.runs.entrants import Door, Notify, entrant
from goodfit.runs.looking import rows_to_look_at
from goodfit.runs.measured import ROWS, measured_out_of_fold, measured_together

DOOR = Door(
    "measures",
    "measured",
    "goodfit.measures(goodfit.runs.load({}), data)",
    "Restore them; other data can be given as DATA, or from Python as 'data'.",
    "Give rows that it was not trained on: DATA, or from Python 'data'.",
)
OF_THRESHOLD = replace(DOOR, where="threshold", call="goodfit.threshold(goodfit.runs.load({}), data, ...)")
TOGETHER = "Measures are of what the {} nets predict together, not means over their scores."


@public
def measures(
    model: Any,
    data: Any = None,
    *,
    target: str | Sequence[str] | None = None,
    positive: str | None = None,
    progress: Notify | None = None,
) -> Measures:
    """What a model predicts for rows with targets, measured, each figure with an interval; see docs/measures.md.

    model: a run or its folder, a model or its file, a net, or several nets, which predict together.
    data: None, or what the run was trained on, takes its validation rows. Anything else is new rows, as `Run.test`
      takes them, recorded in the ledger first; a model without a run needs these. Sealed test rows stay sealed.
    target: of a table file or data frame that is new rows, where it is not the run's own.
    positive: of two classes, that which average precision and F1 are of. None: the second, unless the first is less
      than a third of the rows.
    progress: called while a named data set is being found.
    InputError where there are no such rows, and where a prediction is not finite.
    """
    one = entrant(model, 0, DOOR)
    rows, part, _, level, notes = rows_to_look_at(one, data, target, progress, DOOR, "score")
    if one.run is not None and one.run.out_of_fold is not None and rows.out_of_fold:
        found = measured_out_of_fold(one.run.out_of_fold, rows.data, positive)
        return replace(found, notes=tuple(dict.fromkeys((*notes, *found.notes))))
    row = ROWS["valid"] if part == "valid" else "row"
    how: dict[str, Any] = {"positive": positive, "level": level, "row": row}
    weight = rows.data.weight_of(rows.rows)
    found = measured_together(one.nets, rows.values, rows.single, rows.y, weight=weight, **how)
    together = [TOGETHER.format(len(one.nets))] * (len(one.nets) > 1)
    return replace(found, notes=(*notes, *found.notes, *together))


@public
def threshold(
    model: Any,
    data: Any = None,
    *,
    false_positive: float,
    false_negative: float,
    positive: str | None = None,
    target: str | Sequence[str] | None = None,
    progress: Notify | None = None,
) -> Threshold:
    """From which probability on to decide for a class, where errors of the two kinds cost differently.

    New rows are recorded in the ledger; they are no test data any more for decisions by this threshold.

    model, data, target, progress: as in `measures`.
    false_positive: what it costs to decide for the class where it is the other, > 0, in a unit of yours.
    false_negative: what it costs to decide for the other where it is the class, > 0.
    positive: the class. None: the second, unless the first is less than a third of the rows.
    InputError for a model of other tasks or of more than two classes, and where `measures` has one.
    """
    one = entrant(model, 0, OF_THRESHOLD)
    net = one.nets[0]
    if net.task != "classification" or len(net.classes) != 2:
        got = f"{net.task}, {net.n_outputs} outputs"
        raise InputError(problem(OF_THRESHOLD.where, "is of two classes", got=got))
    if positive is not None and positive not in net.classes:
        fix = nearest(positive, net.classes)
        raise InputError(
            problem(OF_THRESHOLD.where, "'positive' must be one of the two classes", got=positive, fix=fix)
        )
    rows, _, _, level, notes = rows_to_look_at(one, data, target, progress, OF_THRESHOLD, "calibrate")
    place = positive_class(rows.y) if positive is None else net.classes.index(positive)
    groups = None if rows.data.groups is None else rows.data.groups[rows.rows]
    found = threshold_by_cost(
        rows.values[:, place].astype(np.float32).astype(np.float64),  # as they are predicted, and compared with it
        rows.y == place,
        false_positive,
        false_negative,
        of=net.classes[place],
        level=level,
        groups=groups,
    )
    return replace(found, notes=tuple(notes))
