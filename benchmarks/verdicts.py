"""How good verdicts are: recipes with planted faults, and sound ones, judged by goodfit and by a rule of thresholds.

`python -m benchmarks verdicts` prints the table of confusion and judges it by its bars; `--quick` takes a few cases.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import goodfit
from benchmarks.bars import Bar, Measurement
from benchmarks.verdict_cases import SOUND, Case, cases
from goodfit.verdicts import Verdict, verdict
from goodfit.verdicts.evidence import LOG_LOSS

FAULTS = ("underfit", "overfit", "diverged", "limited by data", "limited by noise")
NO_FAULT = (SOUND, "cannot tell")
GAP, GAP_SHARE, NEAR_DUMMY = 0.03, 0.10, 0.05
"""The rule of thresholds: of the score, in fractions; see `by_thresholds`."""
TABLE = Path(__file__).parents[1] / "docs" / "verdict-quality.md"

_HOW = (
    "Polynomials with too few, the right and too many terms, moons, circles, xor and digits with starved, sound and "
    "oversized nets, too short, with steps too large and too small, penalties too strong, too few rows and wrong "
    "labels; `benchmarks/verdict_cases.py` lists them. "
)
NAMED = Bar("planted faults that the verdict identifies", 0.95, at_least=True, unit="of cases", how=_HOW)
NAMED_QUICK = Bar(
    "planted faults that the quick verdict identifies", 0.85, at_least=True, unit="of cases", how="The same cases."
)
ALARMS = Bar(
    "sound recipes that the verdict calls faulty",
    0.05,
    unit="of cases",
    how="The sound cases among them. 'Cannot tell' does not count as an alarm.",
)
BETTER = Bar(
    "faults identified by a rule of thresholds, relative to the verdict",
    1.0,
    how="The rule sees the same folds: overfit where accuracy or R² in training exceeds that on held-out data by more "
    f"than {GAP} and {GAP_SHARE:.0%} of it, underfit where it is within {NEAR_DUMMY} of a constant prediction's, else "
    "a good fit.",
)


def measure(quick: bool) -> list[Measurement]:
    """Judge every case, print what came of it, and write the table."""
    chosen = [case for number, case in enumerate(cases()) if not quick or number % 16 == 0]
    found, hurried, rule = (Counter[tuple[str, str]]() for _ in range(3))
    lines = []
    for case in chosen:
        judged, soon = verdict(case.recipe, case.rows), verdict(case.recipe, case.rows, quick=True)
        ruled = by_thresholds(
            verdict(case.recipe, case.rows, by="score", repeats=1) if needs_scores(judged) else judged
        )
        found[case.planted, judged.kind] += 1
        hurried[case.planted, soon.kind] += 1
        rule[case.planted, ruled] += 1
        lines.append((case, judged.kind, soon.kind, ruled))
        told = f"{case.name}: {judged.kind}; quick {soon.kind}"
        print(f"  {'' if case.planted == judged.kind == soon.kind else '! '}{told}", flush=True)
    tables = (*confusion(found), "", "quick", *confusion(hurried), "", "by thresholds", *confusion(rule))
    print(*tables, sep="\n", flush=True)
    if not quick:
        TABLE.write_text(page(lines, found, hurried, rule), encoding="utf-8")
    named, by_rule = _right(found), _right(rule)
    faults = sum(count for (planted, _), count in found.items() if planted != SOUND)
    sound = sum(found.values()) - faults
    told = f"{len(chosen)} cases, {faults} faults"
    return [
        Measurement(NAMED, named / max(1, faults), f"{told}, of which {named} are identified"),
        Measurement(NAMED_QUICK, _right(hurried) / max(1, faults), f"{_right(hurried)} of {faults}"),
        Measurement(
            ALARMS, _alarms(found) / max(1, sound), f"{_alarms(found)} of {sound}; by thresholds {_alarms(rule)}"
        ),
        Measurement(BETTER, by_rule / max(1, named), f"{by_rule} of {faults}, where the verdict identifies {named}"),
    ]


def needs_scores(found: Verdict) -> bool:
    """Whether the rule of thresholds needs the accuracies, which a verdict by log loss does not hold."""
    return found.what == LOG_LOSS


def by_thresholds(found: Verdict) -> str:
    """The reference: two numbers and three thresholds."""
    held_out, training = 1 - found.decision.remaining[1], 1 - float(found.training[0].mean())
    if not held_out > 1 - found.constant + NEAR_DUMMY:
        return "underfit"
    return "overfit" if training - held_out > max(GAP, GAP_SHARE * training) else SOUND


def confusion(counts: Counter[tuple[str, str]]) -> Iterator[str]:
    """The table of confusion, a line a planted kind."""
    kinds = (*FAULTS, SOUND, "cannot tell")
    width = max(map(len, kinds)) + 2
    yield "planted \\ found".ljust(width) + "".join(kind.rjust(width) for kind in kinds)
    for planted in kinds[:-1]:
        yield planted.ljust(width) + "".join(str(counts[planted, kind] or "-").rjust(width) for kind in kinds)


def page(
    lines: list[tuple[Case, str, str, str]],
    found: Counter[tuple[str, str]],
    hurried: Counter[tuple[str, str]],
    rule: Counter[tuple[str, str]],
) -> str:
    """The page of all cases."""
    kinds = (*FAULTS, SOUND, "cannot tell")

    def table(counts: Counter[tuple[str, str]]) -> str:
        head = "| planted \\\\ found | " + " | ".join(kinds) + " |\n|---|" + "---|" * len(kinds) + "\n"
        rows = (f"| {p} | " + " | ".join(str(counts[p, kind] or "") for kind in kinds) + " |" for p in kinds[:-1])
        return head + "\n".join(rows) + "\n"

    cells = "\n".join(f"| {case.name} | {case.planted} | {' | '.join(kinds)} |" for case, *kinds in lines)
    return (
        "# How good verdicts are\n<!-- written by `python -m benchmarks verdicts`; changes by hand are lost -->\n\n"
        f"Measured on {date.today().isoformat()} with goodfit {goodfit.__version__}. The cases and the thresholds of "
        "the verdict were chosen together; held-out cases are in [How often goodfit is right](honesty.md#verdicts).\n\n"
        f"{len(lines)} recipes, each with one planted fault or none, judged by [goodfit verdict](verdict.md):\n\n"
        f"{table(found)}\nWith `--quick`:\n\n{table(hurried)}\n"
        f"The same by a rule of thresholds on two numbers, training and held-out score:\n\n"
        f"{table(rule)}\n{BETTER.how}\n\n"
        f"| case | planted | verdict | quick | by thresholds |\n|---|---|---|---|---|\n{cells}\n"
    )


def _right(counts: Counter[tuple[str, str]]) -> int:
    return sum(counts[kind, kind] for kind in FAULTS)


def _alarms(counts: Counter[tuple[str, str]]) -> int:
    return sum(count for (planted, kind), count in counts.items() if planted == SOUND and kind not in NO_FAULT)
