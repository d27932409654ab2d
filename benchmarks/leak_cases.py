"""The leak guard on tables with and without leakage: `python -m benchmarks.leak_cases` prints how often it is right.

Limits were set on the development cases alone; the held-out ones are other tables, made by other parameters and seeds.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks import leak_clean, leak_planted
from benchmarks.bars import Bar, Measurement
from goodfit.data import Dataset, Split
from goodfit.leaks import LeakFinding, guard

CLEAN = "without leakage"
SEE = "`benchmarks/leak_cases.py`; see docs/honesty.md."
ACCUSED = Bar("leak guard: tables without leakage that are accused", 0, how=SEE)
FOUND = Bar("leak guard: planted leaks found", 0.95, how=SEE, at_least=True)


@dataclass(frozen=True)
class LeakCase:
    """What the guard said of one table.

    kind: of the table, or of the leak; part: "development" or "held-out"; planted: whether there is a leak; warned:
    the finding that must tell it (of a table without leaks: any) is an issue; asked: it is one, or a notice; texts: of
    all issues and notices.
    """

    kind: str
    part: str
    planted: bool
    warned: bool
    asked: bool
    texts: tuple[str, ...]

    @property
    def right(self) -> bool:
        """Found where planted; not accused where not."""
        return self.asked if self.planted else not self.warned


def cases(seeds: Sequence[int] = (0,)) -> Iterator[LeakCase]:
    """All of them, once for each of the seeds."""
    for seed in seeds:
        for place, (name, made) in enumerate(leak_clean.development()):
            yield judged_clean(name, "development", made(np.random.default_rng([1, seed, place])))
        for place, (name, made) in enumerate(leak_clean.held_out()):
            yield judged_clean(name, "held-out", made(np.random.default_rng([2, seed, place])))
        for place, plant in enumerate(leak_planted.development()):
            yield judged_leak("development", plant(np.random.default_rng([3, seed, place])))
        for place, plant in enumerate(leak_planted.held_out()):
            yield judged_leak("held-out", plant(np.random.default_rng([4, seed, place])))


def judged_clean(name: str, part: str, made: Dataset | Split) -> LeakCase:
    """What the guard says of a table without leakage."""
    found = _told(guard(leak_clean.as_split(made)))
    issues = [each for each in found if each.status == "issue"]
    return LeakCase(name, part, False, bool(issues), bool(found), tuple(str(each) for each in found))


def judged_leak(part: str, leak: leak_planted.Planted) -> LeakCase:
    """What the guard says of a table with a leak."""
    found = _told(guard(leak.parts))
    right = [
        each
        for each in found
        if each.code == leak.code and (not leak.columns or any(f"{name!r}" in each.text for name in leak.columns))
    ]
    warned = any(each.status == "issue" for each in right)
    return LeakCase(leak.kind, part, True, warned, bool(right), tuple(str(each) for each in found))


def _told(found: tuple[LeakFinding, ...]) -> list[LeakFinding]:
    return [each for each in found if each.status != "cannot tell"]


def rows(seeds: Sequence[int] = (0,)) -> list[tuple[str, str, int, int, int]]:
    """(part, what, cases, of these right, of these warned of) for clean tables and for each kind of planted leak."""
    counted: dict[tuple[str, str], list[LeakCase]] = {}
    for case in cases(seeds):
        what = case.kind if case.planted else CLEAN
        counted.setdefault((case.part, what), []).append(case)
    return [
        (*key, len(some), sum(case.right for case in some), sum(case.warned for case in some))
        for key, some in counted.items()
    ]


def measure(quick: bool) -> list[Measurement]:
    """The bars, on the held-out cases; all of them take half a minute. quick: not used."""
    found = [case for case in cases() if case.part == "held-out"]
    clean, leaky = ([case for case in found if case.planted is planted] for planted in (False, True))
    accused, told = sum(case.warned for case in clean), sum(case.asked for case in leaky)
    return [
        Measurement(ACCUSED, accused, f"{len(clean)} held-out tables"),
        Measurement(FOUND, told / len(leaky), f"{told} of {len(leaky)} held-out leaks"),
    ]


def tables(keep: Path | None = None) -> str:
    """The table for docs/honesty.md, in Markdown. keep: not used, for nothing is trained."""
    lines = ["| tables | cases | development | held-out |", "|---|---|---|---|"]
    counted = {(part, what): counts for part, what, *counts in rows()}
    for what in dict.fromkeys(what for _, what in counted):
        of_part = [counted.get((part, what), [0, 0, 0]) for part in ("development", "held-out")]
        right = "not accused" if what == CLEAN else "found"
        cells = [f"{good} of {many} {right}" if many else "-" for many, good, _ in of_part]
        lines.append(f"| {what} | {sum(many for many, _, _ in of_part)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Print the table, and each case that went wrong; arguments: seeds."""
    kept = list(cases([int(each) for each in sys.argv[1:]] or (0,)))
    for part in ("development", "held-out"):
        clean = [case for case in kept if case.part == part and not case.planted]
        leaky = [case for case in kept if case.part == part and case.planted]
        print(f"{part}: {sum(case.warned for case in clean)} of {len(clean)} tables without leakage accused")
        print(f"{part}: {sum(case.asked for case in leaky)} of {len(leaky)} leaks found, "
              f"{sum(case.warned for case in leaky)} warned of")  # fmt: skip
    for case in kept:
        if not case.right:
            print(f"wrong ({case.part}): {case.kind}: {case.texts}")
        elif not case.planted and case.asked:
            print(f"notice ({case.part}): {case.kind}: {case.texts}")


if __name__ == "__main__":
    main()
