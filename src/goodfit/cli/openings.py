"""What `goodfit test` and `goodfit ledger` print."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from goodfit.cli.output import console, print_line, table
from goodfit.words import fixed

if TYPE_CHECKING:
    from pathlib import Path

    from goodfit.data import Opening
    from goodfit.runs import Opened
    from goodfit.runs.looks import NextLook, Outlook

LOOKS = (
    "planned: all intervals widen with each opening; the number of models is fixed before the first.",
    "lasting: an interval stays as it was given, whatever follows.",
    "adaptive: the same, also for models that were built or chosen by scores on this test set; "
    "of R² if errors are about normal.",
)
COLUMNS = ("no.", "when (UTC)", "data", "model", "opening", "score", "value", "interval", "level", "rows")


def print_opened(opened: Opened) -> None:
    """A score on test rows, which opening it was, and what that has cost."""
    from goodfit.cli.measure_tables import print_all
    from goodfit.runs.opening import describe, percent
    from goodfit.runs.telling import interval, interval_methods, score_table

    out, score, first = console(), opened.score, opened.first
    out.print(table(f"Test set of {opened.data}", *score_table({"test": score}, {"test": "test"}), left=2))
    print_line(out, interval_methods({"test": score}) if score.errors else f"Interval: {score.method}.")
    if opened.measures is not None:
        out.print()
        print_all(out, opened.measures, "All measures" + (", of the mean prediction" * (score.spread is not None)))
        for text in (*opened.measures.warnings, *opened.measures.notes):
            print_line(out, text)
    out.print()
    print_line(out, describe(opened))
    if opened.nth > 1 and score.width > 0:
        wide = f"the interval is {fixed(score.width)} wide instead of {fixed(first.width)}"
        print_line(out, f"Cost: {wide} ({opened.cost:.2f} times). 'goodfit ledger' shows all scores at this level.")
    elif opened.nth == 1 and not opened.again:
        print_line(out, "Every further model that is scored on this test set widens all its intervals.")
    if not opened.again and opened.lasting.width > 0:
        lasting = f"{interval(opened.lasting)} ({percent(opened.lasting.level)})"
        print_line(out, f"An interval that no later opening widens: {lasting}.")
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


def print_outlooks(coming: Sequence[Outlook], width: float | None) -> None:
    """What the next opening of each test set would cost; how many are left below a width, where one was asked for."""
    from goodfit.runs.opening import percent

    rows = [_look_row(each, look) for each in coming for look in each.looks]
    if not rows:
        return
    heads = ("data", "openings", "newest score", "next one", "level", "interval", "half-width")
    left = () if width is None else (f"left to {width:g}",)
    out = console()
    out.print()
    out.print(table("The next opening, if it scored the same as the newest", (*heads, *left), rows, left=4))
    out.print()
    for text in LOOKS:
        print_line(out, text)
    for each in coming:
        if each.looks and each.joint < 0.95 - 1e-9:
            told = f"lasting intervals hold jointly at {percent(each.joint)} only: its sets were found to overlap late"
            print_line(out, f"{each.data}: {told}.")


def _look_row(each: Outlook, look: NextLook) -> tuple[str, ...]:
    from goodfit.runs.looks import MOST

    left = () if look.left is None else (f"{look.left:,}{' or more' if look.left == MOST else ''}",)
    score = f"{each.score} {each.value:.4f} on {each.rows:,}"
    ends = ("none", "-") if math.isnan(look.low) else (f"{fixed(look.low)} to {fixed(look.high)}", f"{look.half:.4f}")
    return each.data, str(each.openings), score, look.kind, level_text(look.log_missing), *ends, *left


def level_text(log_missing: float) -> str:
    """A level by the logarithm of what it lacks to 1: 99.5 %, 1 - 1e-19."""
    from goodfit.runs.opening import percent

    if not math.isfinite(log_missing):
        return "-"
    tens = log_missing / math.log(10)
    return percent(1 - math.exp(log_missing)) if tens > -9 else f"1 - 1e{math.floor(tens)}"


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
    return *first, now.name, fixed(now.value), interval(now), percent(now.level), rows
