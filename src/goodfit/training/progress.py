"""What a training tells whoever watches it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

Phase = Literal["data", "compile", "train", "stop", "evaluate"]


@dataclass(frozen=True)
class Progress:
    """One report, made between chunks of epochs; where rows are read in parts, after every window of them, too.

    phase: what is being done ("stop": the chunk of epochs is finished, then the state is saved, for Ctrl-C asked so).
    epoch: epochs finished, 0 before the first
    epochs: how many there will be at most.
    values: mean over the nets that are finite, keys as in History ("train_loss", "valid_score", ...); may be empty.
    rows_per_second: training rows times nets a second, 0.0 while unknown
    seconds_left: None while unknown, 0.0 in the last report of the phase "train".
    active: nets that trained in the last epoch (neither stopped early nor frozen before it)
    nets: all nets.
    recent: the values of every epoch since the last report, oldest first.
    window, windows: of the epoch under way, how many windows of rows are trained on, and how many it has; 0 and 0 at
    the end of an epoch.
    """

    phase: Phase
    epoch: int
    epochs: int
    values: dict[str, float]
    rows_per_second: float
    seconds_left: float | None
    active: int
    nets: int
    recent: dict[str, list[float]] = field(default_factory=dict)
    window: int = 0
    windows: int = 0


ProgressCallback = Callable[[Progress], None]


@dataclass(frozen=True)
class SessionProgress:
    """How far a session is. nets, done: nets in all, None where a race decides it, and trained to their ends; share: of
    all the work, 0 to 1; seconds_left: None where nothing is known yet.
    """

    nets: int | None
    done: int
    share: float
    seconds_left: float | None

    @property
    def ended(self) -> bool:
        """Whether this is the last report: the work may be done before the nets are taken in."""
        return self.share >= 1 and (self.nets is None or self.done >= self.nets)
