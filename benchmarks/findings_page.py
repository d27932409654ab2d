"""docs/findings.md, from what came of the trainings: development and held-out cases in tables of their own."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.findings_counts import (
    LEARNED,
    REPAIRED,
    Naming,
    Result,
    errors,
    naming,
    rates,
    repairs,
    share,
    sound_alarms,
)
from benchmarks.pairs import development
from benchmarks.planted import FAULTS, SOUND
from goodfit.inspection.findings.data import FEWEST_PROBED
from goodfit.inspection.findings.steps import HIGH_BELOW
from goodfit.inspection.variants import LEFT_BELOW

NAMED, NAMED_PAIRS, ALARMED = 0.95, 0.85, 0.02  # bars: faults named alone and in pairs; false alarms on sound nets
HEAD = """# How good the findings are
<!-- written by `.venv/bin/python -m benchmarks.findings`; changes by hand are lost -->

Trainings with a fault planted in each, with two, and with none were diagnosed with their own recipe and data. Limits
were set without a look at the *held-out* cases: {held} trainings on other data sets
({held_sets}), with other seeds and pairs of faults of other kinds.
The {own} *development* cases below are on {own_sets}.{partial}
Every kind of training is written down in `benchmarks/planted.py` and `benchmarks/pairs.py`; kinds take turns over the
data sets.

{summary}
A fault is named if a code that it must show is found. Intervals are Clopper-Pearson's at 95 %; trainings of one data
set are alike, so they are somewhat too narrow. Sound nets are of {kinds} kinds of recipe, among them dropout of 0.5,
an L2 penalty of 0.001, eight leaky layers, eight units, and small targets that are scaled.

In the tables of codes, those that may follow from the planted fault are not judged; all others must be silent.
`constant-prediction` and `loss-not-finite` are planted where a net gave nearly all rows the same class, or where the
engine stopped it; `learning-rate-high` is not where the training loss fell below {learned:.0%} of a constant
prediction's all the same; `over-regularised`, `bottleneck` and `too-deep` are not where the net scored as the sound
ones do all the same. Repaired: with the advice applied, accuracy or R² on the validation set is at most {margin} below
the median of the sound trainings on the same data, or at least that of their lowest tenth. No recipe repairs labels
that were shuffled or are all the same.
"""
FOOT = f"""
`labels-shuffled` is "cannot tell" below {FEWEST_PROBED} rows, and wine has 107 to train on; a learning rate that still
reaches {HIGH_BELOW:.0%} of the drop in loss is not called high, nor a penalty that leaves {LEFT_BELOW:.0%} of it too
strong. No limit was changed in response to a held-out case.
"""


def page(own: Sequence[Result], held: Sequence[Result]) -> str:
    """The whole page."""
    head = HEAD.format(
        summary=summary(own, held), kinds=len(SOUND), learned=LEARNED, margin=REPAIRED, own=len(own), held=len(held),
        own_sets=_sets(own), held_sets=_sets(held), partial=_partial(own),
    )  # fmt: skip
    text = head + "\n## Held-out cases\n" + tables(held) + "\n### Missed, and false alarms\n" + errors(held)
    text += "".join(f"- {line}\n" for line in naming(held, pairs=True).missed) + FOOT
    return text + "\n## Development cases\n" + tables(own)


def _partial(own: Sequence[Result]) -> str:
    """A sentence where not all development cases were run."""
    planned = list(development())
    if len(own) >= len(planned):
        return ""
    sets = sorted({case.data for case in planned} - {result.case.data for result in own})
    why = f"\n**This is a partial run of them**: {len(own)} of {len(planned)}"
    return f"{why}, without any on {', '.join(sets)}." if sets else f"{why}."


def summary(own: Sequence[Result], held: Sequence[Result]) -> str:
    """What the bars are about, in Markdown."""
    lines = ["| what | bar | held-out cases | development cases |", "|---|---|---|---|"]
    for what, bar, pairs in (
        ("faults named, one planted", f">= {NAMED}", False),
        ("faults named, two planted", f">= {NAMED_PAIRS}", True),
    ):
        cells = [_named(naming(results, pairs=pairs)) for results in (held, own)]
        lines.append(f"| {what} | {bar} | {' | '.join(cells)} |")
    cells = [share(*sound_alarms(results)) for results in (held, own)]
    lines.append(f"| false alarms: findings x sound nets | <= {ALARMED} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _sets(results: Sequence[Result]) -> str:
    return ", ".join(dict.fromkeys(result.case.data for result in results))


def _named(found: Naming) -> str:
    return share(found.named, found.planted)


def tables(results: Sequence[Result]) -> str:
    """Codes, faults and pairs, in Markdown."""
    lines = ["| code | found | false alarms |", "|---|---|---|"]
    for code, each in rates(results).items():
        lines.append(f"| `{code}` | {share(each.found, each.planted)} | {share(each.alarms, each.clear)} |")
    lines += ["", "| planted fault | named | repaired |", "|---|---|---|"]
    mended = repairs(results)
    for fault in FAULTS:
        members = [each for each in results if each.case.fault is fault or each.case.fault is None]
        named = _named(naming(members, pairs=False))
        lines.append(f"| {fault.name} | {named} | {share(*mended.get(fault.name, (0, 0)))} |")
    kinds = dict.fromkeys(
        each.case.fault.name for each in results if each.case.fault is not None and each.case.fault.of
    )
    lines += ["", "| planted pair | faults named |", "|---|---|"]
    for kind in kinds:
        members = [
            each
            for each in results
            if each.case.fault is None or not each.case.fault.of or each.case.fault.name == kind
        ]
        found = naming(members, pairs=True)
        lines.append(f"| {kind} | {found.named} of {found.planted} |")
    return "\n".join(lines) + "\n"
