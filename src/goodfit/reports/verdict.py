"""The section on the verdict: what it says, why, and the measured probes that it rests on."""

from functools import partial
from typing import Any

from goodfit.figures import DrawnInterval, intervals
from goodfit.figures.intervals import Look
from goodfit.reports.blocks import Passage
from goodfit.reports.drawing import both
from goodfit.reports.kept import KeptVerdict
from goodfit.reports.numbers import NONE, between, known, number
from goodfit.reports.page import Glance, Section
from goodfit.verdicts.gain_words import STATUS_WORDS

LOOKS: dict[str, Look] = {"better": "better", "worse": "worse", "no better": "no better"}
NOT_OF_STARTED = (
    "There is no verdict on a run that went on from trained nets: verdicts compare recipes that begin with weights "
    "drawn anew. The recipe can be judged by itself, from Python: goodfit.verdict(run.recipe, data)."
)


def verdict_section(found: KeptVerdict | None, where: str, *, started: bool = False) -> Section:
    """What is to be said of the fit. where: the run's folder, for the command that asks.

    started: whether the run went on from trained nets, which no verdict is of.
    """
    refused = NOT_OF_STARTED if started else ""
    about: dict[str, Any] = {
        "found": found, "where": where, "drawn": None, "statuses": STATUS_WORDS, "refused": refused
    }  # fmt: skip
    if found is not None and found.probes:
        rows = [
            DrawnInterval(
                one.label,
                known(one.difference),
                known(one.low),
                known(one.high),
                LOOKS.get(one.status, "open"),
                known(one.at_most),
            )
            for one in found.probes
        ]
        what, sides = f"gain over the recipe, {found.measured_by}", ("← worse", "better →")
        about["drawn"] = both(partial(intervals, rows, what, reference=0.0, margin=found.margin, sides=sides))
    return Section("Verdict", [Passage("run/verdict.html", about)])


def verdict_glance(found: KeptVerdict | None) -> Glance:
    """The verdict in a word."""
    if found is None:
        return Glance("Verdict", NONE, "not measured")
    if found.base.score is None:
        return Glance("Verdict", found.kind)
    held = between(found.base.low, found.base.high)
    detail = f"{found.measured_by} over folds {number(found.base.score)}"
    return Glance("Verdict", found.kind, detail if held == NONE else f"{detail}, {held}")
