"""Curves that were killed go on from their folders."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from goodfit import selection
from goodfit.arguments import public
from goodfit.curves.drawn import data_curve
from goodfit.curves.epochs import epoch_curve
from goodfit.curves.learning import learning_curve
from goodfit.curves.measuring import RECORD
from goodfit.errors import InputError, problem
from goodfit.selection.calls import resumed
from goodfit.selection.search import SEARCH
from goodfit.selection.setting_curve import SettingCurve
from goodfit.training.elsewhere import on_executor
from goodfit.training.observer import Watch
from goodfit.training.store import read_call

_CURVES = {"data_curve": data_curve, "epoch_curve": epoch_curve, "learning_curve": learning_curve}


@public
@on_executor
def resume(folder: str | Path, *, progress: Watch | None = None, executor: Any = None) -> SettingCurve:
    """Resume a curve that was interrupted or killed; the result is identical to the bit to an uninterrupted one.

    folder: what its function was given as `out`; or the folder of a search that varies one field, which is a curve.
    progress, executor: as in `select`.

    Only for named data sets and table files: else call the same function again, with the same arguments and folder.
    """
    if os.path.exists(Path(folder) / SEARCH):
        varied = read_call(folder, SEARCH, "search")["vary"]
        if len(varied) != 1:
            rule = "a curve needs a search that varies one field"
            raise InputError(problem(str(folder), rule, got=varied, fix="Resume it with goodfit select."))
        return selection.resume(folder, progress=progress).curve()
    return resumed(folder, RECORD, "curve", _again, progress=progress)


def _again(recipe: Any, data: Any, *, curve: str, **asked: Any) -> SettingCurve:
    made: Any = _CURVES[curve]
    found: SettingCurve = made(recipe, data, **asked)
    return found
