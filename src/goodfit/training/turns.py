"""The turns of a session: which nets train together, planned into programs and cut to the memory that is there."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol

from goodfit.data.periodic import PeriodicColumns
from goodfit.nets.embedding import embedded_inputs
from goodfit.training.embeddings import blocks_of
from goodfit.training.examples import Examples
from goodfit.training.machine import machine
from goodfit.training.memory import cut, free_memory, member_bytes, net_bytes, seed_bytes
from goodfit.training.planner import Plan, PlannedCohort, plan
from goodfit.training.population import Job
from goodfit.training.recipe_rules import last_width

PROCESS_BYTES = 500 * 2**20  # Python, JAX, SciPy and the compiler, with one small net: 350 to 700 MB were measured
CLIPPED = 3  # copies of a batch that is clipped for one net: as scaled, as clipped, and for the gradient
TEMPERED = 3  # copies of the outputs for validation rows, where temperatures are fitted to them
SPREAD = 2  # copies of a first layer that vectors of categories give: as it multiplies, and its gradient
MOST_MEMORY = 0.5  # of what is free, that one turn may take
TASK_SECONDS = 1.0  # predicted, of a turn that is a task for one worker
MOST_TASKS = 100_000  # of a session: tasks are longer where there would be more
_for_workers: ContextVar[bool] = ContextVar("goodfit_plan_for_workers", default=False)


def for_workers() -> bool:
    """Whether turns are now planned as tasks for workers."""
    return _for_workers.get()


@contextmanager
def planned_for_workers(yes: bool) -> Iterator[None]:
    """While this lasts, turns are planned as tasks for workers, or as this process trains them best.

    How many workers there are, or what they are, plays no part in it: a plan always gives the same results.
    """
    token = _for_workers.set(yes)
    try:
        yield
    finally:
        _for_workers.reset(token)


class Work(Protocol):
    """Jobs that learn from one set of examples, and so may share programs."""

    @property
    def jobs(self) -> Sequence[Job]:
        """What is to be trained."""

    @property
    def examples(self) -> Examples:
        """The rows that they learn from."""


@dataclass(frozen=True)
class JobList:
    """The plainest work."""

    jobs: tuple[Job, ...]
    examples: Examples


@dataclass(frozen=True)
class Turn:
    """One population: jobs that train together. work: its number; jobs: of the work; seconds: predicted to train it."""

    work: int
    jobs: tuple[int, ...]
    seconds: float


@dataclass(frozen=True)
class SessionPlan:
    """All turns of a session, in order, and the plan of each work. bytes: of the largest turn; devices: that a turn is
    trained on, one where turns are tasks for workers, None for all of this process.
    """

    turns: tuple[Turn, ...]
    plans: tuple[Plan, ...]
    bytes: int
    devices: int | None = None

    @property
    def nets(self) -> int:
        """All that are trained."""
        return sum(len(turn.jobs) for turn in self.turns)

    @property
    def programs(self) -> int:
        """Compiled programs: one a cohort of a plan, whatever the turns it is trained in; equal plans share theirs."""
        return sum(len(each.cohorts) for each in set(self.plans))

    @property
    def training_seconds(self) -> float:
        """Predicted for all turns, without compilation."""
        return sum(turn.seconds for turn in self.turns)

    @property
    def seconds(self) -> float:
        """Predicted for all, compilation included."""
        return self.training_seconds + self.programs * machine().compile_seconds

    def __str__(self) -> str:
        why = "to fit in memory" if self.devices is None else "for workers"
        turns = "" if len(self.turns) == 1 else f", in {len(self.turns)} turns {why}"
        programs = "1 compiled program" if self.programs == 1 else f"{self.programs} compiled programs"
        return f"{self.nets} nets, {programs}{turns}; {cost_text(self.seconds, self.bytes)}"


def cost_text(seconds: float, needed: float) -> str:
    """What a session costs, for people. needed: bytes of its nets and rows, beside which the process has its own."""
    return f"about {seconds:.0f} s and {(needed + PROCESS_BYTES) / 2**20:.0f} MB of memory"


def plan_session(
    works: Sequence[Work],
    memory: float | None = None,
    *,
    compile_seconds: float | None = None,
    itemsize: int = 4,
    near: bool = False,
) -> SessionPlan:
    """Plan the turns.

    memory: bytes that one turn may take; MOST_MEMORY of what is free if None.
    compile_seconds: what another program is taken to cost, see `planner.plan`.
    itemsize: bytes of a number of the arithmetic.
    near: whether an observer has to see its chunks, so that this process trains it whatever workers there are.
    """
    tasks = for_workers() and not near
    budget = MOST_MEMORY * free_memory() if memory is None else memory
    turns, largest = [], 0.0
    plans = [plan(work.jobs, work.examples, compile_seconds) for work in works]
    all_seconds = sum(cohort.seconds for planned in plans for cohort in planned.cohorts)
    for number, (work, planned) in enumerate(zip(works, plans, strict=True)):
        for cohort in planned.cohorts:
            last = last_width(work.jobs[cohort.jobs[0]].recipe, work.examples.outputs)
            widths = (work.examples.inputs, *cohort.widths, last)
            each = _bytes_of(work, cohort.jobs, widths, itemsize) / len(cohort.jobs)
            most = _task_bytes(work, cohort, each, all_seconds) if tasks else math.inf
            for jobs in cut(cohort.jobs, each, min(budget, most)):
                turns.append(Turn(number, jobs, cohort.seconds * len(jobs) / len(cohort.jobs)))
                largest = max(largest, each * len(jobs))
    return SessionPlan(tuple(turns), tuple(plans), int(largest), 1 if tasks else None)


def _task_bytes(work: Work, cohort: PlannedCohort, each: float, all_seconds: float) -> float:
    """Bytes of the nets of a cohort that are a task: they train for about TASK_SECONDS, and whole groups stay whole.

    each: bytes of one; all_seconds: predicted for the session.
    """
    wanted = max(TASK_SECONDS, all_seconds / MOST_TASKS)
    nets = max(1, int(wanted * len(cohort.jobs) / max(cohort.seconds, 1e-9)))
    groups = len({(work.jobs[job].key, work.jobs[job].rows) for job in cohort.jobs})
    nets -= nets % groups if nets > groups else 0
    return (nets + 0.5) * each


def _bytes_of(work: Work, jobs: Sequence[int], widths: Sequence[int], itemsize: int) -> int:
    """About what some jobs of a work take when they train together. widths: of their nets, padded."""
    recipes = [work.jobs[job].recipe for job in jobs]
    rows = len(work.examples.train)
    whole = recipes[0].optimizer == "lbfgs"  # whose batch is all rows, in every job of a cohort
    batch = rows if whole else min(max(recipe.batch_size for recipe in recipes), rows)
    groups = len({(work.jobs[job].key, work.jobs[job].rows) for job in jobs})
    group = seed_bytes(widths[0], batch, rows, max(recipe.epochs for recipe in recipes), itemsize)
    inputs = CLIPPED * itemsize * batch * work.examples.own_inputs
    tempered = any(recipe.monitor == "tempered-loss" for recipe in recipes)
    kept = TEMPERED * itemsize * widths[-1] * len(work.examples.parts.get("valid", ())) if tempered else 0
    encoding, blocks = work.examples.scaling.encoding, blocks_of(recipes[0], work.examples.categories)
    seen = embedded_inputs(widths[0], blocks), *widths[1:]
    more = sum(block.size * block.vectors for block in blocks)
    more += encoding.numbers if isinstance(encoding, PeriodicColumns) else 0
    spread = SPREAD * itemsize * widths[0] * widths[1] if blocks else 0
    drops = any(recipe.input_dropout > 0 for recipe in recipes)
    members = member_bytes(recipes[0].members, widths, batch, itemsize, drops=drops)
    each = net_bytes(seen, batch, itemsize, recipes[0].optimizer, more) + members + spread + inputs + kept
    return len(jobs) * each + groups * group
