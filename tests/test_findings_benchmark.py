"""How the benchmark of the findings counts: recall, false alarms, repairs. Nothing is trained."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from benchmarks import findings_counts, findings_kept, held_out, pairs, planted
from benchmarks.findings_counts import (
    Result,
    errors,
    expected,
    mark_harmless,
    naming,
    rates,
    repairs,
    sound_alarms,
    wrong,
)
from benchmarks.findings_page import page, summary, tables

from goodfit.data import Dataset, Split
from goodfit.inspection.advising import Advice
from goodfit.inspection.findings import CHECKS, Finding
from goodfit.training.recipe import Recipe

LINEAR = next(fault for fault in planted.FAULTS if "linear-collapse" in fault.must)


def result(fault: Any, issues: set[str], score: float = 0.9, after: float = math.nan, **more: Any) -> Result:
    case: Any = SimpleNamespace(data="d", fault=fault, recipe=Recipe(), parts=None)
    told = {code: Finding(code, "issue" if code in issues else "ok", 0, 0, "", "text") for code in CHECKS}
    return Result(case, told, Advice({}, {}), score, after, **more)


RESULTS = [
    result(None, set()),
    result(None, {"dead-units"}),
    result(LINEAR, {"linear-collapse", "labels-shuffled"}, 0.5, 0.86),
    result(LINEAR, {"dead-units"}, 0.5, 0.84),
]


def test_recall_and_false_alarms() -> None:
    found = rates(RESULTS)
    linear, dead, shuffled = (found[code] for code in ("linear-collapse", "dead-units", "labels-shuffled"))
    assert (linear.found, linear.planted, linear.recall) == (1, 2, 0.5)
    assert (linear.alarms, linear.clear) == (0, 2)
    assert (dead.alarms, dead.clear, dead.alarm_rate) == (1, 2, 0.5)  # it may follow from the fault: not judged there
    assert (shuffled.alarms, shuffled.clear) == (1, 4)
    assert math.isnan(dead.recall)


def test_outcomes_are_planted_by_what_came_of_the_training() -> None:
    must, _ = expected(result(None, set(), stuck=True, frozen=True))
    assert must == {"constant-prediction", "loss-not-finite"}
    diverging = next(fault for fault in planted.FAULTS if "loss-not-finite" in fault.must)
    assert "loss-not-finite" not in expected(result(diverging, set()))[0]
    fast = next(fault for fault in planted.FAULTS if "updates-large" in fault.must)
    assert "learning-rate-high" in expected(result(fast, set()))[0]
    assert "learning-rate-high" not in set().union(*expected(result(fast, set(), learned=True))[:1])
    constant = next(fault for fault in planted.FAULTS if "labels-constant" in fault.must)
    assert "constant-prediction" not in expected(result(constant, set(), stuck=True))[0]


def test_repairs_are_measured_against_the_sound_nets() -> None:
    assert repairs(RESULTS) == {LINEAR.name: (1, 2)}
    better = [replace(each, score=0.8) if each.case.fault is None else each for each in RESULTS]
    assert repairs(better) == {LINEAR.name: (2, 2)}
    unmended = next(fault for fault in planted.FAULTS if not fault.repairable)
    assert repairs([*RESULTS, result(unmended, set())]) == {LINEAR.name: (1, 2)}


def test_what_is_wrong_is_listed() -> None:
    kinds = [line.split(":")[0] for line in wrong(RESULTS)]
    assert kinds == ["alarm dead-units", "alarm labels-shuffled", "missed linear-collapse", "not repaired"]
    assert errors(RESULTS).splitlines() == [
        "- `dead-units`, d, sound: issue. text",
        f"- `labels-shuffled`, d, {LINEAR.name}: issue. text",
        f"- `linear-collapse`, d, {LINEAR.name}: ok. text",
    ]
    assert errors(RESULTS[:1]) == "- none\n"
    told = tables(RESULTS)
    half = "1 of 2: 0.500 (0.013 to 0.987)"
    assert f"| {LINEAR.name} | {half} | {half} |" in told
    assert f"| `linear-collapse` | {half} | 0 of 2: 0.000 (0.000 to 0.842) |" in told
    assert "| `labels-constant` | - |" in told
    assert f"1 of 1: 1.000 (0.025 to 1.000) | {half}" in summary(RESULTS, RESULTS[:3])  # 1 - 0.975 for one of one
    assert "<= 0.02" in page(RESULTS, RESULTS)


def pair(names: tuple[str, str], issues: set[str], score: float = 0.5) -> Result:
    return result(pairs.both(*names), issues, score)


def test_each_fault_of_a_pair_counts() -> None:
    """But for one that did no harm alone on the same data: what holds a net back is judged by the score alone."""
    told = [
        pair((pairs.L2, pairs.LOW), {"over-regularised", "learning-rate-low"}),
        pair((pairs.NARROW, pairs.LOW), {"updates-small"}),
    ]
    found = naming([*RESULTS, *told], pairs=True)
    assert (found.named, found.planted) == (3, 4)
    assert found.missed == ("d, bottleneck + learning rate too low: bottleneck not named",)
    alone = [result(pairs.OF[pairs.NARROW], set(), 0.9)]
    everything = [*RESULTS, *told, *alone]
    mark_harmless(everything)
    assert naming(everything, pairs=True).planted == 3
    assert naming(everything, pairs=False).planted == 2  # those of RESULTS
    assert expected(alone[0])[0] == set()
    assert "bottleneck" in expected(alone[0])[1]
    assert naming(RESULTS, pairs=False).missed == (f"d, {LINEAR.name}: {LINEAR.name} not named",)
    for each in RESULTS:
        each.harmless = False


def test_false_alarms_are_counted_over_sound_nets_and_codes() -> None:
    assert sound_alarms(RESULTS) == (1, 2 * len(CHECKS))
    assert sound_alarms([result(None, {"constant-prediction"}, stuck=True)]) == (0, len(CHECKS))


def test_pairs_are_of_two_faults_and_those_held_out_are_others() -> None:
    kinds = [{each.name for each in found} for found in ([*pairs.DEVELOPMENT], [*pairs.HELD_OUT])]
    assert kinds[0] & kinds[1] == set()
    assert len(kinds[1]) >= 20
    for each in (*pairs.DEVELOPMENT, *pairs.HELD_OUT):
        assert len(each.of) == 2
        assert each.tasks


def test_what_is_held_out_was_never_seen() -> None:
    """No data set and no seed of the trainings that limits were set on; each fault and each sound recipe is there."""
    own, fresh = list(pairs.development()), list(held_out.cases())
    assert {case.data for case in own} & {case.data for case in fresh} == set()
    assert {case.recipe.seed for case in own} & {case.recipe.seed for case in fresh} == set()
    planted_faults = (*planted.FAULTS, *pairs.HELD_OUT)
    assert {case.fault.name for case in fresh if case.fault} == {fault.name for fault in planted_faults}
    assert sum(case.fault is not None and len(case.fault.of) == 2 for case in fresh) >= 20
    sound = sum(case.fault is None for case in fresh)
    assert sound == len(planted.SOUND) + 4  # each once, and four with small targets that are scaled
    for case in fresh:
        steps = case.recipe.epochs * len(case.parts.train) / planted.ROWS
        assert abs(steps - planted.BASE.epochs) < 0.5


def test_every_code_is_planted_somewhere() -> None:
    planted_codes = set().union(*(fault.must for fault in planted.FAULTS)) | {"constant-prediction", "loss-not-finite"}
    assert planted_codes == set(CHECKS)
    assert all(fault.must | fault.may <= set(CHECKS) for fault in planted.FAULTS)
    assert findings_counts.REPAIRED == 0.05


def test_a_result_is_kept_for_the_data_that_it_is_of(tmp_path: Path) -> None:
    """Not for other inputs, other targets, or others that are scaled, though the data set has the same name."""
    x, y, rows = np.ones((4, 2)), np.arange(4.0), np.arange(4)
    data = Dataset("d", x, y, "regression")
    others = [replace(data, x=2 * x), replace(data, y=y[::-1]), replace(data, scale_targets=not data.scale_targets)]
    cases = [planted.Case("d", Split(each, rows, rows[:0], rows[:0]), Recipe(), None) for each in (data, *others)]
    findings_kept.add(tmp_path / "kept", [Result(cases[0], {}, Advice({}, {}), 0.5)])
    known = findings_kept.read(tmp_path / "kept")
    assert findings_kept.left(cases, known) == cases[1:]
    assert len(findings_kept.of_these(cases, known)) == 1
    assert findings_kept.of_these(cases[1:], known) == []


def test_a_partial_run_is_said_to_be_one() -> None:
    assert "**This is a partial run of them**: 4 of 95, without any on blobs, circles" in page(RESULTS, RESULTS)
    assert "partial run" not in page([result(None, set())] * 95, RESULTS)
