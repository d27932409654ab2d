"""Verdicts: whether a recipe fits, by alternatives that are trained and measured beside it.

Names are loaded on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from goodfit.lazy import lazily

if TYPE_CHECKING:
    from goodfit.verdicts.judging import resume as resume
    from goodfit.verdicts.judging import verdict as verdict
    from goodfit.verdicts.judging_runs import judge_run as judge_run
    from goodfit.verdicts.result import Verdict as Verdict

_PLACES = {
    "Verdict": "result",
    "judge_run": "judging_runs",
    "resume": "judging",
    "verdict": "judging",
}
__all__ = sorted(_PLACES)
__getattr__, __dir__ = lazily(__name__, _PLACES)
