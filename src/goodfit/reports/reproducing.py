"""How to repeat a run: the command or the Python for it, versions, digests."""

import math
import os
import shlex
from fractions import Fraction

from goodfit.data.tables.table_words import table_words
from goodfit.ensembles.telling import call_of_fit
from goodfit.reports.blocks import Passage
from goodfit.reports.commands import (
    changes,
    changes_of,
    flag_words,
    nearest_recipe,
    recipe_words,
    wrapped,
)
from goodfit.reports.page import Section
from goodfit.reports.source import Source
from goodfit.runs.checks import rows_but_one_fold
from goodfit.runs.defaults import FOLDS, MOST_ENCODED, completed
from goodfit.training.named_recipes import DEFAULT


def reproduce_section(source: Source) -> Section:
    """Commands, versions and digests."""
    words = command(source)
    later = [["goodfit", "test", source.where], ["goodfit", "predict", source.where, "DATA"]]
    about = {
        "source": source,
        "command": None if words is None else wrapped(words),
        "python": _python(source),
        "later": "\n".join(map(shlex.join, later)),
        "timed": source.run.ensemble is not None,
    }
    return Section("How to reproduce", [Passage("run/reproduce.html", about)])


def command(source: Source) -> list[str] | None:
    """The words of the command that repeats the training; None where only Python can.

    It names what differs from the nearest of the named recipes. Only Python takes data from memory, seeds that do not
    count up from the recipe's, or a split that the recipe does not draw.
    """
    recipe, seeds = source.run.recipe, source.run.seeds
    data = data_words(source)
    if source.run.ensemble is not None:
        return None if data is None else call_of_fit(source.run.ensemble, data)
    counted_up = tuple(range(recipe.seed, recipe.seed + len(seeds)))
    usual = recipe.fold_members or 1  # as many nets are trained where no number is given
    if data is None or seeds != counted_up or not _is_drawn(source):
        return None
    if source.table is not None and "stream" in source.table:
        data = [*data, "--stream"]
    words = ["goodfit", "train", *data, *(_table_recipe_words(source) if source.table else recipe_words(recipe))]
    if source.run.start is not None:
        start = source.run.start
        if not os.path.lexists(start.told.source) or start.start.recipe is None:
            return None
        words = [
            "goodfit",
            "train",
            *data,
            "--from",
            start.told.source,
            *flag_words(changes(start.start.recipe, recipe)),
        ]
        return [*words, "--seeds", str(len(seeds))]  # without it, there are as many nets as in the start
    return words if len(seeds) == usual else [*words, "--seeds", str(len(seeds))]


def _table_recipe_words(source: Source) -> list[str]:
    """The recipe of a run on a table file: what differs from the default for its rows, or from a named recipe.

    Where rows have groups or a time, or there are few, the data decide on folds, so that their number is always given.
    """
    run, table = source.run, source.table or {}
    out = run.out_of_fold
    rows = rows_but_one_fold(source.sizes["train"], None if out is None else out.folds)
    encoding = run.nets[0].encoding
    few = encoding is None or encoding.width <= MOST_ENCODED
    clear = not table.get("group") and not table.get("time") and source.sizes["train"] >= 2 * FOLDS
    first = {} if clear and len(run.seeds) >= FOLDS else {"fold_members": run.recipe.fold_members}
    fields = changes_of(lambda given: completed(given, rows, encoded=few), run.recipe, first)
    name, named = nearest_recipe(run.recipe)
    if name != "default" and len(named) < len(fields):
        return ["--recipe", name, *flag_words(named)]
    return flag_words(fields)


def _is_drawn(source: Source) -> bool:
    """Whether the split may be the one that the recipe draws; its digest tells for sure."""
    sizes, recipe = source.sizes, source.run.recipe
    if source.table is not None and "stream" in source.table:
        return source.split_seed == recipe.seed
    if recipe.fold_members:
        return source.split_seed == recipe.seed and not sizes["valid"]
    exact = Fraction(str(recipe.valid)) * (sizes["train"] + sizes["valid"])
    return source.split_seed == recipe.seed and sizes["valid"] == math.floor(exact + Fraction(1, 2))


def data_words(source: Source) -> list[str] | None:
    """The data as the command line takes them; None where they came from Python."""
    if source.entry is not None:
        return [source.run.data_name]
    return None if source.table is None else table_words(source.table)


def _python(source: Source) -> str:
    facts = source.run.ensemble
    if facts is not None:
        return f"import goodfit as gf\n\ngf.fit(data, seconds={facts['seconds']!r}, seed={facts['seed']})"
    fields = "".join(f"    {name}={value!r},\n" for name, value in changes(DEFAULT, source.run.recipe).items())
    given = f"\n{fields}" if fields else ""
    start, told = "", ""
    if source.run.start is not None:
        where = source.run.start.told.source
        there = os.path.lexists(where)
        start = f", start={where!r}" if there else ", start=start"
        told = "" if there else f"\n# start: the trained nets that it went on from: {where}"
    return (
        f"import goodfit as gf\n\nrecipe = gf.Recipe({given})\n"
        f"gf.train(recipe, data, seeds={list(source.run.seeds)}{start})  # data: the split that it was trained on{told}"
    )
