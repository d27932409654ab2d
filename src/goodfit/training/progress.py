"""What a training tells whoever watches it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Phase = Literal["data", "compile", "train", "evaluate"]


@dataclass(frozen=True)
class Progress:
    """One report, made between chunks of epochs.

    phase: what is being done; epoch: epochs finished, 0 before the first; epochs: how many there will be at most.
    values: mean over the nets that are finite, keys as in History ("train_loss", "valid_score", ...); may be empty.
    rows_per_second: training rows times nets a second, 0.0 while unknown; seconds_left: None while unknown.
    active: nets still training (neither stopped early nor frozen); nets: all nets.
    """

    phase: Phase
    epoch: int
    epochs: int
    values: dict[str, float]
    rows_per_second: float
    seconds_left: float | None
    active: int
    nets: int


ProgressCallback = Callable[[Progress], None]
