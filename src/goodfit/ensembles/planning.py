"""What the next round trains, by the time that rounds took so far."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from goodfit.ensembles.rounds import FoldRows, Planned, Stage, Trained
from goodfit.ensembles.space import drawn, kind_like, kind_of, shortened
from goodfit.runs.checks import learning_rows
from goodfit.training.machine import machine
from goodfit.training.recipe import LARGEST_SEED, Recipe

SHORT = 0.25  # of the epochs, for settings that are tried
LENGTHS = (0.5, 4.0)  # of the default's epochs, fewest and most, that rounds with all epochs have
LONGER = 0.99  # share of the loss with few epochs, below which that with all of them asks for longer rounds
TRIED = 3  # rounds that try settings of one kind, each as many as then go on with all epochs
SIZES = (4, 2, 1)  # settings of a round, the most with which the time allows all rounds of a kind
MOST_OF_TIME = 0.8  # that the default may take by what the planner thinks, before anything is measured
NEAR = 5  # of the best settings so far, near which others are drawn
SETTINGS_STREAM = 0x5E77  # so that draws of settings are no draws of nets


@dataclass
class Timing:
    """What rounds took, and so what they will take.

    began: time of `perf_counter` from which the time counts; deadline: at which training must have ended
    ratio: of what training took to what the planner expected, that of later rounds counting more
    shapes: of rounds whose programs are compiled
    """

    began: float
    deadline: float
    measured: float = 0.0
    ratio: float | None = None
    compiled: float = 0.0
    programs: int = 0
    shapes: set[str] = field(default_factory=set)

    @property
    def left(self) -> float:
        """Seconds that are left for training."""
        return self.deadline - time.perf_counter()

    def add(self, trained: Trained, beside: float = 0.0) -> None:
        """Take note of what a round took. beside: seconds that it took beside training and compiling."""
        took = trained.seconds["train"] + beside
        self.measured += took
        self.ratio = took / trained.expected if self.ratio is None else (self.ratio + took / trained.expected) / 2
        self.compiled += trained.seconds["compile"]
        self.programs += 0 if trained.planned.shape in self.shapes else trained.programs
        self.shapes.add(trained.planned.shape)

    def seconds(self, rows: FoldRows, planned: Planned) -> float:
        """What a round is expected to take."""
        turns = rows.plan(planned)
        new = 0 if planned.shape in self.shapes else turns.programs
        ratio = 1.0 if self.ratio is None else self.ratio
        each = self.compiled / self.programs if self.programs else machine().compile_seconds
        return turns.training_seconds * ratio + new * max(each, 0.1)


@dataclass(frozen=True)
class Planner:
    """Plans rounds: the default recipe; then in turn settings that are tried with few epochs, and the best of these
    with all of them.

    base: the default recipe
    seed: of the fit
    """

    rows: FoldRows
    base: Recipe
    seed: int

    def first(self, pace: Timing) -> Planned:
        """The default recipe, with as many epochs as the planner thinks that the time allows."""
        whole = self._planned("default", (), [self.base], pace)
        share = 1.0 if whole.seconds <= pace.left else MOST_OF_TIME * max(pace.left, 0.0) / whole.seconds
        return self._planned("default", (), [shortened(self.base, share)], pace) if share < 1 else whole

    def next(self, done: Sequence[Trained], pace: Timing) -> Planned | None:
        """The next round; None where no time is left for one."""
        short = [each for each in done if each.planned.stage == "short"]
        kinds, on_its_way = divmod(len(short), TRIED)
        tried = short[len(short) - on_its_way :]  # of the kind that is on its way
        if done[-1].planned.stage == "short" and not tried:
            going_on = self._whole(short[-TRIED:], done, pace)
            if going_on is not None:
                return going_on
        near = sorted((m for each in done for m in each.members), key=lambda member: member.loss)
        best = [member.recipe for member in near[:NEAR]] if kinds else []
        seed = int(np.random.SeedSequence([self.seed, SETTINGS_STREAM, len(done)]).generate_state(1)[0])
        if tried:
            first = Recipe.from_mapping(tried[0].planned.recipes[0])
            more = self._short(done, kind_like(first), len(tried[0].planned.recipes), best, seed, pace)
            return more if more.seconds <= pace.left else None
        kind = kind_of(self.base, kinds, best, seed, learning_rows(self.rows.parts))
        for size in SIZES:
            more = self._short(done, kind, size, best, seed, pace)
            whole = [self._whole_of(Recipe.from_mapping(each), done) for each in more.recipes]
            after = self._planned("whole", done, whole, pace)
            if more.seconds * TRIED + after.seconds <= pace.left:
                break
        return more if more.seconds <= pace.left else None

    def _short(
        self, done: Sequence[Trained], kind: dict[str, Any], count: int, best: Sequence[Recipe], seed: int, pace: Timing
    ) -> Planned:
        settings = drawn(self.base, kind, count, best, self.rows.parts.data.task, seed)
        share = SHORT * length_of(done)
        return self._planned("short", done, [shortened(each, share) for each in settings], pace)

    def _whole(self, tried: Sequence[Trained], done: Sequence[Trained], pace: Timing) -> Planned | None:
        """The best settings of the rounds that tried some, with all epochs; None where there is no time."""
        members = sorted((member for each in tried for member in each.members), key=lambda member: member.loss)
        recipes = [self._whole_of(member.recipe, done) for member in members[: len(tried[0].planned.recipes)]]
        planned = self._planned("whole", done, recipes, pace) if recipes else None
        return planned if planned is not None and planned.seconds <= pace.left else None

    def _whole_of(self, recipe: Recipe, done: Sequence[Trained]) -> Recipe:
        return recipe.replace(epochs=max(1, round(self.base.epochs * length_of(done))), patience=self.base.patience)

    def _planned(self, stage: Stage, done: Sequence[Trained], recipes: Sequence[Recipe], pace: Timing) -> Planned:
        seed = (self.base.seed + len(done) * self.rows.fold_count) % (LARGEST_SEED - self.rows.fold_count)
        planned = Planned.of(stage, seed, recipes, 0.0)
        return planned.model_copy(update={"seconds": pace.seconds(self.rows, planned)})


def length_of(done: Sequence[Trained]) -> float:
    """How many times as many epochs as the default rounds have from now on: twice as many after a kind that was better
    with all epochs than with few, half as many after one that was worse.
    """
    length, few, rounds = 1.0, np.inf, 0
    for each in done:
        best = min((member.loss for member in each.members), default=np.inf)
        if each.planned.stage == "short":
            few = best if rounds % TRIED == 0 else min(few, best)  # of a kind that did not go on, nothing is compared
            rounds += 1
        elif each.planned.stage == "whole":
            length *= 2.0 if best < LONGER * few else 0.5 if best > few else 1.0
            length, few, rounds = float(np.clip(length, *LENGTHS)), np.inf, 0
    return length
