"""The plan: which jobs share a program. It pads to a common shape where that costs less than another compilation.

Jobs with different activations, losses, optimisers, batches or validation habits never share a program. Among the
others, cohorts are merged, cheapest pair first, for as long as the predicted time falls.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from goodfit.arguments import public
from goodfit.nets.losses import DEFAULT_LOSSES
from goodfit.training.examples import Examples
from goodfit.training.machine import machine
from goodfit.training.population import Job, padded_widths
from goodfit.training.recipe import Recipe


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

    cohorts: tuple[PlannedCohort, ...]
    reasons: tuple[str, ...]

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

    compile_seconds: what another program costs, the machine's own figure if None; 0 when every program is known to be
    cached, which pads only where sharing steps saves more time than padding costs.
    """
    compile_seconds = machine().compile_seconds if compile_seconds is None else compile_seconds
    kinds: dict[Any, list[int]] = {}
    for number, job in enumerate(jobs):
        kinds.setdefault(_kind(job.recipe, examples.task), []).append(number)
    cohorts: list[PlannedCohort] = []
    reasons = []
    if len(kinds) > 1:
        reasons.append(f"{len(kinds)} kinds that cannot share a program: activation, loss, optimiser or batch differ")
    for members in kinds.values():
        merged, why = _merge(jobs, members, examples, compile_seconds)
        cohorts += merged
        reasons += why
    cohorts.sort(key=lambda cohort: cohort.jobs)
    return Plan(tuple(cohorts), tuple(reasons))


def _kind(recipe: Recipe, task: str) -> tuple[Any, ...]:
    """What is compiled in and cannot be masked. Nets without a hidden layer have nothing to pass through."""
    names = set(recipe.activations)
    activation = recipe.activations if len(names) > 1 else tuple(names)
    return (
        activation,
        DEFAULT_LOSSES[task] if recipe.loss == "auto" else recipe.loss,
        recipe.optimizer,
        recipe.nesterov,
        recipe.bias,
        None if recipe.optimizer == "lbfgs" else recipe.batch_size,
        recipe.keep_best,
        len(recipe.hidden) if len(names) > 1 else bool(recipe.hidden),
    )


def _merge(
    jobs: Sequence[Job], members: Sequence[int], examples: Examples, compile_seconds: float
) -> tuple[list[PlannedCohort], list[str]]:
    """Start with one cohort an architecture; merge the pair that saves most, until none saves."""
    shapes: dict[tuple[int, ...], list[int]] = {}
    for number in members:
        shapes.setdefault(jobs[number].recipe.hidden, []).append(number)
    cohorts = [_cohort(jobs, tuple(group), examples) for group in shapes.values()]
    reasons: list[str] = []
    known: dict[tuple[PlannedCohort, PlannedCohort], PlannedCohort] = {}  # pairs that were tried in an earlier round

    def joined(pair: tuple[PlannedCohort, PlannedCohort]) -> PlannedCohort:
        if pair not in known:
            known[pair] = _cohort(jobs, tuple(sorted(pair[0].jobs + pair[1].jobs)), examples)
        return known[pair]

    def cost_of(pair: tuple[PlannedCohort, PlannedCohort]) -> float:
        return joined(pair).seconds - pair[0].seconds - pair[1].seconds

    while len(cohorts) > 1:
        best = min(itertools.combinations(cohorts, 2), key=cost_of)
        cost = cost_of(best)
        if cost >= compile_seconds:
            reasons.append(
                f"{len(cohorts)} cohorts of one kind stay apart: padding would cost {cost:.1f} s, "
                f"another compilation {compile_seconds:.1f} s"
            )
            break
        cohorts = [cohort for cohort in cohorts if cohort not in best] + [joined(best)]
    if len(shapes) > len(cohorts):
        programs = _count(len(cohorts), "program")
        reasons.append(f"{len(shapes)} architectures share {programs}: padding costs less than compiling")
    return cohorts, reasons


def _cohort(jobs: Sequence[Job], members: tuple[int, ...], examples: Examples) -> PlannedCohort:
    recipes = [jobs[number].recipe for number in members]
    widths = padded_widths([recipe.hidden for recipe in recipes])
    inputs, outputs, rows = examples.x.shape[1], examples.outputs, len(examples.train)
    padded = _multiplications(inputs, widths, outputs)
    epochs = max(recipe.epochs for recipe in recipes)
    steps = epochs * max(1, rows // recipes[0].batch_size)
    real = sum(_multiplications(inputs, recipe.hidden, outputs) for recipe in recipes)
    able = machine()
    work = 3 * epochs * rows * padded * len(members)
    return PlannedCohort(
        jobs=members,
        widths=widths,
        seconds=work / able.multiplications_a_second + steps * able.step_seconds * (len(widths) + 1),
        useful=real / (padded * len(members)),
    )


def _multiplications(inputs: int, hidden: Sequence[int], outputs: int) -> float:
    """Of one forward pass of one row, with what its element-wise work amounts to."""
    sizes = [inputs, *hidden, outputs]
    return sum(i * o for i, o in itertools.pairwise(sizes)) + machine().layer_overhead * len(sizes)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
