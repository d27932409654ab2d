"""The ways to search: which settings are tried, and which of them train to their ends."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from goodfit.errors import InputError, Problems, nearest, problem
from goodfit.selection.ranked_by import check_name
from goodfit.selection.rungs import FACTOR, WHERE, Bracket, halving, hyperband
from goodfit.selection.space import Setting, Space
from goodfit.training.recipe import Recipe

Method = Literal["auto", "grid", "random", "halving", "hyperband", "optuna"]
By = Literal["score", "loss"]
METHODS = ("auto", "grid", "random", "halving", "hyperband", "optuna")
HALVING = ("halving", "hyperband")
TURNS = 8  # in which a sampler is asked for all settings, unless it is said how many at a time
FEWEST_ASKED = 4  # settings of such a turn
DEFAULT_BUDGET = 100  # settings tried where a space has more, or no end
CHECKED = 64  # random settings that are checked before a sampler is asked for the first


class Sampler(Protocol):
    """What proposes settings.

    It must ask for the same settings whenever it is told the same: a search that goes on from its folder tells the
    scores again that it had, from the first.
    """

    def ask(self, count: int) -> Sequence[Setting]:
        """At most `count` settings to try next, field -> value; none ends the search."""

    def tell(self, settings: Sequence[Setting], scores: Sequence[float | None]) -> None:
        """What those settings came to on held-out rows, higher is better (losses have their sign turned).

        None where a net diverged, or where the values do not go together.
        """


@dataclass(frozen=True)
class SearchRequest:
    """The arguments of `select` that say how to search, as given."""

    recipe: Recipe
    folds: Any = 5
    repeats: int = 1
    seeds: int | Iterable[int] = 1
    method: Method | Sampler = "auto"
    budget: int = DEFAULT_BUDGET
    by: str = "score"
    groups: Any = None
    time: Any = None
    train_scores: bool = False
    seed: int = 0
    leaks: str = "warn"
    factor: int | None = None
    least_epochs: int | None = None
    ask: int | None = None


@dataclass(frozen=True)
class Sampling:
    """Settings that a sampler is asked for in turns. budget: settings in all; ask: at a time; sampler: "optuna", or
    an object with `ask` and `tell`, see `Sampler`; seed: of Optuna.
    """

    space: Space
    budget: int
    ask: int
    sampler: Any
    seed: int


def check(asked: SearchRequest) -> None:
    """Raise one InputError with all that is wrong with how a search is to be done."""
    problems, method = Problems(), asked.method
    own = hasattr(method, "ask") and hasattr(method, "tell")
    if not own and method not in METHODS:
        close = nearest(method, METHODS)
        rule = f"'method' must be {', '.join(METHODS[:-1])} or {METHODS[-1]}"
        problems.add(WHERE, rule, got=method, fix=close if close.startswith("Did") else "")
    with problems.collecting():
        check_name(asked.by)
    if not _whole(asked.budget, 1):
        problems.add(WHERE, "'budget', the maximum number of settings, must be an integer >= 1", got=asked.budget)
    for name, value, least, fits in (
        ("factor", asked.factor, 2, method in HALVING),
        ("least_epochs", asked.least_epochs, 1, method in HALVING),
        ("ask", asked.ask, 1, own or method == "optuna"),
    ):
        if value is not None and not _whole(value, least):
            problems.add(WHERE, f"'{name}' must be an integer >= {least}", got=value)
        elif value is not None and not fits and (own or method in METHODS):
            needed = "method optuna" if name == "ask" else "the methods halving and hyperband"
            problems.add(WHERE, f"'{name}' is for {needed}", got=value, fix="Omit it, or choose that method.")
    if method == "optuna" and not _has_optuna():
        fix = "Install it: pip install goodfit[optuna]."
        problems.add(WHERE, "method optuna needs Optuna, which is not installed", fix=fix)
    problems.raise_if_any()


def check_by(by: Any, where: str, problems: Problems) -> None:
    """Add a problem where it is not known by what a job measures."""
    if by not in ("score", "loss"):
        problems.add(where, "'by' must be score or loss", got=by)


def _has_optuna() -> bool:
    try:
        import optuna  # noqa: F401
    except ImportError:
        return False
    return True


def _whole(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def settings_of(space: Space, asked: SearchRequest) -> list[Setting]:
    """The settings to try, for the methods that know them before they start; those that are checked, for a sampler."""
    method, budget = asked.method, asked.budget
    if method in HALVING and "epochs" in space.vary:
        rule = f"'epochs' is allocated by {method}, so it cannot be varied"
        raise InputError(problem(WHERE, rule, fix="Omit it, or use method grid or random."))
    if method == "grid" and math.isfinite(space.size) and space.size > budget:
        fix = f"Set budget={int(space.size)}, or search at random."
        raise InputError(
            problem(WHERE, f"the grid has {int(space.size)} settings, more than the budget", got=budget, fix=fix)
        )
    if is_sampled(method):
        return space.random(CHECKED, asked.seed)
    if method == "grid" or (method in ("auto", "halving") and space.size <= budget):
        return space.grid()
    return space.random(budget, asked.seed)


def is_sampled(method: Any) -> bool:
    """Whether the settings depend on how earlier ones did."""
    return method == "optuna" or not isinstance(method, str)


def brackets_of(settings: Sequence[Setting], epochs: int, asked: SearchRequest) -> tuple[Bracket, ...]:
    """The rungs of a halving; none for the other methods."""
    how = {"factor": asked.factor or FACTOR, "least_epochs": asked.least_epochs or 1}
    if asked.method == "halving":
        return (halving(len(settings), epochs, **how),)
    return hyperband(len(settings), epochs, **how) if asked.method == "hyperband" else ()


def sampling_of(space: Space, asked: SearchRequest) -> Sampling | None:
    """What a sampler is asked for; None for the other methods."""
    if not is_sampled(asked.method):
        return None
    budget = int(min(asked.budget, space.size))
    ask = min(budget, asked.ask or max(FEWEST_ASKED, math.ceil(budget / TURNS)))
    return Sampling(space, budget, ask, asked.method, asked.seed)
