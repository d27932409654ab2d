"""Train a mixed population: plan the cohorts, fit them one after another, give the results back in the jobs' order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.training.cohort import cohort_of
from goodfit.training.devices import prepare
from goodfit.training.examples import Examples
from goodfit.training.fitting import Fitted, Report, fit
from goodfit.training.planner import COMPILE_SECONDS, Plan, plan
from goodfit.training.population import Job, NetArrays


@dataclass(frozen=True)
class FittedJobs:
    """Trained jobs. cohorts: one result a cohort of the plan; place[i]: (cohort, net of it) of job i."""

    plan: Plan
    cohorts: tuple[Fitted, ...]
    place: tuple[tuple[int, int], ...]

    def net(self, job: int) -> NetArrays:
        """The trained net of a job."""
        cohort, net = self.place[job]
        return self.cohorts[cohort].nets[net]

    def metrics(self, job: int) -> NDArray[Any]:
        """[E, Q] of a job, see `fitting.metric_names`."""
        cohort, net = self.place[job]
        return np.asarray(self.cohorts[cohort].metrics[:, :, net])

    @property
    def seconds(self) -> dict[str, float]:
        """Spent on compile and train, over all cohorts."""
        return {what: sum(fitted.seconds[what] for fitted in self.cohorts) for what in ("compile", "train")}


def fit_jobs(
    jobs: Sequence[Job],
    examples: Examples,
    *,
    report: Callable[[int, Report], None] | None = None,
    score_every: int = 1,
    compile_seconds: float = COMPILE_SECONDS,
    dtype: Any = np.float32,
) -> FittedJobs:
    """Plan jobs into cohorts and train them.

    report: called with the cohort's number and a Report after every chunk; compile_seconds: what the planner takes
    another compilation to cost (see `planner.plan`); the others as in `fit`.
    """
    planned = plan(jobs, examples, compile_seconds)
    place: list[tuple[int, int]] = [(0, 0)] * len(jobs)
    fitted = []
    for number, cohort in enumerate(planned.cohorts):
        told = None if report is None else _numbered(report, number)
        members = [jobs[job] for job in cohort.jobs]
        fitted.append(fit(cohort_of(members, examples, prepare(), dtype), report=told, score_every=score_every))
        for net, job in enumerate(cohort.jobs):
            place[job] = number, net
    return FittedJobs(planned, tuple(fitted), tuple(place))


def _numbered(report: Callable[[int, Report], None], number: int) -> Callable[[Report], None]:
    return lambda each: report(number, each)
