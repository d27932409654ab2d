"""What `goodfit compare` prints."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from goodfit.cli.output import console, print_line, table
from goodfit.words import digits, ends_text

if TYPE_CHECKING:
    from goodfit.models.paired import Difference
    from goodfit.runs.comparing import Compared, PairDifference


def print_compared(found: Compared) -> None:
    """A table for each pair, its sentence below it, and what to know of all."""
    from goodfit.runs.opening import percent

    out = console()
    for pair, sentence in zip(found.pairs, found.sentences, strict=True):
        chance = () if pair.main.chance is None else ("McNemar's p", *["Holm's p"] * (found.comparisons > 1))
        heads = ("measure", pair.first, pair.second, "gain", f"{percent(found.level)} interval", *chance)
        rows = [_row(each)[: len(heads)] for each in pair.measures]
        out.print(table(f"{pair.first} and {pair.second}, {found.rows:,} rows", heads, rows))
        out.print()
        print_line(out, sentence)
        for note in _notes(pair):
            print_line(out, note)
        out.print()
    for note in found.notes:
        print_line(out, note)
    if found.openings:
        numbers = ", ".join(map(str, dict.fromkeys(found.openings)))
        print_line(out, f"Recorded in the ledger: no. {numbers}.")


def _row(each: Difference) -> tuple[str, ...]:
    ends = ends_text(each.low, each.high)
    chances = ("-" if one is None else f"{one:.3g}" for one in (each.chance, each.adjusted))
    return each.measure, digits(each.first), digits(each.second), digits(each.gain, sign=True), ends, *chances


def _notes(pair: PairDifference) -> Iterator[str]:
    """Why a measure has no interval."""
    for each in pair.measures:
        if math.isnan(each.low):
            yield f"{each.measure[0].upper()}{each.measure[1:]}: {each.method}."
