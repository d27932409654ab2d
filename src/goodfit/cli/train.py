"""`goodfit train`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from goodfit.cli import tables
from goodfit.cli.device_flags import with_device_flags
from goodfit.cli.exits import all_of, say
from goodfit.cli.flags import naming_flags, recipe_with, with_recipe_flags
from goodfit.cli.folders import default_folder, resumable
from goodfit.cli.progress import watch
from goodfit.cli.summary import print_run
from goodfit.cli.worker_flags import with_worker_flags
from goodfit.errors import InputError, problem
from goodfit.training.recipe import LARGEST_SEED, Recipe

if TYPE_CHECKING:
    from goodfit.data import Table
    from goodfit.runs import Run

RENAMED = {"start": "from"}  # an argument -> its flag, where that is a word of Python


@with_device_flags
@with_worker_flags
@with_recipe_flags
def train(
    data: tables.Data = None,
    /,
    *,
    table: tables.Flags = None,
    recipe: Annotated[
        str | None,
        Parameter(
            help="Recipe: default, which for a table is one of its own, table, which is that one for any data, "
            "chapter, a recipe file, or the folder of a run or a search (its winner). "
            "[default: default, or that of --from]"
        ),
    ] = None,
    seeds: Annotated[
        int | None,
        Parameter(
            help="Number of nets to train; their seeds count up from --seed. "
            "[default: 1, --fold-members, or as many as in --from]"
        ),
    ] = None,
    start: Annotated[
        Path | None,
        Parameter(name="--from", help="Go on from the nets of a finished run or a model file; DATA is then its own."),
    ] = None,
    out: Annotated[Path | None, Parameter(help="Output folder. [default: runs/DATA-TIME]")] = None,
    resume: Annotated[Path | None, Parameter(help="Folder of an interrupted run to resume.")] = None,
    fit: Annotated[
        str | None, Parameter(help="Judge the fit after training: auto (if cheap), always or never. [default: auto]")
    ] = None,
    leaks: tables.Leaks = "warn",
    stream: tables.Stream = None,
    inspect: Annotated[
        bool, Parameter(help="Record activations and gradients by layer: layers.csv.", negative=())
    ] = False,
    json: Annotated[bool, Parameter(help="Print one JSON object instead of tables.", negative=())] = False,
    quiet: Annotated[bool, Parameter(help="Show no progress.", negative=())] = False,
    **flags: str | bool | None,
) -> None:
    """Train a recipe on a data set or a table, with one seed or many. Flags override the fields of --recipe."""
    given = locals()
    from goodfit.cli.fit_line import check_asked, print_fit
    from goodfit.cli.going_on import asked_recipe

    check_asked(fit)
    if resume is not None:
        refuse_beside_resume(train, given, "fit")
        run, call = _resume(resume, quiet=quiet)
        source, fit = None, fit or call.get("fit")
    else:
        own = partial(_own, recipe, start, flags)
        chosen, found = all_of(own, lambda: _data(data, table, start, stream, lambda: _needing(own(), leaks), quiet))
        call = {"inspect": inspect, "fit": fit}
        asked = asked_recipe(recipe, chosen, found, start, seeds)
        plain = start is None and isinstance(asked, Recipe) and not asked.fold_members
        many = seeds_from(chosen.seed, 1 if seeds is None else seeds) if plain or seeds is not None else None
        run = _begin(asked, found, many, out, leaks, call, start, quiet=quiet)
        source = None if isinstance(found, str) else found
    if not json:
        print_run(run)
    print_fit(run, source, asked=fit or "auto", json=json, quiet=quiet)


def _own(recipe: str | None, start: Path | None, flags: Mapping[str, str | bool | None]) -> Recipe:
    """The recipe that is named, with the fields of the flags."""
    from goodfit.cli.going_on import base_recipe

    return recipe_with(base_recipe(recipe, start), flags)


def _needing(recipe: Recipe, leaks: str) -> list[str]:
    """What of a training needs all rows in memory."""
    from goodfit.runs.streaming import needing_all_rows

    return needing_all_rows(recipe, leaks)


def _data(
    data: str | None,
    table: tables.Flags,
    start: Path | None,
    stream: bool | None,
    training: Callable[[], list[str]],
    quiet: bool,
) -> str | Table:
    """The data, or their name. stream: whether rows are to be read in parts; training: as `streamed_data` takes it."""
    from goodfit.cli.going_on import data_to_go_on_with
    from goodfit.cli.streaming import streamed_data

    return streamed_data(data, table, start, stream, training, quiet=quiet) or data_to_go_on_with(data, table, start)


def _begin(
    recipe: Recipe | Mapping[str, Any],
    data: str | Table,
    seeds: range | None,
    out: Path | None,
    leaks: str,
    call: dict[str, Any],
    start: Path | None,
    *,
    quiet: bool,
) -> Run:
    from goodfit.data import describe
    from goodfit.runs import train as begin

    if isinstance(data, str):
        name, task = data, describe(data).task
    else:
        name, task = data.name, data.target.task
        tables.tell_table(data, quiet=quiet)
    folder = out or default_folder(name)
    with naming_flags(), _watched(folder, task, call, quiet=quiet) as more:
        return begin(recipe, data, seeds=seeds, start=start, out=folder, leaks=leaks, call=call, **more)


def train_default(data: str | Table, out: Path | None, *, quiet: bool) -> Run:
    """What `goodfit train DATA` trains where nothing else is asked for, with its progress."""
    from goodfit.cli.going_on import asked_recipe

    own = Recipe()
    asked = asked_recipe(None, own, data, None, None)
    seeds = range(own.seed, own.seed + 1) if isinstance(asked, Recipe) and not asked.fold_members else None
    return _begin(asked, data, seeds, out, "warn", {"inspect": False, "fit": "never"}, None, quiet=quiet)


def _resume(folder: Path, *, quiet: bool) -> tuple[Run, Mapping[str, Any]]:
    """The run, and how its command was called."""
    from goodfit.runs import record_of, resume

    found = record_of(folder)
    with _watched(folder, found.task, found.call, quiet=quiet) as more:
        return resume(folder, **more), found.call


@contextmanager
def _watched(folder: Path, task: str, call: Mapping[str, Any], *, quiet: bool) -> Iterator[dict[str, Any]]:
    """Who looks on while a run trains: on the screen, and with --inspect into its layers."""
    layers: dict[str, Any] = {}
    if call.get("inspect"):
        from goodfit.inspection import Watcher
        from goodfit.inspection.layer_table import read_layers

        seen = read_layers(folder) if os.path.exists(folder / "run.json") else []
        layers = {"watch": Watcher(rows=seen, folder=folder)}
    from goodfit.data.tables.stream_sample import passes_told

    with resumable("train", folder, "run.json"), watch(quiet=quiet, task=task) as watcher, passes_told(watcher.step):
        yield {**layers, "progress": watcher.report, "data_progress": watcher.step}
    if layers:
        say(f"Layer statistics by epoch: {layers['watch'].write(folder)}")


def refuse_beside_resume(
    command: Callable[..., None], given: Mapping[str, Any], *allowed: str, rest: str = "--json and --quiet"
) -> None:
    """A job resumes as it was begun: InputError where anything else is given with --resume.

    given: the command's arguments by name; allowed: those that change nothing, which `rest` names.
    """
    given, changed = {**given, **given.get("flags", {})}, list[str]()
    for each in signature(command).parameters.values():
        value, flag = given.get(each.name), f"--{RENAMED.get(each.name, each.name).replace('_', '-')}"
        if isinstance(value, tables.TableFlags):
            changed += [f"--{name}" for name, own in vars(value).items() if own is not None]
        elif each.name not in ("resume", "json", "quiet", *allowed) and value != each.default:
            changed.append(each.name.upper() if each.kind is each.POSITIONAL_ONLY else flag)
    refuse_changes(changed, rest)


def refuse_changes(changed: Sequence[str], rest: str) -> None:
    """InputError where there are flags that cannot stand beside --resume; rest: those that can."""
    if changed:
        rule = f"'--resume' continues with the original settings and cannot be combined with {', '.join(changed)}"
        raise InputError(problem("Command line", rule, fix=f"Use only --resume, {rest}."))


def seeds_from(first: int, count: int) -> range:
    """`count` seeds, counted up from `first`."""
    if not 1 <= count <= LARGEST_SEED + 1 - first:
        rule = f"'--seeds' must be an integer >= 1, and the last seed <= {LARGEST_SEED}"
        raise InputError(problem("Command line", rule, got=count))
    return range(first, first + count)
