"""How fast a training goes, lately."""

import time

SECONDS = 1.0  # over which it is measured


class Speed:
    """Epochs a second, of those that were noted within the last second."""

    def __init__(self) -> None:
        self._passed: list[tuple[float, int]] = []

    def forget(self) -> None:
        """Begin anew: what was before is of another training, or of a wait."""
        self._passed = []

    def note(self, epoch: int) -> None:
        """An epoch has come to its end now."""
        self._passed.append((time.perf_counter(), epoch))

    @property
    def measured(self) -> float:
        """Epochs a second; 0 where too little is known."""
        now = time.perf_counter()
        self._passed = [each for each in self._passed if now - each[0] < SECONDS]
        if len(self._passed) < 2:
            return 0.0
        (began, first), (ended, last) = self._passed[0], self._passed[-1]
        return max(0.0, (last - first) / max(ended - began, 1e-6))
