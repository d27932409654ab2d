"""How populations are trained: recipe, jobs, planner, engine, scores, and the session that trains everything.

Names are loaded on first use, so that what needs only the recipe does not load JAX.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from goodfit.lazy import lazily

if TYPE_CHECKING:
    from goodfit.training.cohort import Cohort as Cohort
    from goodfit.training.cohort import cohort_of as cohort_of
    from goodfit.training.compile import compilations as compilations
    from goodfit.training.examples import Examples as Examples
    from goodfit.training.fitting import Fitted as Fitted
    from goodfit.training.fitting import Report as Report
    from goodfit.training.fitting import fit as fit
    from goodfit.training.fitting import metric_names as metric_names
    from goodfit.training.history import History as History
    from goodfit.training.jobs import FittedJobs as FittedJobs
    from goodfit.training.jobs import fit_jobs as fit_jobs
    from goodfit.training.planner import Plan as Plan
    from goodfit.training.planner import plan as plan
    from goodfit.training.population import Job as Job
    from goodfit.training.progress import Progress as Progress
    from goodfit.training.recipe import Recipe as Recipe

_PLACES = {
    "Cohort": "cohort",
    "Examples": "examples",
    "Fitted": "fitting",
    "FittedJobs": "jobs",
    "History": "history",
    "Job": "population",
    "Plan": "planner",
    "Progress": "progress",
    "Recipe": "recipe",
    "Report": "fitting",
    "cohort_of": "cohort",
    "compilations": "compile",
    "fit": "fitting",
    "fit_jobs": "jobs",
    "metric_names": "fitting",
    "plan": "planner",
}
__all__ = sorted(_PLACES)
__getattr__, __dir__ = lazily(__name__, _PLACES)
