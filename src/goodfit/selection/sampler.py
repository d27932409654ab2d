"""A search that asks as it goes: a sampler proposes settings, they train as one population, it is told their scores."""

import dataclasses
import json
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from goodfit.errors import GoodfitError, InputError, problem
from goodfit.files import write_atomically
from goodfit.reading import read_text
from goodfit.selection import values
from goodfit.selection.layout import SearchLayout
from goodfit.selection.methods import Sampler, Sampling
from goodfit.selection.recipes import fitted_whole
from goodfit.selection.result import Selection, gathered, higher_better, selection_of
from goodfit.selection.sheets import Sheet
from goodfit.selection.space import Range, Setting, Space, is_whole
from goodfit.selection.values import Results
from goodfit.training.machine import machine
from goodfit.training.observer import Stages, Watch
from goodfit.training.recipe import Recipe
from goodfit.training.turns import cost_text, plan_session

WHERE = "Search"
ASKED = "asked.json"
MOST_IDLE = 20  # turns in a row without a new setting, after which a sampler has no more
UNCORRECTED = (
    "this accounts for the choice among the settings tried, but not for earlier scores on the same held-out data "
    "guiding later ones"
)


@dataclass(frozen=True)
class SamplingPlan:
    """A search by a sampler before it starts. What it will ask for is not known: seconds and bytes are those of random
    settings.
    """

    turns: int
    ask: int
    nets: int
    programs: int
    seconds: float
    bytes: int

    def __str__(self) -> str:
        turns = "1 turn" if self.turns == 1 else f"{self.turns} turns"
        programs = "1 compiled program" if self.programs == 1 else f"about {self.programs} compiled programs"
        cost = cost_text(self.seconds, self.bytes)
        return f"{turns} of at most {self.ask} settings, {self.nets} nets in all, {programs}; {cost}"


def carry_out(
    search: SearchLayout,
    sampling: Sampling,
    folder: Path | None,
    plan: Callable[[SearchLayout, Any], None] | None = None,
    watch: Watch | None = None,
) -> Selection:
    """Ask, train and tell until the budget is used or the sampler has no more."""
    sampler: Sampler = (
        OptunaSampler(sampling.space, sampling.seed) if sampling.sampler == "optuna" else sampling.sampler
    )
    planned = plan_turns(search, sampling)
    if plan is not None:
        plan(search, planned)
    stages = Stages(watch, planned.seconds, planned.nets)
    tried, idle, turn = _Tried(search, sampling.space), 0, 0
    while len(tried.settings) < sampling.budget and idle < MOST_IDLE:
        asked = list(sampler.ask(min(sampling.ask, sampling.budget - len(tried.settings))))
        if not asked:
            break
        fresh = tried.unknown(asked)
        if fresh:
            share = planned.seconds * len(fresh) / sampling.budget
            with stages.stage(len(fresh) * planned.nets // sampling.budget, share) as watcher:
                tried.train(fresh, None if folder is None else folder / f"asked-{turn:03d}", watcher)
            turn += 1
        idle = 0 if fresh else idle + 1
        sampler.tell(asked, [tried.scores[key_of(setting)] for setting in asked])
    stages.finish()
    return tried.selection()


def plan_turns(search: SearchLayout, sampling: Sampling) -> SamplingPlan:
    """What the turns will take, guessed by random settings."""
    turns = -(-sampling.budget // sampling.ask)
    few = trying(search, sampling.space, search.settings[: sampling.ask])
    scheduled = plan_session(few.sheets(), search.memory)
    nets = len(search.folds.all) * len(search.seeds) * sampling.budget
    programs = scheduled.programs * turns
    training = scheduled.training_seconds * sampling.budget / len(few.settings)
    seconds = training + programs * machine().compile_seconds
    return SamplingPlan(turns, sampling.ask, nets, programs, seconds, scheduled.bytes)


def trying(search: SearchLayout, space: Space, settings: Sequence[Setting]) -> SearchLayout:
    """The same search of other settings; InputError where their values do not go together."""
    recipes = fitted_whole(space.recipes(settings), search.data, search.rows, search.folds)
    return dataclasses.replace(search, settings=tuple(settings), recipes=recipes)


class _Tried:
    """What was tried so far. scores: what every setting came to, by its key, None where it failed."""

    def __init__(self, search: SearchLayout, space: Space) -> None:
        self.search, self.space = search, space
        self.settings: list[Setting] = []
        self.recipes: list[Recipe] = []
        self.scores: dict[str, float | None] = {}
        self.sheets: list[Sheet] = []
        self.results = Results()

    def unknown(self, asked: Sequence[Setting]) -> list[Setting]:
        """Those that were not tried yet, each once. Values that do not go together count as tried, and failed."""
        fresh: dict[str, Setting] = {}
        for setting in asked:
            if set(setting) != set(self.space.vary):
                rule = f"a sampler must suggest values of {', '.join(map(repr, self.space.vary))}"
                raise InputError(problem(WHERE, rule, got=dict(setting)))
            key = key_of(setting)
            if key in self.scores or key in fresh:
                continue
            try:
                trying(self.search, self.space, [setting])
                fresh[key] = dict(setting)
            except InputError:
                self.scores[key] = None
        return list(fresh.values())

    def train(self, fresh: Sequence[Setting], folder: Path | None, watch: Watch | None) -> None:
        """Train new settings as one population, or read what they came to."""
        if folder is not None:
            _note(folder, fresh)
        now = trying(self.search, self.space, fresh)
        sheets = now.sheets()
        results = values.train(sheets, plan_session(sheets, now.memory), folder, watch)
        shape = len(fresh), len(now.folds.all)
        means = gathered(sheets, results, shape, len(now.seeds)).mean(axis=2)
        ranked = higher_better(means, now)
        for setting, score in zip(fresh, ranked, strict=True):
            self.scores[key_of(setting)] = float(score) if np.isfinite(score) else None
        self.results.take(results, len(self.sheets))
        self.sheets += [counted_from(sheet, len(self.settings)) for sheet in sheets]
        self.settings += fresh
        self.recipes += now.recipes

    def selection(self) -> Selection:
        """All of them compared."""
        if not self.settings:
            raise GoodfitError("Search: the sampler suggested no setting that could be trained.")
        done = dataclasses.replace(self.search, settings=tuple(self.settings), recipes=tuple(self.recipes))
        return selection_of(done, self.sheets, self.results).also_uncorrected(UNCORRECTED)


def key_of(setting: Setting) -> str:
    """Equal for equal settings."""
    return json.dumps(setting, sort_keys=True, default=str)


def counted_from(sheet: Sheet, first: int) -> Sheet:
    """A sheet whose settings are counted from `first` on."""
    fits = tuple(dataclasses.replace(fit, setting=first + fit.setting) for fit in sheet.fits)
    return dataclasses.replace(sheet, fits=fits)


def _note(folder: Path, fresh: Sequence[Setting]) -> None:
    """Write down what was asked for; InputError where it was something else the last time."""
    path = folder / ASKED
    text = json.dumps(list(map(key_of, fresh)), indent=2) + "\n"
    if not os.path.exists(path):
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text.encode())
    elif not _holds(path, text):
        rule = "must hold the sampler's suggestions; it suggested other settings when the search started"
        fix = "Resume with the version of Optuna that started the search, or start again in another folder."
        raise InputError(problem(str(path), rule, fix=fix))


def _holds(path: Path, text: str) -> bool:
    """Whether a file holds this text."""
    try:
        return read_text(path) == text
    except UnicodeDecodeError:
        return False
    except OSError as error:
        raise InputError(problem(str(path), f"must be readable: {error.strerror or error}")) from error


class OptunaSampler:
    """Optuna's sampler TPE, which learns from the scores so far where good settings are.

    The first ten settings are drawn at random. Lists are taken as categories, ranges as numbers. Settings that are
    asked for together are kept apart by Optuna, which takes those without a score to be bad ones.
    """

    def __init__(self, space: Space, seed: int) -> None:
        self._space = space
        with _optuna() as optuna:
            self._optuna = optuna
            self._choices = {name: self._distribution(name, values) for name, values in space.vary.items()}
            sampler = optuna.samplers.TPESampler(seed=seed % 2**32, constant_liar=True)
            self._study = optuna.create_study(direction="maximize", sampler=sampler)
        self._open: list[Any] = []

    def _distribution(self, name: str, values: Sequence[Any] | Range) -> Any:
        kinds = self._optuna.distributions
        if not isinstance(values, Range):
            return kinds.CategoricalDistribution(list(range(len(values))))
        if is_whole(name):
            return kinds.IntDistribution(round(values.low), round(values.high), log=values.log)
        return kinds.FloatDistribution(float(values.low), float(values.high), log=values.log)

    def ask(self, count: int) -> list[Setting]:
        """The next settings."""
        with _optuna():
            self._open = [self._study.ask(self._choices) for _ in range(count)]
        return [
            {
                name: trial.params[name] if isinstance(values, Range) else values[trial.params[name]]
                for name, values in self._space.vary.items()
            }
            for trial in self._open
        ]

    def tell(self, settings: Sequence[Setting], scores: Sequence[float | None]) -> None:
        """What those that were asked for last came to."""
        failed = self._optuna.trial.TrialState.FAIL
        with _optuna():
            for trial, score in zip(self._open, scores, strict=True):
                self._study.tell(trial, score, state=failed if score is None else None)


@contextmanager
def _optuna() -> Iterator[Any]:
    """Optuna without its log and its notes on what is experimental."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield optuna
    finally:
        optuna.logging.set_verbosity(before)
