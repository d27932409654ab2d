"""Arithmetic in float64 beside trainings in float32, and the range of float32 that trainings have."""

import contextlib
from typing import Any

import numpy as np

from goodfit.training.devices import doubles

SMALLEST = float(np.finfo(np.float32).tiny)  # of float32's normal numbers; most devices flush smaller ones to 0
LARGEST = float(np.finfo(np.float32).max)


def exact() -> contextlib.AbstractContextManager[Any]:
    """A context in which JAX computes in float64; it changes nothing for the rest of the process."""
    return doubles(True)


def underflows(values: np.ndarray) -> float:
    """The share of the values that are not 0, but below float32's normal range: a training would lose them."""
    sizes = np.abs(values)
    return float(((sizes > 0) & (sizes < SMALLEST)).mean()) if values.size else 0.0


def overflows(values: np.ndarray) -> float:
    """The share of the values that float32 cannot hold, those that are infinite or nan among them."""
    return float((~(np.abs(values) <= LARGEST)).mean()) if values.size else 0.0
