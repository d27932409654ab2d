"""Train a mixed population and give the results back in the jobs' order: the plain face of a session."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.arguments import public
from goodfit.training.cohort import Cohort, cohort_of
from goodfit.training.examples import Examples
from goodfit.training.fitting import CHUNK_SECONDS, TrainedNets
from goodfit.training.keeping import PackTrained, keep_nets
from goodfit.training.observer import Observer
from goodfit.training.planner import Plan
from goodfit.training.population import Job, NetArrays
from goodfit.training.session import Pace, run
from goodfit.training.store import Store
from goodfit.training.turns import JobList, Work, plan_session


@dataclass(frozen=True)
class FittedJobs:
    """Trained jobs.

    plan: which cohorts there are, and why
    turns: one result a turn; place[i]: (turn, net of it) of job i.
    place: where each job's net is
    """

    plan: Plan
    turns: tuple[TrainedNets, ...]
    place: tuple[tuple[int, int], ...]

    def net(self, job: int) -> NetArrays:
        """The trained net of a job."""
        turn, net = self.place[job]
        return self.turns[turn].nets[net]

    def metrics(self, job: int) -> NDArray[Any]:
        """[E, Q] of a job, see `fitting.metric_names`."""
        turn, net = self.place[job]
        return np.asarray(self.turns[turn].metrics[:, :, net])

    @property
    def seconds(self) -> dict[str, float]:
        """Spent on compile and train, over all turns."""
        return {what: sum(fitted.seconds[what] for fitted in self.turns) for what in ("compile", "train")}


@public
def fit_jobs(
    jobs: Sequence[Job],
    examples: Examples,
    *,
    observers: Iterable[Observer] = (),
    score_every: int = 1,
    chunk_seconds: float = CHUNK_SECONDS,
    compile_seconds: float | None = None,
    dtype: Any = np.float32,
    memory: float | None = None,
    store: Store | None = None,
) -> FittedJobs:
    """Plan jobs into cohorts, cut these to the memory that there is, and train them.

    The others as in `fit`.

    jobs: one a net
    examples: what they learn from
    observers: are told of every turn and chunk.
    score_every, chunk_seconds: as in `fit`
    compile_seconds: what the planner takes another compilation to cost (see `planner.plan`).
    dtype: of all arithmetic
    memory: bytes that one turn may take; half of what is free if None.
    store: keeps what was trained, so that the same call goes on where it was killed.
    """
    works = [JobList(tuple(jobs), examples)]
    observers = tuple(observers)
    near = any(observer.near for observer in observers)
    size = np.dtype(dtype).itemsize
    planned = plan_session(works, memory, compile_seconds=compile_seconds, itemsize=size, near=near)
    build = partial(_cohort, dtype)
    place: list[tuple[int, int]] = [(0, 0)] * len(jobs)
    for number, turn in enumerate(planned.turns):
        for net, job in enumerate(turn.jobs):
            place[job] = number, net
    pace = Pace(score_every=score_every, chunk_seconds=chunk_seconds)
    kept_in = None if store is None else (store, PackTrained())
    fitted = run(works, keep_nets, planned=planned, kept_in=kept_in, observers=observers, build=build, pace=pace)
    return FittedJobs(planned.plans[0], tuple(fitted), tuple(place))


def _cohort(dtype: Any, work: Work, members: Sequence[Job], devices: int) -> Cohort:
    return cohort_of(members, work.examples, devices, dtype)
