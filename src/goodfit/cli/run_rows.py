"""A run in a list of runs, as a line and as plain values; groups of runs as a table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goodfit.words import fixed

if TYPE_CHECKING:
    from goodfit.models import Score
    from goodfit.runs import RunGroup, RunSummary

RUN_COLUMNS = ("run", "data", "date", "status", "seeds", "held-out", "test")


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


def print_groups(groups: Sequence[RunGroup], folder: Path, *, json: bool) -> None:
    """Groups of runs as a table, or as a JSON list."""
    from goodfit.cli.exits import say
    from goodfit.cli.output import console, print_json, print_line, table

    if json:
        print_json([group.to_json() for group in groups])
        return
    if not groups:
        say(f"There are no finished runs with this metric in '{folder}'.")
        return
    names = list(dict.fromkeys(name for group in groups for name in group.fields))
    heads = ("data", *names, "metric", "mean", "95 % interval", "std", "nets", "runs", "diverged")
    out = console()
    out.print(table("", heads, [_group_row(group, names) for group in groups], left=2 + len(names)))
    mixed = [name for group in groups for name in group.varied]
    if mixed:
        print_line(out, f"Within a group, these differ beside the seed: {', '.join(dict.fromkeys(mixed))}.")


def _group_row(group: RunGroup, names: Sequence[str]) -> tuple[str, ...]:
    ends = "none" if math.isnan(group.low) else f"{fixed(group.low)} to {fixed(group.high)}"
    spread = "-" if math.isnan(group.spread) else fixed(group.spread)
    counts = (str(group.count), str(len(group.runs)), str(group.diverged))
    values = (group.fields.get(name, "-") for name in names)
    return group.data, *values, group.name, fixed(group.mean), ends, spread, *counts


def refuse_metric(metric: str | None) -> None:
    """InputError for a metric without groups."""
    from goodfit.errors import InputError, problem

    if metric is not None:
        raise InputError(problem("Command line", "--metric is of groups", got=metric, fix="Add --group recipe."))


def _when(when: Any) -> str:
    return when.strftime("%Y-%m-%d %H:%M") if isinstance(when, datetime) else str(when)


def _score(score: Score | None) -> str:
    return "-" if score is None else f"{score.name} {fixed(score.value)}"
