"""Measures as tables: the few that matter at the end of a training, all of them, and the confusion matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from goodfit.cli.output import console, print_line, table

if TYPE_CHECKING:
    from rich.console import Console

    from goodfit.models import Measures
    from goodfit.models.thresholds import Threshold

MOST_SHOWN = 12  # classes of a confusion matrix on a screen


def print_headline(out: Console, found: Measures, title: str) -> None:
    """The two to four measures that matter most."""
    from goodfit.runs.telling import measure_table

    out.print(table(title, *measure_table(found, found.headline)))
    _print_baseline(out, found)


def _print_baseline(out: Console, found: Measures) -> None:
    print_line(out, found.baseline)
    if found.no_better:
        print_line(out, found.no_better)


def print_all(out: Console, found: Measures, title: str) -> None:
    """Every measure, how the intervals were made or why there is none, and the confusion matrix."""
    from goodfit.runs.telling import measure_table

    out.print(table(title, *measure_table(found, found.measures)))
    _print_baseline(out, found)
    print_line(out, found.intervals)
    if 0 < len(found.confusion) <= MOST_SHOWN:
        out.print()
        rows = [
            (name, *(f"{count:,}" for count in own)) for name, own in zip(found.classes, found.confusion, strict=True)
        ]
        out.print(table("Confusion matrix: rows by class", ("class \\ predicted", *found.classes), rows))
    elif found.confusion:
        print_line(out, f"Confusion matrix of {len(found.classes)} classes: see --json.")


def print_measures(found: Measures, title: str, threshold: Threshold | None) -> None:
    """What `goodfit measure` prints."""
    out = console()
    print_all(out, found, title)
    out.print()
    decide = [] if threshold is None else [threshold.sentence, *(t for t in threshold.notes if t not in found.notes)]
    for text in (*found.warnings, *found.notes, *decide):
        print_line(out, text)
