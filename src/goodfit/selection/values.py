"""What the nets of a search are worth: each is scored on its held-out rows when its turn is done, and let go."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.models.stacked import stacked_outputs
from goodfit.selection.sheets import Sheet, row_values
from goodfit.training import session
from goodfit.training.cohort import Cohort
from goodfit.training.fitting import Fitted
from goodfit.training.observer import Clock, Watch
from goodfit.training.store import Arrays, Store
from goodfit.training.tensor_file import array_of, seconds_of
from goodfit.training.turns import SessionPlan, Turn

KIND = "search"  # of the files in a search's folder


@dataclass(frozen=True)
class FitValues:
    """What a trained net is worth. score, loss: of every held-out row; train: mean score and loss of its training rows,
    nan where they were not asked for; measured: the measure that settings are ranked by on held-out and on training
    rows, nan where that is the score or the loss.
    """

    score: NDArray[np.float32]
    loss: NDArray[np.float32]
    train: tuple[float, float] = (np.nan, np.nan)
    measured: tuple[float, float] = (np.nan, np.nan)


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
        self.spend(seconds or other.seconds)

    def spend(self, seconds: Mapping[str, float]) -> None:
        """Add seconds."""
        for name, spent in seconds.items():
            self.seconds[name] += spent


def train(
    sheets: Sequence[Sheet],
    planned: SessionPlan,
    folder: Path | None = None,
    watch: Watch | None = None,
    relay: session.Relay | None = None,
) -> Results:
    """Train all fits of some sheets, or what `folder` does not hold of them yet, and score them."""
    found = session.run(
        sheets,
        partial(_keep, sheets),
        planned=planned,
        kept_in=None if folder is None else (Store(folder, KIND), _PackScored()),
        observers=[Clock(planned, watch)],
        relay=relay,
    )
    results = Results()
    for turn, scored in zip(planned.turns, found, strict=True):
        results.spend(scored.seconds)
        results.values |= {(turn.work, job): values for job, values in scored.values.items()}
        results.frozen |= {(turn.work, job) for job in scored.frozen}
    return results


@dataclass(frozen=True)
class _Scored:
    """A turn's jobs: what each is worth, and which diverged."""

    values: Mapping[int, FitValues]
    frozen: tuple[int, ...]
    seconds: Mapping[str, float]


def _keep(sheets: Sequence[Sheet], turn: Turn, cohort: Cohort, fitted: Fitted) -> _Scored:
    """Score the nets of a turn, and let them go."""
    began = time.perf_counter()
    found = _scored(sheets[turn.work], turn, fitted)
    seconds = {**fitted.seconds, "score": time.perf_counter() - began}
    frozen = tuple(job for job, (_, diverged) in found.items() if diverged)
    return _Scored({job: values for job, (values, _) in found.items()}, frozen, seconds)


class _PackScored:
    """The scores of every held-out row as arrays and back."""

    def pack(self, kept: _Scored) -> tuple[Arrays, Mapping[str, Any]]:
        """Arrays of each job, and the diverged ones."""
        arrays: dict[str, NDArray[Any]] = {}
        for job, each in kept.values.items():
            if not np.isnan(each.measured).all():
                arrays[f"{job}.measured"] = np.asarray(each.measured)
            arrays |= {f"{job}.score": each.score, f"{job}.loss": each.loss, f"{job}.train": np.asarray(each.train)}
        return arrays, {"frozen": list(kept.frozen), "seconds": dict(kept.seconds)}

    def unpack(self, turn: Turn, arrays: Arrays, metadata: Mapping[str, Any]) -> _Scored:
        """What `pack` wrote; ValueError for anything else."""
        values, frozen = {}, metadata.get("frozen")
        if not isinstance(frozen, list) or not set(map(str, frozen)) <= set(map(str, turn.jobs)):
            raise ValueError("'frozen' must be jobs of the turn")
        for job in turn.jobs:
            score, loss = (array_of(arrays, f"{job}.{name}", "f", None) for name in ("score", "loss"))
            train = array_of(arrays, f"{job}.train", "f", 2)
            if score.shape != loss.shape:
                raise ValueError("scores and losses must be of the same rows")
            name = f"{job}.measured"
            measured = array_of(arrays, name, "f", 2) if name in arrays else np.full(2, np.nan)
            values[job] = FitValues(score, loss, _pair(train), _pair(measured))
        return _Scored(values, tuple(frozen), seconds_of(metadata))


def _pair(two: NDArray[Any]) -> tuple[float, float]:
    return float(two[0]), float(two[1])


def _scored(sheet: Sheet, turn: Turn, fitted: Fitted) -> dict[int, tuple[FitValues, bool]]:
    """Job -> (what its net is worth, whether it diverged)."""
    data = sheet.data
    nets = {job: sheet.net(job, fitted.nets[place]) for place, job in enumerate(turn.jobs)}
    diverged = {job: bool(fitted.frozen[place]) for place, job in enumerate(turn.jobs)}
    of_fold: dict[int, list[int]] = {}
    for job in turn.jobs:
        of_fold.setdefault(sheet.fits[job].fold, []).append(job)
    found: dict[int, tuple[FitValues, bool]] = {}

    def values(jobs: list[int], rows: NDArray[np.int32]) -> Iterator[tuple[int, Any, Any, float]]:
        y, weight = data.y[rows], data.weight_of(rows)
        for place, z in stacked_outputs([nets[job] for job in jobs], data.x[rows]):
            net = nets[jobs[place]]
            measured = np.nan if sheet.measure is None else sheet.measure.of(net, z, y)
            yield jobs[place], *row_values(net, z, y, weight), measured

    for jobs in of_fold.values():
        means, on_train = dict.fromkeys(jobs, (np.nan, np.nan)), dict.fromkeys(jobs, np.nan)
        if sheet.score_train:
            for job, score, loss, measured in values(jobs, sheet.training_rows(jobs[0])):
                means[job] = float(score.mean(dtype=np.float64)), float(loss.mean(dtype=np.float64))
                on_train[job] = measured
        for job, score, loss, measured in values(jobs, sheet.fits[jobs[0]].held_out):
            failed = diverged[job] or not np.isfinite(loss).all()
            found[job] = FitValues(score, loss, means[job], (measured, on_train[job])), failed
    return found
