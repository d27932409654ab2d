"""What `goodfit test` and `goodfit ledger` print."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from goodfit.cli.output import console, print_line, table

if TYPE_CHECKING:
    from pathlib import Path

    from goodfit.data import Opening
    from goodfit.runs import Opened

COLUMNS = ("no.", "when (UTC)", "data", "model", "opening", "score", "value", "interval", "level", "rows")


def print_opened(opened: Opened) -> None:
    """A score on test rows, which opening it was, and what that has cost."""
    from goodfit.runs.opening import describe, percent
    from goodfit.runs.telling import interval_methods, score_lines

    out, score, first = console(), opened.score, opened.first
    columns = ("set", "score", "value", f"{percent(score.level)} interval", "rows", "std over seeds")
    rows = [("test", *line) for line in score_lines(score)]
    out.print(table(f"Test set of {opened.data}", columns, rows, left=2))
    print_line(out, interval_methods({"test": score}) if score.errors else f"Interval: {score.method}.")
    out.print()
    print_line(out, describe(opened))
    if opened.nth > 1 and score.width > 0:
        wide = f"the interval is {score.width:.4f} wide instead of {first.width:.4f}"
        print_line(out, f"Cost: {wide} ({opened.cost:.2f} times). 'goodfit ledger' shows all scores at this level.")
    elif opened.nth == 1 and not opened.again:
        print_line(out, "Every further model that is scored on this test set widens all its intervals.")
    print_line(out, f"Recorded as no. {opened.number} in {shown(opened.ledger)}.")


def shown(path: Path) -> str:
    """A path, from the current folder on where it is below it."""
    here = path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def print_openings(path: Path, lines: Sequence[Opening]) -> None:
    """All openings, newest last, with the intervals as they are by now; and what they have cost."""
    from goodfit.runs.telling import costs

    out = console()
    out.print(table(f"Test set openings, {shown(path)}", COLUMNS, map(_row, lines), left=6))
    out.print()
    for text in costs(lines):
        print_line(out, text)


def opening_record(line: Opening) -> dict[str, Any]:
    """A line of the ledger as plain values for JSON; "now" is its score with the interval as it is by now."""
    from goodfit.runs.opening import restated

    now = restated(line)
    return {**line.__dict__, "now": None if now is None else now.to_dict()}


def _row(line: Opening) -> tuple[str, ...]:
    from goodfit.runs.opening import ordinal, percent, restated
    from goodfit.runs.telling import interval

    now, rows = restated(line), f"{line.rows:,}"
    when = line.time[:16].replace("T", " ")
    model = f"{PurePath(line.run).name} {line.model[:8]}" if line.run else line.model[:8]
    nth = "again" if line.again else f"{ordinal(line.nth)} of {line.of}"
    first = (str(line.number), when, line.data, model, nth)
    if now is None:
        return *first, "every epoch" if line.kind == "curve" else "unfinished", "-", "-", "-", rows
    return *first, now.name, f"{now.value:.4f}", interval(now), percent(now.level), rows
