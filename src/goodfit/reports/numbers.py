"""Numbers for people, the same way on every page."""

from __future__ import annotations

import math

NONE = "–"


def number(value: float | None, *, sign: bool = False, digits: int = 4) -> str:
    """0.9722, or with its sign +0.0100; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return NONE
    text = f"{value:+.{digits}f}" if sign else f"{value:.{digits}f}"
    return text.replace("-", "−")


def between(low: float | None, high: float | None, *, sign: bool = False) -> str:
    """0.9497 to 0.9865; a dash where there is no interval."""
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return NONE
    return f"{number(low, sign=sign)} to {number(high, sign=sign)}"


def counted(count: int, one: str, many: str = "") -> str:
    """1 net, 8 nets."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def known(value: float | None) -> float:
    """The number, nan for None: figures leave it out."""
    return math.nan if value is None else value
