"""Nets and rows for the tests of inspections."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from goodfit.inspection.subject import Subject, describe_net, subject_of
from goodfit.models.trained_net import TrainedNet
from goodfit.nets.initialisers import INITIALISERS


def random_net(
    sizes: tuple[int, ...], activations: Any = "tanh", seed: int = 0, spread: float = 1.0, **fields: Any
) -> TrainedNet:
    """Weights from N(0, spread^2 / fan_in), biases from N(0, 0.1^2)."""
    rng = np.random.default_rng(seed)
    weights = [rng.normal(0, spread / np.sqrt(i), (o, i)) for i, o in itertools.pairwise(sizes)]
    biases = [rng.normal(0, 0.1, o) for o in sizes[1:]]
    return describe_net(weights, biases, activations, **fields)


def drawn_net(
    sizes: tuple[int, ...], activation: str, init: str, seed: int = 0, scale: float | None = None, **fields: Any
) -> TrainedNet:
    """Weights by one of goodfit's initialisers, biases 0."""
    rng, how = np.random.default_rng(seed), INITIALISERS[init]
    gain = how.default_scale if scale is None else scale
    weights = [how.draw(rng, i, o, gain) for i, o in itertools.pairwise(sizes)]
    return describe_net(weights, [np.zeros(o) for o in sizes[1:]], activation, **fields)


def rows_for(net: TrainedNet, rows: int = 40, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Standard normal inputs, and targets of the net's task."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((rows, net.n_inputs)).astype(np.float32)
    if net.task == "classification":
        return x, rng.integers(0, net.n_outputs, rows)
    if net.task == "multilabel":
        return x, rng.integers(0, 2, (rows, net.n_outputs))
    return x, rng.standard_normal((rows, net.n_outputs)).astype(np.float32)


def subject(net: TrainedNet, rows: int = 40, seed: int = 1, **how: Any) -> Subject:
    """A net with `rows_for` it."""
    return subject_of(net, *rows_for(net, rows, seed), **how)
