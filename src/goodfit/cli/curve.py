"""`goodfit curve`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Group, Parameter

from goodfit.cli import tables
from goodfit.cli.device_flags import with_device_flags
from goodfit.cli.exits import all_of
from goodfit.cli.flags import recipe_with, with_recipe_flags
from goodfit.cli.folders import default_folder, resumable
from goodfit.cli.tables import known_data
from goodfit.cli.train import refuse_beside_resume
from goodfit.cli.worker_flags import with_worker_flags
from goodfit.errors import InputError, nearest, problem
from goodfit.training.recipe import Recipe

if TYPE_CHECKING:
    from goodfit.data import Table
    from goodfit.selection.setting_curve import SettingCurve

_GROUP = Group("Curve", sort_key=40)
ROWS, EPOCHS = "rows", "epochs"
RECORDS = "curve.json", "search.json"  # a curve over a hyperparameter is a search
_OVER = (
    "What is varied: epochs; training set size: rows or rows=20,60,180; a hyperparameter: hidden=8,32,128x64, "
    "l2=1e-5..1e-1:log:5; or a parameter of a synthetic data set: noise=0.1,0.3, degree=1,3,9."
)


def _flag(help: str, **more: Any) -> Parameter:
    return Parameter(help=help, group=_GROUP, **more)


@with_device_flags
@with_worker_flags
@with_recipe_flags
def curve(
    data: tables.Data = None,
    /,
    *,
    over: Annotated[str | None, _flag(_OVER, metavar="WHAT")] = None,
    folds: Annotated[int, _flag("Folds of cross-validation.")] = 5,
    repeats: Annotated[int, _flag("Repeats of k-fold cross-validation.")] = 1,
    seeds: Annotated[int, _flag("Nets per point and fold; their seeds count up from --seed.")] = 1,
    by: Annotated[str, _flag("Metric: score or loss.")] = "score",
    table: tables.Flags = None,
    recipe: Annotated[str, Parameter(help="Recipe: a name, a file, or the folder of a run or a search.")] = "default",
    out: Annotated[Path | None, Parameter(help="Output folder. [default: curves/DATA-TIME]")] = None,
    resume: Annotated[Path | None, Parameter(help="Folder of an interrupted curve to resume.")] = None,
    json: Annotated[bool, Parameter(help="Print one JSON object instead of a table.", negative=())] = False,
    quiet: Annotated[bool, Parameter(help="Show no progress.", negative=())] = False,
    **flags: str | bool | None,
) -> None:
    """Plot training and held-out scores against epochs, training set size or a hyperparameter, without the test set."""
    given = locals()
    from goodfit.cli.curve_summary import print_curve

    how: dict[str, Any] = {"folds": folds, "repeats": repeats, "seeds": seeds, "by": by}
    if resume is not None:
        refuse_beside_resume(curve, given)
        _resume(resume, json=json, quiet=quiet)
        return
    from goodfit.cli.going_on import base_recipe, searched_recipe

    chosen, found = all_of(lambda: recipe_with(base_recipe(recipe, None), flags), lambda: known_data(data, table))
    chosen = searched_recipe(recipe, chosen, found)
    if not over:
        raise InputError(problem("Command line", "'--over' must be given", fix="For example, --over epochs."))
    folder = out or default_folder(found if isinstance(found, str) else found.name, "curves")
    if not isinstance(found, str):
        tables.tell_table(found, quiet=quiet)
    with resumable("curve", folder, *RECORDS):
        try:
            drawn = _begin(over, chosen, found, {**how, "seed": chosen.seed}, folder, quiet=quiet)
        except InputError as error:  # a curve over a hyperparameter is a search
            raise InputError(*(each.replace("Search: ", "Curve: ", 1) for each in error.problems)) from error
    print_curve(drawn, folder, json=json)


def _resume(folder: Path, *, json: bool, quiet: bool) -> None:
    from goodfit.cli.curve_summary import print_curve
    from goodfit.cli.search_summary import SearchWatcher
    from goodfit.curves import resume

    with resumable("curve", folder, *RECORDS):
        drawn = resume(folder, progress=SearchWatcher(quiet=quiet).report)
    print_curve(drawn, folder, json=json)


def _begin(
    over: str, recipe: Recipe, data: str | Table, how: dict[str, Any], folder: Path, *, quiet: bool
) -> SettingCurve:
    """The curve over what was asked for: epochs, rows, a parameter of the data set, or a field of the recipe."""
    from goodfit.cli.search_summary import SearchWatcher
    from goodfit.curves import data_curve, epoch_curve, learning_curve
    from goodfit.curves.drawn import varied_of
    from goodfit.selection import select
    from goodfit.selection.space import Range, parse

    watcher = SearchWatcher(quiet=quiet)
    kept: dict[str, Any] = {**how, "out": folder, "progress": watcher.report}
    if over == EPOCHS:
        return epoch_curve(recipe, data, **kept)
    if over == ROWS:
        return learning_curve(recipe, data, **kept)
    given, _, listed = over.partition("=")
    field, of_data = given.strip().replace("-", "_"), varied_of(data) if isinstance(data, str) else []
    known = (ROWS, *Recipe.fields(), *of_data)
    if field not in known:
        fix = nearest(given.strip(), [each.replace("_", "-") for each in known])
        raise InputError(problem("Curve", f"{given.strip()!r} cannot be varied", fix=fix))
    if not listed.strip():
        rule, fix = f"'--over' must list the values of {given.strip()!r}", f"For example, {field}=VALUE,VALUE,VALUE."
        raise InputError(problem("Curve", rule, got=over, fix=fix))
    _, found = parse(over)
    values: Sequence[Any] = found.grid(whole=field == ROWS) if isinstance(found, Range) else found
    if field == ROWS:
        return learning_curve(recipe, data, rows=values, **kept)
    if isinstance(data, str) and field not in Recipe.fields():
        return data_curve(recipe, data, field, values, **kept)
    kept |= {"method": "grid", "budget": max(len(values), 1), "train_scores": True, "plan": watcher.plan}
    return select(recipe, data, vary=[over], **kept).curve()
