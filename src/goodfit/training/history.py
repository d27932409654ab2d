"""What a training measured, epoch by epoch and net by net."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from goodfit.errors import InputError, Problems, nearest, problem
from goodfit.files import write_atomically
from goodfit.training.events import LARGEST, Events, event_lines, number_texts, read_events

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int

METRICS = ("train_loss", "train_score", "valid_loss", "valid_score", "test_loss", "test_score")
_OF_NETS = ("seed", "best_epoch", "stopped_epoch", "frozen")  # metrics of the log that are one number a net


@dataclass(frozen=True, eq=False, repr=False)
class History:
    """One table a metric: a row an epoch, a column a net.

    epochs: [E] numbers of the epochs, from 1, rising.
    seeds: [P].
    values: metric -> [E, P], float32. Losses in nats per row (regression: in squares of the target as trained), scores
    as fractions; R² is of the targets in their own unit, even where transformed ones were trained on. nan: not
    measured, the net had stopped. Training metrics run along with the epoch, the others are measured at its end.
    best_epoch: [P] epoch whose weights were kept, 0 for the initial ones.
    stopped_epoch: [P] last epoch of the net.
    frozen: [P] whether the net stopped because its loss was no longer finite.
    """

    epochs: Int[np.ndarray, " E"]
    seeds: Int[np.ndarray, " P"]
    values: Mapping[str, Float[np.ndarray, "E P"]]
    best_epoch: Int[np.ndarray, " P"]
    stopped_epoch: Int[np.ndarray, " P"]
    frozen: Bool[np.ndarray, " P"]

    def __post_init__(self) -> None:
        problems = Problems()
        for name, kind in (
            ("epochs", np.int64),
            ("seeds", np.int64),
            ("best_epoch", np.int64),
            ("stopped_epoch", np.int64),
            ("frozen", np.bool_),
        ):
            object.__setattr__(self, name, np.asarray(getattr(self, name), kind))
        with np.errstate(over="ignore"):  # the losses of nets that diverge are infinite in float32
            object.__setattr__(self, "values", {name: np.asarray(v, np.float32) for name, v in self.values.items()})
        if self.epochs.ndim != 1 or (np.diff(self.epochs) <= 0).any():
            problems.add("History", "'epochs' must be a rising sequence", got=self.epochs.tolist())
        for name in ("seeds", "best_epoch", "stopped_epoch", "frozen"):
            if getattr(self, name).shape != (self.n_nets,):
                problems.add("History", f"{name!r} must have one value per net", got=getattr(self, name).shape)
        for metric, table in self.values.items():
            if metric not in METRICS:
                problems.add("History", "every metric must be a known one", got=metric, fix=nearest(metric, METRICS))
            if table.shape != (len(self.epochs), self.n_nets):
                rule = f"{metric!r} must be of shape {(len(self.epochs), self.n_nets)}, epochs by nets"
                problems.add("History", rule, got=table.shape)
        problems.raise_if_any()

    @property
    def n_nets(self) -> int:
        """P, the number of nets."""
        return int(self.seeds.size)

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that were measured, in the order of METRICS."""
        return tuple(metric for metric in METRICS if metric in self.values)

    def __len__(self) -> int:
        return len(self.epochs)

    def __repr__(self) -> str:
        frozen = f", {int(self.frozen.sum())} frozen" if self.frozen.any() else ""
        return f"History({len(self)} epochs, {self.n_nets} nets{frozen}: {', '.join(self.metrics)})"

    def __getitem__(self, metric: str) -> Float[np.ndarray, "E P"]:
        if metric not in self.values:
            fix = nearest(metric, self.metrics)
            raise InputError(problem("History", "must be asked for a metric that was measured", got=metric, fix=fix))
        return self.values[metric]

    def mean(self, metric: str) -> Float[np.ndarray, " E"]:
        """The mean over the nets that were still training at each epoch and are not frozen; nan where there is none."""
        table = self._sound(metric)
        there = np.isfinite(table)
        count = there.sum(1)
        total = np.where(there, table, 0.0).sum(1, dtype=np.float64)
        mean: Float[np.ndarray, " E"] = np.divide(total, count, out=np.full(len(self), np.nan), where=count > 0)
        return mean

    def quantiles(self, metric: str, levels: Sequence[float]) -> Float[np.ndarray, "Q E"]:
        """Quantiles over the same nets as `mean`, linearly interpolated; a row a level. 0 and 1 are the extremes.

        metric: such as "valid_loss"
        levels: each in [0, 1]
        """
        table = self._sound(metric)
        result = np.full((len(levels), len(self)), np.nan)
        some = np.isfinite(table).any(1)
        if some.any():
            result[:, some] = np.nanquantile(np.where(np.isfinite(table[some]), table[some], np.nan), levels, axis=1)
        return result

    def _sound(self, metric: str) -> Float[np.ndarray, "E P"]:
        """A metric's table without the nets that were frozen; with all nets if all were."""
        return self[metric] if self.frozen.all() else self[metric][:, ~self.frozen]

    def rows(self) -> Iterator[dict[str, Any]]:
        """One dict an epoch and net: epoch, net (from 0), seed, and every metric (nan where not measured)."""
        columns = [self.values[metric].tolist() for metric in self.metrics]
        seeds = self.seeds.tolist()
        for row, epoch in enumerate(self.epochs.tolist()):
            for net, seed in enumerate(seeds):
                metrics = {metric: column[row][net] for metric, column in zip(self.metrics, columns, strict=True)}
                yield {"epoch": epoch, "net": net, "seed": seed, **metrics}

    def write_csv(self, path: str | os.PathLike[str]) -> None:
        """Write `rows` as a CSV file, whole or not at all; empty where a value is not finite."""
        columns = [number_texts(self.values[metric], "") for metric in self.metrics]
        seeds = self.seeds.tolist()
        lines = [",".join(("epoch", "net", "seed", *self.metrics))]
        for row, epoch in enumerate(self.epochs.tolist()):
            cells = zip(*(column[row] for column in columns), strict=True) if columns else ((),) * self.n_nets
            lines += [",".join((f"{epoch},{net},{seeds[net]}", *texts)) for net, texts in enumerate(cells)]
        write_atomically(path, ("\n".join(lines) + "\n").encode())

    def to_events(self, from_epoch: int = 1) -> str:
        """Lines for an EventLog: every metric from `from_epoch` on, then seed, best_epoch, stopped_epoch and frozen.

        The latter, one number a net, stand at the last epoch; of several of them in a log the last counts.
        """
        start = int(np.searchsorted(self.epochs, from_epoch))
        tables = {metric: self.values[metric][start:] for metric in self.metrics}
        numbers = (self.seeds, self.best_epoch, self.stopped_epoch, self.frozen.astype(int))
        of_nets = {name: column[None] for name, column in zip(_OF_NETS, numbers, strict=True)}
        return event_lines(self.epochs[start:], tables) + event_lines(self.epochs[-1:], of_nets)

    @classmethod
    def from_events(cls, path: str | os.PathLike[str], *, until: int | None = None) -> History:
        """The history that a log tells; the other way round of `to_events`.

        A log without a single measurement, or with events that no History can hold, is an InputError. Seeds that the
        log does not give are 0, 1, ...; the last epoch measured stands in for a missing best_epoch or stopped_epoch.

        path: of the log, events.jsonl
        until: leave out later epochs (those that a resumed run does again).
        """
        events = read_events(path)
        names = np.array(events.metrics, dtype=np.str_)
        in_time = events.epochs <= (events.epochs.max(initial=0) if until is None else until)
        kept = in_time & ~np.isin(names, _OF_NETS)
        if not kept.any():
            raise InputError(problem(str(path), "must hold the measurements of at least one epoch"))
        if events.nets.max() >= len(events):
            raise InputError(problem(str(path), "nets must be numbered from 0 on", got=int(events.nets.max())))
        epochs, rows = np.unique(events.epochs[kept], return_inverse=True)
        nets, n_nets = events.nets[kept], int(events.nets.max()) + 1
        values: dict[str, Any] = {}
        for metric in dict.fromkeys(names[kept].tolist()):
            here = names[kept] == metric
            values[metric] = _table((len(epochs), n_nets), rows[here], nets[here], events.values[kept][here])
        measured = np.any([np.isfinite(table) for table in values.values()], axis=0)
        last = np.where(measured, epochs[:, None], 0).max(0)
        defaults = (np.arange(n_nets), last, last, np.zeros(n_nets, np.int64))
        chosen = [in_time & (names == name) for name in _OF_NETS]
        rule = f"must give whole numbers for {', '.join(_OF_NETS)}, from 0 to {LARGEST}"
        for name, here in zip(_OF_NETS, chosen, strict=True):
            given = events.values[here]
            if not ((given >= 0) & (given <= LARGEST) & (given == np.round(given))).all():
                raise InputError(problem(str(path), rule, got=name))
        numbers = [_of_nets(events, here, given) for here, given in zip(chosen, defaults, strict=True)]
        try:
            return cls(epochs, numbers[0], values, numbers[1], numbers[2], numbers[3].astype(bool))
        except InputError as error:
            raise InputError(*(f"{Path(path)}: {text}" for text in error.problems)) from error


def _table(shape: tuple[int, int], rows: Any, nets: Any, values: Any) -> Float[np.ndarray, "E P"]:
    """A table of nan with values put in; of several for one place the last."""
    table = np.full(shape, np.nan, np.float32)
    place, first = np.unique((rows * shape[1] + nets)[::-1], return_index=True)
    table.reshape(-1)[place] = values[::-1][first]
    return table


def _of_nets(events: Events, chosen: Any, default: Any) -> Int[np.ndarray, " P"]:
    """One number a net: the last event of each among those chosen, or the default."""
    numbers: Int[np.ndarray, " P"] = default.astype(np.int64)
    nets, first = np.unique(events.nets[chosen][::-1], return_index=True)
    numbers[nets] = events.values[chosen][::-1][first].astype(np.int64)
    return numbers
