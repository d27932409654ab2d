"""The quantiles of nets that give them: of one net, and of several together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from goodfit.errors import InputError, problem
from goodfit.models.averaging import mean_values
from goodfit.models.blockwise import each_block, overflow_allowed
from goodfit.models.trained_net import CACHED_NUMBERS, TrainedNet, checked_inputs
from goodfit.nets.numpy_activations import softplus

if TYPE_CHECKING:
    from jaxtyping import Float


def joined_head(net: TrainedNet) -> tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...]]:
    """(weights, biases) of a net as the engine trains it: with its head, the other way round of `split_head`."""
    if net.head is None:
        return net.weights, net.biases
    weight = np.concatenate([net.weights[-1], net.head.weight])
    return (*net.weights[:-1], weight), (*net.biases[:-1], np.concatenate([net.biases[-1], net.head.bias]))


def quantiles_of(net: TrainedNet, x: Any) -> Float[np.ndarray, "N T L"]:
    """The quantiles of every target in its own unit, float64, rising in level, for raw inputs [N, D].

    InputError for a net without a head.
    """
    if net.head is None:
        fix = "Train with --loss quantile."
        raise InputError(problem("Net", "must be trained for quantiles to give them", fix=fix))
    rows, (weights, biases) = checked_inputs(x, net.n_inputs), joined_head(net)
    turned = [weight.T.astype(np.float64) for weight in weights]
    found = np.empty((len(rows), net.n_outputs, len(net.head.levels)))
    levels = len(net.head.levels)

    def put(block: slice, z: np.ndarray) -> None:
        scaled = _rising(z, net.n_outputs, levels)
        for level in range(levels):
            found[block, :, level] = net.predictions_of(np.ascontiguousarray(scaled[:, :, level]))

    each_block(net, rows, turned, biases, CACHED_NUMBERS, put)
    return found


def quantiles_together(nets: Sequence[TrainedNet], x: Any) -> Float[np.ndarray, "N T L"]:
    """The mean of the quantiles over nets, as often as each counts; a mean of rising quantiles rises.

    float32, as of `mean_values`: rounded, they do not depend on how many rows stand beside a row.
    """
    total = np.zeros(1)
    for net in nets:
        total = total + quantiles_of(net, x) * net.count
    with overflow_allowed():
        mean: Float[np.ndarray, "N T L"] = (total / sum(net.count for net in nets)).astype(np.float32)
    return mean


def levels_in(net: TrainedNet) -> tuple[float, ...]:
    """The levels of the quantiles that a net gives; () where it gives none."""
    return () if net.head is None else net.head.levels


def bounded_values(nets: Sequence[TrainedNet], x: Any) -> np.ndarray:
    """What intervals or sets are made around: quantiles [N, T, L] of nets that give them, else `mean_values`."""
    return mean_values(nets, x) if nets[0].head is None else quantiles_together(nets, x)


def _rising(z: Float[np.ndarray, "N C"], targets: int, levels: int) -> Float[np.ndarray, "N T L"]:
    """Quantiles as trained, from medians and steps."""
    middle = levels // 2
    median, steps = z[:, :targets], softplus(z[:, targets:]).reshape(len(z), levels - 1, targets)
    below = median[:, None] - np.cumsum(steps[:, :middle][:, ::-1], axis=1)[:, ::-1]
    above = median[:, None] + np.cumsum(steps[:, middle:], axis=1)
    found: Float[np.ndarray, "N T L"] = np.concatenate([below, median[:, None], above], axis=1).swapaxes(1, 2)
    return found
