"""`goodfit train`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from goodfit.cli import tables
from goodfit.cli.device_flags import with_device_flags
from goodfit.cli.exits import all_of, say
from goodfit.cli.flags import recipe_with, with_recipe_flags
from goodfit.cli.folders import default_folder, resumable
from goodfit.cli.progress import watch
from goodfit.cli.summary import print_run
from goodfit.errors import InputError, problem
from goodfit.training.recipe import LARGEST_SEED, Recipe, read_recipe

if TYPE_CHECKING:
    from goodfit.data import Table
    from goodfit.runs import Run

_TABLE_FLAGS = ("--target", "--id", "--kind", "--task", "--group", "--time")


@with_device_flags
@with_recipe_flags
def train(
    data: Annotated[str | None, Parameter(help="Name of a data set, or a table file: .csv, .parquet, ...")] = None,
    /,
    *,
    target: tables.Target = None,
    id: tables.Ids = None,
    kind: tables.Kinds = None,
    task: tables.Task = None,
    group: tables.Grouping = None,
    time: tables.Time = None,
    recipe: Annotated[str, Parameter(help="Recipe: default, chapter, a recipe file or a run folder.")] = "default",
    seeds: Annotated[int, Parameter(help="Number of nets to train; their seeds count up from --seed.")] = 1,
    out: Annotated[Path | None, Parameter(help="Output folder. [default: runs/DATA-TIME]")] = None,
    resume: Annotated[Path | None, Parameter(help="Folder of an interrupted run to resume.")] = None,
    fit: Annotated[str, Parameter(help="Judge the fit after training: auto (if cheap), always or never.")] = "auto",
    leaks: tables.Leaks = "warn",
    inspect: Annotated[
        bool, Parameter(help="Record activations and gradients by layer: layers.csv.", negative=())
    ] = False,
    json: Annotated[bool, Parameter(help="Print one JSON object instead of tables.", negative=())] = False,
    quiet: Annotated[bool, Parameter(help="Show no progress.", negative=())] = False,
    **flags: str | bool | None,
) -> None:
    """Train a recipe on a data set or a table, with one seed or many. Flags override the fields of --recipe."""
    from goodfit.cli.fit_line import check_asked, print_fit

    check_asked(fit)
    if resume is not None:
        of_table = {"--target": target, "--id": id, "--kind": kind, "--task": task, "--group": group, "--time": time}
        used = {"DATA": data, **of_table, "--recipe": recipe != "default", "--seeds": seeds != 1, "--out": out}
        used |= {"--leaks": leaks != "warn", "--inspect": inspect}
        refuse({**used, **{f"--{name.replace('_', '-')}": value is not None for name, value in flags.items()}})
        run, source = _resume(resume, quiet=quiet), None
    else:
        choices = tables.choices(target, id, kind, task, group, time)
        chosen, found = all_of(lambda: recipe_with(read_recipe(recipe), flags), lambda: known_data(data, choices))
        run = _begin(chosen, found, seeds_from(chosen.seed, seeds), out, leaks, quiet=quiet, inspect=inspect)
        source = None if isinstance(found, str) else found
    if not json:
        print_run(run)
    print_fit(run, source, asked=fit, json=json, quiet=quiet)


def _begin(
    recipe: Recipe, data: str | Table, seeds: range, out: Path | None, leaks: str, *, quiet: bool, inspect: bool
) -> Run:
    from goodfit.data import describe
    from goodfit.runs import train as begin

    if isinstance(data, str):
        name, task = data, describe(data).task
    else:
        name, task = data.name, data.target.task
        tables.tell_table(data, quiet=quiet)
    folder = out or default_folder(name)
    more: dict[str, Any] = {}
    if inspect:
        from goodfit.inspection import Watcher

        more = {"watch": Watcher()}
    with resumable("train", folder, "run.json"), watch(quiet=quiet, task=task) as watcher:
        more |= {"progress": watcher.report, "data_progress": watcher.step}
        run = begin(recipe, data, seeds=seeds, out=folder, leaks=leaks, **more)
    if inspect:
        say(f"Layer statistics by epoch: {more['watch'].write(folder)}")
    return run


def _resume(folder: Path, *, quiet: bool) -> Run:
    from goodfit.runs import resume, task_of

    with resumable("train", folder, "run.json"), watch(quiet=quiet, task=task_of(folder)) as watcher:
        return resume(folder, progress=watcher.report, data_progress=watcher.step)


def refuse(used: Mapping[str, object], fix: str = "Use only --resume, --json and --quiet.") -> None:
    """A run resumes as it was begun: nothing that would change it may be given with --resume."""
    given = [name for name, value in used.items() if value not in (None, False)]
    if given:
        rule = f"'--resume' continues with the original settings and cannot be combined with {', '.join(given)}"
        raise InputError(problem("Command line", rule, fix=fix))


def known_data(data: str | None, choices: Mapping[str, Any]) -> str | Table:
    """The name of the data set, checked before anything is loaded, or the table that a file holds.

    choices: what was said of the table, by the parameters of `read_table`.
    """
    if data is None:
        fix = "Name a data set (see 'goodfit data list') or a table file."
        raise InputError(problem("Command line", "'DATA' must be given", fix=fix))
    from goodfit.data import describe

    if tables.is_table(data):
        from goodfit.data import read_table

        return read_table(data, **choices)
    name = describe(data).name
    if choices:
        rule = f"{', '.join(_TABLE_FLAGS)} are for table files only; {name!r} is a built-in data set"
        raise InputError(problem("Command line", rule, fix="Omit them."))
    return name


def seeds_from(first: int, count: int) -> range:
    """`count` seeds, counted up from `first`."""
    if not 1 <= count <= LARGEST_SEED + 1 - first:
        rule = f"'--seeds' must be an integer >= 1, and the last seed <= {LARGEST_SEED}"
        raise InputError(problem("Command line", rule, got=count))
    return range(first, first + count)
