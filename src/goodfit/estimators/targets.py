"""Targets as the engine wants them, and what a data set's rows weigh."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.training.metrics import variances

TASKS = {"softmax": "classification", "logistic": "multilabel", "identity": "regression", "exp": "regression"}


@dataclass(frozen=True)
class WeightedRows:
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
    def variances(self) -> NDArray[np.float64]:
        """What R² of numeric targets divides by, [C]; nan where it is not defined."""
        return variances(self.y, self.weight)


def coded(y: NDArray[Any], link: str, dtype: Any) -> NDArray[Any]:
    """Encoded targets [n] or [n, C] (as a label binarizer gives them, or numbers) in the engine's form."""
    table = y.reshape(len(y), -1)
    if link == "softmax":
        return np.asarray(table.argmax(axis=1), np.int32)
    return table.astype(dtype)
