"""`verdict`: whether a recipe fits a data set, decided by alternatives that are measured beside it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from goodfit.data import Dataset, Split, Table, load
from goodfit.data.streams import is_number
from goodfit.errors import InputError, Problems, problem
from goodfit.files import write_atomically
from goodfit.selection import running, trying, verdict_words
from goodfit.selection.comparing import LEVEL
from goodfit.selection.deciding import MARGIN, Decision, decide
from goodfit.selection.folds import make_folds
from goodfit.selection.probes import EARLIER, HALF, Probe, probes_of
from goodfit.selection.search import By, divided_by, learning_rows
from goodfit.training.progress import SCORE_NAMES
from goodfit.training.recipe import Recipe

if TYPE_CHECKING:
    pass

WHERE = "Verdict"
VERDICT, ADVICE = "verdict.json", "advice.json"
FOLDS, REPEATS = 5, 3
LOG_LOSS = "log loss"

Planned = Callable[[trying.Layout, float, float | None], None]
"""Called with all that will be trained, the seconds that it is predicted to take, and those of the run itself."""


@dataclass(frozen=True, eq=False, repr=False)
class Verdict:
    """Whether a recipe fits a data set.

    recipe: that was judged; kind: underfit, good fit, overfit, limited by data, limited by noise, diverged, or cannot
    tell; decision: the statistics behind it; probes: the alternatives, one for each of `decision.gains`; errors:
    [1 + probes, J] on held-out rows, the recipe first; training: likewise in training; half: [J] with half the rows;
    what: is measured ("log loss", "R²", "accuracy", "exact match"); constant: the error of the best constant
    prediction. Errors are log losses, or 1 minus what is measured. early: nets were stopped at the epoch that is best
    on other folds, as the recipe keeps its best epoch; epochs: after which the recipe's nets were taken, on average;
    seconds: that it took; share: these as a multiple of what the run's own training took, None without a run.
    """

    recipe: Recipe
    data_name: str
    decision: Decision
    probes: tuple[Probe, ...]
    errors: NDArray[np.float64]
    training: NDArray[np.float64]
    half: NDArray[np.float64]
    what: str
    constant: float
    folds: int
    repeats: int
    seeds: int
    early: bool
    epochs: float
    seconds: float
    share: float | None = None

    @property
    def kind(self) -> str:
        """One of the seven words."""
        return self.decision.kind

    @property
    def best(self) -> Probe | None:
        """The probe with the best lower bound among those that are surely better."""
        return None if self.decision.best is None else self.probes[self.decision.best]

    @property
    def advice(self) -> Recipe | None:
        """The recipe with the change that is surely better; None where there is none."""
        return None if self.best is None else self.best.applied(self.recipe)

    @property
    def sentence(self) -> str:
        """The verdict with its evidence, in one sentence."""
        return verdict_words.sentence(self)

    @property
    def reasons(self) -> list[str]:
        """What else is known: training beside held-out rows, other probes that are better, what would settle it."""
        return verdict_words.reasons(self)

    def shown(self, error: float) -> float:
        """An error as what is measured."""
        return error if self.what == LOG_LOSS else 1.0 - error

    def rows(self) -> list[dict[str, Any]]:
        """One dict a probe: what it changes, what it measured, its gain (positive is better) with the interval."""
        found = []
        own = self.decision.remaining[1]
        for probe, gain in zip(self.probes, self.decision.gains, strict=True):
            found.append(
                {
                    "name": probe.name,
                    "side": probe.side,
                    "change": probe.change,
                    "fields": dict(probe.fields),
                    "score": self.shown(own - gain.mean),
                    "difference": gain.mean,
                    "low": gain.low,
                    "high": gain.high,
                    "status": gain.status,
                }
            )
        return found

    def to_json(self) -> dict[str, Any]:
        """Everything that `goodfit verdict --json` prints; None for what is not finite."""
        low, mean, high = self.decision.remaining
        bounds = sorted((self.shown(low), self.shown(high)))
        doubling, best = self.decision.doubling, self.decision.best
        found = {
            "kind": self.kind,
            "sentence": self.sentence,
            "reasons": self.reasons,
            "data": self.data_name,
            "measured_by": self.what,
            "higher_is_better": self.what != LOG_LOSS,
            "margin": self.decision.margin,
            "constant": self.shown(self.constant),
            "base": {
                "score": self.shown(mean),
                "low": bounds[0],
                "high": bounds[1],
                "train": self.shown(float(self.training[0].mean())),
                "epochs": self.epochs,
            },
            "probes": self.rows(),
            "doubling": None
            if doubling is None
            else {name: getattr(doubling, name) for name in ("mean", "low", "high", "status")},
            "advice": None,
            "folds": self.folds,
            "repeats": self.repeats,
            "seeds": self.seeds,
            "level": LEVEL,
            "simultaneous": True,
            "more": verdict_words.more(self) or None,
            "seconds": self.seconds,
            "share": self.share,
            "recipe": self.recipe.to_dict(),
        }
        if best is not None and self.best is not None and self.advice is not None:
            gain = self.decision.gains[best]
            found["advice"] = {
                "probe": self.best.name,
                "change": self.best.change,
                "gain": gain.mean,
                "low": gain.low,
                "high": gain.high,
                "recipe": self.advice.to_dict(),
            }
        plain: dict[str, Any] = _finite(found)
        return plain

    def write(self, folder: str | Path) -> None:
        """Write verdict.json, and the advice as a recipe file where there is one."""
        where = Path(folder)
        write_atomically(where / VERDICT, (json.dumps(self.to_json(), indent=2, ensure_ascii=False) + "\n").encode())
        if self.advice is not None:
            self.advice.to_file(where / ADVICE)
        else:
            (where / ADVICE).unlink(missing_ok=True)

    def __repr__(self) -> str:
        return f"Verdict({self.data_name!r}, {self.kind})"

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True)
class Asked:
    """How a verdict is to be found; see `verdict`."""

    folds: Any = FOLDS
    repeats: int | None = None
    seeds: int = 1
    quick: bool = False
    by: By = "loss"
    margin: float = MARGIN
    seed: int = 0


def verdict(
    data: Dataset | Table | Split | str,
    recipe: Recipe | None = None,
    *,
    folds: Any = FOLDS,
    repeats: int | None = None,
    seeds: int = 1,
    quick: bool = False,
    by: By = "loss",
    margin: float = MARGIN,
    groups: Any = None,
    time: Any = None,
    seed: int = 0,
    plan: Planned | None = None,
    progress: running.Watch | None = None,
) -> Verdict:
    """Say whether a recipe under- or overfits, by training alternatives: wider, narrower, longer, other penalties, ...

    data: as in `train`; its test set is not used. recipe: the default one if None. folds, repeats, seed: of the
    folds, see `make_folds`; three repeats if None, one if `quick`. groups, time: as in `select`. seeds: nets per fold,
    whose errors are averaged; every fold has its own. quick: fewer alternatives, one repeat. by: "loss" uses log loss
    for classification and R² for regression, "score" uses accuracy. margin: the smallest gain that is relevant in
    practice, as a fraction of the error of the best constant prediction. plan: called before it
    starts, see `Planned`; progress: as in `select`.

    A recipe that keeps its best epoch by validation loss (`keep_best`, `valid`) is judged at the epoch that is best on
    the other folds; so are its alternatives.
    """
    asked = Asked(folds, repeats, seeds, quick, by, margin, seed)
    chosen = recipe or Recipe()
    given = divided_by(load(data) if isinstance(data, str) else data, groups, time)
    source, rows = learning_rows(chosen, given)
    layout = lay_out(source, rows, chosen, asked, early=chosen.keep_best and chosen.valid > 0)
    if plan is not None:
        plan(layout, layout.schedule.seconds, None)
    return judged(layout, chosen, asked, progress)


def lay_out(
    source: Dataset | Table, rows: NDArray[np.int32], recipe: Recipe, asked: Asked, *, early: bool
) -> trying.Layout:
    """Check what was asked for, and plan the trainings."""
    problems = Problems()
    if asked.by not in ("score", "loss"):
        problems.add(WHERE, "'by' must be score or loss", got=asked.by)
    if not is_number(asked.margin) or not 0 < asked.margin < 1:
        problems.add(WHERE, "'margin' must be a fraction above 0 and below 1", got=asked.margin)
    if not isinstance(asked.seeds, int) or isinstance(asked.seeds, bool) or asked.seeds < 1:
        problems.add(WHERE, "'seeds' must be an integer >= 1", got=asked.seeds)
    problems.raise_if_any()
    bare = source if isinstance(source, Dataset) else source.dataset(rows)
    one = asked.quick or bare.time is not None or not isinstance(asked.folds, int)
    repeats = (1 if one else REPEATS) if asked.repeats is None else asked.repeats
    folds = make_folds(bare, rows, folds=asked.folds, repeats=repeats, seed=asked.seed)
    if len(folds.all) < 2:
        raise InputError(problem(WHERE, "there must be at least two folds", got=len(folds.all)))
    probes = probes_of(recipe, quick=asked.quick)
    return trying.lay_out(source, recipe, probes, folds, seeds=asked.seeds, early=early, by=asked.by)


def judged(layout: trying.Layout, recipe: Recipe, asked: Asked, progress: running.Watch | None) -> Verdict:
    """Train what was laid out, and decide."""
    import time as clock

    began = clock.perf_counter()
    found = trying.measure(layout, progress)
    half = found.probes.index(HALF) + 1
    rivals = [place for place in range(len(found.errors)) if place != half]
    probes = [probe for probe in found.probes if probe != HALF]
    errors, training = found.errors[rivals], found.training[rivals]
    if not layout.early:
        stopped = trying.stopped_early(found, layout.folds)
        if stopped is not None:
            probes.append(_earlier(recipe, stopped.epoch))
            errors = np.concatenate([errors, stopped.errors[None]])
            training = np.concatenate([training, stopped.training[None]])
    sides = [probe.side for probe in probes]
    repeats = len(layout.folds.repeats)
    decision = decide(
        errors,
        training,
        sides,
        found.constant,
        len(layout.folds.repeats[0]),
        half=found.errors[half],
        margin=asked.margin,
    )
    task = layout.sheets[0].data.task
    what = LOG_LOSS if asked.by == "loss" and task != "regression" else SCORE_NAMES[task]
    return Verdict(
        recipe=recipe,
        data_name=layout.sheets[0].data.name,
        decision=decision,
        probes=tuple(probes),
        errors=errors,
        training=training,
        half=found.errors[half],
        what=what,
        constant=found.constant,
        folds=len(layout.folds.repeats[0]),
        repeats=repeats,
        seeds=layout.seeds,
        early=layout.early,
        epochs=float(found.chosen[0]),
        seconds=clock.perf_counter() - began,
    )


def _earlier(recipe: Recipe, epoch: int) -> Probe:
    """The recipe stopped at that epoch: as fewer epochs, or where a schedule ends with them by keeping the best one."""
    if recipe.schedule in ("cosine", "one-cycle"):
        fields: Mapping[str, Any] = {"keep_best": True, "valid": recipe.valid or 0.1}
    else:
        fields = {"epochs": epoch}
    return Probe(EARLIER, "tighter", fields, f"stopped after epoch {epoch} of {recipe.epochs}")


def _finite(value: Any) -> Any:
    """The value with None for every number that is not finite."""
    if isinstance(value, dict):
        return {name: _finite(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
