"""The recipe's fields as flags: derived from its declaration, so that nothing is written twice."""

import inspect
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any

from cyclopts import Group, Parameter

from goodfit.errors import InputError, nearest, problem
from goodfit.training.named_recipes import NAMED
from goodfit.training.recipe import Recipe
from goodfit.training.recipe_fields import FieldRule, to_text, value_of

GROUPS = {  # the first field of each group, in the recipe's order
    "hidden": "Net",
    "loss": "Loss and penalties",
    "optimizer": "Optimiser",
    "batch_size": "Batches, epochs and early stopping",
    "scaling": "Data and seed",
}
ABOUT_RECIPES = "Recipe: "  # a problem that begins with it quotes fields of a recipe
_NOTHING = ("none", "")


def with_recipe_flags(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command one flag for each field of the recipe; it receives those that were used as keywords, as text."""
    signature = inspect.signature(command)
    own = [item for item in signature.parameters.values() if item.kind is not inspect.Parameter.VAR_KEYWORD]
    command.__signature__ = signature.replace(parameters=[*own, *_parameters()])  # type: ignore[attr-defined]
    return command


def _parameters() -> Iterator[inspect.Parameter]:
    group = None
    for place, (name, rule) in enumerate(Recipe.fields().items()):
        if name in GROUPS:
            group = Group(GROUPS[name], sort_key=100 + place)
        kind: Any = bool if rule.kind == "switch" else str
        flag = Parameter(name=f"--{rule.flag}", help=flag_help(rule), group=group, metavar=_metavar(rule))
        annotation = Annotated[kind | None, flag]
        yield inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def _metavar(rule: FieldRule) -> str | None:
    """What stands for the value in the help: NAME, INT or NUM, and ",…" where a list may follow."""
    word = {"name": "NAME", "integer": "INT", "number": "NUM"}.get(rule.kind)
    return f"{word},…" if rule.many else word


def flag_help(rule: FieldRule) -> str:
    """Meaning, range and default of a field in one line."""
    if rule.kind == "switch":
        return f"{rule.description} [default: {'yes' if rule.default else 'no'}]"
    return f"{rule.description} [{rule.range}; default: {to_text(rule.default)}]"


def from_text(rule: FieldRule, text: str) -> Any:
    """A flag's text as a value for the recipe, which is where it is checked.

    Commas make a list; "none" and the empty text mean nothing, unless "none" is one of the names.
    """
    text = text.strip()
    if text.lower() in _NOTHING and text not in rule.choices:
        return None if rule.none or not rule.many else ()
    if "," in text:
        return tuple(value_of(part.strip()) for part in text.strip(",").split(","))
    return value_of(text)


def recipe_with(base: Recipe, flags: Mapping[str, str | bool | None]) -> Recipe:
    """The recipe with every flag that was used put over it. Where --valid is one, no fold is left out."""
    fields = Recipe.fields()
    used = {name: value for name, value in flags.items() if value is not None}
    values = {name: from_text(fields[name], value) if isinstance(value, str) else value for name, value in used.items()}
    if values.get("valid"):
        values = {"fold_members": 0, **values}
    with naming_flags():
        return base.replace(**values)


@contextmanager
def naming_flags() -> Iterator[None]:
    """What is wrong with a recipe within names the flags that a user gave, not its fields."""
    try:
        yield
    except InputError as error:
        raise InputError(*map(with_flags, error.problems)) from None


def with_flags(problem: str) -> str:
    """What is wrong with a recipe, its fields named as the flags that a user gave: --batch-size, for batch_size."""
    fields = Recipe.fields()
    if not problem.startswith(ABOUT_RECIPES):  # else quotes are of columns and classes, whose names may be the same
        return problem
    named = re.sub(
        r"'(\w+)'", lambda found: f"'--{fields[found[1]].flag}'" if found[1] in fields else found[0], problem
    )
    return re.sub(r"Add '(--[\w-]+)'", r"Add \1", named)  # with a value, as it is to be typed


def read_recipe(source: str) -> Recipe:
    """The recipe of that name, or in that file, run or search; a name wins."""
    if source in NAMED:
        return NAMED[source]
    if not os.path.exists(source):
        rule = "must be the name of a recipe, a recipe file, or the folder of a run or a search"
        raise InputError(problem(repr(source), rule, fix=nearest(source, (*NAMED, "table"))))
    return Recipe.from_file(source)
