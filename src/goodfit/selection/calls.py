"""Calls as JSON, so that a search, a curve or a verdict that was killed goes on from its folder alone."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from goodfit.checked_json import damaged
from goodfit.data import Table, read_table
from goodfit.data.folds import Folds
from goodfit.training.recipe import Recipe
from goodfit.training.store import read_call

Result = TypeVar("Result")


def digest_of(about: Sequence[Any], divided: Sequence[Folds]) -> str:
    """A digest of all that decides a session: what JSON has of it, and its folds."""
    digest = hashlib.blake2b(json.dumps(about).encode(), digest_size=16)
    for fold in (fold for folds in divided for fold in folds.all):
        digest.update(fold.train.tobytes() + b"|" + fold.valid.tobytes())
    return digest.hexdigest()


def call_of(data: Any, recipe: Recipe, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """A call as JSON; None where a data set or another argument was given as an object that no file holds."""
    origin = data.origin if isinstance(data, Table) else None
    if not (is_json(arguments) and (isinstance(data, str) or origin)):
        return None
    source = {"data": data} if isinstance(data, str) else {"table": dict(origin or {})}
    given = {name: value for name, value in recipe.to_dict().items() if name in recipe.model_fields_set}
    return {**source, "recipe": given, **arguments}


def is_json(arguments: Any) -> bool:
    """Whether JSON gives the same back."""
    try:
        return bool(json.loads(json.dumps(arguments)) == arguments)
    except (TypeError, ValueError):  # an array, a splitter, a range, ...
        return False


def resumed(
    folder: str | Path, name: str, what: str, again: Callable[..., Result], beside: Sequence[str] = (), **more: Any
) -> Result:
    """Make the call anew that a folder was begun with; what it has trained is not trained again.

    name: of the file that holds the call; what: "search", "curve", ...; beside: what the file holds that is no
    argument; more: arguments that no file holds.
    """
    path = Path(folder) / name
    call = {each: value for each, value in read_call(folder, name, what).items() if each not in beside}
    try:
        if "table" in call:
            origin = call.pop("table")
            data: Any = read_table(origin.pop("path"), origin.pop("target", None), **origin)
        else:
            data = call.pop("data")
        recipe = Recipe.from_mapping(call.pop("recipe"), where=str(path))
        asked = inspect.signature(again).bind(recipe, data, **call, out=folder, **more)
    except (KeyError, TypeError, AttributeError) as error:
        fix = f"Remove its folder, or give another, and start the {what} again."
        raise damaged(path, must=f"the record of a {what}", fix=fix) from error
    return again(*asked.args, **asked.kwargs)
