"""The section on the verdict: what it says, why, and the measured alternatives that it rests on."""

from __future__ import annotations

from functools import partial
from typing import Any

from goodfit.figures import Interval, intervals
from goodfit.figures.intervals import Look
from goodfit.reports.blocks import Grid, Passage, Picture
from goodfit.reports.kept import Probe, Verdict
from goodfit.reports.markup import Inline
from goodfit.reports.numbers import NONE, between, counted, known, number
from goodfit.reports.page import Glance, Section

SIDES = {"freer": "more freedom", "tighter": "less freedom", "slower": "smaller steps"}  # of a probe, in words
LOOKS: dict[str, Look] = {"better": "better", "worse": "worse", "no better": "no better"}
COLUMNS = ("probe", "side", "change", "measured", "gain", "interval", "result")


def verdict_section(found: Verdict | None, where: str) -> Section:
    """What is to be said of the fit. where: the run's folder, for the command that asks."""
    about: dict[str, Any] = {"found": found, "where": where, "picture": None, "trained": []}
    if found is not None:
        pieces = [(found.folds, "fold"), (found.repeats, "repeat"), (found.seeds, "seed")]
        about["trained"] = [counted(count, word) for count, word in pieces if count]
        about["picture"] = _picture(found) if found.probes else None
    return Section("Verdict", [Passage("run/verdict.html", about)])


def verdict_glance(found: Verdict | None) -> Glance:
    """The verdict in a word."""
    if found is None:
        return Glance("Verdict", NONE, "not asked for")
    if found.base.score is None:
        return Glance("Verdict", found.kind)
    held = between(found.base.low, found.base.high)
    detail = f"{found.measured_by} over folds {number(found.base.score)}"
    return Glance("Verdict", found.kind, detail if held == NONE else f"{detail}, {held}")


def _picture(found: Verdict) -> Picture:
    rows = [
        Interval(
            _label(each), known(each.difference), known(each.low), known(each.high), LOOKS.get(each.status, "open")
        )
        for each in found.probes
    ]
    what = f"gain over the recipe, {found.measured_by}"
    draw = partial(intervals, rows, what, reference=0.0, margin=found.margin, sides=("← worse", "better →"))
    text = "Paired on the same folds and seeds, with intervals."
    if found.simultaneous:
        level = "" if found.level is None else f" at {100 * found.level:g} %"
        text += f" The lower ends of all of them hold together{level}."
    if found.margin:
        margin = number(found.margin)
        text += f" The shaded band is the practical margin of {margin}: a gain within it makes no difference."
    told = (f"{_label(each)}: {each.status}, {number(each.difference, sign=True)}." for each in found.probes)
    return Picture(
        title="What is gained when the recipe is changed",
        drawn=draw(width=7.8),
        narrow=draw(width=4.2),
        table=_table(found),
        text=text,
        description=" ".join(told),
    )


def _label(probe: Probe) -> str:
    return f"{probe.name}: {_arrow(probe.change)}" if probe.change else probe.name


def _arrow(change: str) -> str:
    return change.replace("->", "→")


def _table(found: Verdict) -> Grid:
    rows: list[list[Inline]] = [
        [
            each.name,
            SIDES.get(each.side, each.side),
            _arrow(each.change),
            number(each.score),
            number(each.difference, sign=True),
            between(each.low, each.high, sign=True),
            each.status,
        ]
        for each in found.probes
    ]
    chosen = frozenset(at for at, each in enumerate(found.probes) if found.advice and each.name == found.advice.probe)
    note = "Marked: the probe that is advised." if chosen else ""
    return Grid("Probes beside the recipe", COLUMNS, rows, left=3, marked=chosen, note=note)
