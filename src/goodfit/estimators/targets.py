"""Targets as the engine wants them, and what a data set's rows weigh."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

TASKS = {"softmax": "classification", "logistic": "multilabel", "identity": "regression", "exp": "regression"}


@dataclass(frozen=True)
class Rows:
    """Some rows: x [n, D] dense; y [n] class codes, or [n, C] numbers; weight [n] or None for ones."""

    x: NDArray[np.floating]
    y: NDArray[Any]
    weight: NDArray[np.floating] | None = None

    def __len__(self) -> int:
        return len(self.y)

    @property
    def weights(self) -> NDArray[np.floating]:
        """The weight of every row, [n]."""
        return np.ones(len(self.y), self.x.dtype) if self.weight is None else self.weight

    @property
    def variance(self) -> float:
        """Of numeric targets, weighted, [C] summed: what R² divides by, a row."""
        mean = np.average(self.y, axis=0, weights=self.weight)
        return float(np.average((self.y - mean) ** 2, axis=0, weights=self.weight).sum())


def coded(y: NDArray[Any], link: str, dtype: Any) -> NDArray[Any]:
    """Encoded targets [n] or [n, C] (as a label binarizer gives them, or numbers) in the engine's form."""
    table = y.reshape(len(y), -1)
    if link == "softmax":
        return np.asarray(table.argmax(axis=1), np.int32)
    return table.astype(dtype)
