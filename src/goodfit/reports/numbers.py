"""Numbers for people, the same way on every page."""

import math
from collections.abc import Mapping, Sequence

from goodfit.words import digits, duration

NONE = "–"


def number(value: float | None, *, sign: bool = False, digits: int = 4) -> str:
    """0.9722, or with its sign +0.0100; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return NONE
    text = f"{value:+.{digits}f}" if sign else f"{value:.{digits}f}"
    return text.replace("-", "−")


def brief(value: float) -> str:
    """Three digits, whatever the size: 0.123, 25,100, 4.56e−07; a dash where there is none."""
    return digits(value, 3).replace("-", "−") if math.isfinite(value) else NONE


def whole(value: int) -> str:
    """12,345."""
    return f"{value:,}"


def percent(share: float) -> str:
    """45 %; a dash where it does not apply."""
    return f"{brief(100 * share)} %" if math.isfinite(share) else NONE


def between(low: float | None, high: float | None, *, sign: bool = False) -> str:
    """0.9497 to 0.9865; a dash where there is no interval."""
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return NONE
    return f"{number(low, sign=sign)} to {number(high, sign=sign)}"


def spanned(found: Sequence[float], several: bool) -> str:
    """The middle of several values and where they lie, 0.52 (0.50 to 0.55), or the middle alone."""
    middle, low, high = found
    return f"{number(middle)} ({number(low)} to {number(high)})" if several else number(middle)


def spent(seconds: Mapping[str, float]) -> str:
    """train 2.00 s, evaluate 0.10 s."""
    return ", ".join(f"{name} {duration(each)}" for name, each in seconds.items())


def counted(count: int, one: str, many: str = "") -> str:
    """1 net, 8 nets."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def known(value: float | None) -> float:
    """The number, nan for None: figures leave it out."""
    return math.nan if value is None else value


def encoded_text(features: int, inputs: int) -> str:
    """15 features, encoded as 159 inputs; "" where the features are the inputs."""
    return "" if features == inputs else f"{counted(features, 'feature')}, encoded as {inputs:,} inputs"
