"""Curves that go on from their folders alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import goodfit as gf
from goodfit.curves import data_curve, epoch_curve, learning_curve, resume
from goodfit.data import Dataset
from goodfit.errors import InputError
from goodfit.selection.setting_curve import SettingCurve
from goodfit.training import session
from goodfit.training.fitting import fit

RECIPE = gf.Recipe(hidden=(4,), epochs=4, batch_size=8, dropout=0)


class Killed(BaseException):
    """What stands for a kill."""


def of_table(**out: Any) -> SettingCurve:
    rows = [f"{a},{'red' if a % 3 else 'blue'},{a * 0.1 + a % 7}" for a in range(40)]
    Path("things.csv").write_text("\n".join(["size,colour,price", *rows]) + "\n")
    table = gf.data.read_table("things.csv", "price")
    return epoch_curve(RECIPE, table, folds=3, every=2, by="loss", time="size", seeds=[3, 5], **out)


def over_rows(**out: Any) -> SettingCurve:
    return learning_curve(RECIPE, "moons", rows=iter([20, 50]), folds=2, seeds=2, seed=7, **out)


def over_degrees(**out: Any) -> SettingCurve:
    return data_curve(RECIPE, "polynomial", "degree", range(1, 4), folds=2, by="loss", **out)


def over_widths(**out: Any) -> SettingCurve:
    return gf.select(RECIPE, "moons", vary={"hidden": [[2], [4]]}, folds=2, train_scores=True, **out).curve()


@pytest.mark.parametrize(("trace", "last"), [(of_table, 2), (over_rows, 2), (over_degrees, 2), (over_widths, 1)])
def test_a_curve_goes_on_from_its_folder(
    trace: Callable[..., SettingCurve], last: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    whole, trainings = trace(), 0

    def killed(*given: Any, **how: Any) -> Any:
        nonlocal trainings
        trainings += 1
        if trainings == last:
            raise Killed
        return fit(*given, **how)

    with monkeypatch.context() as patched:
        patched.setattr(session, "fit", killed)
        with pytest.raises(Killed):
            trace(out="c")
    found = resume("c")
    assert found.values == whole.values
    assert (found.what, found.best) == (whole.what, whole.best)
    for one, other in ((found.train, whole.train), (found.valid, whole.valid)):
        np.testing.assert_array_equal(one.mean, other.mean)


def test_what_no_file_holds_is_said(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    data = Dataset("dots", rng.normal(size=(40, 2)), rng.normal(size=40), "regression")
    epoch_curve(RECIPE, data, folds=2, out=tmp_path)
    with pytest.raises(InputError, match="Start the curve again from Python, with the same arguments and folder"):
        resume(tmp_path)
