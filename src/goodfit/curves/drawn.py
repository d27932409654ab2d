"""The curve over a parameter of a drawn data set: its noise, its inputs, the degree of a polynomial."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from goodfit.curves.measuring import curve_folder, measured, numbered
from goodfit.data import Dataset, describe, load
from goodfit.data.folds import Folds, make_folds, refuse_undefined_r2
from goodfit.errors import InputError, Problems, nearest, problem
from goodfit.runs.checks import seeds_of
from goodfit.runs.record import fingerprint
from goodfit.selection.calls import call_of
from goodfit.selection.layout import learning_rows
from goodfit.selection.methods import By
from goodfit.selection.recipes import fitted_whole
from goodfit.selection.setting_curve import SettingCurve
from goodfit.selection.sheets import Sheet, make_sheets
from goodfit.training.observer import Watch
from goodfit.training.recipe import Recipe

WHERE = "Data curve"
DEGREE = "degree"  # of "polynomial", which has the powers up to it as inputs
SEED = "seed"  # of a drawn data set: another set, which is no point of a curve


def data_curve(
    name: str,
    parameter: str,
    values: Sequence[Any],
    recipe: Recipe | None = None,
    *,
    folds: int = 5,
    repeats: int = 1,
    seeds: int | Iterable[int] = 1,
    by: By = "score",
    seed: int = 0,
    out: str | Path | None = None,
    progress: Watch | None = None,
) -> SettingCurve:
    """Train a recipe on a drawn data set at several values of one of its parameters.

    name: of the data set; parameter: of those that `data.describe(name).parameters` lists, or "degree" of
    "polynomial", whose inputs are then the powers up to it. by: measure "score" or "loss". out: folder that keeps what
    was computed; the same call resumes there. The other arguments are those of `select`; test rows take no part.

    With `recipe.hidden` empty and the degree varied it is the figure of section 4.3.3: a polynomial of too few terms,
    of the right number, of too many.
    """
    recipe, known = recipe or Recipe(), varied_of(name)
    problems = Problems()
    if parameter not in known:
        fix = nearest(parameter, known) if known else "It has no parameters."
        problems.add(WHERE, f"{name!r} has no parameter {parameter!r} that can be varied", fix=fix)
    if by not in ("score", "loss"):
        problems.add(WHERE, "'by' must be score or loss", got=by)
    if not values or len(set(values)) < len(values):
        problems.add(WHERE, f"'{parameter}' must have distinct values, at least one", got=list(values))
    problems.raise_if_any()
    chosen = seeds_of(recipe, seeds, WHERE)
    sheets, parts, told = list[Sheet](), list[Folds](), list[Any]()
    for number, value in enumerate(sorted(values)):
        data = load(name, **_given(parameter, value))
        made, divided, own = _laid(data, recipe, number, folds, repeats, seed, chosen, by)
        sheets += made
        parts.append(divided)
        told.append([fingerprint(data), own.to_json()])
    asked = {"parameter": parameter, "values": sorted(values), "folds": folds, "repeats": repeats, "seeds": seeds}
    call = call_of(name, recipe, {"curve": "data_curve", **asked, "by": by, "seed": seed})
    with curve_folder(out, [WHERE, name, parameter, told, list(chosen), by], parts, call) as kept:
        return measured(parameter, sorted(values), sheets, parts[0], len(chosen), by, kept, progress)


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


def _laid(
    data: Dataset, recipe: Recipe, number: int, folds: int, repeats: int, seed: int, seeds: Sequence[int], by: str
) -> tuple[list[Sheet], Folds, Recipe]:
    source, rows = learning_rows(recipe, data)
    divided = make_folds(data, rows, folds=folds, repeats=repeats, seed=seed)
    if by == "score":
        refuse_undefined_r2(data, divided, WHERE, "Measure the loss, or use fewer folds.")
    (own,) = fitted_whole([recipe], source, rows, divided)
    return [numbered(sheet, number) for sheet in make_sheets(source, divided, [own], seeds)], divided, own
