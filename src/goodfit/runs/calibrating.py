"""Whether a classifier is as sure as it is right on held-out rows, and the temperature that mends it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.arguments import public
from goodfit.data import Dataset
from goodfit.data.dividing import group_codes, own_groups
from goodfit.data.folds import Folds, make_folds
from goodfit.data.streams import checked_seed
from goodfit.errors import InputError, problem
from goodfit.models.calibration import by_output, of_top_class, probability_scores, rows_of_probabilities
from goodfit.models.model_file import Model
from goodfit.models.temperature import Temperature, fitted_temperature, logits_from, logits_of
from goodfit.models.trained_net import counts_of
from goodfit.runs.calibrated import MEMBERS, NO_DIAGRAM, WHERE, Calibration, is_picture
from goodfit.runs.entrants import Door, Entrant, Notify, entrant
from goodfit.runs.looking import LookedAt, rows_to_look_at
from goodfit.runs.measured import INDEPENDENT

DOOR = Door(
    WHERE,
    "calibrated",
    "goodfit.calibration(run, data), run being goodfit.runs.load({})",
    "Restore them; other data can be given as DATA, or from Python as 'data'.",
    "Give rows that it was not trained on: DATA, or from Python 'data'.",
)
FOLDS = 5
OF_CHANCE = "Where rows depend on one another, chance explains larger calibration errors, too."
OUT_OF_FOLD = (
    "Scores are of out-of-fold predictions: each row by the nets that did not learn from it. New rows are predicted by "
    "all nets together, whose averaged probabilities are less confident."
)
FITTED = "The temperature was fitted on these rows: they are no test data for a model that uses it."


@public
def calibration(
    model: Any,
    data: Any = None,
    *,
    target: str | None = None,
    classes: bool = False,
    temperature: bool = True,
    seed: int = 0,
    progress: Notify | None = None,
) -> Calibration:
    """Whether a classifier's probabilities mean what they say, and the temperature that mends them.

    model: a run or its folder, a model or its file, a net, or several nets, whose mean probabilities are looked at.
    data: None, or what the run was trained on, takes its validation rows. Anything else is new rows, as `Run.test`
      takes them, recorded in the ledger first; a model without a run needs these. Sealed test rows stay sealed.
    target: of a table file or data frame that is new rows, where it is not the run's own.
    classes: whether to look at every class by itself as well; labels are in any case.
    temperature: whether to fit one; it takes most of the time.
    seed: of the resamples and of the folds for the temperature's gain.
    progress: called while a named data set is being found.
    See docs/calibration.md. InputError for a regression, and where there are no such rows.
    """
    seed, one = checked_seed(seed, WHERE), entrant(model, 0, DOOR)
    task = one.nets[0].task
    if task == "regression":
        fix = "For errors of a regression with intervals, use run.scores, 'goodfit test' or 'goodfit compare'."
        raise InputError(problem(WHERE, "is of probabilities, which only classifiers give", got=task, fix=fix))
    rows, part, openings, level, notes = rows_to_look_at(one, data, target, progress, DOOR, "calibrate")
    if not len(rows.rows):
        raise InputError(problem(WHERE, f"{one.name!r} has no rows to be looked at", fix=DOOR.fix))
    y, chances = rows.y, rows.values.astype(np.float64)
    nets = one.final if part == "new" else one.nets
    logits = logits_from(task, chances) if rows.out_of_fold else logits_of(nets, rows.data.x[rows.rows])
    if not np.isfinite(logits).all():
        fix = "Its weights are too large for these inputs: check for extreme inputs, or leave the net out."
        raise InputError(problem(WHERE, f"the nets of {one.name!r} must give finite outputs for all rows", fix=fix))
    shares = None if rows.out_of_fold else counts_of(nets)
    found = [each for each in [of_top_class(chances, y)] if each is not None] if task == "classification" else []
    if classes or task == "multilabel":
        found += by_output(task, one.nets[0].classes, chances, y)
    shared = temperature and any(net.members is not None for net in one.nets)
    fitted = _temperature(one, logits, y, rows, level, seed, shares) if temperature and not shared else None
    return Calibration(
        name=one.name,
        task=task,
        nets=len(one.nets),
        part=part,
        out_of_fold=rows.out_of_fold,
        rows=len(y),
        level=level,
        scores=tuple(probability_scores(rows_of_probabilities(task, chances, y), level)),
        reliability=tuple(found),
        temperature=fitted,
        openings=openings,
        notes=(*notes, *_notes(notes, rows, fitted, len(one.nets), part), *([MEMBERS] if shared else [])),
        before=_model(one),
    )


def _temperature(
    one: Entrant, logits: Any, y: Any, rows: LookedAt, level: float, seed: int, shares: Any
) -> Temperature:
    folds, groups, missing = _folds(rows.data, rows.rows, seed)
    net = one.nets[0]
    return fitted_temperature(
        net.task, logits, y, folds, groups=groups, level=level, classes=net.classes, missing=missing, shares=shares
    )


def _folds(data: Dataset, rows: NDArray[Any], seed: int) -> tuple[Folds | None, NDArray[np.int64] | None, str]:
    """(folds of places, groups of the rows, why there are no folds): whole groups, or forward in time."""
    places = np.arange(len(rows), dtype=np.int32)
    groups = None if data.groups is None else own_groups(group_codes(data.groups[rows]))
    time = None if data.time is None else data.time[rows]
    try:
        if time is not None:
            return make_folds(data, places, folds=FOLDS, time=time), groups, ""
        made = make_folds(data, places, folds=FOLDS, seed=seed, groups=places if groups is None else groups)
    except InputError:
        what = "times" if time is not None else "rows" if groups is None else "groups"
        return None, groups, f"there are too few {what} for {FOLDS} folds"
    return made if groups is not None else replace(made, kind=f"{FOLDS} random folds"), groups, ""


def _notes(told: Sequence[str], rows: LookedAt, fitted: Temperature | None, nets: int, part: str) -> list[str]:
    """What is to be known, beside what was told of the rows."""
    notes = [OF_CHANCE] if INDEPENDENT in told else []
    notes += [FITTED] if fitted is not None and part == "new" else []
    if rows.out_of_fold:
        return [*notes, OUT_OF_FOLD]
    if nets > 1:
        notes.append(f"Scores are of the mean probabilities of {nets} nets, not means over their scores.")
    if nets > 1 and fitted is not None:
        changed = f"on {fitted.changed:,} of {fitted.rows:,} rows" if fitted.changed else "on none of these rows"
        notes.append(f"A temperature can change what several nets predict together; here it does {changed}.")
    return notes


def _model(one: Entrant) -> Model:
    """What was looked at, as a model that can be saved."""
    model = one.model if one.run is None else one.run.model
    return Model(one.nets) if model is None else model.predictor


def calibrate_folder(
    folder: Path,
    data: str | None,
    target: str | None,
    classes: bool,
    progress: Notify | None,
    out: Path | None = None,
    save: Path | None = None,
    anyway: bool = False,
) -> tuple[Calibration, dict[str, Path]]:
    """What `goodfit calibrate` does: what was found, and the files that were written, see `Calibration.write`."""
    if out is not None:
        is_picture(out)  # before new rows are opened for a file that cannot be written
    found = calibration(folder, data, target=target, classes=classes, progress=progress)
    if out is not None and not found.reliability:  # an error would lose what the opening of new rows was spent on
        found = replace(found, notes=(*found.notes, NO_DIAGRAM))
    return found, found.write(out, save, anyway=anyway)
