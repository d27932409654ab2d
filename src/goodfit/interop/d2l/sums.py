"""Running sums, times, and counts of right answers: what both faces share without a framework."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from goodfit.arguments import public
from goodfit.errors import InputError, problem


def host(values: Any) -> np.ndarray[Any, Any]:
    """Numbers of any framework as an array of NumPy."""
    if hasattr(values, "detach") and hasattr(values, "cpu"):  # a tensor of torch
        values = values.detach().cpu()
    return np.asarray(values)


def number(value: Any) -> float:
    """One number of any framework as Python's own."""
    return float(host(value).item()) if hasattr(value, "shape") else float(value)


class Accumulator:
    """`n` running sums, zeros at first."""

    @public
    def __init__(self, n: int) -> None:
        self.data = [0.0] * n

    def add(self, *args: Any) -> None:
        """Add a number to each sum. InputError unless there are as many as sums."""
        if len(args) != len(self.data):
            rule = f"'add' takes one number for each of the {len(self.data)} sums"
            raise InputError(problem("Accumulator", rule, got=len(args)))
        self.data = [total + number(each) for total, each in zip(self.data, args, strict=True)]

    def reset(self) -> None:
        """Set all sums to zero."""
        self.data = [0.0] * len(self.data)

    def __getitem__(self, idx: int) -> float:
        return self.data[idx]


class Timer:
    """Seconds of several runs; the first starts at once."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.start()

    def start(self) -> None:
        """Start a run."""
        self._since = time.perf_counter()

    def stop(self) -> float:
        """End the run, and return its seconds."""
        self.times.append(time.perf_counter() - self._since)
        return self.times[-1]

    def avg(self) -> float:
        """Mean seconds of a run; InputError before the first has ended."""
        if not self.times:
            raise InputError(problem("Timer", "no run has ended yet", fix="Call stop() first."))
        return self.sum() / len(self.times)

    def sum(self) -> float:
        """Seconds of all runs together."""
        return float(np.sum(self.times))

    def cumsum(self) -> list[float]:
        """Seconds up to the end of each run."""
        return [float(each) for each in np.cumsum(self.times)]


def count_right(y_hat: Any, y: Any) -> float:
    """How many answers are right.

    y_hat: scores (B, C), of which the greatest is the answer, or answers (B,) or (B, 1).
    y: labels (B,).
    """
    answers, labels = host(y_hat), host(y)
    if answers.ndim > 1 and answers.shape[1] > 1:
        answers = answers.argmax(1)
    if answers.shape != labels.shape and answers.size == labels.size:
        answers = answers.reshape(labels.shape)  # else (B, 1) == (B,) would compare each with each
    if answers.shape != labels.shape:
        rule = "there must be one answer for each label"
        raise InputError(problem("accuracy", rule, got=(answers.shape, labels.shape)))
    with np.errstate(invalid="ignore"):  # nan becomes any whole number, and is right never
        return float(((answers.astype(labels.dtype) == labels) & np.isfinite(answers)).sum())
