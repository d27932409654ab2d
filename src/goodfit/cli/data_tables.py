"""What the `goodfit data` commands print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from goodfit.cli.exits import say
from goodfit.cli.output import console, print_json, print_line, table
from goodfit.words import digits, duration

if TYPE_CHECKING:
    from pathlib import Path

    from goodfit.data import Dataset, Entry, FetchReport, Split, Summary
    from goodfit.leaks import LeakFinding

ENTRY_COLUMNS = ("name", "about", "task", "rows", "test set", "features", "outputs")
NOT_LOOKED_FOR = (
    "Not looked for: three or more features that give the target together, ids or row orders that follow the target "
    "within groups, and copies of rows with noise in many columns."
)
MOST_ROWS = 20  # columns or classes listed on a terminal
_RANGE_COLUMNS = ("column", "min", "max", "mean", "std")


def entry_row(entry: Entry) -> tuple[str, ...]:
    """A line of `goodfit data list`."""
    tested = f"{entry.test_rows:,}" if entry.test_rows else "-"
    return entry.name, entry.about, entry.task, f"{entry.rows:,}", tested, f"{entry.inputs:,}", f"{entry.outputs:,}"


def entry_record(entry: Entry) -> dict[str, Any]:
    """An entry as plain values, for JSON."""
    return {**asdict(entry), "parameters": dict(entry.parameters)}


def print_leaks(parts: Split, found: Sequence[LeakFinding], *, near: bool, json: bool) -> None:
    """What the leak guard found, one paragraph each; or that it found nothing."""
    if json:
        print_json([asdict(each) for each in found])
        return
    from goodfit.runs.run import PART_WORDS

    out = console()
    sizes = ", ".join(f"{size:,} {PART_WORDS[part]}" for part, size in parts.sizes.items() if size)
    print_line(out, f"{parts.data.name}: {sizes} rows.")
    for each in found:
        print_line(out, f"{each.code}: {each}" if each.status == "issue" else f"{each.code} ({each.status}): {each}")
    if not found:
        copies = f"no duplicates{' or near-duplicates' * near} across the split"
        print_line(out, f"No leakage found: {copies}, and no feature that determines the target.")
    print_line(out, NOT_LOOKED_FOR)


def print_dataset(data: Dataset) -> None:
    """A data set's facts, classes or columns, and a few of its images."""
    from goodfit.data import summary

    facts, out = summary(data), console()
    out.print(table(facts.name, ("what", "value"), _facts(facts), left=2))
    if facts.classes:
        rows = [(entry.name, f"{entry.rows:,}", f"{entry.test_rows:,}") for entry in facts.classes[:MOST_ROWS]]
        out.print(table("Classes", ("class", "rows", "in the official test set"), rows))
    columns = facts.columns if data.image_shape is None else ()
    ranges = (*facts.targets, *columns[:MOST_ROWS])
    if ranges:
        numbers = [(r.name, *(digits(v) for v in (r.lowest, r.highest, r.mean, r.deviation))) for r in ranges]
        out.print(table("Columns", _RANGE_COLUMNS, numbers))
    hidden = max(len(columns), len(facts.classes)) - MOST_ROWS
    if hidden > 0:
        print_line(out, f"and {hidden} more: --json lists all.")
    if data.image_shape is not None:
        from goodfit.cli.pictures import examples

        out.print(examples(data, out))


def _facts(facts: Summary) -> list[tuple[str, str]]:
    shape = f" (images of {facts.image_shape[0]} x {facts.image_shape[1]})" if facts.image_shape else ""
    tested = f"{facts.test_rows:,} of them the official test set" if facts.test_rows else "no official test set"
    return [
        ("about", facts.about),
        ("source", facts.source),
        ("task", facts.task),
        ("rows", f"{facts.rows:,}, {tested}"),
        (
            "features",
            f"{facts.inputs:,}{shape}, {facts.storage}, from {facts.values.lowest:g} to {facts.values.highest:g}",
        ),
        ("constant features", f"{len(facts.constant):,}"),
        ("outputs", f"{facts.outputs:,}"),
        ("scaling", facts.scaling),
        ("in memory", f"{facts.size / 1e6:.1f} MB"),
    ]


def save_examples(data: Dataset, path: Path) -> None:
    """Write the figure of examples, in the format that its name ends in."""
    from goodfit.figures import examples, write_figure

    write_figure(examples(data), path)
    say(f"Figure: {path}")


def report_record(report: FetchReport) -> dict[str, Any]:
    """How a data set was come by, as plain values for JSON."""
    return {**asdict(report), "folder": None if report.folder is None else str(report.folder)}


def print_report(report: FetchReport) -> None:
    """How a data set was come by, with every place that was tried."""
    out = console()
    if report.attempts:
        rows = [(tried.place, tried.outcome, tried.detail, duration(tried.seconds)) for tried in report.attempts]
        out.print(table("", ("place", "outcome", "detail", "time"), rows, left=3))
    kept = f", kept in {report.folder}" if report.folder else ""
    print_line(out, f"{report.name}: from {report.source}{kept}.")
    if report.trouble:
        say(f"Warning: {report.trouble}")
