"""Train the fits of a search, population by population, so that it can be killed at any moment and go on."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from goodfit.errors import InputError, problem
from goodfit.files import write_atomically
from goodfit.runs.resuming import Checkpointer, newest, restored
from goodfit.runs.stacked import stacked_outputs
from goodfit.selection.sheets import Sheet, row_values
from goodfit.training import tensor_file
from goodfit.training.cohort import Cohort, cohort_of
from goodfit.training.compile import fresh_state
from goodfit.training.devices import prepare
from goodfit.training.fitting import Fitted, Report, fit
from goodfit.training.memory import cut, free_memory, net_bytes
from goodfit.training.planner import COMPILE_SECONDS, Plan, plan
from goodfit.training.state import State

FORMAT = 1
MOST_MEMORY = 0.5  # of what is free, that one population may take


@dataclass(frozen=True)
class FitValues:
    """What a trained net is worth. score, loss: of every held-out row; train: mean score and loss of its training rows,
    nan where they were not asked for.
    """

    score: NDArray[np.float32]
    loss: NDArray[np.float32]
    train: tuple[float, float] = (np.nan, np.nan)


@dataclass(frozen=True)
class Turn:
    """One population of a search. sheet: its number; jobs: of the sheet; seconds: predicted, to train it."""

    sheet: int
    jobs: tuple[int, ...]
    seconds: float


@dataclass(frozen=True)
class Schedule:
    """All turns of a search, in order, and the plan of each sheet. bytes: of the largest population."""

    turns: tuple[Turn, ...]
    plans: tuple[Plan, ...]
    bytes: int

    @property
    def programs(self) -> int:
        """Compiled programs: one a cohort of a plan, whatever the turns it is trained in; equal plans share theirs."""
        return sum(len(each.cohorts) for each in set(self.plans))

    @property
    def seconds(self) -> float:
        """Predicted for all, compilation included."""
        return sum(turn.seconds for turn in self.turns) + self.programs * COMPILE_SECONDS

    def __str__(self) -> str:
        fits = sum(len(turn.jobs) for turn in self.turns)
        turns = "" if len(self.turns) == 1 else f", in {len(self.turns)} turns to fit in memory"
        programs = "1 compiled program" if self.programs == 1 else f"{self.programs} compiled programs"
        return f"{fits} nets, {programs}{turns}; about {self.seconds:.0f} s and {self.bytes / 2**20:.0f} MB"


@dataclass(frozen=True)
class SearchProgress:
    """How far a search is. fits, done: nets in all, and trained to their ends; share: of all the work, 0 to 1;
    seconds_left: None where nothing is known yet.
    """

    fits: int
    done: int
    share: float
    seconds_left: float | None


Watch = Callable[[SearchProgress], None]


class Relay(Protocol):
    """Brings nets to a population in the middle of their training, and takes them away at its end."""

    def start(self, turn: Turn, cohort: Cohort) -> tuple[int, State] | None:
        """(epochs done, state) that a population goes on from; None where it begins."""

    def ended(self, turn: Turn, cohort: Cohort, state: State) -> None:
        """A population has come to its end; called before its results count as kept."""


def schedule(sheets: Sequence[Sheet], memory: float | None = None) -> Schedule:
    """Plan the populations. memory: bytes that one may take; half of what is free if None."""
    budget = MOST_MEMORY * free_memory() if memory is None else memory
    turns, plans, largest = [], [], 0
    for number, sheet in enumerate(sheets):
        planned = plan(sheet.jobs, sheet.examples)
        plans.append(planned)
        for cohort in planned.cohorts:
            widths = (sheet.examples.x.shape[1], *cohort.widths, sheet.examples.outputs)
            rows = max(sheet.jobs[job].recipe.batch_size for job in cohort.jobs)
            each = net_bytes(widths, rows)
            for jobs in cut(cohort.jobs, each, budget):
                turns.append(Turn(number, jobs, cohort.seconds * len(jobs) / len(cohort.jobs)))
                largest = max(largest, each * len(jobs))
    return Schedule(tuple(turns), tuple(plans), largest)


@dataclass
class Results:
    """What the fits gave. values: (sheet, job) -> what its net is worth; frozen: fits that diverged."""

    values: dict[tuple[int, int], FitValues] = field(default_factory=dict)
    frozen: set[tuple[int, int]] = field(default_factory=set)
    seconds: dict[str, float] = field(default_factory=lambda: {"compile": 0.0, "train": 0.0, "score": 0.0})

    def take(self, other: Results, first: int, seconds: Mapping[str, float] | None = None) -> None:
        """Add what other sheets gave, counted from `first` on. seconds: in the place of theirs."""
        self.values |= {(first + sheet, job): values for (sheet, job), values in other.values.items()}
        self.frozen |= {(first + sheet, job) for sheet, job in other.frozen}
        for name, spent in (seconds or other.seconds).items():
            self.seconds[name] += spent


def run(
    sheets: Sequence[Sheet],
    planned: Schedule,
    folder: Path | None = None,
    watch: Watch | None = None,
    relay: Relay | None = None,
) -> Results:
    """Train every turn that `folder` does not hold yet, and keep what it gave there.

    In a folder the state of the turn that is being trained is kept as well, every few seconds, so that a search that
    was killed goes on where it was.
    """
    results = Results()
    clock = Clock(planned, watch)
    for number, turn in enumerate(planned.turns):
        path = None if folder is None else folder / f"turn-{number:04d}.safetensors"
        if path is not None and path.exists():
            _read(path, turn, results)
        else:
            state = None if folder is None else folder / f"turn-{number:04d}"
            found = _train(sheets[turn.sheet], turn, results, state, clock, relay)
            if path is not None:
                _write(path, turn, found)
                _forget(state)
        clock.ended(turn)
    return results


def _train(
    sheet: Sheet, turn: Turn, results: Results, folder: Path | None, clock: Clock, relay: Relay | None = None
) -> dict[int, tuple[FitValues, bool]]:
    """Train one population and score its nets: job -> (its values, whether it diverged)."""
    cohort = cohort_of([sheet.jobs[job] for job in turn.jobs], sheet.examples, prepare())
    writer = None if folder is None else Checkpointer(folder, cohort.grid)
    start = None if folder is None else _found(cohort, folder)
    if start is None and relay is not None:
        start = relay.start(turn, cohort)

    def after(report: Report) -> None:
        clock.told(turn, report.epoch / cohort.epochs)
        if writer is not None and (writer.due and report.active.any()):
            writer.write(report.epoch, report.snapshot, report.seconds)

    fitted = fit(cohort, start=start, report=after)
    if relay is not None:
        relay.ended(turn, cohort, fitted.state)
    for name, spent in fitted.seconds.items():
        results.seconds[name] += spent
    began = time.perf_counter()
    found = _scored(sheet, turn, fitted)
    results.seconds["score"] += time.perf_counter() - began
    for job, (values, diverged) in found.items():
        results.values[turn.sheet, job] = values
        if diverged:
            results.frozen.add((turn.sheet, job))
    return found


def _found(cohort: Cohort, folder: Path) -> tuple[int, State] | None:
    """The state that an earlier search left of this population."""
    kept = newest(folder)
    if kept is None:
        return None
    fresh = fresh_state(cohort.program, cohort.settings(), cohort.initial_parameters())
    return kept.epoch, restored(kept, fresh, cohort.grid)


def _scored(sheet: Sheet, turn: Turn, fitted: Fitted) -> dict[int, tuple[FitValues, bool]]:
    data = sheet.data
    variance = float(np.var(data.y[sheet.examples.train], axis=0, dtype=np.float64).sum()) or np.nan
    nets = {job: sheet.net(job, fitted.nets[place]) for place, job in enumerate(turn.jobs)}
    diverged = {job: bool(fitted.frozen[place]) for place, job in enumerate(turn.jobs)}
    of_fold: dict[int, list[int]] = {}
    for job in turn.jobs:
        of_fold.setdefault(sheet.fits[job].fold, []).append(job)
    found: dict[int, tuple[FitValues, bool]] = {}

    def values(jobs: list[int], rows: NDArray[np.int32]) -> Iterator[tuple[int, tuple[NDArray[np.float32], ...]]]:
        y = data.y[rows]
        for place, z in stacked_outputs([nets[job] for job in jobs], data.x[rows]):
            yield jobs[place], row_values(nets[jobs[place]], z, y, variance)

    for jobs in of_fold.values():
        means = dict.fromkeys(jobs, (np.nan, np.nan))
        if sheet.score_train:
            for job, (score, loss) in values(jobs, sheet.training_rows(jobs[0])):
                means[job] = float(score.mean(dtype=np.float64)), float(loss.mean(dtype=np.float64))
        for job, (score, loss) in values(jobs, sheet.fits[jobs[0]].held_out):
            failed = diverged[job] or not (np.isfinite(score).all() and np.isfinite(loss).all())
            found[job] = FitValues(score, loss, means[job]), failed
    return found


def _write(path: Path, turn: Turn, found: Mapping[int, tuple[FitValues, bool]]) -> None:
    arrays: dict[str, NDArray[np.floating]] = {}
    for job, (values, _) in found.items():
        arrays |= {f"{job}.score": values.score, f"{job}.loss": values.loss, f"{job}.train": np.asarray(values.train)}
    diverged = [job for job, (_, frozen) in found.items() if frozen]
    metadata = {"sheet": turn.sheet, "jobs": list(turn.jobs), "frozen": diverged}
    write_atomically(path, tensor_file.pack(arrays, metadata, kind="search", version=FORMAT))


def _read(path: Path, turn: Turn, results: Results) -> None:
    """Take what an earlier search kept of a turn."""
    content = tensor_file.read(path, kind="search", version=FORMAT)
    if content.metadata.get("sheet") != turn.sheet or content.metadata.get("jobs") != list(turn.jobs):
        fix = "Give another folder, or the data and settings that it was started with."
        raise InputError(problem(str(path), "belongs to a different search", fix=fix))
    for job in turn.jobs:
        score, loss, train = (content.arrays[f"{job}.{name}"] for name in ("score", "loss", "train"))
        results.values[turn.sheet, job] = FitValues(score, loss, (float(train[0]), float(train[1])))
    results.frozen |= {(turn.sheet, job) for job in content.metadata["frozen"]}


def _forget(folder: Path | None) -> None:
    """Remove the states of a turn that is done."""
    if folder is not None and folder.exists():
        shutil.rmtree(folder, ignore_errors=True)


class Clock:
    """Tells a watcher how far a search is. Work is counted in predicted seconds, and time by what has passed."""

    def __init__(self, planned: Schedule, watch: Watch | None) -> None:
        self.watch, self.began = watch, time.perf_counter()
        self.work = sum(turn.seconds for turn in planned.turns) or 1.0
        self.fits = sum(len(turn.jobs) for turn in planned.turns)
        self.done, self.fits_done = 0.0, 0

    def told(self, turn: Turn, share: float) -> None:
        """A turn has come so far."""
        self._tell(self.done + share * turn.seconds)

    def ended(self, turn: Turn) -> None:
        """A turn is done."""
        self.done += turn.seconds
        self.fits_done += len(turn.jobs)
        self._tell(self.done)

    def _tell(self, done: float) -> None:
        if self.watch is None:
            return
        share, passed = done / self.work, time.perf_counter() - self.began
        left = passed * (1 - share) / share if share > 0 else None
        self.watch(SearchProgress(self.fits, self.fits_done, share, left))
