"""Numbers and intervals in the lab's sentences and tables, all in one form: the command line's."""

from __future__ import annotations

import math

from goodfit.studies.words import Words


def number(value: float | None, digits: int = 3, *, sign: bool = False) -> str:
    """A number in so many digits; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return "–"
    return f"{value:{'+' if sign else ''}.{digits}g}"


def with_interval(
    value: float | None, low: float | None, high: float | None, digits: int = 3, *, sign: bool = False
) -> Words:
    """A value and its interval as the command line writes them, 0.95 (0.94 to 0.96); the value alone without one."""
    told, *ends = (number(each, digits, sign=sign) for each in (value, low, high))
    if number(None) in ends:
        return Words(told, told)
    return Words(f"{told} ({ends[0]} to {ends[1]})", f"{told}（{ends[0]} 到 {ends[1]}）")
