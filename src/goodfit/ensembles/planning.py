"""What the next round trains, by the time that rounds took so far."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from goodfit.ensembles.rounds import Member, Planned, Rows, Stage, Trained
from goodfit.ensembles.space import drawn, kinds_for, shortened
from goodfit.training.machine import machine
from goodfit.training.recipe import LARGEST_SEED, Recipe

SHORT = 0.25  # of the epochs, for settings that are tried
GOES_ON = 4  # of so many settings that are tried, one is trained with all epochs
MOST_OF_TIME = 0.8  # that the default may take by what the planner thinks, before anything is measured
SIZES = (16, 8, 4)  # settings of a round that tries some, the most that the time allows
SETTINGS_STREAM = 0x5E77  # so that draws of settings are no draws of nets


@dataclass
class Pace:
    """What rounds took, and so what they will take.

    began: time of `perf_counter` from which the time counts; deadline: at which training must have ended
    """

    began: float
    deadline: float
    measured: float = 0.0
    expected: float = 0.0
    compiled: float = 0.0
    programs: int = 0

    @property
    def left(self) -> float:
        """Seconds that are left for training."""
        return self.deadline - time.perf_counter()

    def add(self, trained: Trained, beside: float = 0.0) -> None:
        """Take note of what a round took. beside: seconds that it took beside training and compiling."""
        self.measured += trained.seconds["train"] + beside
        self.expected += trained.expected
        self.compiled += trained.seconds["compile"]
        self.programs += trained.programs

    def seconds(self, rows: Rows, planned: Planned) -> float:
        """What a round is expected to take."""
        turns = rows.plan(planned)
        ratio = self.measured / self.expected if self.expected else 1.0
        each = self.compiled / self.programs if self.programs else machine().compile_seconds
        return turns.training_seconds * ratio + turns.programs * max(each, 0.1)


@dataclass(frozen=True)
class Planner:
    """Plans rounds: the default recipe; then in turn settings that are tried with few epochs, and the best of these
    with all of them.

    base: the default recipe
    seed: of the fit
    """

    rows: Rows
    base: Recipe
    seed: int

    def first(self, pace: Pace) -> Planned:
        """The default recipe, with as many epochs as the planner thinks that the time allows."""
        whole = self._planned("default", (), [self.base], pace)
        share = 1.0 if whole.seconds <= pace.left else MOST_OF_TIME * max(pace.left, 0.0) / whole.seconds
        return self._planned("default", (), [shortened(self.base, share)], pace) if share < 1 else whole

    def next(self, done: Sequence[Trained], pace: Pace) -> Planned | None:
        """The next round; None where no time is left for one."""
        tried = [number for number, each in enumerate(done) if each.planned.stage == "short"]
        if tried and tried[-1] == len(done) - 1:
            found = self._whole(done, pace)
            if found is not None:
                return found
        best = sorted((m for each in done for m in each.members), key=lambda member: member.loss)
        kinds = kinds_for(self.base)
        kind = kinds[len(tried) % len(kinds)]
        near = [member.recipe for member in best[:GOES_ON]] if len(tried) >= 2 else []
        for size in SIZES:
            seed = int(np.random.SeedSequence([self.seed, SETTINGS_STREAM, len(done)]).generate_state(1)[0])
            whole = drawn(self.base, kind, size, near, self.rows.parts.data.task, seed)
            short = self._planned("short", done, [shortened(each, SHORT) for each in whole], pace)
            after = self._planned("whole", done, whole[: max(1, size // GOES_ON)], pace)
            if short.seconds + after.seconds <= pace.left:
                return short
        if short.seconds <= pace.left:
            return short
        return None

    def _whole(self, done: Sequence[Trained], pace: Pace) -> Planned | None:
        """The best settings of the last round with all epochs, as many as the time allows."""
        members = sorted(done[-1].members, key=lambda member: member.loss)
        for count in range(max(1, len(done[-1].planned.recipes) // GOES_ON), 0, -1):
            recipes = [self._lengthened(member) for member in members[:count]]
            planned = self._planned("whole", done, recipes, pace) if recipes else None
            if planned is not None and planned.seconds <= pace.left:
                return planned
        return None

    def _lengthened(self, member: Member) -> Recipe:
        return member.recipe.replace(epochs=self.base.epochs, patience=self.base.patience)

    def _planned(self, stage: Stage, done: Sequence[Trained], recipes: Sequence[Recipe], pace: Pace) -> Planned:
        seed = (self.base.seed + len(done) * self.rows.fold_count) % (LARGEST_SEED - self.rows.fold_count)
        planned = Planned.of(stage, seed, recipes, 0.0)
        return planned.model_copy(update={"seconds": pace.seconds(self.rows, planned)})
