"""How good the findings are: recall and false alarms of every code, and whether the advice mends what was planted.

`.venv/bin/python -m benchmarks.findings` writes the tables to docs/findings.md; `make bench` judges their worst lines.
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks import findings_kept, held_out, pairs
from benchmarks.bars import Bar, Measurement
from benchmarks.findings_counts import LEARNED, Result, mark_harmless, naming, repairs, sound_alarms, wrong
from benchmarks.findings_page import ALARMED, NAMED, NAMED_PAIRS, page, summary
from benchmarks.planted import Case
from goodfit.data import Split
from goodfit.inspection.advising import Advice, advise
from goodfit.inspection.findings import Evidence, Finding, Losses, examine
from goodfit.inspection.inspecting import gather
from goodfit.inspection.learning_rates import RangeTest, range_tests
from goodfit.inspection.retraining import all_retrained
from goodfit.inspection.subject import subject_of
from goodfit.models.trained_net import TrainedNet
from goodfit.training import Examples, Job, Recipe, fit_jobs

QUICK = ("circles", "waves")  # data sets that show whether the benchmark runs at all
SEE = "Held-out cases; see docs/findings.md."
SINGLE = Bar("findings: single faults named", NAMED, how=SEE, at_least=True)
PAIRS = Bar("findings: faults in pairs named", NAMED_PAIRS, how=SEE, at_least=True)
ALARMS = Bar("findings: false alarms on sound nets, of findings x nets", ALARMED, how=SEE)
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
    trained, evidence = train_all(recipes, parts), []
    for case, net, losses in zip(group, trained.nets, trained.losses, strict=True):
        subject = subject_of(net, parts.x("train"), parts.y("train"))
        evidence.append(gather(subject, case.recipe, parts, losses=losses, curvature=False, retrain=False))
    gathered = [(each, examine(each)) for each in all_retrained(evidence, parts)]
    advices = _advices(gathered, parts, [case.fault is not None and not case.fault.of for case in group])
    results = []
    for case, net, losses, (known, findings), advice in zip(
        group, trained.nets, trained.losses, gathered, advices, strict=True
    ):
        of_code = {finding.code: finding for finding in findings}
        score = net.score(parts.x("valid"), parts.y("valid")).value
        stuck = _stuck(net, parts)
        learned = not losses.frozen and known.final.loss < LEARNED * known.constant
        results.append(Result(case, of_code, advice, score, stuck=stuck, frozen=losses.frozen, learned=learned))
    _repair(results)
    return results


def _advices(
    gathered: Sequence[tuple[Evidence, tuple[Finding, ...]]], parts: Split, tried: Sequence[bool]
) -> list[Advice]:
    """The advice for every case that it is tried for. What they ask to be tested again runs together, until none asks
    for more."""
    again = _Again({}, [])
    while True:
        advices = [
            advise(findings, evidence, partial(again.test, number)) if tried[number] else Advice({}, {})
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
        fault = result.case.fault
        if result.advice and fault is not None and fault.repairable and not fault.of:
            by_data[repr(result.advice.data)].append(result)
    for members in by_data.values():
        parts = members[0].advice.split(members[0].case.parts)
        trained = train_all([result.advice.applied(result.case.recipe) for result in members], parts)
        for result, net in zip(members, trained.nets, strict=True):
            result.after = net.score(parts.x("valid"), parts.y("valid")).value


def run(trainings: Iterable[Case], keep: Path | None = None) -> list[Result]:
    """Diagnose cases, data set by data set. keep: a file from which a run that was broken off goes on."""
    cases_of: dict[str, list[Case]] = defaultdict(list)
    planned = list(trainings)
    known = [] if keep is None else findings_kept.of_these(planned, findings_kept.read(keep))
    for case in findings_kept.left(planned, known):
        cases_of[case.data].append(case)
    for name, members in cases_of.items():
        groups: dict[int, list[Case]] = defaultdict(list)
        for case in members:
            data = case.parts.data
            groups[hash((data.x.tobytes(), data.y.tobytes(), data.scale_targets))].append(case)
        for group in groups.values():
            began, found = time.perf_counter(), diagnose(group)
            print(f"  {name}: {len(found)} trainings in {time.perf_counter() - began:.0f} s", flush=True)
            if keep is not None:
                findings_kept.add(keep, found)
            known += found
    mark_harmless(known)
    return known


def measure(quick: bool) -> list[Measurement]:
    """The lines that there are bars for, on held-out cases; with quick on a few development cases."""
    few = [case for case in pairs.development() if case.data in QUICK] if quick else held_out.cases()
    return bars_of(run(few))


def bars_of(results: Sequence[Result]) -> list[Measurement]:
    """The measurements of diagnosed cases. None of what was not planted among them."""
    sound = sum(result.case.fault is None for result in results)
    context = f"{len(results)} trainings, {sound} of them sound"
    found = []
    for bar, several in ((SINGLE, False), (PAIRS, True)):
        named = naming(results, pairs=several)
        if named.planted:
            found.append(Measurement(bar, named.named / named.planted, f"{named.planted} faults; {context}"))
    alarms, told = sound_alarms(results)
    of_fault = repairs(results)
    repair = min((mended / count, name) for name, (mended, count) in of_fault.items())
    return [
        *found,
        Measurement(ALARMS, alarms / told, f"{told} findings; {context}"),
        Measurement(REPAIR, repair[0], repair[1]),
    ]


def tables(keep: Path | None = None) -> str:
    """The summary for docs/honesty.md. keep: as for `main`."""
    own, held = _kept(keep)
    return summary(run(pairs.development(), own), run(held_out.cases(), held))


def _kept(folder: Path | None) -> tuple[Path | None, Path | None]:
    """The files of the development cases and of the held-out ones."""
    return (None, None) if folder is None else (folder / "development.jsonl", folder / "held-out.jsonl")


def main(arguments: Sequence[str]) -> int:
    """Write docs/findings.md and print every error. The folder given keeps what was diagnosed until all is."""
    kept_own, kept_held = _kept(Path(arguments[0]) if arguments else None)
    held = run(held_out.cases(), kept_held)
    own = run(pairs.development(), kept_own)
    for name, found in (("Development", own), ("Held out", held)):
        print(
            f"{name}:", *wrong(found), *naming(found, pairs=False).missed, *naming(found, pairs=True).missed, sep="\n"
        )
    print(summary(own, held))
    Path("docs/findings.md").write_text(page(own, held), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
