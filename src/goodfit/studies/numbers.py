"""Numbers of a study for people: four digits that count, whatever their size; seconds and counts as they are."""

import math
from collections.abc import Sequence
from typing import Any

from goodfit.studies.estimates import Estimate

NONE = "–"
LONGEST = 12  # values of a cell that holds several


def shown(value: Any, digits: int = 4) -> str:
    """A cell: 0.3557, 2.19e+26, 1,000, several values with commas; a dash for what is not there."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return NONE
    if isinstance(value, bool) or not isinstance(value, int | float):
        if isinstance(value, list | tuple):
            return ", ".join(shown(each, digits) for each in value[:LONGEST]) + (" …" if len(value) > LONGEST else "")
        return str(value)
    if isinstance(value, int):
        return f"{value:,}".replace("-", "−")
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0 or 1e-3 <= abs(value) < 1e6:
        places = max(0, digits - 1 - math.floor(math.log10(abs(value)))) if value else 0
        text = f"{value:,.{places}f}"
    else:
        text = f"{value:.{digits - 1}e}"
    return text.replace("-", "−")


def interval(low: float, high: float) -> str:
    """[0.31, 0.42]; a dash where there is none."""
    if math.isnan(low) or math.isnan(high):
        return NONE
    return f"[{shown(low)}, {shown(high)}]"


def estimate(found: Estimate) -> str:
    """0.37 [0.36, 0.38]; the value alone where it is exact."""
    if found.low == found.high or math.isnan(found.low):
        return shown(found.value)
    return f"{shown(found.value)} {interval(found.low, found.high)}"


def intervals_of(names: Sequence[str]) -> list[tuple[int, int, int]]:
    """Where columns stand side by side as a middle and its interval: places of (middle, low, high).

    "norm", "norm_low", "norm_high", or with the middle between the two.
    """
    found = []
    for at in range(len(names) - 2):
        for middle, low, high in ((at, at + 1, at + 2), (at + 1, at, at + 2)):
            prefix = names[low].removesuffix("low")
            ends = names[low].endswith("low") and names[high] == f"{prefix}high"
            if ends and not names[middle].endswith(("low", "high")):
                found.append((middle, low, high))
    return found


def rows_of(columns: Sequence[Sequence[Any]]) -> list[list[str]]:
    """Columns of values as rows of cells."""
    return [[shown(value) for value in row] for row in zip(*columns, strict=True)]
