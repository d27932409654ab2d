"""The section on the verdict: what it says, why, and the measured alternatives that it rests on."""

from __future__ import annotations

import shlex
from functools import partial

from goodfit.figures import Interval, intervals
from goodfit.figures.intervals import Look
from goodfit.reports.blocks import Block, Bullets, Code, Facts, Grid, Paragraph, Part, Picture
from goodfit.reports.kept import Advice, Probe, Verdict
from goodfit.reports.markup import Inline, Strong
from goodfit.reports.numbers import NONE, between, counted, known, number
from goodfit.reports.page import Glance, Section
from goodfit.words import duration

SIDES = {  # of a probe -> in words
    "freer": "more freedom",
    "tighter": "less freedom",
    "slower": "smaller steps",
}
COLUMNS = ("probe", "side", "change", "measured", "gain", "interval", "it is")


def verdict_section(found: Verdict | None, where: str) -> Section:
    """What is to be said of the fit. where: the run's folder, for the command that asks."""
    if found is None:
        text = "Nobody has asked for a verdict on this run. This trains probes beside its recipe and compares them:"
        command = Code(shlex.join(["goodfit", "verdict", where]), "Command that asks for a verdict")
        return Section("Verdict", [Paragraph(text), command])
    named = f"{found.kind[:1].upper()}{found.kind[1:]}: "
    lead = Paragraph((Strong(named), found.sentence.removeprefix(named)), lead=True)
    blocks: list[Block] = [lead]
    blocks += [Bullets(found.reasons)] if found.reasons else []
    if found.probes:
        blocks.append(_picture(found))
    if found.advice is not None:
        apply = Code(shlex.join(["goodfit", "verdict", where, "--apply"]), "Command that takes the advice")
        blocks.append(Part("Advice", [Paragraph(_advice(found.advice)), apply]))
    if found.more:
        blocks.append(Part("What would settle it", [Paragraph(found.more)]))
    return Section("Verdict", [*blocks, Part("How it was measured", [Facts(_measured(found))])])


def verdict_glance(found: Verdict | None) -> Glance:
    """The verdict in a word."""
    return Glance("Verdict", "–", "not asked for") if found is None else Glance("Verdict", found.kind, _base(found))


def _base(found: Verdict) -> str:
    if found.base.score is None:
        return ""
    held = between(found.base.low, found.base.high)
    return f"{found.measured_by} over folds {number(found.base.score)}{f', {held}' if held != NONE else ''}"


def _picture(found: Verdict) -> Picture:
    rows = [
        Interval(_label(each), known(each.difference), known(each.low), known(each.high), _look(each))
        for each in found.probes
    ]
    what = f"gain over the recipe, {found.measured_by}"
    draw = partial(intervals, rows, what, reference=0.0, margin=found.margin, sides=("← worse", "better →"))
    level = "" if found.level is None else f" at {100 * found.level:g} %"
    held = f" The lower ends of all of them hold together{level}." if found.simultaneous else ""
    text = f"Paired on the same folds and seeds, with intervals.{held}"
    if found.margin:
        text += (
            f" The shaded band is the practical margin of {number(found.margin)}: a gain within it makes no difference."
        )
    told = (f"{_label(each)}: {each.status}, {number(each.difference, sign=True)}." for each in found.probes)
    return Picture(
        title="What is gained when the recipe is changed",
        drawn=draw(width=7.8),
        narrow=draw(width=4.2),
        table=_table(found),
        text=text,
        description=" ".join(told),
    )


def _look(probe: Probe) -> Look:
    looks: dict[str, Look] = {"better": "better", "worse": "worse", "no better": "no better"}
    return looks.get(probe.status, "open")


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
    chosen = {at for at, each in enumerate(found.probes) if found.advice and each.name == found.advice.probe}
    note = "Marked: the probe that is advised." if chosen else ""
    return Grid("Probes beside the recipe", COLUMNS, rows, left=3, marked=frozenset(chosen), note=note)


def _advice(advice: Advice) -> Inline:
    text = f"{_arrow(advice.change)}." if advice.change else ""
    if advice.gain is not None:
        held = between(advice.low, advice.high, sign=True)
        text += f" Measured gain: {number(advice.gain, sign=True)}{f' ({held})' if held != NONE else ''}."
    return (Strong(f"{advice.probe}: "), text)


def _measured(found: Verdict) -> list[tuple[str, Inline]]:
    facts: list[tuple[str, Inline]] = [
        ("Measured by", f"{found.measured_by}, {'higher' if found.higher_is_better else 'lower'} is better")
    ]
    if found.base.score is not None:
        facts.append(("The recipe itself", f"{number(found.base.score)} ({between(found.base.low, found.base.high)})"))
    if found.base.train is not None:
        facts.append(("On its training rows", number(found.base.train)))
    pieces = [(found.folds, "fold"), (found.repeats, "repeat"), (found.seeds, "seed")]
    facts.append(("Trained", " × ".join(counted(count, word) for count, word in pieces if count) or "unknown"))
    if found.margin is not None:
        facts.append(("Practical margin", number(found.margin)))
    if found.seconds is not None:
        share = "" if found.share is None else f", {found.share:.1f} times the run's own training"
        facts.append(("It took", f"{duration(found.seconds)}{share}"))
    return facts
