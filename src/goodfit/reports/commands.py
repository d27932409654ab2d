"""Commands from what was trained: the words that a shell takes."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from goodfit.training.named_recipes import NAMED
from goodfit.training.recipe import Recipe
from goodfit.training.recipe_fields import to_text


def recipe_words(recipe: Recipe) -> list[str]:
    """A recipe as the command line takes it: the nearest of the named ones, and a flag for each field that differs."""
    name, differing = nearest_recipe(recipe)
    return [*([] if name == "default" else ["--recipe", name]), *flag_words(differing)]


def flag_words(fields: Mapping[str, Any]) -> list[str]:
    """A flag for each of some fields of a recipe."""
    words = list[str]()
    for field, value in fields.items():
        flag = Recipe.fields()[field].flag
        if isinstance(value, bool):
            words.append(f"--{flag}" if value else f"--no-{flag}")
        else:
            words += [f"--{flag}", to_text(value)]
    return words


def nearest_recipe(recipe: Recipe) -> tuple[str, dict[str, Any]]:
    """The named recipe from which the fewest fields differ, and those fields with the recipe's values."""
    found = {name: changes(base, recipe) for name, base in NAMED.items()}
    name = min(found, key=lambda name: len(found[name]))
    return name, found[name]


def changes(base: Recipe, recipe: Recipe) -> dict[str, Any]:
    """What makes one recipe the other: fields that differ, and those that a change of another would move."""
    return changes_of(lambda given: base.replace(**given) if given else base, recipe, {})


def changes_of(
    making: Callable[[Mapping[str, Any]], Recipe], recipe: Recipe, first: Mapping[str, Any]
) -> dict[str, Any]:
    """The fields from which a recipe is made: those that must be given, in the order of the fields.

    making: the recipe that some given fields make
    first: fields that are given in any case
    """
    found = dict(first)
    while True:
        made = making(found)
        differ = [name for name in Recipe.fields() if getattr(made, name) != getattr(recipe, name)]
        if set(differ) <= found.keys():
            return {name: found[name] for name in Recipe.fields() if name in found}
        found |= {name: getattr(recipe, name) for name in differ}


def wrapped(words: Sequence[str]) -> str:
    """A command over several lines, a flag each, as a shell takes it."""
    lines: list[list[str]] = [[]]
    for place, word in enumerate(words):
        if word.startswith("--") and place > 1:
            lines.append([])
        lines[-1].append(word)
    return " \\\n    ".join(map(shlex.join, lines))
