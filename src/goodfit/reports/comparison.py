"""The comparison of settings that a search made: figure, table, and what may be concluded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from goodfit.figures import Interval, intervals, setting_curve
from goodfit.reports.blocks import Block, Facts, Grid, Paragraph, Passage, Picture
from goodfit.reports.kept import CurveLine, Number, Search, read_curve
from goodfit.reports.markup import Inline
from goodfit.reports.numbers import NONE, between, counted, known, number
from goodfit.selection.space import text_of
from goodfit.training.recipe import Recipe
from goodfit.words import duration

DRAWN = 24  # settings in the figure; the table has all


def comparison_blocks(found: Search, folder: Path, recipe: Recipe | None = None) -> list[Block]:
    """Figure, table and conclusions. recipe: of a run, whose setting is marked where it is one of them."""
    own = None if recipe is None else place_of(found, recipe.to_dict())
    blocks: list[Block] = [Paragraph(f"{found.about or counted(len(found.settings), 'setting')}, on {found.data}.")]
    fields = list(found.settings[0].fields)
    curve = read_curve(folder, fields[0]) if len(fields) == 1 else []
    if curve:
        blocks.append(_curve(found, fields[0], curve))
    blocks.append(_picture(found, own))
    simplest = place_of(found, found.simplest)
    about = {
        "found": found,
        "own": None if own is None else found.settings[own],
        "simplest": found.settings[simplest] if simplest else None,
        "expected": _expected(found),
    }
    return [*blocks, Passage("run/conclusions.html", about)]


def place_of(found: Search, recipe: Mapping[str, Any]) -> int | None:
    """The place of the setting with the values of a recipe; None where it has those of none."""
    for place, line in enumerate(found.settings):
        if all(_same(recipe.get(name), value) for name, value in line.fields.items()):
            return place
    return None


def _same(one: Any, other: Any) -> bool:
    """Whether two values of a field are the same; a single one may stand as a list."""
    first, second = (tuple(each) if isinstance(each, list | tuple) else (each,) for each in (one, other))
    return first == second


def _expected(found: Search) -> dict[str, Number] | None:
    """What the best is worth on new data: value, low and high, and the gap to its score in the search."""
    optimism, sign = found.optimism, 1.0 if found.by == "score" else -1.0
    if optimism is None or optimism.corrected is None or optimism.winner_score is None:
        return None
    limits = sorted(sign * each for each in (optimism.low, optimism.high) if each is not None)
    low, high = limits if len(limits) == 2 else (None, None)
    gap = abs(optimism.winner_score - optimism.corrected)
    return {"value": sign * optimism.corrected, "low": low, "high": high, "gap": gap}


def _picture(found: Search, own: int | None) -> Picture:
    drawn = found.settings[:DRAWN]
    rows = [
        Interval(line.text, known(line.score), known(line.low), known(line.high), "chosen" if own == at else "usual")
        for at, line in enumerate(drawn)
    ]
    draw = partial(intervals, rows, f"{found.score_name} on held-out rows, mean over folds")
    text = "Each setting's mean over folds with its 95 % interval, the best first."
    text += f" The first {DRAWN} of {len(found.settings)} are drawn." if len(found.settings) > DRAWN else ""
    text += " The diamond is this run's setting." if own is not None and own < DRAWN else ""
    text += " All settings met the same folds and seeds, so that their differences are surer than these intervals look."
    told = "; ".join(f"{line.text}: {number(line.score)}" for line in drawn[:5])
    return Picture(
        title=f"{found.score_name[:1].upper()}{found.score_name[1:]} of each setting",
        drawn=draw(width=7.8),
        narrow=draw(width=4.2),
        table=_table(found, own),
        text=text,
        description=f"The best of {counted(len(found.settings), 'setting')}: {told}.",
    )


def _table(found: Search, own: int | None) -> Grid:
    fields = list(found.settings[0].fields)
    rows = [
        [
            f"{line.rank}{' (this run)' if own == at else ''}",
            *(text_of(line.fields[field]) for field in fields),
            "diverged" if line.failed_folds else number(line.score),
            between(line.low, line.high),
            NONE if line.rank == 1 else number(line.difference, sign=True),
            f"{line.parameters:,}",
        ]
        for at, line in enumerate(found.settings)
    ]
    columns = ["rank", *fields, found.score_name, "95 % interval", "to the best", "parameters"]
    marked = frozenset() if own is None else frozenset([own])
    return Grid("Settings, the best first", columns, rows, left=1 + len(fields), marked=marked)


def _curve(found: Search, field: str, lines: Sequence[CurveLine]) -> Picture:
    train, valid = (
        {name: [getattr(line, part)[at] for line in lines] for at, name in enumerate(("mean", "low", "high"))}
        for part in ("train", "valid")
    )
    best = next((at for at, line in enumerate(lines) if line.best), 0)
    draw = partial(setting_curve, field, [line.value for line in lines], found.score_name, train, valid, best, title="")
    rows = [
        [
            f"{text_of(line.value)}{' (best)' if line.best else ''}",
            *(cell for band in (line.train, line.valid) for cell in (number(band[0]), between(*band[1:]))),
        ]
        for line in lines
    ]
    columns = [field, "training rows", "95 % interval", "held-out rows", "95 % interval"]
    told = "; ".join(f"{text_of(line.value)}: {number(line.valid[0])}" for line in lines)
    return Picture(
        title=f"{found.score_name[:1].upper()}{found.score_name[1:]} by {field.replace('_', ' ')}",
        drawn=draw(width=7.2),
        narrow=draw(width=4.2),
        table=Grid(f"By {field}", columns, rows, marked=frozenset([best])),
        text="Means over folds with 95 % intervals. Where held-out rows get worse while training rows get better, "
        "the net overfits; where both are poor, it underfits.",
        description=f"{found.score_name} on held-out rows by {field}: {told}.",
    )


def search_facts(found: Search) -> Facts:
    """What the search took."""
    spent = ", ".join(f"{name} {duration(seconds)}" for name, seconds in found.seconds.items())
    ranked = "score, higher is better" if found.by == "score" else "loss, lower is better"
    failed = sum(line.failed_folds > 0 for line in found.settings)
    pairs: list[tuple[str, Inline]] = [("Data", found.data), ("Ranked by", ranked)]
    pairs += [("Settings", f"{len(found.settings):,}"), ("Diverged", f"{failed:,}")] if failed else []
    return Facts([*pairs, ("Time", spent)])
