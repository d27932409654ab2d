"""What `goodfit train --from` takes of the nets that it goes on from: their recipe, their data, how a table is read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from goodfit.cli import tables
from goodfit.cli.flags import read_recipe
from goodfit.data import load
from goodfit.data.tables.several import is_there
from goodfit.data.tables.targets import target_names
from goodfit.errors import InputError, nearest, problem
from goodfit.training.named_recipes import DEFAULT
from goodfit.training.recipe import Recipe
from goodfit.training.recipe_files import TABLE

if TYPE_CHECKING:
    from goodfit.data import Table


def base_recipe(recipe: str | None, start: Path | None) -> Recipe:
    """The recipe that flags change: the one that is named, else that of the start, else the default one."""
    if recipe == TABLE:
        return DEFAULT  # with the data, `asked_recipe` puts the rest of it below the flags
    if recipe is not None or start is None:
        return read_recipe(recipe or "default")
    from goodfit.runs.start_from import recipe_in

    own = recipe_in(start)
    return own.replace(refit=False) if own.refit else own


def asked_recipe(
    name: str | None, chosen: Recipe, data: str | Table, start: Path | None = None, seeds: int | None = None
) -> Recipe | dict[str, Any]:
    """What to train: where the default was asked for, the fields that flags gave, and the data decide on the rest."""
    if name == TABLE and start is not None:
        from goodfit.runs.start_from import start_of
        from goodfit.runs.starting import table_default

        return table_default(start_of(start), chosen.given, data, seeds)
    if name == TABLE and isinstance(data, str):
        from goodfit.runs.defaults import settled

        return settled(chosen.given, load(data), seeds, table=True)[0]
    return chosen.given if name in (None, "default", TABLE) and start is None and not isinstance(data, str) else chosen


def searched_recipe(name: str, chosen: Recipe, data: str | Table) -> Recipe:
    """The recipe that a search or a curve begins with: "table" is the default of the data, but for its folds."""
    if name != TABLE:
        return chosen
    from goodfit.runs.defaults import settled

    given = load(data) if isinstance(data, str) else data
    return settled({"fold_members": 0, **chosen.given}, given, None, table=True)[0]


def data_to_go_on_with(data: str | None, table: tables.TableFlags | None, start: Path | None) -> str | Table:
    """The data that were named, a table read as that of the start was; or the start's own, where none were named."""
    if start is None or (data is None and table is not None):
        return tables.known_data(data, table)
    from goodfit.runs.start_from import data_in, table_choices_in

    if data is None:
        return data_in(start)
    if not tables.is_table(data):
        return tables.known_data(data, table)
    from goodfit.data.tables import read_frame
    from goodfit.data.tables.making import read_again

    columns, named = read_frame(data).names, tables.choices(table)
    choices: dict[str, Any] = {**_there(table_choices_in(start), columns), **named}
    targets = target_names(choices.get("target") or ())
    lacking = [name for name in targets if name not in columns and "target" not in named]
    if lacking:
        rule = f"must have the target column {lacking[0]!r} (the target of {start})"
        close = nearest(lacking[0], columns)
        raise InputError(problem(data, rule, fix=close if close.startswith("Did") else "Name another: --target NAME."))
    return read_again(choices, data)


def _there(choices: dict[str, Any], columns: tuple[str, ...] | list[str]) -> dict[str, Any]:
    """The choices that are about columns which a table has: ids that a new file leaves out need not be left out."""
    found: dict[str, Any] = {name: choices[name] for name in ("target", "task") if name in choices}
    found |= {name: choices[name] for name in ("group", "time", "weight") if choices.get(name) in columns}
    test = choices.get("test")
    if isinstance(test, float) or (test is not None and is_there(test)):
        found["test"] = test
    found["ids"] = [name for name in choices.get("ids", ()) if name in columns]
    found["kinds"] = {name: kind for name, kind in choices.get("kinds", {}).items() if name in columns}
    found["ordered"] = {name: order for name, order in choices.get("ordered", {}).items() if name in columns}
    return found
