"""A curve from fits that are laid out: train them, keep what they gave, and take means over folds and seeds."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.data.folds import Folds
from goodfit.errors import GoodfitError, problem
from goodfit.selection.calls import digest_of
from goodfit.selection.result import gathered
from goodfit.selection.setting_curve import SettingCurve, band
from goodfit.selection.sheets import Sheet
from goodfit.selection.values import train as train_fits
from goodfit.training.memory import free_memory
from goodfit.training.metrics import SCORE_NAMES
from goodfit.training.observer import Watch
from goodfit.training.store import SessionRecord, session_folder
from goodfit.training.turns import MOST_MEMORY, plan_session

RECORD = "curve.json"  # in the folder of a curve: what it was asked for


def measured(
    field: str,
    values: Sequence[Any],
    sheets: Sequence[Sheet],
    divided: Folds,
    seeds: int,
    by: str,
    kept: tuple[Path | None, float],
    watch: Watch | None,
) -> SettingCurve:
    """Train sheets whose fits count the values as settings, score training rows as well, and make a curve of it.

    kept: the folder, and the memory of a turn, see `curve_folder`.
    """
    folder, memory = kept
    results = train_fits(sheets, plan_session(sheets, memory), folder, watch)
    found = gathered(sheets, results, (len(values), len(divided.all)), seeds)
    train, valid = (found[2], found[0]) if by == "score" else (found[3], found[1])
    return curve(field, values, train, valid, divided.test_share, by, sheets[0].data.task)


def curve(
    field: str,
    values: Sequence[Any],
    train: NDArray[np.float64],
    valid: NDArray[np.float64],
    test_share: float,
    by: str,
    task: str,
) -> SettingCurve:
    """The curve of measurements [values, folds]; GoodfitError where no value has a whole row of held-out ones."""
    train, valid = (np.where(np.isfinite(each), each, np.nan) for each in (train, valid))
    means = valid.mean(axis=1)
    if not np.isfinite(means).any():
        rule = f"at every value of {field} a net diverged on some fold"
        raise GoodfitError(problem("Curve", rule, fix="Use a lower learning rate."))
    what = SCORE_NAMES[task] if by == "score" else "loss"
    return SettingCurve(
        field=field,
        values=tuple(values),
        what=what,
        train=band(train, test_share, what),
        valid=band(valid, test_share, what),
        best=int(np.nanargmax(means) if by == "score" else np.nanargmin(means)),
    )


def numbered(sheet: Sheet, setting: int) -> Sheet:
    """A sheet whose fits count as another setting, and whose training rows are scored."""
    fits = tuple(dataclasses.replace(fit, setting=setting) for fit in sheet.fits)
    return dataclasses.replace(sheet, fits=fits, score_train=True)


@contextmanager
def curve_folder(
    out: str | Path | None,
    about: Sequence[Any],
    divided: Sequence[Folds],
    call: Mapping[str, Any] | None,
    data: str = "",
) -> Iterator[tuple[Path | None, float]]:
    """The folder in which a curve is kept as it is computed, locked, and the memory that its turns are cut to.

    about: all that decides the result beside the folds, as JSON has it; call: see `calls.call_of`; data: a digest.
    InputError if the folder was begun with something else.
    """
    memory = MOST_MEMORY * free_memory()
    if out is None:
        yield None, memory
        return
    record = SessionRecord(digest_of(about, divided), memory, "curve", call, data)
    with session_folder(out, RECORD, record, "curve") as found:
        yield found
