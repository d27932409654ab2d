"""What the nets of a lesson came to, with which a prediction is compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from goodfit.lab.claims import Answer, Decided
from goodfit.lab.intervals_told import with_interval
from goodfit.plain_json import plain
from goodfit.studies.words import Words

ANSWERS: dict[Answer, Words] = {
    "holds": Words("It holds.", "成立。"),
    "does-not": Words("It does not hold.", "不成立。"),
    "cannot-tell": Words("It cannot be told from these nets.", "从这些网络无法判断。"),
}


@dataclass(frozen=True)
class LessonResult:
    """What the nets of a lesson gave.

    value: mean over nets, or the difference that decides a claim
    low, high: its interval; None where there is none, as of nets that all gave the same, or of which one diverged
    nets: how many there were
    decided: of a claim
    changed: whether something of the lesson's state was changed, so that its file says nothing of this result
    """

    value: float
    low: float | None
    high: float | None
    nets: int
    decided: Decided | None = None
    changed: bool = False

    @property
    def answer(self) -> Answer | float:
        """What a prediction is compared with."""
        return self.value if self.decided is None else self.decided.answer

    @property
    def reach(self) -> float:
        """How far the farther end of the interval lies from the mean; 0 of nets that all gave the same."""
        if self.low is None or self.high is None:
            return 0.0
        return max(self.high - self.value, self.value - self.low)

    @property
    def told(self) -> Words:
        """What the nets gave."""
        if self.low is None:
            each = with_interval(self.value, None, None, 4)
            return Words(f"{self.nets} nets all gave {each.en}", f"{self.nets} 个网络都得到 {each.zh}")
        mean = with_interval(self.value, self.low, self.high, 4)
        return Words(f"{self.nets} nets gave {mean.en}", f"{self.nets} 个网络得到 {mean.zh}")

    def to_json(self) -> dict[str, Any]:
        """Everything, as JSON has it."""
        decided = None if self.decided is None else self.decided.to_json()
        own = {"answer": self.answer, "low": self.low, "high": self.high, "nets": self.nets}
        found: dict[str, Any] = plain({**own, "decided": decided})
        return found
