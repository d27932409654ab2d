"""`goodfit curve`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Group, Parameter

from goodfit.cli import tables
from goodfit.cli.device_flags import with_device_flags
from goodfit.cli.exits import all_of
from goodfit.cli.flags import recipe_with, with_recipe_flags
from goodfit.cli.folders import default_folder, resumable
from goodfit.cli.train import known_data, refuse
from goodfit.errors import InputError, problem
from goodfit.training.recipe import Recipe, read_recipe

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
@with_recipe_flags
def curve(
    data: Annotated[str | None, Parameter(help="Name of a data set, or a table file: .csv, .parquet, ...")] = None,
    /,
    *,
    over: Annotated[str | None, _flag(_OVER, metavar="WHAT")] = None,
    folds: Annotated[int, _flag("Folds of cross-validation.")] = 5,
    repeats: Annotated[int, _flag("Repeats of k-fold cross-validation.")] = 1,
    seeds: Annotated[int, _flag("Nets per point and fold; their seeds count up from --seed.")] = 1,
    by: Annotated[str, _flag("Metric: score or loss.")] = "score",
    target: tables.Target = None,
    id: tables.Ids = None,
    kind: tables.Kinds = None,
    task: tables.Task = None,
    group: tables.Grouping = None,
    time: tables.Time = None,
    recipe: Annotated[str, Parameter(help="Named recipe, recipe file or run folder.")] = "default",
    out: Annotated[Path | None, Parameter(help="Output folder. [default: curves/DATA-TIME]")] = None,
    resume: Annotated[Path | None, Parameter(help="Folder of an interrupted curve to resume.")] = None,
    json: Annotated[bool, Parameter(help="Print one JSON object instead of a table.", negative=())] = False,
    quiet: Annotated[bool, Parameter(help="Show no progress.", negative=())] = False,
    **flags: str | bool | None,
) -> None:
    """Plot training and held-out scores against epochs, training set size or a hyperparameter, without the test set."""
    from goodfit.cli.curve_summary import print_curve

    how: dict[str, Any] = {"folds": folds, "repeats": repeats, "seeds": seeds, "by": by}
    if resume is not None:
        usual = {"folds": 5, "repeats": 1, "seeds": 1, "by": "score"}
        changed = {f"--{name}": value if value != usual[name] else None for name, value in how.items()}
        of_table = {"--target": target, "--id": id, "--kind": kind, "--task": task, "--group": group, "--time": time}
        used = {"DATA": data, "--over": over, **changed, **of_table, "--recipe": recipe != "default", "--out": out}
        refuse({**used, **{f"--{name.replace('_', '-')}": value is not None for name, value in flags.items()}})
        _resume(resume, json=json, quiet=quiet)
        return
    choices = tables.choices(target, id, kind, task, group, time)
    chosen, found = all_of(lambda: recipe_with(read_recipe(recipe), flags), lambda: known_data(data, choices))
    if not over:
        raise InputError(problem("Command line", "'--over' must be given", fix="For example, --over epochs."))
    folder = out or default_folder(found if isinstance(found, str) else found.name, "curves")
    if not isinstance(found, str):
        tables.tell_table(found, quiet=quiet)
    with resumable("curve", folder, *RECORDS):
        drawn = _begin(over, chosen, found, {**how, "seed": chosen.seed}, folder, quiet=quiet)
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
        return epoch_curve(data, recipe, **kept)
    if over == ROWS:
        return learning_curve(data, recipe, **kept)
    name, values = parse(over)
    field = name.replace("-", "_")
    if name == ROWS and not isinstance(values, Range):
        return learning_curve(data, recipe, rows=values, **kept)
    if isinstance(data, str) and field not in Recipe.fields() and field in varied_of(data):
        return data_curve(
            data, field, values.grid(whole=False) if isinstance(values, Range) else values, recipe, **kept
        )
    points = int(values.points) if isinstance(values, Range) else len(values)
    found = select(
        data, recipe, vary=[over], method="grid", budget=max(points, 1), train_scores=True, plan=watcher.plan, **kept
    )
    return found.curve()
