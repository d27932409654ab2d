"""`goodfit select`."""

from __future__ import annotations

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
from goodfit.training.recipe import Recipe

if TYPE_CHECKING:
    from goodfit.selection import Selection

_GROUP = Group("Search", sort_key=40)
_Vary = Annotated[
    list[str] | None,
    Parameter(
        help="Hyperparameter and its values, hidden=64,256,256x128, or its range, l2=1e-5..1e-2:log. Repeatable.",
        group=_GROUP,
        negative=(),
        metavar="FIELD=VALUES",
    ),
]


def _flag(help: str) -> Parameter:
    return Parameter(help=help, group=_GROUP)


@with_device_flags
@with_worker_flags
@with_recipe_flags
def select(
    data: tables.Data = None,
    /,
    *,
    vary: _Vary = None,
    folds: Annotated[int, _flag("Folds of cross-validation.")] = 5,
    repeats: Annotated[int, _flag("Repeats of k-fold cross-validation.")] = 1,
    seeds: Annotated[int, _flag("Nets per setting and fold; their seeds count up from --seed.")] = 1,
    method: Annotated[
        str, _flag("grid, random, halving, hyperband, optuna, or auto: grid if within the budget, else random.")
    ] = "auto",
    budget: Annotated[int, _flag("Maximum number of settings.")] = 100,
    factor: Annotated[int | None, _flag("halving, hyperband: reduction factor. [default: 3]")] = None,
    least_epochs: Annotated[
        int | None, _flag("halving, hyperband: minimum epochs of the first rung. [default: 1]")
    ] = None,
    ask: Annotated[int | None, _flag("optuna: settings per batch of trials. [default: an eighth of --budget]")] = None,
    by: Annotated[
        str, _flag("Metric to rank by: score, loss, or a measure: roc_auc, f1_macro, neg_mean_absolute_error, ...")
    ] = "score",
    table: tables.Flags = None,
    recipe: Annotated[
        str, Parameter(help="Recipe that all settings share: a name, a file, or the folder of a run or a search.")
    ] = "default",
    out: Annotated[Path | None, Parameter(help="Output folder. [default: searches/DATA-TIME]")] = None,
    resume: Annotated[Path | None, Parameter(help="Folder of an interrupted search to resume.")] = None,
    leaks: tables.Leaks = "warn",
    json: Annotated[bool, Parameter(help="Print one JSON object instead of tables.", negative=())] = False,
    quiet: Annotated[bool, Parameter(help="Show no progress.", negative=())] = False,
    **flags: str | bool | None,
) -> None:
    """Compare settings by cross-validation. All settings, folds and seeds train together. No test set is used."""
    given = locals()
    from goodfit.cli.search_summary import print_selection

    how: dict[str, Any] = {"folds": folds, "repeats": repeats, "seeds": seeds}
    how |= {"method": method, "budget": budget, "factor": factor, "least_epochs": least_epochs, "ask": ask, "by": by}
    how["leaks"] = leaks
    if resume is not None:
        refuse_beside_resume(select, given)
        print_selection(_resume(resume, quiet=quiet), resume, json=json)
        return
    from goodfit.cli.going_on import base_recipe, searched_recipe

    chosen, found = all_of(lambda: recipe_with(base_recipe(recipe, None), flags), lambda: known_data(data, table))
    chosen = searched_recipe(recipe, chosen, found)
    folder = out or default_folder(found if isinstance(found, str) else found.name, "searches")
    print_selection(_begin(chosen, found, vary or [], how, folder, quiet=quiet), folder, json=json)


def _begin(recipe: Recipe, data: Any, vary: list[str], how: dict[str, Any], folder: Path, *, quiet: bool) -> Selection:
    from goodfit.cli.search_summary import SearchWatcher
    from goodfit.selection import select as begin

    if not isinstance(data, str):
        tables.tell_table(data, quiet=quiet)
    watcher = SearchWatcher(quiet=quiet)
    with resumable("select", folder, "search.json"):
        return begin(
            recipe,
            data,
            vary=vary,
            **how,
            train_scores=len(vary) == 1 and how["method"] not in ("halving", "hyperband"),  # for the curve
            seed=recipe.seed,
            out=folder,
            plan=watcher.plan,
            progress=watcher.report,
        )


def _resume(folder: Path, *, quiet: bool) -> Selection:
    from goodfit.cli.search_summary import SearchWatcher
    from goodfit.selection import resume

    watcher = SearchWatcher(quiet=quiet)
    with resumable("select", folder, "search.json"):
        return resume(folder, plan=watcher.plan, progress=watcher.report)
