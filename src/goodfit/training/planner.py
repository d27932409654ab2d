"""The plan: which jobs share a program. It pads to a common shape where that costs less than another compilation.

Jobs with different activations, losses, optimisers, batches or validation habits never share a program. Among the
others, cohorts are merged, cheapest pair first, for as long as the predicted time falls.
"""

import heapq
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from goodfit.arguments import public
from goodfit.data.periodic import PeriodicColumns
from goodfit.nets.losses import DEFAULT_LOSSES
from goodfit.training.embeddings import blocks_of
from goodfit.training.examples import Examples
from goodfit.training.machine import machine
from goodfit.training.population import Job, padded_widths
from goodfit.training.recipe import Recipe
from goodfit.training.recipe_rules import last_width, levels_of


@dataclass(frozen=True)
class PlannedCohort:
    """Jobs (by index) that share a program. widths: of its padded layers; seconds: predicted for training alone."""

    jobs: tuple[int, ...]
    widths: tuple[int, ...]
    seconds: float
    useful: float

    @property
    def padding(self) -> float:
        """Share of the multiplications that padding causes, 0 to 1."""
        return 1.0 - self.useful


@dataclass(frozen=True)
class Plan:
    """Cohorts, and why they are as they are. seconds: predicted, with compilation on a machine that has cached none."""

    cohorts: tuple[PlannedCohort, ...]  # each of which is one program
    reasons: tuple[str, ...]  # sentences

    @property
    def seconds(self) -> float:
        """Predicted for the whole plan, compilation included."""
        return sum(cohort.seconds + machine().compile_seconds for cohort in self.cohorts)

    def __str__(self) -> str:
        lines = [f"{_count(len(self.cohorts), 'cohort')}, one compiled program each; about {self.seconds:.1f} s cold"]
        for cohort in self.cohorts:
            shape = "-".join(map(str, cohort.widths)) or "no hidden layer"
            lines.append(
                f"  {_count(len(cohort.jobs), 'net')} padded to {shape}: {cohort.padding:.0%} of the arithmetic is "
                f"padding, about {cohort.seconds:.1f} s"
            )
        return "\n".join([*lines, *(f"  {reason}" for reason in self.reasons)])


@public
def plan(jobs: Sequence[Job], examples: Examples, compile_seconds: float | None = None) -> Plan:
    """Group jobs into cohorts.

    jobs: one a net
    examples: what they learn from
    compile_seconds: what another program costs, the machine's own figure if None; 0 when every program is known to be
    cached, which pads only where sharing steps saves more time than padding costs.
    """
    compile_seconds = machine().compile_seconds if compile_seconds is None else compile_seconds
    kinds: dict[Any, list[int]] = {}
    for number, job in enumerate(jobs):
        kinds.setdefault(_kind(job.recipe, examples), []).append(number)
    cohorts: list[PlannedCohort] = []
    reasons = []
    if len(kinds) > 1:
        differ = "activation, loss, optimiser, batch, members or embeddings differ"
        reasons.append(f"{len(kinds)} kinds that cannot share a program: {differ}")
    for members in kinds.values():
        merged, why = _merge(jobs, members, examples, compile_seconds)
        cohorts += merged
        reasons += why
    cohorts.sort(key=lambda cohort: cohort.jobs)
    return Plan(tuple(cohorts), tuple(reasons))


def _kind(recipe: Recipe, examples: Examples) -> tuple[Any, ...]:
    """What is compiled in and cannot be masked. Nets without a hidden layer have nothing to pass through."""
    names = set(recipe.activations)
    activation = recipe.activations if len(names) > 1 else tuple(names)
    return (
        activation,
        DEFAULT_LOSSES[examples.task] if recipe.loss == "auto" else recipe.loss,
        levels_of(recipe),
        recipe.optimizer,
        recipe.nesterov,
        recipe.bias,
        None if recipe.optimizer == "lbfgs" else recipe.batch_size,
        recipe.keep_best,
        len(recipe.hidden) if len(names) > 1 else bool(recipe.hidden),
        blocks_of(recipe, examples.categories),
        (recipe.members, recipe.member_form),
    )


@dataclass(frozen=True)
class _Group:
    """Jobs that may become a cohort, with what its cost depends on, so that two are joined without a look at the jobs.

    widths: padded; epochs: the most of any; batch: of the first job; real: multiplications of all jobs, not padded;
    seconds: that they train together.
    """

    jobs: tuple[int, ...]
    widths: tuple[int, ...]
    epochs: int
    batch: int
    real: float
    seconds: float


def _merge(
    jobs: Sequence[Job], members: Sequence[int], examples: Examples, compile_seconds: float
) -> tuple[list[PlannedCohort], list[str]]:
    """Start with one cohort an architecture; merge the pair that saves most, until none saves.

    Of pairs that save alike, the first: groups are numbered in the order in which they were made.
    """
    shapes: dict[tuple[int, ...], list[int]] = {}
    for number in members:
        shapes.setdefault(jobs[number].recipe.hidden, []).append(number)
    cost = _Cost(examples, jobs[members[0]].recipe)
    groups = {place: cost.group(jobs, tuple(alike)) for place, alike in enumerate(shapes.values())}
    # every pair is looked at once, and stays here when one of its groups is gone: a search may have hundreds of shapes
    pairs = [(cost.of_joining(groups[i], groups[j]), i, j) for i, j in itertools.combinations(groups, 2)]
    heapq.heapify(pairs)
    reasons: list[str] = []
    made = len(groups)
    while pairs:
        more, first, second = heapq.heappop(pairs)
        if first not in groups or second not in groups:
            continue
        if more >= compile_seconds:
            reasons.append(
                f"{len(groups)} cohorts of one kind stay apart: padding would cost {more:.1f} s, "
                f"another compilation {compile_seconds:.1f} s"
            )
            break
        both = cost.joined(groups.pop(first), groups.pop(second))
        for other, group in groups.items():
            heapq.heappush(pairs, (cost.of_joining(group, both), other, made))
        groups[made] = both
        made += 1
    if len(shapes) > len(groups):
        programs = _count(len(groups), "program")
        reasons.append(f"{len(shapes)} architectures share {programs}: padding costs less than compiling")
    return [cost.cohort(group) for group in groups.values()], reasons


class _Cost:
    """What groups cost on these examples, on this machine. recipe: of one job, for what all have in common."""

    def __init__(self, examples: Examples, recipe: Recipe) -> None:
        self.inputs, self.outputs = examples.inputs, last_width(recipe, examples.outputs)
        self.rows, encoding = examples.rows_an_epoch, examples.scaling.encoding
        # sums of cosines, row by row; products of first layer and vectors, once a step for every unit
        self.encoded = encoding.own_width * encoding.components if isinstance(encoding, PeriodicColumns) else 0
        self.embedded = sum(block.size * block.vectors for block in blocks_of(recipe, examples.categories))
        self.able, self.members = machine(), recipe.members

    def group(self, jobs: Sequence[Job], members: tuple[int, ...]) -> _Group:
        """Jobs of one architecture."""
        recipes = [jobs[number].recipe for number in members]
        batch = self.rows if recipes[0].optimizer == "lbfgs" else recipes[0].batch_size  # its steps see all rows
        shape = recipes[0].hidden, max(recipe.epochs for recipe in recipes), batch
        real = len(members) * self._multiplications(recipes[0].hidden)
        return _Group(members, *shape, real, self._seconds(*shape, len(members)))

    def of_joining(self, one: _Group, other: _Group) -> float:
        """Seconds that two groups take longer as one: padding, less the steps that they share."""
        together = self._seconds(*_shape(one, other), len(one.jobs) + len(other.jobs))
        return together - one.seconds - other.seconds

    def joined(self, one: _Group, other: _Group) -> _Group:
        """Two groups as one."""
        jobs, shape = tuple(sorted(one.jobs + other.jobs)), _shape(one, other)
        return _Group(jobs, *shape, one.real + other.real, self._seconds(*shape, len(jobs)))

    def cohort(self, group: _Group) -> PlannedCohort:
        """A group that stays as it is."""
        useful = group.real / (self._multiplications(group.widths) * len(group.jobs))
        return PlannedCohort(group.jobs, group.widths, group.seconds, useful)

    def _seconds(self, widths: tuple[int, ...], epochs: int, batch: int, nets: int) -> float:
        steps = epochs * max(1, self.rows // batch)
        spread = self.embedded * [*widths, self.outputs][0]
        work = 3 * (epochs * self.rows * self._multiplications(widths) + steps * spread) * nets
        return work / self.able.multiplications_a_second + steps * self.able.step_seconds * (len(widths) + 1)

    def _multiplications(self, hidden: Sequence[int]) -> float:
        """Of one forward pass of one row, with what its element-wise work amounts to."""
        sizes = [self.inputs, *hidden, self.outputs // self.members]
        products = sum(i * o for i, o in itertools.pairwise(sizes)) + self.able.layer_overhead * len(sizes)
        return self.encoded + self.members * products


def _shape(one: _Group, other: _Group) -> tuple[tuple[int, ...], int, int]:
    """(widths, epochs, batch) of two groups as one."""
    batch = one.batch if one.jobs[0] < other.jobs[0] else other.batch
    return padded_widths((one.widths, other.widths)), max(one.epochs, other.epochs), batch


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
