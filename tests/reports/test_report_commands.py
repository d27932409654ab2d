from __future__ import annotations

import shlex
from typing import Any

import pytest

from goodfit.cli.app import app
from goodfit.cli.flags import read_recipe, recipe_with
from goodfit.cli.tables import choices
from goodfit.data.tables.table_words import table_words
from goodfit.reports.commands import nearest_recipe, recipe_words, wrapped
from goodfit.training.named_recipes import CHAPTER, DEFAULT
from goodfit.training.recipe import Recipe

RECIPES = [
    DEFAULT,
    CHAPTER,
    Recipe(hidden=()),
    Recipe(hidden=(8, 4), activation=("relu", "tanh"), dropout=(0.1, 0.0), bias=False),
    Recipe(optimizer="sgd"),
    Recipe(optimizer="sgd", learning_rate=0.001, momentum=0.9, nesterov=True),
    Recipe(optimizer="lbfgs", l2=0.01, hidden=(3,)),
    Recipe(clip_norm=1.0, patience=3, monitor="score", keep_best=False, valid=0.25, seed=7),
    Recipe(loss="huber", huber_delta=0.5, class_weight=None, schedule="step", schedule_rate=0.5),
    CHAPTER.replace(epochs=3, l1=1e-4),
]


def parsed(words: list[str]) -> dict[str, Any]:
    """What the command line takes from the words of a training."""
    _, bound, _ = app.parse_args(words[1:], print_error=False, exit_on_error=False)
    return dict(bound.arguments.get("flags", {})) | dict(bound.kwargs) | dict(bound.arguments)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: str(recipe.hidden) + recipe.optimizer)
def test_the_words_of_a_recipe_give_it_back(recipe: Recipe) -> None:
    given = parsed(["goodfit", "train", "iris", *recipe_words(recipe)])
    flags = {name: given[name] for name in Recipe.fields() if name in given}
    assert recipe_with(read_recipe(given.get("recipe", "default")), flags) == recipe


def test_a_named_recipe_needs_no_flags_and_the_nearest_is_taken() -> None:
    assert recipe_words(DEFAULT) == []
    assert recipe_words(CHAPTER) == ["--recipe", "chapter"]
    assert nearest_recipe(CHAPTER.replace(epochs=3)) == ("chapter", {"epochs": 3})
    assert recipe_words(Recipe(epochs=3, keep_best=False)) == ["--epochs", "3", "--no-keep-best"]


@pytest.mark.parametrize("divided", [{}, {"group": "who's"}, {"time": "day"}])
def test_a_table_is_given_back(divided: dict[str, str]) -> None:
    table = {
        "path": "a b.csv",
        "target": "in,come",
        "ids": ["x", 'say "a, b"', "c,d"],
        "kinds": {"zip=code": "categorical"},
        "task": "regression",
        **divided,
    }
    given = parsed(["goodfit", "train", *table_words(table)])
    found = choices(given["table"])
    assert {**found, "ids": list(found["ids"])} == {name: table[name] for name in table if name != "path"}
    assert given["data"] == "a b.csv"
    assert table_words({"path": "x.csv", "target": "y"}) == ["x.csv", "--target", "y"]


def test_a_command_is_wrapped_as_a_shell_takes_it() -> None:
    words = ["goodfit", "train", "a b.csv", "--target", "$x", "--no-bias"]
    text = wrapped(words)
    assert text.splitlines() == ["goodfit train 'a b.csv' \\", "    --target '$x' \\", "    --no-bias"]
    assert shlex.split(text.replace("\\\n", " ")) == words
