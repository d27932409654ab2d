"""What `goodfit fit` prints at the end."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from goodfit.cli.output import console, print_json, print_line, table
from goodfit.cli.summary import how_to_open, leak_line, print_scores
from goodfit.words import duration

if TYPE_CHECKING:
    from goodfit.runs import Run

SHOWN = 10  # members in the table; the report has all


def print_ensemble(run: Run, *, json: bool) -> None:
    """The members with their weights, scores out of fold, what the choice is worth, and what comes next, on stdout."""
    if json:
        print_json(run.to_json())
        return
    from goodfit.ensembles.telling import MEMBER_COLUMNS, commands_of, member_rows, title_of

    out, facts, rows = console(), run.ensemble or {}, list(member_rows(run.ensemble or {}))
    out.print(table(title_of(facts), MEMBER_COLUMNS, rows[:SHOWN], left=1))
    if len(rows) > SHOWN:
        print_line(out, f"and {len(rows) - SHOWN} more: {shlex.join(['goodfit', 'report', str(run.folder)])}")
    print_scores(out, run)
    for sentence in facts.get("sentences", ()):
        print_line(out, sentence)
    spent, given = duration(facts.get("spent", 0.0)), duration(facts.get("seconds", 0.0))
    rounds = facts.get("rounds", 0)
    in_rounds = f"{rounds} round{'s' * (rounds != 1)}"
    print_line(out, f"Trained {facts.get('nets', 0):,} nets in {in_rounds}: {spent} of {given}.")
    if run.leaks is not None:
        print_line(out, leak_line(run.leaks, run.data_name))
    for line in commands_of(str(run.folder)):
        print_line(out, line)
    sealed = how_to_open(run)
    if sealed:
        print_line(out, sealed)
    print_line(out, f"Run: {run.folder}")
