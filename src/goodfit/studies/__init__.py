"""The chapter as living studies: each experiment with many seeds, intervals, figures and claims.

Names are loaded on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from goodfit.lazy import lazily

if TYPE_CHECKING:
    from goodfit.studies.catalogue import find as find
    from goodfit.studies.catalogue import studies as studies
    from goodfit.studies.declaring import Claim as Claim
    from goodfit.studies.declaring import Study as Study
    from goodfit.studies.estimates import Estimate as Estimate
    from goodfit.studies.result import Result as Result
    from goodfit.studies.running import resume as resume
    from goodfit.studies.running import run as run
    from goodfit.studies.running import run_all as run_all

_PLACES = {
    "Claim": "declaring",
    "Estimate": "estimates",
    "Result": "result",
    "Study": "declaring",
    "find": "catalogue",
    "resume": "running",
    "run": "running",
    "run_all": "running",
    "studies": "catalogue",
}
__all__ = sorted(_PLACES)
__getattr__, __dir__ = lazily(__name__, _PLACES)
