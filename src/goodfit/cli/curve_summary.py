"""What `goodfit curve` prints: the curve as a table with its best point, and the files that it is in."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from goodfit.cli.output import console, print_json, print_line, table
from goodfit.words import fixed

if TYPE_CHECKING:
    from goodfit.selection.setting_curve import SettingCurve

TABLE, FIGURES = "curve.csv", ("curve.svg", "curve.png")
SHOWN = 16  # points in the table; the file has all


def print_curve(curve: SettingCurve, folder: Path, *, json: bool) -> None:
    """Write the curve as CSV and as figures, and print it."""
    from goodfit.figures import write_figure

    folder.mkdir(parents=True, exist_ok=True)
    curve.write_csv(folder / TABLE)
    figure = curve.figure()
    for name in FIGURES:
        write_figure(figure, folder / name)
    rows = curve.rows()
    if json:
        print_json({"over": curve.field, "points": rows, "best": rows[curve.best], "folder": str(folder)})
        return
    out = console()
    columns = [curve.field, f"train {curve.what}", "95 % interval", f"held-out {curve.what}", "95 % interval", ""]
    out.print(table("", columns, [_cells(curve, at) for at in shown_points(len(rows), curve.best)], left=1))
    if len(rows) > SHOWN:
        print_line(out, f"All {len(rows)} points: {folder / TABLE}")
    for line in conclusions(curve):
        print_line(out, line)
    print_line(out, f"Curve: {folder / FIGURES[0]}, {folder / TABLE}")


def shown_points(count: int, best: int) -> list[int]:
    """Which points the table has: all, or so many that are evenly spaced, both ends and the best among them."""
    if count <= SHOWN:
        return list(range(count))
    return sorted({round(step * (count - 1) / (SHOWN - 2)) for step in range(SHOWN - 1)} | {best})


def conclusions(curve: SettingCurve) -> list[str]:
    """The best point with its interval, and what that does not say."""
    from goodfit.selection.space import text_of

    low, high = curve.valid.low[curve.best], curve.valid.high[curve.best]
    interval = f" ({fixed(low)} to {fixed(high)})" if math.isfinite(low) else ""
    at = f"{curve.field} {text_of(curve.values[curve.best])}"
    lines = [f"Best: {at}, held-out {curve.what} {fixed(curve.valid.mean[curve.best])}{interval}."]
    if len(curve.values) > 1:
        lines.append("Chosen and scored on the same held-out data, so this score is slightly optimistic.")
    return lines


def _cells(curve: SettingCurve, at: int) -> list[str]:
    from goodfit.selection.space import text_of

    cells = [text_of(curve.values[at])]
    for band in (curve.train, curve.valid):
        known = math.isfinite(band.mean[at])
        cells.append(fixed(band.mean[at]) if known else "diverged")
        cells.append(f"{fixed(band.low[at])} to {fixed(band.high[at])}" if math.isfinite(band.low[at]) else "-")
    return [*cells, "best" if at == curve.best else ""]
