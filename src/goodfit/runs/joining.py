"""What the turns of a training gave, as one: nets and histories in the order of the seeds."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.runs.watching import values_of
from goodfit.training.examples import Examples
from goodfit.training.fitting import TrainedNets
from goodfit.training.history import History
from goodfit.training.population import NetArrays
from goodfit.training.turns import SessionPlan


def joined(planned: SessionPlan, turns: Sequence[TrainedNets]) -> tuple[list[NetArrays], NDArray[np.bool_]]:
    """The nets of all turns in the order of the seeds, and which of them are frozen, [P]."""
    nets: dict[int, NetArrays] = {}
    frozen = np.zeros(planned.nets, bool)
    for turn, trained in zip(planned.turns, turns, strict=True):
        nets |= dict(zip(turn.jobs, trained.nets, strict=True))
        frozen[list(turn.jobs)] = trained.frozen
    return [nets[net] for net in range(planned.nets)], frozen


def history_of(seeds: Sequence[int], examples: Examples, planned: SessionPlan, turns: Sequence[TrainedNets]) -> History:
    """The metrics of all turns by epoch, nets in the order of the seeds; nan after the epoch at which a turn ended."""
    epochs = max(len(each.metrics) for each in turns)
    tables: dict[str, NDArray[Any]] = {}
    counters = {name: np.zeros(len(seeds), np.int64) for name in ("best_epoch", "stopped_epoch", "frozen")}
    for turn, trained in zip(planned.turns, turns, strict=True):
        own = list(turn.jobs)
        for name, values in values_of(trained.metrics, examples).items():
            table = tables.setdefault(name, np.full((epochs, len(seeds)), np.nan, np.float32))
            table[: len(values), own] = values
        for name, counter in counters.items():
            counter[own] = getattr(trained, name)
    return History(np.arange(1, epochs + 1), np.asarray(seeds), tables, **counters)
