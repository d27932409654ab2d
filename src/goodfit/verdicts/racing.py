"""Measure alternatives repeat by repeat: those that are settled leave, and nothing goes on once the answer is known."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from goodfit.training.machine import machine
from goodfit.training.observer import Stages, Watch
from goodfit.verdicts.deciding import Decision
from goodfit.verdicts.gains import Errors
from goodfit.verdicts.laying_out import VerdictLayout
from goodfit.verdicts.probes import HALF, Alternative
from goodfit.verdicts.sizing import LATER
from goodfit.verdicts.spent import Spent
from goodfit.verdicts.trying import MeasuredAlternatives, Tables


@dataclass(frozen=True, eq=False)
class JudgedAlternatives:
    """What was measured, and what it decides.

    probes: the rivals: without the half of the rows, with what stopping early would give.
    errors, training: [1 + probes, J], the recipe first; half: [up to J].
    out_of_time: whether what was open was not measured again, since there was no time for it.
    """

    found: MeasuredAlternatives
    decision: Decision
    probes: tuple[Alternative, ...]
    errors: Errors
    training: Errors
    half: Errors
    out_of_time: bool = False

    @property
    def open(self) -> list[str]:
        """The names of what is inconclusive."""
        pairs = zip(self.probes, self.decision.gains, strict=True)
        doubling = self.decision.doubling
        more = ["half of the rows"] if doubling is not None and doubling.status == "open" else []
        return [probe.name for probe, gain in pairs if gain.status == "open"] + more


Decide = Callable[[MeasuredAlternatives], JudgedAlternatives]


def race(
    layout: VerdictLayout,
    decide: Decide,
    *,
    quick: bool,
    folder: Path | None = None,
    watch: Watch | None = None,
    limit: float = math.inf,
) -> JudgedAlternatives:
    """Train what was laid out, or what `folder` does not hold of it yet, as far as the answer asks for it.

    The first repeat of the folds trains all usual probes. A recipe that is no better than a constant prediction, and
    that none of them mends, is then compared with learning rates further away. Each further repeat trains the recipe
    beside what is still open; where not `quick`, beside what is better too, so that the best of them is known better.

    limit: seconds, those of killed sessions included, beyond which no repeat is begun: the machine may be slower than
    the sizes were chosen for. A repeat that was begun before a kill is finished.
    """
    spent = Spent(folder)
    repeats = len(layout.folds.repeats)
    stages = Stages(spent.beside(watch), expected_seconds(layout), None)
    tables, alive = Tables(layout), set(range(1 + layout.usual))
    for repeat in range(repeats):
        _train(tables, alive, repeat, _within(folder, _named(repeat)), stages)
        found = decide(tables.measured())
        if repeat == 0 and _learns_nothing(found) and layout.usual < len(layout.probes):
            far = {1 + place for place in range(layout.usual, len(layout.probes))}
            _train(tables, far, 0, _within(folder, "far-rates"), stages)
            alive |= far
            found = decide(tables.measured())
        alive = _going_on(layout, found, alive, quick=quick)
        if not alive:
            break
        late = spent.seconds * (1 + LATER / (repeat + 1)) > limit
        if repeat + 1 < repeats and late and not _is_begun(folder, repeat + 1):
            found = replace(found, out_of_time=True)
            break
    stages.finish()
    return found


def expected_seconds(layout: VerdictLayout, pace: float = 1.0) -> float:
    """What all of it is expected to take, compiling included. pace: seconds of training per predicted second."""
    more = LATER * (len(layout.folds.repeats) - 1)
    training = layout.begun.training_seconds * (1 + more)
    programs = len({(cohort.widths, len(cohort.jobs)) for planned in layout.begun.plans for cohort in planned.cohorts})
    return training * pace + machine().compile_seconds * programs * (1 + (more > 0))


def _train(tables: Tables, settings: set[int], repeat: int, folder: Path | None, stages: Stages) -> None:
    planned = tables.layout.plan_of(tables.layout.stage(settings, [repeat]))
    with stages.stage(planned.nets, planned.seconds) as watch:
        tables.train(settings, [repeat], folder, watch)


def _named(repeat: int) -> str:
    return f"repeat-{repeat + 1}"


def _is_begun(folder: Path | None, repeat: int) -> bool:
    return folder is not None and os.path.lexists(folder / _named(repeat))


def _within(folder: Path | None, name: str) -> Path | None:
    if folder is None:
        return None
    (folder / name).mkdir(exist_ok=True)
    return folder / name


def _learns_nothing(found: JudgedAlternatives) -> bool:
    """Whether the recipe diverged, or is no better than a constant prediction, and nothing is known that mends it."""
    decision = found.decision
    return decision.best is None and (decision.kind == "diverged" or decision.learned != "yes")


def _going_on(layout: VerdictLayout, found: JudgedAlternatives, before: set[int], *, quick: bool) -> set[int]:
    """The settings of the next repeat: the recipe and what is open; none where nothing would change the answer.

    before: those of the last one. What left it never returns: its columns would have a hole, and a mean over them none.
    """
    decision = found.decision
    if quick and decision.kind != "cannot tell":
        return set()
    unsettled = {place for place, gain in enumerate(decision.gains) if gain.status == "open"}
    doubling = decision.doubling is not None and decision.doubling.status == "open"
    if not unsettled and not (doubling and decision.kind == "cannot tell"):
        return set()
    if not quick:
        unsettled |= {place for place, gain in enumerate(decision.gains) if gain.status == "better"}
    names = [found.probes[place].name for place in unsettled]
    alive = {0, *(1 + place for place, probe in enumerate(layout.probes) if probe.name in names)}
    if doubling or decision.kind in ("cannot tell", "limited by data"):
        alive.add(1 + layout.probes.index(HALF))
    return alive & before
