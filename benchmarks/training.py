"""goodfit's side of every benchmark: a cohort, built and trained, timed as a whole."""

from __future__ import annotations

import time
from collections.abc import Sequence

from goodfit.training import Examples, Fitted, Job, cohort_of, fit
from goodfit.training.devices import prepare


def train(jobs: Sequence[Job], examples: Examples, score_every: int = 1) -> tuple[float, Fitted]:
    """Seconds and result, from the recipes to the trained nets on the host.

    Drawing initial weights and row orders, placing the data on the devices and fetching the results count as well;
    so does compiling, where it has not been done.
    """
    began = time.perf_counter()
    fitted = fit(cohort_of(jobs, examples, prepare()), score_every=score_every)
    return time.perf_counter() - began, fitted
