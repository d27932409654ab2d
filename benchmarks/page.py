"""docs/benchmarks.md, from the measurements of one run."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.bars import Measurement, shown

HEAD = """# Benchmarks
<!-- written by `make bench`; changes by hand are lost -->

Measured on {date} in one run on one machine: {machine}.{load}

Every row compares two things that ran in turn (A B A B ...), each run to its end; the numbers are medians unless
a row says otherwise. To repeat: `make bench`; some rows alone: `.venv/bin/python -m benchmarks {example}`.

| what | measured | bar | aim | | details |
|---|---|---|---|---|---|
"""


def page(measured: Sequence[Measurement], *, date: str, machine: str, load: float | None, example: str) -> str:
    """The whole page. load: of the machine before the run; example: a name to repeat."""
    before = "" if load is None else f" Load before the run: {load:.2f}."
    rows = [_row(one) for one in measured]
    how = [f"- **{one.bar.what}**: {one.bar.how}" for one in measured]
    head = HEAD.format(date=date, machine=machine, load=before, example=example)
    return head + "\n".join(rows) + "\n\n## How each is measured\n" + "\n".join(how) + "\n"


def _row(one: Measurement) -> str:
    bar = one.bar
    aim = "" if bar.aim is None else shown(bar.aim, bar.unit)
    cells = [bar.what, f"**{shown(one.value, bar.unit)}**", bar.rule, aim, one.verdict(), one.context]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
