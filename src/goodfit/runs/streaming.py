"""Runs on tables that are larger than memory: what they are divided into, and what cannot be had of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from goodfit.data import Dataset, Split, Table
from goodfit.data.tables.streamed import needs_all
from goodfit.errors import InputError
from goodfit.leaks.check import LeakCheck
from goodfit.leaks.guarding import LeakFinding
from goodfit.runs.defaults import Asked, first_seed, settled, whole_recipe
from goodfit.training.elsewhere import current
from goodfit.training.recipe import Recipe


def to_train(
    asked: Asked, data: Table | Split | Dataset, seeds: int | Iterable[int] | None, leaks: str
) -> tuple[Recipe, Split]:
    """(the whole recipe, the rows) as of `settled`, of tables whose rows are read in parts as well.

    leaks: the mode of the leak guard, as `train` takes it. InputError names all that needs the rows of such a table in
    memory, before any of them is read.
    """
    stream = data.stream if isinstance(data, Table) else None
    if stream is None or not isinstance(data, Table):
        return settled(asked, data, seeds)
    recipe = whole_recipe(asked) or first_seed(asked)
    problems = [needs_all(stream.path, what).problems[0] for what in needing_all_rows(recipe, leaks)]
    if problems:
        raise InputError(*problems)
    return settled(asked, stream.split(data, recipe.valid, recipe.seed), seeds, streams=True)


def needing_all_rows(recipe: Recipe, leaks: str) -> list[str]:
    """What of a training cannot be had of rows that are read in parts. leaks: as in `to_train`"""
    found = [
        (recipe.optimizer == "lbfgs", "'optimizer' lbfgs, whose every step sees all rows,"),
        (recipe.fold_members > 0, "'fold_members'"),
        (recipe.refit, "'refit'"),
        (recipe.valid == 0 and recipe.patience > 0, "'patience' without validation rows"),
        (leaks == "error", "a thorough leakage check (leaks error), which compares every row,"),
        (current() is not None, "training by workers, to whom rows are sent whole,"),
    ]
    return [what for wrong, what in found if wrong]


def to_resume(data: Dataset | Table, origin: Mapping[str, Any] | None) -> Dataset | Table:
    """The data of a run that is to go on: rows that are streamed are divided as they were, and kept for it.

    origin: as in `Run`
    """
    if not isinstance(data, Table) or data.stream is None:
        return data
    told = (origin or {}).get("stream")
    stream = data.stream if told is None else data.stream.divided_as(told)
    return replace(data, stream=replace(stream, trains=True))


def origin_of(data: Any, parts: Split) -> dict[str, Any] | None:
    """How a table was read, by which a run finds its rows again; None for other data."""
    if not isinstance(data, Table) or data.origin is None:
        return None
    streamed = parts.data.streamed
    if streamed is None:
        return dict(data.origin)
    return {**data.origin, "stream": {**streamed.division.to_json(), "train": streamed.rows}}


def leaks_told(check: LeakCheck | None, parts: Split) -> LeakCheck | None:
    """What the leak guard found, and of streamed rows that it looked at those in memory alone."""
    streamed = parts.data.streamed
    if check is None or streamed is None or streamed.rows == len(parts.train):
        return check
    text = f"Held-out rows were compared with {len(parts.train):,} of {streamed.rows:,} training rows, those in memory."
    found = LeakFinding("exact", "notice", ("train",), 0, 0.0, (), (), text, "Duplicates of others are not known.")
    return replace(check, findings=(*check.findings, found))


def refuse_streamed_run(origin: Mapping[str, Any] | None, what: str) -> None:
    """InputError where a run's rows are streamed, before they are read again. origin: as in `Run`"""
    if origin is not None and "stream" in origin:
        raise needs_all(origin["path"], what, "Read fewer rows, without stream.")


def refuse_streamed(data: Dataset | Table | Split, what: str) -> None:
    """InputError where the rows are streamed, so that what is in memory is a sample of them."""
    if isinstance(data, Table):
        data.check_whole()
        return
    rows = data.data if isinstance(data, Split) else data
    if rows.streamed is not None:
        raise needs_all(rows.source or rows.name, what, "Read fewer rows, without stream.")
