"""What `goodfit calibrate` prints."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from goodfit.cli.output import console, print_line, table

if TYPE_CHECKING:
    from goodfit.models.calibration import ProbabilityScore, Reliability
    from goodfit.models.paired import Difference
    from goodfit.runs import Calibration

OF_ERROR = "of", "calibration error", "by chance", "95 % limit", "p", "rows"
OF_BINS = "rows", "predicted", "observed", "5-95 % band", ""


def print_calibration(found: Calibration, written: Mapping[str, Path]) -> None:
    """Scores, calibration errors, the bins, the temperature, a sentence on each, and what to know."""
    from goodfit.runs.opening import percent

    out = console()
    heads = ("score", "value", f"{percent(found.level)} interval")
    out.print(table(f"{found.name}, {found.rows_text}", heads, map(_score_row, found.scores)))
    if found.reliability:
        out.print()
        out.print(table("Calibration errors, beside those of true probabilities", OF_ERROR, _rows(found)))
        shown = found.shown()
        rows = [_bin_row(each.rows, each.predicted, each.observed, each.low, each.high) for each in shown.bins]
        out.print()
        out.print(table(found.heading(), OF_BINS, rows, left=0))
    fitted = found.temperature
    if fitted is not None and fitted.gains:
        columns = ("cross-fitted", "before", "after", "gain", f"{percent(found.level)} interval")
        out.print()
        title = f"Temperature {fitted.value:.3g}, {fitted.folds}"
        out.print(table(title, columns, [_gain_row(each) for each in fitted.gains]))
    out.print()
    for text in (*found.sentences, *_without_intervals(found), *found.notes):
        print_line(out, text)
    if found.openings:
        print_line(out, f"Recorded in the ledger: no. {', '.join(map(str, found.openings))}.")
    for what, path in written.items():
        print_line(out, f"{what}: {path}")
    if "Model" in written and not (fitted is not None and fitted.helps):
        print_line(out, "The model was written with a temperature that is not advised.")


def _without_intervals(found: Calibration) -> list[str]:
    """Why scores have no interval, those of one reason together."""
    named: dict[str, list[str]] = {}
    for each in found.scores:
        if math.isnan(each.low):
            named.setdefault(each.method, []).append(each.name)
    return [f"{', '.join(names)}: {method}." for method, names in named.items()]


def _rows(found: Calibration) -> list[tuple[str, ...]]:
    """Before, and with the temperature on rows that it was not fitted on, where it is advised."""
    fitted = found.temperature
    after = fitted.after if fitted is not None and fitted.helps else ()
    rows = [_row(each.of, each) for each in found.reliability]
    return rows + [_row(f"{each.of}, with temperature", each) for each in after]


def _score_row(each: ProbabilityScore) -> tuple[str, ...]:
    ends = "none" if math.isnan(each.low) else f"{each.low:.4f} to {each.high:.4f}"
    return each.name, f"{each.value:.4f}", ends


def _row(name: str, each: Reliability) -> tuple[str, ...]:
    numbers = (f"{each.error:.4f}", f"{each.by_chance:.4f}", f"{each.limit:.4f}", f"{each.chance:.3g}")
    return name, *numbers, f"{each.rows:,}"


def _bin_row(rows: int, predicted: float, observed: float, low: float, high: float) -> tuple[str, ...]:
    outside = "" if low <= observed <= high else "outside"
    return f"{rows:,}", f"{predicted:.4f}", f"{observed:.4f}", f"{low:.4f} to {high:.4f}", outside


def _gain_row(each: Difference) -> tuple[str, ...]:
    ends = "none" if math.isnan(each.low) else f"{each.low:+.4f} to {each.high:+.4f}"
    return each.measure, f"{each.first:.4f}", f"{each.second:.4f}", f"{each.gain:+.4f}", ends
