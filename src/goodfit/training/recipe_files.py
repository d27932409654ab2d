"""What the files of recipes hold, and the winner of a search among them."""

import functools
import json
import os
import shlex
from pathlib import Path
from typing import Any

from goodfit import strict_json
from goodfit.errors import InputError, problem
from goodfit.reading import read_text

TABLE = "table"  # a recipe's name as well: the default of tables, of which the data say the rest
MOST_BYTES = 2**20  # of a recipe's file
RECIPE_FILE, SEARCH_FILE, SEARCH_RESULT = "recipe.json", "search.json", "selection.json"  # of runs and of searches


def parsed(text: str, where: str) -> Any:
    """What a recipe's text holds as JSON; `where` names it in errors."""
    try:
        values = json.loads(text, object_pairs_hook=functools.partial(once, where))
        strict_json.parse(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise InputError(problem(where, f"must be JSON: {error.msg} at {place}")) from None
    except RecursionError:
        raise InputError(problem(where, "must be an object of recipe fields: it is nested too deep")) from None
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise InputError(problem(where, f"must be JSON: {error}")) from None
    return values


def found_in(path: str | Path) -> tuple[Any, str]:
    """(fields, what to call their source in errors) of a JSON file, a run's folder, or a search's folder."""
    file = Path(path)
    if os.path.isdir(file):
        file = file / RECIPE_FILE
        if not os.path.exists(file) and os.path.exists(file.with_name(SEARCH_FILE)):
            return winner(file.with_name(SEARCH_RESULT)), str(path)
    try:
        text = read_text(file, most=MOST_BYTES)
    except UnicodeDecodeError:
        raise InputError(problem(str(file), "must be a text file in UTF-8")) from None
    except OSError as error:
        raise InputError(problem(str(file), f"must be readable: {error.strerror or error}")) from None
    return parsed(text, str(file)), str(file)


def winner(file: Path) -> Any:
    """The best recipe in the results of a search, as JSON has it."""
    if not os.path.exists(file):
        fix = f"Finish it with: goodfit select --resume {shlex.quote(str(file.parent))}"
        raise InputError(problem(str(file.parent), "the search has no winner yet", fix=fix))
    try:
        return strict_json.parse(read_text(file, most=MOST_BYTES))["best"]
    except OSError as error:
        raise InputError(problem(str(file), f"must be readable: {error.strerror or error}")) from None
    except (ValueError, TypeError, KeyError, RecursionError):
        rule, fix = "must be the results of a search, but it is damaged", "Restore a backup, or search again."
        raise InputError(problem(str(file), rule, fix=fix)) from None


def once(where: str, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON whose names are all different."""
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(problem(where, f"{twice!r} must be given once"))
    return values
