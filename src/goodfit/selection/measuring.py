"""A curve from fits that are laid out: train them, keep what they gave, and take means over folds and seeds."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.errors import GoodfitError, InputError, problem
from goodfit.files import write_atomically, write_error
from goodfit.runs.lock import held
from goodfit.selection import running
from goodfit.selection.curves import SettingCurve, band
from goodfit.selection.folds import Folds
from goodfit.selection.result import gathered
from goodfit.selection.sheets import Sheet
from goodfit.training.progress import SCORE_NAMES

RECORD = "kept.json"


def measured(
    field: str,
    values: Sequence[Any],
    sheets: Sequence[Sheet],
    divided: Folds,
    seeds: int,
    by: str,
    folder: Path | None,
    watch: running.Watch | None,
) -> SettingCurve:
    """Train sheets whose fits count the values as settings, score training rows as well, and make a curve of it."""
    results = running.run(sheets, running.schedule(sheets), folder, watch)
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
    return SettingCurve(
        field=field,
        values=tuple(values),
        what=SCORE_NAMES[task] if by == "score" else "loss",
        train=band(train, test_share),
        valid=band(valid, test_share),
        best=int(np.nanargmax(means) if by == "score" else np.nanargmin(means)),
    )


def numbered(sheet: Sheet, setting: int) -> Sheet:
    """A sheet whose fits count as another setting, and whose training rows are scored."""
    fits = tuple(dataclasses.replace(fit, setting=setting) for fit in sheet.fits)
    return dataclasses.replace(sheet, fits=fits, score_train=True)


@contextmanager
def kept(out: str | Path | None, about: Sequence[Any], divided: Sequence[Folds]) -> Iterator[Path | None]:
    """The folder in which a curve is kept as it is computed, locked; None for none.

    about: all that decides the result beside the folds, as JSON has it. InputError if the folder was begun with
    something else.
    """
    if out is None:
        yield None
        return
    digest = hashlib.blake2b(json.dumps(about).encode(), digest_size=16)
    for fold in (fold for folds in divided for fold in folds.all):
        digest.update(fold.train.tobytes() + b"|" + fold.valid.tobytes())
    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(folder, error) from error
    with held(folder):
        path, text = folder / RECORD, json.dumps({"print": digest.hexdigest()}) + "\n"
        if not path.exists() and not any(folder.glob("turn-*")):
            write_atomically(path, text.encode())
        elif not path.exists() or path.read_text("utf-8") != text:
            fix = "Give another folder, or the same data, recipe and options."
            raise InputError(problem(str(folder), "holds a different curve", fix=fix))
        yield folder
