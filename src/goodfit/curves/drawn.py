"""The curve over a parameter of a drawn data set: its noise, its inputs, the degree of a polynomial."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from goodfit.arguments import public
from goodfit.curves.measuring import curve_folder, measured, numbered
from goodfit.data import describe, load
from goodfit.data.folds import Folds
from goodfit.data.prints import fingerprint
from goodfit.errors import InputError, Problems, nearest, problem
from goodfit.selection.calls import call_of
from goodfit.selection.methods import By, check_by
from goodfit.selection.preparing import FoldRequest, prepare
from goodfit.selection.setting_curve import SettingCurve
from goodfit.selection.sheets import Sheet, make_sheets
from goodfit.training.elsewhere import on_executor
from goodfit.training.notebooks import session_line
from goodfit.training.observer import Watch
from goodfit.training.recipe import Recipe

WHERE = "Data curve"
DEGREE = "degree"  # of "polynomial", which has the powers up to it as inputs
SEED = "seed"  # of a drawn data set: another set, which is no point of a curve


@public
@on_executor
def data_curve(
    recipe: Recipe | None,
    name: str,
    parameter: str,
    values: Sequence[Any],
    *,
    folds: int = 5,
    repeats: int = 1,
    seeds: int | Iterable[int] = 1,
    by: By = "score",
    seed: int = 0,
    out: str | Path | None = None,
    progress: Watch | None = None,
    executor: Any = None,
) -> SettingCurve:
    """Train a recipe on a drawn data set at several values of one of its parameters.

    name: of the data set
    parameter: of those that `data.describe(name).parameters` lists, or "degree" of "polynomial", whose inputs are then
    the powers up to it.
    by: measure "score" or "loss".
    out: folder that keeps what was computed; the same call resumes there.
    The other arguments are those of `select`; test rows take no part.

    With `recipe.hidden` empty and the degree varied it is the figure of section 4.3.3: a polynomial of too few terms,
    of the right number, of too many.
    """
    recipe, known, progress = recipe or Recipe(), varied_of(name), progress or session_line()
    problems = Problems()
    if parameter not in known:
        fix = nearest(parameter, known) if known else "It has no parameters."
        problems.add(WHERE, f"{name!r} has no parameter {parameter!r} that can be varied", fix=fix)
    check_by(by, WHERE, problems)
    if not values or len(set(values)) < len(values):
        problems.add(WHERE, f"'{parameter}' must have distinct values, at least one", got=list(values))
    problems.raise_if_any()
    asked = FoldRequest(folds, repeats, seeds, by, seed)
    sheets, parts, told = list[Sheet](), list[Folds](), list[Any]()
    for number, value in enumerate(sorted(values)):
        given = prepare(recipe, load(name, **_given(parameter, value)), asked, WHERE)
        (own,) = given.whole([recipe])
        sheets += [numbered(sheet, number) for sheet in make_sheets(given.source, given.folds, [own], given.seeds)]
        parts.append(given.folds)
        told.append([fingerprint(given.bare), own.to_json()])
    again = {"parameter": parameter, "values": sorted(values), "folds": folds, "repeats": repeats, "seeds": seeds}
    call = call_of(name, recipe, {"curve": "data_curve", **again, "by": by, "seed": seed})
    with curve_folder(out, [WHERE, name, parameter, told, list(given.seeds), by], parts, call) as kept:
        return measured(parameter, sorted(values), sheets, parts[0], len(given.seeds), by, kept, progress)


def varied_of(name: str) -> list[str]:
    """The parameters of a data set that a curve can run over."""
    known = [parameter for parameter in describe(name).parameters if parameter != SEED]
    return [*known, DEGREE] if name == "polynomial" else known


def _given(parameter: str, value: Any) -> Mapping[str, Any]:
    if parameter != DEGREE:
        return {parameter: value}
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise InputError(problem(WHERE, "'degree' must be an integer >= 0", got=value))
    return {"n_features": value + 1}
