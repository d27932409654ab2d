"""A run in a list of runs, as a line and as plain values."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from goodfit.models import Score
    from goodfit.runs import RunSummary

RUN_COLUMNS = ("run", "data", "date", "status", "seeds", "validation", "test")


def run_row(run: RunSummary) -> tuple[str, ...]:
    """A line of `goodfit runs`."""
    scores = (_score(run.scores.get(part)) for part in ("valid", "test"))
    return str(run.folder), run.data, _when(run.when), run.state, str(len(run.seeds)), *scores


def run_record(run: RunSummary) -> dict[str, Any]:
    """A run as plain values, for JSON."""
    when = run.when.isoformat() if isinstance(run.when, datetime) else run.when
    scores = {part: {"name": s.name, "value": s.value, "low": s.low, "high": s.high} for part, s in run.scores.items()}
    return {
        "folder": str(run.folder),
        "data": run.data,
        "when": when,
        "state": run.state,
        "seeds": list(run.seeds),
        "scores": scores,
        **({"problem": run.problem} if run.problem else {}),
    }


def _when(when: Any) -> str:
    return when.strftime("%Y-%m-%d %H:%M") if isinstance(when, datetime) else str(when)


def _score(score: Score | None) -> str:
    return "-" if score is None else f"{score.name} {score.value:.4f}"
