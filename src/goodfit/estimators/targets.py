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
        return len(self.x)

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


def joined(train: Rows, valid: Rows | None) -> Rows:
    """Training rows with validation rows behind them."""
    if valid is None:
        return train
    weight = None
    if train.weight is not None or valid.weight is not None:
        weight = np.concatenate([_weights(train), _weights(valid)])
    return Rows(np.concatenate([train.x, valid.x]), np.concatenate([train.y, valid.y]), weight)


def _weights(rows: Rows) -> NDArray[np.floating]:
    return np.ones(len(rows), rows.x.dtype) if rows.weight is None else rows.weight
