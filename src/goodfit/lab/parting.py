"""Where a training B left A; and whether A still is the training that it left."""

from __future__ import annotations

from dataclasses import dataclass

from goodfit.lab.states import Act
from goodfit.lab.tracks import Track


@dataclass(frozen=True)
class Parting:
    """Where B left A. epoch: after which; before: the changes until then, which both have."""

    epoch: int
    before: tuple[Act, ...]

    @classmethod
    def of(cls, first: Track, second: Track) -> Parting:
        """That of a B: by its first change that A has not, or by its last where A has them all."""
        theirs, own = ([mark.act for mark in track.marks] for track in (first, second))
        count = len(own) - 1
        count = next((place for place in range(count) if theirs[place : place + 1] != own[place : place + 1]), count)
        return cls(own[count].epoch, tuple(own[:count]))

    def is_of(self, first: Track) -> bool:
        """Whether A has those changes until then, and no others; it need not have come as far again."""
        acts, count = [mark.act for mark in first.marks], len(self.before)
        return tuple(acts[:count]) == self.before and all(act.epoch >= self.epoch for act in acts[count:])

    def has_left(self, second: Track) -> bool:
        """Whether B still has the change by which it left."""
        return len(second.marks) > len(self.before)

    @property
    def said_when_gone(self) -> str:
        """That B is dropped, since A is another."""
        return f"B has been dropped: A is no longer the training that it left at epoch {self.epoch}."
