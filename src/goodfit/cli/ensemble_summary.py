"""What `goodfit fit` prints at the end."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from goodfit.cli.output import console, print_json, print_line, table
from goodfit.cli.summary import how_to_open, leak_line, score_table
from goodfit.words import duration

if TYPE_CHECKING:
    from goodfit.runs import Run

SHOWN = 10  # members in the table; the model file has all


def print_ensemble(run: Run, *, json: bool) -> None:
    """The members with their weights, scores out of fold, what the choice is worth, and what comes next, on stdout."""
    if json:
        print_json(run.to_json())
        return
    from goodfit.cli.measure_tables import print_headline
    from goodfit.runs.telling import interval_methods, measured_on

    out, facts = console(), run.ensemble or {}
    members = facts.get("members", [])
    rows = list(member_rows(facts))
    title = f"Ensemble of {len(members)} settings, of {facts.get('settings', len(members))} that were tried"
    out.print(table(title, MEMBER_COLUMNS, rows[:SHOWN], left=1))
    if len(rows) > SHOWN:
        print_line(out, f"and {len(rows) - SHOWN} more: goodfit show {shlex.quote(str(run.folder))}")
    out.print()
    out.print(score_table(run.scores, run.part_words))
    print_line(out, interval_methods(run.scores, run.part_words))
    for part, found in run.measured.items():
        out.print()
        print_headline(out, found, f"Measured on {measured_on(run, part)}")
    out.print()
    for sentence in facts.get("sentences", []):
        print_line(out, sentence)
    print_line(out, f"{facts.get('rounds', 0)} rounds in {duration(facts.get('spent', 0.0))}, of {duration(facts.get('seconds', 0.0))} given.")
    if run.leaks is not None:
        print_line(out, leak_line(run.leaks, run.data_name))
    print_line(out, f"Verdict on the leading member's recipe: {shlex.join(['goodfit', 'verdict', str(run.folder), '--quick'])}")
    print_line(out, f"Report and card: {shlex.join(['goodfit', 'report', str(run.folder)])}; {shlex.join(['goodfit', 'card', str(run.folder)])}")
    sealed = how_to_open(run)
    if sealed:
        print_line(out, sealed)
    print_line(out, f"Run: {run.folder}")


MEMBER_COLUMNS = ("weight", "out of fold", "epochs", "what differs from the default recipe")


def member_rows(facts: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """One row a member: its weight, its loss out of fold, and its fields."""
    for member in facts.get("members", []):
        fields = {name: value for name, value in member["fields"].items() if name not in ("epochs", "patience")}
        told = ", ".join(f"{name} {_text(value)}" for name, value in fields.items())
        yield f"{member['share']:.1%}", f"{member['loss']:.4f}", _text(member["fields"].get("epochs", "-")), told or "-"


def _text(value: Any) -> str:
    return "x".join(map(str, value)) if isinstance(value, list) else f"{value:g}" if isinstance(value, float) else str(value)
