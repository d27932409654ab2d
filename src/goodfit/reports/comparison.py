"""The comparison of settings that a search made: figure, table, and what may be concluded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goodfit.figures import DrawnInterval, intervals, setting_curve
from goodfit.reports.blocks import Passage
from goodfit.reports.drawing import both
from goodfit.reports.kept import CurveLine, KeptSearch, Number, read_curve
from goodfit.reports.numbers import known
from goodfit.reports.page import Section
from goodfit.training.recipe import Recipe

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DRAWN = 24  # settings in the figure; the table has all


def comparison(found: KeptSearch, folder: Path, recipe: Recipe | None = None) -> Section:
    """Figures, tables and conclusions. recipe: of a run, whose setting is marked where it is one of them."""
    own = None if recipe is None else place_of(found, recipe.to_dict())
    simplest, fields = place_of(found, found.simplest), list(found.settings[0].fields)
    curve = read_curve(folder, fields[0]) if len(fields) == 1 else []
    about = {
        "found": found,
        "own": own,
        "is_run": recipe is not None,
        "simplest": found.settings[simplest] if simplest else None,
        "expected": _expected(found),
        "field": ", ".join(fields),
        "curve": curve,
        "curve_drawn": _draw_curve(found, fields[0], curve) if curve else None,
        "drawn": _draw_settings(found, own),
        "most": DRAWN,
    }
    return Section("Comparison of settings", [Passage("run/comparison.html", about)])


def place_of(found: KeptSearch, recipe: Mapping[str, Any]) -> int | None:
    """The place of the setting with the values of a recipe; None where it has those of none."""
    for place, line in enumerate(found.settings):
        if all(_same(recipe.get(name), value) for name, value in line.fields.items()):
            return place
    return None


def _same(one: Any, other: Any) -> bool:
    """Whether two values of a field are the same; a single one may stand as a list."""
    first, second = (tuple(each) if isinstance(each, list | tuple) else (each,) for each in (one, other))
    return first == second


def _expected(found: KeptSearch) -> dict[str, Number] | None:
    """What the best is worth on new data: value, low and high, and the gap to its score in the search."""
    optimism, sign = found.optimism, 1.0 if found.by == "score" else -1.0
    if optimism is None or optimism.corrected is None or optimism.winner_score is None:
        return None
    limits = sorted(sign * each for each in (optimism.low, optimism.high) if each is not None)
    low, high = limits if len(limits) == 2 else (None, None)
    gap = abs(optimism.winner_score - optimism.corrected)
    return {"value": sign * optimism.corrected, "low": low, "high": high, "gap": gap}


def _draw_settings(found: KeptSearch, own: int | None) -> tuple[Figure, Figure]:
    rows = [
        DrawnInterval(
            line.text, known(line.score), known(line.low), known(line.high), "chosen" if own == at else "usual"
        )
        for at, line in enumerate(found.settings[:DRAWN])
    ]
    return both(partial(intervals, rows, f"{found.score_name} on held-out data, mean over folds"))


def _draw_curve(found: KeptSearch, field: str, lines: Sequence[CurveLine]) -> tuple[Figure, Figure]:
    train, valid = (
        {name: [getattr(line, part)[at] for line in lines] for at, name in enumerate(("mean", "low", "high"))}
        for part in ("train", "valid")
    )
    best = next((at for at, line in enumerate(lines) if line.best), 0)
    values, name = [line.value for line in lines], found.score_name
    return both(partial(setting_curve, field, values, name, train, valid, best, title=""), 7.2)
