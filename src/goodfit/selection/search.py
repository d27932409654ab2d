"""`select`: which recipe to keep, by cross-validation of all settings, folds and seeds together."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from goodfit.data import Dataset, Split, Table, load, read_table
from goodfit.data.dividing import with_division
from goodfit.data.leak_check import LeakCheck, check_folds
from goodfit.errors import InputError, problem
from goodfit.files import write_atomically, write_error
from goodfit.runs.checks import as_split, checked_seeds
from goodfit.runs.lock import held
from goodfit.runs.record import fingerprint
from goodfit.selection import halving, methods, running, sampler
from goodfit.selection.folds import Folds, Indexes, make_folds
from goodfit.selection.methods import Method, Sampling
from goodfit.selection.recipes import fitted_whole, refuse_equals
from goodfit.selection.result import Selection, selection_of
from goodfit.selection.rungs import Bracket
from goodfit.selection.sampler import Sampler
from goodfit.selection.sheets import Sheet, make_sheets
from goodfit.selection.space import Setting, Space, Values, parse_all
from goodfit.training.memory import free_memory
from goodfit.training.recipe import Recipe

SEARCH = "search.json"
WHERE = "Search"
CALLED = ("folds", "repeats", "seeds", "budget", "by", "groups", "time", "train_scores", "seed", "leaks")
"""Arguments of `select` that are kept for `resume`, as is how to search."""
HOW = ("method", "factor", "least_epochs", "ask")
DEFAULT_BUDGET = 100  # settings tried where a space has more, or no end
By = Literal["score", "loss"]
Planned = running.Schedule | halving.RungPlan | sampler.SamplingPlan
"""What a search will take: its text says so, and `seconds`, `programs` and `bytes`."""


@dataclass(frozen=True)
class Search:
    """A search that is laid out: what it tries, on which rows.

    rows: that may train and validate; test rows are not among them. settings, recipes: one each; seeds: nets a setting
    and fold; by: what makes a setting better; train_scores: whether training rows are scored too; memory: bytes that
    one population may take; print: a digest of all this; call: the arguments as JSON, None where they were given as
    objects. brackets: the rungs of a halving; sampling: what a sampler is asked for, who then says which settings are
    tried (those here are only examples). leaks: what held-out rows have in common with the training rows of their
    folds, None if not looked for.
    """

    data: Dataset | Table
    rows: Indexes
    folds: Folds
    settings: tuple[Setting, ...]
    recipes: tuple[Recipe, ...]
    seeds: tuple[int, ...]
    by: By
    train_scores: bool
    memory: float
    print: str
    call: Mapping[str, Any] | None = None
    brackets: tuple[Bracket, ...] = ()
    sampling: Sampling | None = None
    leaks: LeakCheck | None = None

    def sheets(self) -> list[Sheet]:
        """The fits, as populations."""
        made = make_sheets(self.data, self.folds, self.recipes, self.seeds)
        return [dataclasses.replace(sheet, score_train=self.train_scores) for sheet in made]

    def __str__(self) -> str:
        repeats = f" x {len(self.folds.repeats)} repeats" if len(self.folds.repeats) > 1 else ""
        count = len(self.settings) if self.sampling is None else self.sampling.budget
        settings, seeds = (
            f"{count} setting{'s' * (count != 1)}",
            f"{len(self.seeds)} seed{'s' * (len(self.seeds) != 1)}",
        )
        return f"{settings} x {self.folds.kind}{repeats} x {seeds}"


def select(
    data: Dataset | Table | Split | str,
    recipe: Recipe | None = None,
    *,
    vary: Values | Iterable[str],
    folds: Any = 5,
    repeats: int = 1,
    seeds: int | Iterable[int] = 1,
    method: Method | Sampler = "auto",
    budget: int = DEFAULT_BUDGET,
    factor: int | None = None,
    least_epochs: int | None = None,
    ask: int | None = None,
    by: By = "score",
    groups: Any = None,
    time: Any = None,
    train_scores: bool = False,
    seed: int = 0,
    leaks: str = "warn",
    out: str | Path | None = None,
    plan: Callable[[Search, Planned], None] | None = None,
    progress: running.Watch | None = None,
) -> Selection:
    """Compare hyperparameters by cross-validation: every setting, fold and seed trains in the same populations.

    data: as in `train`; its test set is not used. recipe: shared by all settings. vary: field of the recipe -> its
    values or a Range; or texts such as "l2=1e-5..1e-2:log". folds, repeats: see `make_folds`. groups: the group of each
    row, or the column of a table that holds it: a group is in one fold only, and either in the test set or not.
    time: likewise; held-out folds and the test set are later than the training data. leaks: as in `train`, for the
    folds. seeds: nets per setting and fold, or the seeds themselves; all settings use the same. budget: the maximum
    number of settings. by: metric to rank by: "score" (accuracy, exact match, R²) or "loss" (log loss, squared error).
    train_scores: score training sets too, for `Selection.curve`. seed: of the folds and the sampled settings. out:
    folder for the results; the same call with the same folder resumes the search. plan: called with the search and its
    predicted cost before it starts.

    method: "grid" tries every combination, "random" samples; "auto" is a grid if the budget allows it. "halving"
    starts all settings (a grid, or sampled) with few epochs and repeatedly continues the best 1/`factor` for `factor`
    times as many epochs; "hyperband" does so in several brackets that start with more and more epochs (see `rungs`).
    factor: the reduction factor, 3 if None; least_epochs: of the first rung, 1 if None. "optuna" asks Optuna for `ask`
    settings at a time (an eighth of the budget if None, and at least 4), trains them together, and reports their
    scores; an object with `ask` and `tell` can take its place (see `sampler.Sampler`).

    Every net that is compared trains for all its epochs: early stopping on its held-out fold would make its score
    optimistic. Vary `epochs` instead. Settings that halving stopped are in `Selection.stopped`.
    """
    how = {"factor": factor, "least_epochs": least_epochs, "ask": ask}
    asked = Asked(
        recipe or Recipe(), folds, repeats, seeds, method, budget, by, groups, time, train_scores, seed, leaks, **how
    )
    search = lay_out(data, vary, asked)
    if search.leaks is not None:
        search.leaks.warn()
    if out is None:
        return _carry_out(search, None, plan, progress)
    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(folder, error) from error
    with held(folder):
        found = _carry_out(_kept(folder, search), folder, plan, progress)
        found.write(folder)
        return found


def _carry_out(
    search: Search,
    folder: Path | None,
    plan: Callable[[Search, Planned], None] | None,
    progress: running.Watch | None,
) -> Selection:
    if search.brackets:
        return halving.carry_out(search, folder, plan, progress)
    if search.sampling is not None:
        return sampler.carry_out(search, search.sampling, folder, plan, progress)
    sheets = search.sheets()
    scheduled = running.schedule(sheets, search.memory)
    if plan is not None:
        plan(search, scheduled)
    return selection_of(search, sheets, running.run(sheets, scheduled, folder, progress))


@dataclass(frozen=True)
class Asked:
    """The arguments of `select` that say how to search, as given."""

    recipe: Recipe
    folds: Any = 5
    repeats: int = 1
    seeds: int | Iterable[int] = 1
    method: Method | Sampler = "auto"
    budget: int = DEFAULT_BUDGET
    by: By = "score"
    groups: Any = None
    time: Any = None
    train_scores: bool = False
    seed: int = 0
    leaks: str = "warn"
    factor: int | None = None
    least_epochs: int | None = None
    ask: int | None = None


def lay_out(data: Dataset | Table | Split | str, vary: Values | Iterable[str], asked: Asked) -> Search:
    """Check everything that a search was given, and draw its settings and folds."""
    recipe, vary = asked.recipe, vary if isinstance(vary, Mapping) else list(vary)
    space = _space(recipe, vary, asked)
    settings = methods.settings_of(space, asked)
    brackets = methods.brackets_of(settings, recipe.epochs, asked)
    settings = settings[: sum(bracket[0].settings for bracket in brackets)] if brackets else settings
    given = divided_by(load(data) if isinstance(data, str) else data, asked.groups, asked.time)
    source, rows = learning_rows(recipe, given)
    bare = source if isinstance(source, Dataset) else source.dataset(rows)
    divided = make_folds(bare, rows, folds=asked.folds, repeats=asked.repeats, seed=asked.seed)
    seeds = seeds_of(recipe, asked.seeds)
    recipes = fitted_whole(space.recipes(settings), source, rows, divided)
    refuse_equals(recipes, settings)
    sampling = methods.sampling_of(space, asked)
    how_scored = [asked.by, asked.train_scores]
    told: list[Any] = [bare.name, fingerprint(bare), how_scored, list(seeds), [each.to_json() for each in recipes]]
    if brackets or sampling:
        told += [repr(brackets), None if sampling is None else [sampling.budget, sampling.ask, sampling.seed]]
    digest = hashlib.blake2b(json.dumps(told).encode(), digest_size=16)
    for fold in divided.all:
        digest.update(fold.train.tobytes() + b"|" + fold.valid.tobytes())
    return Search(
        data=source,
        rows=rows,
        folds=divided,
        settings=tuple(settings),
        recipes=recipes,
        seeds=seeds,
        by=asked.by,
        train_scores=asked.train_scores,
        memory=running.MOST_MEMORY * free_memory(),
        print=digest.hexdigest(),
        call=_call(data, vary, asked),
        brackets=brackets,
        sampling=sampling,
        leaks=check_folds(bare, [(fold.train, fold.valid) for fold in divided.all], asked.leaks),
    )


def _space(recipe: Recipe, vary: Values | list[str], asked: Asked) -> Space:
    """The space, after all checks of it and of how it is searched."""
    problems: list[str] = []
    space = None
    try:
        methods.check(asked)
    except InputError as error:
        problems += error.problems
    try:
        space = Space(recipe, vary if isinstance(vary, Mapping) else parse_all(vary))
    except InputError as error:
        problems += error.problems
    if space is None or problems:
        raise InputError(*problems)
    return space


def seeds_of(recipe: Recipe, seeds: int | Iterable[int]) -> tuple[int, ...]:
    """The seeds of a setting's nets: counted up from the recipe's, or as given."""
    if isinstance(seeds, int):
        if isinstance(seeds, bool) or seeds < 1:
            raise InputError(problem(WHERE, "'seeds' must be an integer >= 1, or a list of seeds", got=seeds))
        return checked_seeds(recipe, range(recipe.seed, recipe.seed + seeds))
    return checked_seeds(recipe, seeds)


def _call(data: Any, vary: Any, asked: Asked) -> dict[str, Any] | None:
    """The arguments as JSON, where all of them can be: a named data set or a table file, and ranges as text."""
    origin = data.origin if isinstance(data, Table) else None
    simple = isinstance(asked.folds, int) and isinstance(asked.seeds, int) and isinstance(vary, list)
    simple = simple and isinstance(asked.method, str)
    named = all(each is None or isinstance(each, str) for each in (asked.groups, asked.time))
    if not (simple and named and (isinstance(data, str) or origin)):
        return None
    how = {name: getattr(asked, name) for name in (*CALLED, *HOW)}
    source = {"data": data} if isinstance(data, str) else {"table": dict(origin or {})}
    return {**source, "recipe": _given(asked.recipe), "vary": vary, **how}


def _given(recipe: Recipe) -> dict[str, Any]:
    """The fields that a recipe was given: the others follow from them."""
    return {name: value for name, value in recipe.to_dict().items() if name in recipe.model_fields_set}


def divided_by(data: Dataset | Table | Split, groups: Any, time: Any) -> Dataset | Table | Split:
    """The data, to be divided by groups or by time: a column of a table by its name, or a value for each row."""
    if groups is None and time is None:
        return data
    if isinstance(data, Split):
        made = with_division(data.data, groups, time)
        return Split(made, data.train, data.valid, data.test, data.seed)
    if isinstance(data, Table):
        return data.divided_by(groups, time)
    return with_division(data, groups, time)


def is_divided(data: Dataset | Table) -> bool:
    """Whether the rows are divided by groups or by time."""
    by = (data.group, data.time) if isinstance(data, Table) else (getattr(data, "groups", 0), getattr(data, "time", 0))
    return any(each is not None for each in by)


def learning_rows(recipe: Recipe, data: Dataset | Table | Split) -> tuple[Dataset | Table, Indexes]:
    """The rows that are not test rows: of a split those that train and validate, else all but `train`'s test rows."""
    if isinstance(data, Split):
        return data.data, np.sort(np.concatenate([data.train, data.valid]))
    if not is_divided(data):
        recipe = recipe.replace(valid=0.0)  # which leaves the test rows as they are
    parts = as_split(recipe, data)
    rows = np.sort(np.concatenate([parts.train, parts.valid]))
    return (data if isinstance(data, Table) else parts.data), rows


def resume(
    out: str | Path,
    *,
    plan: Callable[[Search, Planned], None] | None = None,
    progress: running.Watch | None = None,
) -> Selection:
    """Go on with a search that was killed, from the folder that it was given; one that is done is read from there.

    Only for named data sets and table files: else call `select` again, with the same arguments and folder.
    """
    path = Path(out) / SEARCH
    try:
        call = json.loads(path.read_text("utf-8"))["call"]
        if call is None:
            fix = f"Call select again with the same arguments and out={str(out)!r}."
            raise InputError(problem(str(out), "was started from Python with objects that cannot be stored", fix=fix))
        if "table" in call:
            origin = call.pop("table")
            data: Any = read_table(origin.pop("path"), origin.pop("target", None), **origin)
        else:
            data = call.pop("data")
        recipe = Recipe.from_mapping(call.pop("recipe"), where=str(path))
        return select(data, recipe, **call, out=out, plan=plan, progress=progress)
    except (OSError, KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
        fix = "Give the folder of a search."
        raise InputError(
            problem(str(path), "must be the record of a search, but it cannot be read", fix=fix)
        ) from error


def _kept(folder: Path, search: Search) -> Search:
    """The search that the folder was begun with, if it is this one; it is written there if the folder is new."""
    path = folder / SEARCH
    if not path.exists():
        if any(folder.rglob("turn-*")):
            raise InputError(
                problem(str(folder), f"holds results of a search, but no {SEARCH}", fix="Give another folder.")
            )
        memory = search.memory if math.isfinite(search.memory) else None
        about = {"print": search.print, "memory": memory, "about": str(search), "call": search.call}
        write_atomically(path, (json.dumps(about, indent=2) + "\n").encode())
        return search
    try:
        kept = json.loads(path.read_text("utf-8"))
        same, memory = kept["print"] == search.print, kept["memory"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        rule = "must be the record of a search, but it cannot be read"
        raise InputError(problem(str(path), rule, fix="Give another folder.")) from error
    if not same:
        fix = "Give another folder, or the data, settings, folds and seeds that it was started with."
        raise InputError(problem(str(folder), "holds a different search", fix=fix))
    return dataclasses.replace(search, memory=math.inf if memory is None else float(memory))
