"""A search laid out: what it tries, with which seeds, on which rows; all of it checked before anything trains."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from goodfit.data import Dataset, Split, Table
from goodfit.data.folds import Folds, Indexes
from goodfit.data.prints import fingerprint
from goodfit.errors import Problems
from goodfit.leaks.check import LeakCheck, check_folds
from goodfit.models.measures import R2
from goodfit.selection import methods
from goodfit.selection.calls import call_of, digest_of
from goodfit.selection.methods import By, Sampling, SearchRequest
from goodfit.selection.preparing import FoldRequest, LearningRows, prepare
from goodfit.selection.ranked_by import NAMES, RankedBy, ranked_by
from goodfit.selection.recipes import refuse_equals
from goodfit.selection.rungs import Bracket
from goodfit.selection.sheets import Sheet, make_sheets
from goodfit.selection.space import Setting, Space, Values, parse_all
from goodfit.training.memory import free_memory
from goodfit.training.recipe import Recipe
from goodfit.training.turns import MOST_MEMORY

WHERE = "Search"
CALLED = ("folds", "repeats", "seeds", "budget", "by", "groups", "time", "train_scores", "seed", "leaks")
"""Arguments of `select` that are kept for `resume`, as is how to search."""
HOW = ("method", "factor", "least_epochs", "ask")


@dataclass(frozen=True)
class SearchLayout:
    """A search that is laid out: what it tries, on which rows.

    rows: that may train and validate; test rows are not among them. settings, recipes: one each; seeds: nets a setting
    and fold; by: what makes a setting better, "score", "loss" or the name of a measure, which is then `measure`;
    train_scores: whether training rows are scored too; memory: bytes that
    one population may take; print: a digest of all this, data_print: of the data alone; call: the arguments as JSON,
    None where they were given as objects. brackets: the rungs of a halving; sampling: what a sampler is asked for, who
    then says which settings are tried (those here are only examples). leaks: what held-out rows have in common with
    the training rows of their folds, None if not looked for.
    """

    data: Dataset | Table
    rows: Indexes
    folds: Folds
    settings: tuple[Setting, ...]
    recipes: tuple[Recipe, ...]
    seeds: tuple[int, ...]
    by: str
    train_scores: bool
    memory: float
    print: str
    data_print: str
    call: Mapping[str, Any] | None = None
    brackets: tuple[Bracket, ...] = ()
    sampling: Sampling | None = None
    leaks: LeakCheck | None = None
    measure: RankedBy | None = None

    def sheets(self) -> list[Sheet]:
        """The fits, as populations."""
        made = make_sheets(self.data, self.folds, self.recipes, self.seeds)
        return [dataclasses.replace(sheet, score_train=self.train_scores, measure=self.measure) for sheet in made]

    def __str__(self) -> str:
        repeats = f" x {len(self.folds.repeats)} repeats" if len(self.folds.repeats) > 1 else ""
        count = len(self.settings) if self.sampling is None else self.sampling.budget
        settings, seeds = (
            f"{count} setting{'s' * (count != 1)}",
            f"{len(self.seeds)} seed{'s' * (len(self.seeds) != 1)}",
        )
        return f"{settings} x {self.folds.kind}{repeats} x {seeds}"


def lay_out(
    data: Dataset | Table | Split | str | LearningRows, vary: Values | Iterable[str], asked: SearchRequest
) -> SearchLayout:
    """Check everything that a search was given, and draw its settings and folds."""
    recipe, vary = asked.recipe, vary if isinstance(vary, Mapping) else list(vary)
    space = _space(recipe, vary, asked)
    settings = methods.settings_of(space, asked)
    brackets = methods.brackets_of(settings, recipe.epochs, asked)
    settings = settings[: sum(bracket[0].settings for bracket in brackets)] if brackets else settings
    # whether the data allow it is said once they are there; of R² the same is asked as of the score
    kind: By = "score" if asked.by == "score" or NAMES.get(asked.by) == R2 else "loss"
    folds = FoldRequest(asked.folds, asked.repeats, asked.seeds, kind, asked.seed, asked.groups, asked.time)
    given = prepare(recipe, data, folds, WHERE)
    recipes = given.whole(space.recipes(settings))
    refuse_equals(recipes, settings)
    sampling = methods.sampling_of(space, asked)
    by, measure = ranked_by(asked.by, given.bare, given.folds)
    how_scored = [by, asked.train_scores]
    data_print, made = fingerprint(given.bare), [each.to_json() for each in recipes]
    told: list[Any] = [given.bare.name, data_print, how_scored, list(given.seeds), made]
    if brackets or sampling:
        told += [repr(brackets), None if sampling is None else [sampling.budget, sampling.ask, sampling.seed]]
    return SearchLayout(
        data=given.source,
        rows=given.rows,
        folds=given.folds,
        settings=tuple(settings),
        recipes=recipes,
        seeds=given.seeds,
        by=by,
        measure=measure,
        train_scores=asked.train_scores,
        memory=MOST_MEMORY * free_memory(),
        print=digest_of(told, [given.folds]),
        data_print=data_print,
        call=_call(data, vary, asked),
        brackets=brackets,
        sampling=sampling,
        leaks=check_folds(given.bare, [(fold.train, fold.valid) for fold in given.folds.all], asked.leaks),
    )


def _space(recipe: Recipe, vary: Values | list[str], asked: SearchRequest) -> Space:
    """The space, after all checks of it and of how it is searched."""
    problems = Problems()
    with problems.collecting():
        methods.check(asked)
    with problems.collecting():
        space = Space(recipe, vary if isinstance(vary, Mapping) else parse_all(vary))
    problems.raise_if_any()
    return space


def _call(data: Any, vary: Any, asked: SearchRequest) -> dict[str, Any] | None:
    """The arguments as JSON, where all of them can be: a named data set or a table file, and ranges as text."""
    arguments = {"vary": vary, **{name: getattr(asked, name) for name in (*CALLED, *HOW)}}
    return call_of(data, asked.recipe, arguments)
