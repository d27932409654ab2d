"""How good the findings are: recall and false alarms of every code, and whether the advice mends what was planted.

`.venv/bin/python -m benchmarks.findings` writes the tables to docs/findings.md; `make bench` judges their worst lines.
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks import held_out
from benchmarks.bars import Bar, Measurement
from benchmarks.findings_counts import FOOT, HEAD, LEARNED, REPAIRED, Result, errors, rates, repairs, tables, wrong
from benchmarks.planted import FAULTS, SOUND, Case, cases
from goodfit.data import Split
from goodfit.inspection.advising import Advice, advise
from goodfit.inspection.findings import Evidence, Finding, Losses, examine
from goodfit.inspection.inspecting import gather
from goodfit.inspection.learning_rates import RangeTest, range_tests
from goodfit.inspection.subject import subject_of
from goodfit.models.trained_net import TrainedNet
from goodfit.training import Examples, Job, Recipe, fit_jobs

RECALL = Bar("findings: recall of the worst code", 0.95, how="See docs/findings.md.", at_least=True)
ALARMS = Bar("findings: false alarms of the worst code", 0.03, how="See docs/findings.md.")
REPAIR = Bar("findings: planted faults that the advice repairs, the worst", 0.9, how="See docs/findings.md.",
             at_least=True)  # fmt: skip


@dataclass
class Trained:
    nets: list[TrainedNet]
    losses: list[Losses]


def train_all(recipes: Sequence[Recipe], parts: Split) -> Trained:
    """Train recipes on the same rows, as populations."""
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, recipe in enumerate(recipes):
        groups[recipe.scaling, recipe.loss].append(number)
    nets: dict[int, TrainedNet] = {}
    losses: dict[int, Losses] = {}
    for (scaling, loss), members in groups.items():
        examples = Examples.of_split(parts, scaling, loss=loss)
        fitted = fit_jobs([Job(recipes[number]) for number in members], examples)
        for place, number in enumerate(members):
            nets[number] = TrainedNet.of(fitted.net(place), recipes[number], parts.data, examples.scaling)
            turn, at = fitted.place[place]
            found = fitted.turns[turn]
            train = np.asarray(fitted.metrics(place)[:, 0], np.float64)
            losses[number] = Losses(train, bool(found.frozen[at]), int(found.stopped_epoch[at]))
    order = range(len(recipes))
    return Trained([nets[number] for number in order], [losses[number] for number in order])


def test_all(recipes: Sequence[Recipe], parts: Split) -> list[RangeTest]:
    """Range tests of recipes on the same rows."""
    groups: dict[str, list[int]] = defaultdict(list)
    for number, recipe in enumerate(recipes):
        groups[recipe.scaling].append(number)
    tests: dict[int, RangeTest] = {}
    for scaling, members in groups.items():
        examples = Examples.of_split(parts, scaling)
        tests |= zip(members, range_tests([recipes[number] for number in members], examples), strict=True)
    return [tests[number] for number in range(len(recipes))]


def diagnose(group: Sequence[Case]) -> list[Result]:
    """Train, examine and repair cases that share their rows."""
    parts, recipes = group[0].parts, [case.recipe for case in group]
    trained, tests = train_all(recipes, parts), test_all(recipes, parts)
    gathered: list[tuple[Evidence, tuple[Finding, ...]]] = []
    for case, net, losses, test in zip(group, trained.nets, trained.losses, tests, strict=True):
        subject = subject_of(net, parts.x("train"), parts.y("train"))
        evidence = gather(subject, case.recipe, parts, losses=losses, curvature=False, retrain=False)
        evidence = replace(evidence, rates=test)
        gathered.append((evidence, examine(evidence)))
    advices = _advices(gathered, parts)
    results = []
    for case, net, losses, (evidence, findings), advice in zip(
        group, trained.nets, trained.losses, gathered, advices, strict=True
    ):
        of_code = {finding.code: finding for finding in findings}
        score = net.score(parts.x("valid"), parts.y("valid")).value
        stuck = _stuck(net, parts)
        learned = not losses.frozen and evidence.final.loss < LEARNED * evidence.constant
        results.append(Result(case, of_code, advice, score, stuck=stuck, frozen=losses.frozen, learned=learned))
    _repair(results)
    return results


def _advices(gathered: Sequence[tuple[Evidence, tuple[Finding, ...]]], parts: Split) -> list[Advice]:
    """The advice for every case. What they ask to be tested again runs together, until none asks for more."""
    again = _Again({}, [])
    while True:
        advices = [
            advise(findings, evidence, partial(again.test, number))
            for number, (evidence, findings) in enumerate(gathered)
        ]
        if not again.asked:
            return advices
        by_data: dict[str, list[tuple[int, Advice]]] = defaultdict(list)
        for number, advice in again.asked:
            by_data[repr(advice.data)].append((number, advice))
        for members in by_data.values():
            recipes = [advice.applied(gathered[number][0].recipe) for number, advice in members]  # type: ignore[arg-type]
            tests = test_all(recipes, members[0][1].split(parts))
            again.known |= {(number, repr(each)): test for (number, each), test in zip(members, tests, strict=True)}
        again.asked.clear()


@dataclass
class _Again:
    """Range tests of advised recipes, by case and advice: those that are known, and those that were asked for."""

    known: dict[tuple[int, str], RangeTest]
    asked: list[tuple[int, Advice]]

    def test(self, number: int, advice: Advice) -> RangeTest | None:
        if (number, repr(advice)) not in self.known:
            self.asked.append((number, advice))
        return self.known.get((number, repr(advice)))


def _stuck(net: TrainedNet, parts: Split) -> bool:
    """Whether the net answers the same class for (nearly) all training rows, which is no better than a constant."""
    if net.task != "classification":
        return False
    counts = np.bincount(net.predict(parts.x("train")))
    return bool(counts.max() >= 0.99 * counts.sum())


def _repair(results: Sequence[Result]) -> None:
    """Train what was advised, and score it."""
    by_data: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        if result.advice and result.case.fault is not None and result.case.fault.repairable:
            by_data[repr(result.advice.data)].append(result)
    for members in by_data.values():
        parts = members[0].advice.split(members[0].case.parts)
        trained = train_all([result.advice.applied(result.case.recipe) for result in members], parts)
        for result, net in zip(members, trained.nets, strict=True):
            result.after = net.score(parts.x("valid"), parts.y("valid")).value


def run(trainings: Iterable[Case]) -> list[Result]:
    """Diagnose cases, data set by data set."""
    groups: dict[int, list[Case]] = defaultdict(list)
    for case in trainings:
        key = hash((case.data, case.parts.data.x.tobytes(), case.parts.data.y.tobytes()))
        groups[key].append(case)
    results = []
    for group in groups.values():
        began = time.perf_counter()
        results += diagnose(group)
        names = sorted({case.fault.name if case.fault else "sound" for case in group})
        seconds = time.perf_counter() - began
        print(f"  {group[0].data}: {len(group)} trainings in {seconds:.0f} s ({', '.join(names)})", flush=True)
    return results


def measure(quick: bool) -> list[Measurement]:
    """The worst lines of the tables."""
    results = run(cases(quick))
    of_code, of_fault = rates(results), repairs(results)
    recall = min((each.recall, code) for code, each in of_code.items() if each.planted)
    alarms = max((each.alarm_rate, code) for code, each in of_code.items() if each.clear)
    repair = min((mended / count, name) for name, (mended, count) in of_fault.items())
    context = f"{len(results)} trainings, {sum(result.case.fault is None for result in results)} of them sound"
    return [
        Measurement(RECALL, recall[0], f"{recall[1]}; {context}"),
        Measurement(ALARMS, alarms[0], f"{alarms[1]}; {context}"),
        Measurement(REPAIR, repair[0], repair[1]),
    ]


def main(arguments: Sequence[str]) -> int:
    """Write docs/findings.md, unless --quick; print every error. --held-out: only the trainings that are held out."""
    quick, alone = "--quick" in arguments, "--held-out" in arguments
    results = [] if alone else run(cases(quick))
    held = [] if quick else run(held_out.cases())
    print(*wrong(results), "Held out:", *wrong(held), sep="\n")
    print(tables(results, held))
    if results and held:
        sound, fresh = (sum(result.case.fault is None for result in each) for each in (results, held))
        head = HEAD.format(
            cases=len(results), sound=sound, kinds=len(SOUND), faulty=len(results) - sound, faults=len(FAULTS),
            margin=REPAIRED, learned=LEARNED, held=len(held), fresh=fresh, planted=len(held) - fresh,
        )  # fmt: skip
        text = head + tables(results, held) + FOOT + errors(held)
        Path("docs/findings.md").write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
