"""What came of the trainings that were diagnosed, counted: recall, false alarms, faults that are named, repairs."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.planted import Case
from goodfit.inspection.advising import HELD_BACK, Advice
from goodfit.inspection.findings import CHECKS, Finding
from goodfit.intervals import clopper_pearson

REPAIRED = 0.05  # of accuracy or R²: what a repaired net may lack of the sound nets' median on the same data
WORST = 0.1  # share of the sound nets, from below, that a repaired one need not be better than in any case
LEARNED = 0.05  # share of the constant prediction's loss, below which a learning rate did no harm


@dataclass
class Result:
    """A diagnosed case. score: accuracy or R² on validation rows, before and after the advice was applied; harmless:
    whether the net reached the sound nets' bar for all the fault that was planted.
    """

    case: Case
    findings: dict[str, Finding]
    advice: Advice
    score: float
    after: float = math.nan
    stuck: bool = False
    frozen: bool = False
    learned: bool = False
    harmless: bool = False


def expected(result: Result) -> tuple[set[str], set[str]]:
    """Codes that have to be found, and those that are not judged."""
    fault = result.case.fault
    must, may = (set(fault.must), set(fault.may)) if fault else (set(), set())
    if result.stuck:
        must.add("constant-prediction")
    if result.frozen:
        must.add("loss-not-finite")
    elif "loss-not-finite" in must:
        must.discard("loss-not-finite")
    if result.learned and "learning-rate-high" in must:
        must.discard("learning-rate-high")
        may.add("learning-rate-high")
    if fault is not None and fault.of:
        return set(), set(CHECKS)  # of pairs see `named`
    if result.harmless:
        may |= must & set(HELD_BACK)
        must -= may
    if fault is not None and fault.name == "labels constant":
        must.discard("constant-prediction")
    return must, may - must


def mark_harmless(results: Sequence[Result]) -> None:
    """Say of which trainings the score reached the bar of their data: what may hold a net back did not do so there.

    Judged by the score on validation rows alone, in which no finding has a part.
    """
    bar = bars(results)
    for result in results:
        result.harmless = result.case.data in bar and result.score >= bar[result.case.data]


@dataclass(frozen=True)
class Naming:
    """Of single faults, or of pairs. named of planted: faults of which at least one code was found; missed: the rest,
    a line each."""

    named: int
    planted: int
    missed: tuple[str, ...]


def naming(results: Sequence[Result], *, pairs: bool) -> Naming:
    """How many of the planted faults are named; of a pair each counts."""
    alone = {
        (result.case.data, result.case.fault.name): result.harmless
        for result in results[::-1]  # the first form of each fault stays
        if result.case.fault is not None and not result.case.fault.of
    }
    planted, missed = 0, []
    for result in results:
        fault = result.case.fault
        if fault is None or bool(fault.of) is not pairs:
            continue
        for each in fault.of or (fault,):
            must = set(each.must) - {"loss-not-finite"} if not fault.of else set(each.must)
            held = must <= set(HELD_BACK)
            if held and (alone.get((result.case.data, each.name), False) if fault.of else result.harmless):
                continue
            if not fault.of and result.learned and "learning-rate-high" in must:
                continue
            planted += 1
            if not any(result.findings[code].status == "issue" for code in must):
                missed.append(f"{result.case.data}, {fault.name}: {each.name} not named")
    return Naming(planted - len(missed), planted, tuple(missed))


def sound_alarms(results: Sequence[Result]) -> tuple[int, int]:
    """(issues, findings) over all sound trainings, but for what came of the training by itself."""
    told = [result for result in results if result.case.fault is None]
    alarms = sum(
        finding.status == "issue" and code not in expected(result)[0]
        for result in told
        for code, finding in result.findings.items()
    )
    return alarms, sum(len(result.findings) for result in told)


@dataclass(frozen=True)
class Rates:
    """Of one code. found of planted; alarms of clear: cases where it was neither planted nor may follow."""

    found: int
    planted: int
    alarms: int
    clear: int

    @property
    def recall(self) -> float:
        return self.found / self.planted if self.planted else math.nan

    @property
    def alarm_rate(self) -> float:
        return self.alarms / self.clear if self.clear else math.nan


def rates(results: Sequence[Result]) -> dict[str, Rates]:
    """Recall and false alarms of every code."""
    table = {}
    for code in CHECKS:
        found = planted = alarms = clear = 0
        for result in results:
            must, may = expected(result)
            issue = result.findings[code].status == "issue"
            if code in must:
                planted, found = planted + 1, found + issue
            elif code not in may:
                clear, alarms = clear + 1, alarms + issue
        table[code] = Rates(found, planted, alarms, clear)
    return table


def bars(results: Sequence[Result]) -> dict[str, float]:
    """Data -> the score of a repaired net: REPAIRED below the sound nets' median, or the WORST quantile if less."""
    sound: dict[str, list[float]] = defaultdict(list)
    for result in results:
        if result.case.fault is None:
            sound[result.case.data].append(result.score)
    return {
        name: min(float(np.median(scores)) - REPAIRED, float(np.quantile(scores, WORST)))
        for name, scores in sound.items()
    }


def repairs(results: Sequence[Result]) -> dict[str, tuple[int, int]]:
    """Fault -> (repaired, planted). Repaired: the score reaches the bar of the data."""
    bar = bars(results)
    table: dict[str, tuple[int, int]] = {}
    for result in results:
        fault = result.case.fault
        if fault is None or not fault.repairable or fault.of:
            continue
        good = (result.score if math.isnan(result.after) else result.after) >= bar[result.case.data]
        mended, count = table.get(fault.name, (0, 0))
        table[fault.name] = mended + good, count + 1
    return table


def errors(results: Sequence[Result]) -> str:
    """Every planted code that was missed, and every false alarm, as a list in Markdown."""
    lines = []
    for result in results:
        must, may = expected(result)
        fault = result.case.fault.name if result.case.fault else "sound"
        for code, finding in result.findings.items():
            issue = finding.status == "issue"
            if (code in must and not issue) or (issue and code not in must | may):
                lines.append(f"- `{code}`, {result.case.data}, {fault}: {finding.status}. {finding.text}")
    return "\n".join(lines or ["- none"]) + "\n"


def share(hits: int, count: int) -> str:
    """A share of a count, with its 95 % interval (Clopper-Pearson)."""
    if not count:
        return "-"
    low, high = clopper_pearson(hits, count)
    return f"{hits} of {count}: {hits / count:.3f} ({low:.3f} to {high:.3f})"


def wrong(results: Sequence[Result]) -> list[str]:
    """Every miss, false alarm and failed repair, a line each."""
    bar_of = bars(results)
    lines = []
    for result in results:
        must, may = expected(result)
        fault = result.case.fault.name if result.case.fault else "sound"
        changes = {n: v for n, v in result.case.recipe.to_dict().items() if n in result.case.recipe.model_fields_set}
        for field in ("batch_size", "epochs", "keep_best", "schedule", "weight_decay", "dropout"):
            changes.pop(field, None)
        for code, finding in result.findings.items():
            issue = finding.status == "issue"
            kind = "missed" if code in must and not issue else "alarm" if issue and code not in must | may else ""
            if kind:
                lines.append(f"{kind} {code}: {result.case.data}, {fault}, {changes}: {finding.status}: {finding.text}")
        bar = bar_of[result.case.data]
        reached = result.score if math.isnan(result.after) else result.after
        if (
            result.case.fault is not None
            and result.case.fault.repairable
            and not result.case.fault.of
            and reached < bar
        ):
            lines.append(
                f"not repaired: {result.case.data}, {fault}, {changes}: {result.score:.3f} -> {result.after:.3f}, "
                f"bar {bar:.3f}; {result.advice}"
            )
        if result.case.fault is None and result.score < bar:
            lines.append(f"weak sound: {result.case.data} {changes} {result.score:.3f} bar {bar:.3f}")
    return lines
