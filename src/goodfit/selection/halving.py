"""Successive halving and Hyperband inside populations: settings that fall behind leave, and their nets with them."""

import dataclasses
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from goodfit.errors import GoodfitError, problem
from goodfit.leaving import on_leaving
from goodfit.selection import values
from goodfit.selection.layout import SearchLayout
from goodfit.selection.relay import StateRelay
from goodfit.selection.result import (
    Selection,
    StoppedSetting,
    gathered,
    higher_better,
    parameters_of,
    selection_of,
    sign_of,
    trained_rows,
)
from goodfit.selection.rungs import WHERE, Bracket, Rung, more_epochs, trained_epochs
from goodfit.selection.sheets import Sheet
from goodfit.selection.space import Setting
from goodfit.selection.values import Results
from goodfit.training.machine import machine
from goodfit.training.observer import Stages, Watch
from goodfit.training.population import Job
from goodfit.training.settings import schedule_of
from goodfit.training.turns import plan_session

UNCORRECTED = "this accounts for the choice among the finalists, but not for earlier rungs on the same held-out data"


@dataclass(frozen=True)
class RungResult:
    """What a rung came to, one each of the settings that trained in it.

    epochs: that its nets have
    settings: field -> value
    means: of what settings are ranked by, over folds and seeds, nan where a net diverged
    on: whether the setting trains on
    """

    epochs: int
    settings: tuple[Setting, ...]
    means: tuple[float, ...]
    on: tuple[bool, ...]


@dataclass(frozen=True)
class RungPlan:
    """All rungs of a search before it starts. Which settings go on is not known yet, so that programs, seconds and
    bytes of later rungs are guessed from the first. nets: of a setting.
    """

    brackets: tuple[Bracket, ...]
    nets: int
    programs: int
    seconds: float
    bytes: int

    @property
    def share(self) -> float:
        """Of the epochs that all settings together would train for."""
        whole = sum(bracket[0].settings * bracket[-1].epochs for bracket in self.brackets)
        return sum(map(trained_epochs, self.brackets)) / whole

    def __str__(self) -> str:
        lines = [" -> ".join(f"{r.settings * self.nets} nets to epoch {r.epochs}" for r in b) for b in self.brackets]
        if len(lines) > 1:
            lines = [f"\n  bracket {number}: {line}" for number, line in enumerate(lines, 1)] + ["\n"]
        cost = f"about {self.seconds:.0f} s and {self.bytes / 2**20:.0f} MB"
        programs = "1 compiled program" if self.programs == 1 else f"about {self.programs} compiled programs"
        gain = f"{self.share:.0%} of the epochs of a full search"
        return "".join(lines) + f"{'; ' if len(lines) == 1 else ''}{programs}, {gain}; {cost}"


def carry_out(
    search: SearchLayout,
    folder: Path | None,
    plan: Callable[[SearchLayout, Any], None] | None = None,
    watch: Watch | None = None,
    rung: Callable[[RungResult], None] | None = None,
) -> Selection:
    """Train the brackets of a search, rung by rung, and compare those settings that came to all epochs.

    rung: called with what each rung but the last of a bracket came to
    """
    sheets = search.sheets()
    planned = plan_rungs(search, sheets)
    if plan is not None:
        plan(search, planned)
    stages = Stages(watch, planned.seconds, sum(r.settings for b in search.brackets for r in b) * planned.nets)
    finals, results, finalists, stopped = list[Sheet](), Results(), list[int](), list[StoppedSetting]()
    first = 0
    with _folder(folder) as home:
        for number, bracket in enumerate(search.brackets):
            members = list(range(first, first + bracket[0].settings))
            first += bracket[0].settings
            climbing = _Climb(search, sheets, home / f"bracket-{number}", stages, rung)
            alive, own, last = climbing.to_the_top(bracket, members, planned)
            results.take(last, len(finals), climbing.spent.seconds)
            finals += own
            finalists += alive
            stopped += climbing.stopped
    stages.finish()
    return _selection(search, finals, results, finalists, stopped)


def plan_rungs(search: SearchLayout, sheets: Sequence[Sheet]) -> RungPlan:
    """What the rungs will take, as far as can be said."""
    programs, seconds, largest, first = 0, 0.0, 0, 0
    for bracket in search.brackets:
        members = set(range(first, first + bracket[0].settings))
        first += bracket[0].settings
        own = thinned(sheets, members, bracket[0].epochs)
        scheduled = plan_session(own, search.memory)
        training = scheduled.training_seconds
        an_epoch = training / bracket[0].settings / bracket[0].epochs
        for rung, more in zip(bracket, more_epochs(bracket), strict=True):
            count = min(scheduled.programs, rung.settings * len(own))
            programs += count
            seconds += rung.settings * more * an_epoch + count * machine().compile_seconds
        largest = max(largest, scheduled.bytes)
    nets = len(search.folds.all) * len(search.seeds)
    return RungPlan(search.brackets, nets, programs, seconds, largest)


def thinned(sheets: Sequence[Sheet], settings: set[int], epochs: int) -> list[Sheet]:
    """The fits of some settings, to be trained up to an epoch on the way to all of theirs."""
    found = []
    for sheet in sheets:
        places = [place for place, fit in enumerate(sheet.fits) if fit.setting in settings]
        if places:
            fits = tuple(sheet.fits[place] for place in places)
            jobs = tuple(_until(sheet.jobs[place], epochs) for place in places)
            found.append(dataclasses.replace(sheet, fits=fits, jobs=jobs))
    return found


def _until(job: Job, epochs: int) -> Job:
    """A job that ends at an epoch; its schedules are those of the whole training."""
    recipe = job.recipe
    short = recipe if recipe.epochs == epochs else recipe.replace(epochs=epochs, warmup=0.0)
    return dataclasses.replace(job, recipe=short, schedule=schedule_of(job), length=recipe.epochs)


class _Climb:
    """One bracket on its way up. stopped: settings that left; spent: seconds."""

    def __init__(
        self,
        search: SearchLayout,
        sheets: Sequence[Sheet],
        folder: Path,
        stages: Stages,
        told: Callable[[RungResult], None] | None,
    ) -> None:
        self.search, self.sheets, self.folder, self.stages, self.told = search, sheets, folder, stages, told
        self.stopped: list[StoppedSetting] = []
        self.spent = Results()

    def to_the_top(
        self, bracket: Bracket, alive: list[int], planned: RungPlan
    ) -> tuple[list[int], list[Sheet], Results]:
        """The settings that came to the last rung, with its sheets and results."""
        epoch = 0
        for number, rung in enumerate(bracket):
            own = thinned(self.sheets, set(alive), rung.epochs)
            scheduled = plan_session(own, self.search.memory)
            states = [self.folder / f"states-{each}" for each in (number - 1, number)]
            last = number == len(bracket) - 1
            relay = StateRelay(own, epoch, states[0] if number else None, None if last else states[1])
            training = scheduled.training_seconds * (rung.epochs - epoch) / rung.epochs
            with self.stages.stage(
                len(alive) * planned.nets, training + scheduled.programs * machine().compile_seconds
            ) as watch:
                results = values.train(own, scheduled, self._kept(number), watch, relay)
            self.spent.spend(results.seconds)
            shutil.rmtree(states[0], ignore_errors=True)
            if last:
                break
            alive = self._going_on(own, results, alive, rung, bracket[number + 1].settings)
            epoch = rung.epochs
        return alive, own, results

    def _kept(self, number: int) -> Path:
        folder = self.folder / f"rung-{number}"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _going_on(
        self, sheets: Sequence[Sheet], results: Results, alive: Sequence[int], rung: Rung, count: int
    ) -> list[int]:
        """The best settings of a rung, in their old order; the others are noted as stopped."""
        search = self.search
        shape = len(search.settings), len(search.folds.all)
        found = gathered(sheets, results, shape, len(search.seeds))[:, alive]
        means = found.mean(axis=2)  # [6, alive], nan where a fold failed
        ranked = higher_better(means, search)
        sound = np.flatnonzero(np.isfinite(ranked))
        if not len(sound):
            rule = f"after epoch {rung.epochs} in every setting a net diverged on some fold"
            raise GoodfitError(problem(WHERE, rule, fix="Use lower learning rates."))
        best = sound[np.argsort(-ranked[sound], kind="stable")[:count]]
        if self.told is not None:
            on = np.isin(np.arange(len(alive)), best).tolist()
            own = tuple(search.settings[setting] for setting in alive)
            measured = sign_of(search.by, search.measure) * ranked
            self.told(RungResult(rung.epochs, own, tuple(measured.tolist()), tuple(on)))
        parameters = parameters_of(search.recipes, sheets[0].data, trained_rows(search.folds.all))
        for place in np.setdiff1d(np.arange(len(alive)), best):
            setting = alive[place]
            self.stopped.append(
                StoppedSetting(
                    setting=search.settings[setting],
                    recipe=search.recipes[setting],
                    epochs=rung.epochs,
                    score=float(means[0, place]),
                    loss=float(means[1, place]),
                    value=float(means[4, place]),
                    parameters=parameters[setting],
                    failed_folds=int(np.isnan(found[1, place]).sum()),
                )
            )
        return [alive[place] for place in sorted(best)]


def _selection(
    search: SearchLayout,
    sheets: Sequence[Sheet],
    results: Results,
    finalists: Sequence[int],
    stopped: Sequence[StoppedSetting],
) -> Selection:
    """The finalists compared, and who stopped where."""
    place = {setting: number for number, setting in enumerate(finalists)}
    own = [
        dataclasses.replace(
            sheet, fits=tuple(dataclasses.replace(fit, setting=place[fit.setting]) for fit in sheet.fits)
        )
        for sheet in sheets
    ]
    last = dataclasses.replace(
        search,
        settings=tuple(search.settings[setting] for setting in finalists),
        recipes=tuple(search.recipes[setting] for setting in finalists),
    )
    found = selection_of(last, own, results)
    order = sorted(
        stopped, key=lambda each: (-each.epochs, np.nan_to_num(-found.sign * each.measured(search.by), nan=np.inf))
    )
    found = dataclasses.replace(found, stopped=tuple(order))
    return found.also_uncorrected(UNCORRECTED) if stopped else found


@contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    """The folder of a search, or one that is gone afterwards: states of nets between rungs stand there."""
    if given is not None:
        yield given
        return
    with (
        tempfile.TemporaryDirectory(prefix="goodfit-") as made,
        on_leaving(lambda: shutil.rmtree(made, ignore_errors=True)),
    ):
        yield Path(made)
